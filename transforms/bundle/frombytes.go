package bundle

import "encoding"

// Decoded is a pointer to T that can be read from bytes.
type Decoded[T any] interface {
	*T
	encoding.BinaryUnmarshaler
}

// FromBytes is a value as its UnmarshalBinary reads it. A coder of Beam's wants a function of its own name for each type, which calls this.
func FromBytes[T any, P Decoded[T]](b []byte) (T, error) {
	var v T
	err := P(&v).UnmarshalBinary(b)
	return v, err
}
