// Package safetensors reads and writes files of named arrays without code: a length, a JSON header and the values.
//
// Floats (16, 32, 64 bits, bfloat16), integers and booleans are read. Every array must lie in the file where the header says, with the
// bytes that its shape needs, and no two may overlap, as the format demands. The header has at most 100 MB (the format's bound).
// float32 arrays are written, in the order given.
//
// Source: https://github.com/huggingface/safetensors, section Format.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/kerasio/internal/number"
)

const maxHeader = 100_000_000

// An Array is an array of a file.
type Array struct {
	Name  string
	Shape []int

	kind  number.Type
	from  int64
	bytes int64
	size  int
	r     io.ReaderAt
}

// A File is what a header says.
type File struct {
	Arrays   []*Array // in the order of their values
	Metadata map[string]string
}

// Is says whether a file that begins with head is of the format, as far as that can be told.
func Is(head []byte) bool {
	return len(head) > 8 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= maxHeader
}

// types are the types that are read.
var types = map[string]number.Type{
	"F64": {Kind: number.Float, Size: 8}, "F32": {Kind: number.Float, Size: 4}, "F16": {Kind: number.Float, Size: 2},
	"BF16": {Kind: number.Bfloat, Size: 2},
	"I64":  {Kind: number.Int, Size: 8}, "I32": {Kind: number.Int, Size: 4}, "I16": {Kind: number.Int, Size: 2}, "I8": {Kind: number.Int, Size: 1},
	"U64": {Kind: number.Uint, Size: 8}, "U32": {Kind: number.Uint, Size: 4}, "U16": {Kind: number.Uint, Size: 2}, "U8": {Kind: number.Uint, Size: 1},
	"BOOL": {Kind: number.Uint, Size: 1},
}

type entry struct {
	Dtype   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// Open reads the header of a file of size bytes.
func Open(r io.ReaderAt, size int64) (*File, error) {
	length := make([]byte, 8)
	if _, err := r.ReadAt(length, 0); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	n := binary.LittleEndian.Uint64(length)
	if n > maxHeader || int64(n) > size-8 {
		return nil, fmt.Errorf("safetensors: a header of %d bytes in a file of %d", n, size)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 8); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := parse(text, size-8-int64(n))
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	for _, a := range f.Arrays {
		a.r, a.from = r, a.from+8+int64(n)
	}
	return f, nil
}

// parse reads a header before size bytes of values.
func parse(text []byte, size int64) (*File, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	f := &File{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name == "__metadata__" {
			if err := json.Unmarshal(all[name], &f.Metadata); err != nil {
				return nil, fmt.Errorf("header: metadata: %w", err)
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(all[name], &e); err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		a := &Array{Name: name, Shape: e.Shape, from: e.Offsets[0], bytes: e.Offsets[1] - e.Offsets[0], size: 1}
		var ok bool
		if a.kind, ok = types[e.Dtype]; !ok {
			return nil, fmt.Errorf("array %q: values of type %q are not supported", name, e.Dtype)
		}
		for _, d := range e.Shape {
			if d < 0 || a.size != 0 && d > (1<<40)/a.size {
				return nil, fmt.Errorf("array %q: shape %v", name, e.Shape)
			}
			a.size *= d
		}
		if a.from < 0 || a.bytes < 0 || e.Offsets[1] > size || a.bytes != int64(a.size)*int64(a.kind.Size) {
			return nil, fmt.Errorf("array %q: bytes %d to %d of %d for shape %v of %s", name, e.Offsets[0], e.Offsets[1], size, e.Shape, a.kind)
		}
		f.Arrays = append(f.Arrays, a)
	}
	slices.SortStableFunc(f.Arrays, func(a, b *Array) int {
		if a.from != b.from {
			return int(max(-1, min(1, a.from-b.from)))
		}
		return int(max(-1, min(1, a.bytes-b.bytes)))
	})
	for i := 1; i < len(f.Arrays); i++ {
		if a, b := f.Arrays[i-1], f.Arrays[i]; a.from+a.bytes > b.from {
			return nil, fmt.Errorf("arrays %q and %q overlap", a.Name, b.Name)
		}
	}
	return f, nil
}

// Len is the number of elements.
func (a *Array) Len() int { return a.size }

// Float32s reads all values as float32 into dst, in little-endian order, 4 bytes each.
func (a *Array) Float32s(dst []byte) error {
	if len(dst) != 4*a.size {
		return fmt.Errorf("array %q: %d values, expected %d", a.Name, a.size, len(dst)/4)
	}
	if err := a.kind.Read(io.NewSectionReader(a.r, a.from, a.bytes), dst); err != nil {
		return fmt.Errorf("array %q: %w", a.Name, err)
	}
	return nil
}

// A Values is an array to write.
type Values struct {
	Name   string
	Shape  []int
	Values []float32 // row-major
}

// Write writes a file.
func Write(w io.Writer, arrays []Values, metadata map[string]string) error {
	var head bytes.Buffer
	put := func(name string, v any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if head.Len() > 1 {
			head.WriteByte(',')
		}
		head.Write(key)
		head.WriteByte(':')
		head.Write(value)
		return nil
	}
	head.WriteByte('{')
	var errs []error
	if metadata != nil {
		errs = append(errs, put("__metadata__", metadata))
	}
	at := int64(0)
	for _, a := range arrays {
		end := at + 4*int64(len(a.Values))
		errs = append(errs, put(a.Name, entry{"F32", append([]int{}, a.Shape...), [2]int64{at, end}}))
		at = end
	}
	head.WriteByte('}')
	if err := errors.Join(errs...); err != nil {
		return err
	}
	head.WriteString(strings.Repeat(" ", (8-head.Len()%8)%8)) // values are aligned
	length := binary.LittleEndian.AppendUint64(nil, uint64(head.Len()))
	if _, err := w.Write(append(length, head.Bytes()...)); err != nil {
		return err
	}
	for _, a := range arrays {
		if err := number.Write(w, a.Values); err != nil {
			return err
		}
	}
	return nil
}
