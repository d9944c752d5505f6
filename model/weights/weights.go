// Package weights is the flat weight vector of a model: its arrays as views, and its byte form.
//
// The vector holds the P weights of a model as float32: all arrays in the order of Keras' get_weights, each row-major,
// one after the other (keras.Spec.Weights has the layout). The byte form is MADlib's model_weights: the vector in
// little-endian order without header, 4·P bytes:
//
//	Dense (2 inputs, 1 unit)      kernel[0,0]   kernel[1,0]   bias[0]
//	bytes                         0  1  2  3    4  5  6  7    8  9 10 11
//
// Every bit pattern is kept, NaN included.
//
// Failure: bytes of another length than the model's weights have are a *LengthError, which says both.
package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/beamfit/beamfit/model/keras"
)

// A LengthError tells that weights do not belong to a model: they have another number of elements.
type LengthError struct {
	Model string // name of the model, may be empty
	Want  int    // elements of the model's weights
	Bytes int    // length of the byte form found
}

func (e *LengthError) Error() string {
	model := "the model"
	if e.Model != "" {
		model = fmt.Sprintf("model %q", e.Model)
	}
	found := fmt.Sprintf("%d weights", e.Bytes/4)
	if e.Bytes%4 != 0 {
		found = "no whole number of float32 weights"
	}
	return fmt.Sprintf("%s has %d weights (%d bytes), found %s (%d bytes)", model, e.Want, 4*e.Want, found, e.Bytes)
}

// Encode writes the byte form of a weight vector.
func Encode(vector []float32) []byte {
	out := make([]byte, 4*len(vector))
	for i, v := range vector {
		binary.LittleEndian.PutUint32(out[4*i:], math.Float32bits(v))
	}
	return out
}

// Decode reads the byte form of the weights of spec. Bytes of another length give a *LengthError.
func Decode(spec *keras.Spec, data []byte) ([]float32, error) {
	if len(data) != 4*spec.NumWeights {
		return nil, &LengthError{Model: spec.Name, Want: spec.NumWeights, Bytes: len(data)}
	}
	vector := make([]float32, spec.NumWeights)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return vector, nil
}

// Take is Decode without a second copy where it can be: on a machine that has its numbers in little-endian order, data that is aligned for them is the
// vector itself. So neither may be changed while the other one is in use.
func Take(spec *keras.Spec, data []byte) ([]float32, error) {
	if len(data) != 4*spec.NumWeights || len(data) == 0 || binary.NativeEndian.Uint16([]byte{1, 0}) != 1 ||
		uintptr(unsafe.Pointer(unsafe.SliceData(data)))%unsafe.Alignof(float32(0)) != 0 {
		return Decode(spec, data)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(data))), spec.NumWeights), nil
}

// View is the part of a weight vector that holds one array, row-major. It shares memory with vector.
func View(w *keras.Weight, vector []float32) []float32 {
	end := w.Offset + w.Size()
	return vector[w.Offset:end:end]
}
