package onnx

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions of what is written: opset 17 came with ONNX 1.12, whose files have IR version 8.
const (
	opset     = 17
	irVersion = 8
)

// Types of elements and of attributes, and the numbers of fields, from onnx.proto.
const (
	floatType = 1
	int64Type = 7

	attrFloat  = 1
	attrInt    = 2
	attrString = 3
	attrGraph  = 5
	attrFloats = 6
	attrInts   = 7
	attrTexts  = 8
)

// A message is an encoded protobuf message: bytes, and between them the values of large constants, which are encoded when they are written.
type message struct {
	parts []piece
	size  int
}

// A piece is bytes, or the values of a constant.
type piece struct {
	bytes  []byte
	tensor *tensor
}

// head appends bytes.
func (m *message) head(fill func(b []byte) []byte) {
	if n := len(m.parts); n == 0 || m.parts[n-1].tensor != nil {
		m.parts = append(m.parts, piece{})
	}
	last := &m.parts[len(m.parts)-1]
	before := len(last.bytes)
	last.bytes = fill(last.bytes)
	m.size += len(last.bytes) - before
}

func (m *message) number(field protowire.Number, v int64) {
	m.head(func(b []byte) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
	})
}

func (m *message) float(field protowire.Number, v float32) {
	m.head(func(b []byte) []byte {
		return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), math.Float32bits(v))
	})
}

func (m *message) text(field protowire.Number, s string) {
	m.head(func(b []byte) []byte {
		return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
	})
}

// inner appends a message as a field.
func (m *message) inner(field protowire.Number, in *message) {
	m.head(func(b []byte) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(in.size))
	})
	m.parts = append(m.parts, in.parts...)
	m.size += in.size
	m.parts = append(m.parts, piece{})
}

// raw appends the values of a constant as a field of bytes.
func (m *message) raw(field protowire.Number, t *tensor) {
	size := 4 * len(t.data)
	m.head(func(b []byte) []byte {
		return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(size))
	})
	m.parts = append(m.parts, piece{tensor: t})
	m.size += size
}

// write writes the message.
func (m *message) write(to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<16) // an error stays until Flush
	for _, p := range m.parts {
		if t := p.tensor; t != nil {
			values := w.AvailableBuffer()
			t.walk(func(at int) {
				if values = binary.LittleEndian.AppendUint32(values, math.Float32bits(t.data[at])); len(values)+4 > cap(values) {
					_, _ = w.Write(values)
					values = w.AvailableBuffer()
				}
			})
			_, _ = w.Write(values)
			continue
		}
		_, _ = w.Write(p.bytes)
	}
	return w.Flush()
}

// maxFile is the most that a protobuf message can have.
const maxFile = math.MaxInt32

// Write writes the file.
func (m *Model) Write(w io.Writer) error {
	file := &message{}
	file.number(1, irVersion)
	file.text(2, "beamfit")
	set := &message{}
	set.text(1, "")
	set.number(2, opset)
	file.inner(8, set)
	file.inner(7, m.graph.encode())
	if file.size > maxFile {
		return fmt.Errorf("the model has %d bytes as ONNX, a file can have %d", file.size, maxFile)
	}
	return file.write(w)
}

// A graphOf is a graph of nodes.
type graphOf struct {
	name            string
	nodes           []*node
	constants       []*tensor
	inputs, outputs []*tensor
}

func (g *graphOf) encode() *message {
	m := &message{}
	for _, n := range g.nodes {
		m.inner(1, n.encode())
	}
	m.text(2, g.name)
	for _, t := range g.constants {
		m.inner(5, t.encode())
	}
	for _, t := range g.inputs {
		m.inner(11, t.describe())
	}
	for _, t := range g.outputs {
		m.inner(12, t.describe())
	}
	return m
}

// encode is a constant.
func (t *tensor) encode() *message {
	m := &message{}
	for _, d := range t.dims {
		m.number(1, int64(d.n))
	}
	m.text(8, t.name)
	if !t.whole {
		m.number(2, floatType)
		m.raw(9, t)
		return m
	}
	m.number(2, int64Type)
	var raw []byte
	for _, v := range t.numbers {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	m.text(9, string(raw))
	return m
}

// describe is the name and type of an input or output.
func (t *tensor) describe() *message {
	shape := &message{}
	for _, d := range t.dims {
		size := &message{}
		switch {
		case !d.rows:
			size.number(1, int64(d.n))
		case d.n == 1:
			size.text(2, "batch")
		default:
			size.text(2, fmt.Sprintf("batch*%d", d.n))
		}
		shape.inner(1, size)
	}
	array, kind, m := &message{}, &message{}, &message{}
	array.number(1, floatType)
	array.inner(2, shape)
	kind.inner(1, array)
	m.text(1, t.name)
	m.inner(2, kind)
	if t.doc != "" {
		m.text(3, t.doc)
	}
	return m
}

func (n *node) encode() *message {
	m := &message{}
	for _, t := range n.in {
		name := "" // an optional input that is left out
		if t != nil {
			name = t.name
		}
		m.text(1, name)
	}
	for _, t := range n.outs {
		name := ""
		if t != nil {
			name = t.name
		}
		m.text(2, name)
	}
	m.text(3, n.name)
	m.text(4, n.op)
	for _, a := range n.attrs {
		m.inner(5, a.encode())
	}
	return m
}

func (a attribute) encode() *message {
	m := &message{}
	m.text(1, a.name)
	switch v := a.value.(type) {
	case int:
		m.number(3, int64(v))
		m.number(20, attrInt)
	case float32:
		m.float(2, v)
		m.number(20, attrFloat)
	case string:
		m.text(4, v)
		m.number(20, attrString)
	case []int:
		for _, i := range v {
			m.number(8, int64(i))
		}
		m.number(20, attrInts)
	case []float32:
		for _, f := range v {
			m.float(7, f)
		}
		m.number(20, attrFloats)
	case []string:
		for _, s := range v {
			m.text(9, s)
		}
		m.number(20, attrTexts)
	case *graphOf:
		m.inner(6, v.encode())
		m.number(20, attrGraph)
	default:
		panic(fmt.Sprintf("onnx: attribute %s of type %T", a.name, v))
	}
	return m
}
