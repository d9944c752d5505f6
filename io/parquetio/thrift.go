package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The types of Thrift's compact protocol, as far as they are told apart here:
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const thriftDepth = 32 // more than Parquet's structures nest

// What the Parquet library takes for what it reads, about.
const (
	structMemory = 256
	itemMemory   = 16
)

var errThrift = errors.New("the metadata are not Thrift")

// A thriftReader reads values one after the other. The first error stays; what is read after it is zero. Counts and lengths are
// never believed beyond the bytes that are there.
type thriftReader struct {
	data   []byte
	at     int
	depth  int
	memory int64 // that the Parquet library takes to hold what was read, about
	err    error
}

func (r *thriftReader) fail() {
	if r.err == nil {
		r.err = errThrift
	}
	r.at = len(r.data)
}

func (r *thriftReader) byte() byte {
	if r.at >= len(r.data) {
		r.fail()
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

func (r *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.fail()
		return 0
	}
	r.at += n
	return v
}

func (r *thriftReader) int() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *thriftReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.data)-r.at) {
		r.fail()
		return nil
	}
	r.at += int(n)
	r.memory += int64(n) + itemMemory
	return r.data[r.at-int(n) : r.at]
}

// structure reads a structure; field reads the value of each field.
func (r *thriftReader) structure(field func(id int, typ byte)) {
	if r.depth++; r.depth > thriftDepth {
		r.fail()
	}
	r.memory += structMemory
	for id := 0; r.err == nil; {
		head := r.byte()
		if head&15 == 0 {
			break
		}
		if delta := int(head >> 4); delta > 0 {
			id += delta
		} else {
			id = int(int16(r.int()))
		}
		field(id, head&15)
	}
	r.depth--
}

// list reads a list; item reads each value.
func (r *thriftReader) list(item func(typ byte)) {
	head := r.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = r.uvarint()
	}
	if n > uint64(len(r.data)-r.at) { // each item has a byte
		r.fail()
		return
	}
	r.memory += int64(n) * itemMemory
	for range n {
		if r.err != nil {
			return
		}
		item(head & 15)
	}
}

// skip reads the value of a field. A value in a list that is a boolean has a byte.
func (r *thriftReader) skip(typ byte) {
	switch typ {
	case thriftTrue, thriftFalse:
	case thriftByte:
		r.byte()
	case thriftI16, thriftI32, thriftI64:
		r.uvarint()
	case thriftDouble:
		if len(r.data)-r.at < 8 {
			r.fail()
			return
		}
		r.at += 8
	case thriftBinary:
		r.bytes()
	case thriftList, thriftSet:
		if r.depth++; r.depth > thriftDepth {
			r.fail()
		}
		r.list(func(typ byte) {
			if typ == thriftTrue || typ == thriftFalse {
				typ = thriftByte
			}
			r.skip(typ)
		})
		r.depth--
	case thriftStruct:
		r.structure(func(_ int, typ byte) { r.skip(typ) })
	default: // thriftMap too: Parquet has none
		r.fail()
	}
}

// raw reads the value of a field and returns its bytes.
func (r *thriftReader) raw(typ byte) []byte {
	from := r.at
	r.skip(typ)
	return r.data[from:r.at]
}

// want is an error unless a field has the type that Parquet gives it.
func (r *thriftReader) want(got, want byte) bool {
	if got != want && r.err == nil {
		r.err = fmt.Errorf("%w of a Parquet file", errThrift)
		r.at = len(r.data)
	}
	return got == want
}

func (r *thriftReader) intField(typ, want byte) int64 {
	if !r.want(typ, want) {
		return 0
	}
	return r.int()
}

// A thriftWriter writes structures.
type thriftWriter struct {
	out  []byte
	last []int // ids of the last fields of the structures that are open
}

func (w *thriftWriter) begin() { w.last = append(w.last, 0) }

func (w *thriftWriter) end() {
	w.out = append(w.out, 0)
	w.last = w.last[:len(w.last)-1]
}

func (w *thriftWriter) field(id int, typ byte) {
	last := &w.last[len(w.last)-1]
	if delta := id - *last; delta > 0 && delta < 16 {
		w.out = append(w.out, byte(delta)<<4|typ)
	} else {
		w.out = append(w.out, typ)
		w.int(int64(id))
	}
	*last = id
}

func (w *thriftWriter) int(v int64) {
	w.out = binary.AppendUvarint(w.out, uint64(v)<<1^uint64(v>>63))
}

func (w *thriftWriter) intField(id int, typ byte, v int64) {
	w.field(id, typ)
	w.int(v)
}

func (w *thriftWriter) boolField(id int, v bool) {
	if v {
		w.field(id, thriftTrue)
		return
	}
	w.field(id, thriftFalse)
}

func (w *thriftWriter) text(s string) {
	w.out = binary.AppendUvarint(w.out, uint64(len(s)))
	w.out = append(w.out, s...)
}

func (w *thriftWriter) list(n int, typ byte) {
	if n < 15 {
		w.out = append(w.out, byte(n)<<4|typ)
		return
	}
	w.out = append(w.out, 15<<4|typ)
	w.out = binary.AppendUvarint(w.out, uint64(n))
}

// keyValue writes one of Parquet's KeyValue.
func (w *thriftWriter) keyValue(key, value string) {
	w.begin()
	w.field(1, thriftBinary)
	w.text(key)
	w.field(2, thriftBinary)
	w.text(value)
	w.end()
}
