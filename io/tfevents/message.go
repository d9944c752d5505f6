package tfevents

import (
	"encoding/binary"
	"math"
)

// Numbers of the fields that are used in more than one place, or would not be understood.
const (
	fieldFileVersion = 3 // Event
	fieldSummary     = 5
	fieldSessionLog  = 7

	fieldDtype         = 1 // TensorProto
	fieldShape         = 2
	fieldTensorContent = 4
	fieldStringValue   = 8
)

// The types of tensors.
const (
	dtypeFloat  = 1
	dtypeDouble = 2
	dtypeString = 7
)

// A message is a protocol buffer that is put together field by field.
type message []byte

// Wire types.
const (
	wireVarint = 0
	wireDouble = 1
	wireBytes  = 2
)

func (m message) key(field, wire uint64) message { return binary.AppendUvarint(m, field<<3|wire) }

func (m message) number(field, v uint64) message {
	return binary.AppendUvarint(m.key(field, wireVarint), v)
}

func (m message) double(field uint64, v float64) message {
	return binary.LittleEndian.AppendUint64(m.key(field, wireDouble), math.Float64bits(v))
}

func (m message) bytes(field uint64, b []byte) message {
	m = binary.AppendUvarint(m.key(field, wireBytes), uint64(len(b)))
	return append(m, b...)
}

func (m message) text(field uint64, s string) message { return m.bytes(field, []byte(s)) }

func (m message) sub(field uint64, sub message) message { return m.bytes(field, sub) }

// tensor is a TensorProto of a type and shape, without its values.
func tensor(dtype uint64, shape []int) message {
	var dims message
	for _, n := range shape {
		dims = dims.sub(2, message{}.number(1, uint64(n)))
	}
	return message{}.number(fieldDtype, dtype).sub(fieldShape, dims)
}

func float32bits(v float64) uint32 { return math.Float32bits(float32(v)) }
