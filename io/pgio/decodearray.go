package pgio

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

var errArray = errors.New("a malformed binary array")

// arrayDecoder decodes arrays: dimensions, a flag for NULLs, the element type, length and lower bound of each dimension,
// then the elements, each behind its length.
type arrayDecoder struct {
	one   element
	width int      // of an element; 0 when they differ
	run   floatRun // for arrays of fixed width without NULLs; nil: none

	shape []int // of the array before, shared by all arrays of the same shape
}

func (d *arrayDecoder) append(v *table.Vector, field []byte) error {
	if len(field) < 12 {
		return errArray
	}
	dims := int(int32(be32(field)))
	if dims < 0 || dims > table.MaxDims || len(field) < 12+8*dims {
		return errArray
	}
	// A length of 4 bytes precedes each element, so more elements than this cannot be there.
	most, elems := len(field)/4, 0
	body := field[12+8*dims:]
	same := len(d.shape) == dims
	for k := range dims {
		n := int(int32(be32(field[12+8*k:])))
		if n < 0 || n > most {
			return errArray
		}
		if k == 0 {
			elems = n
		} else if elems *= n; elems > most {
			return errArray
		}
		same = same && d.shape[k] == n
	}
	if !same {
		d.shape = make([]int, dims)
		for k := range dims {
			d.shape[k] = int(int32(be32(field[12+8*k:])))
		}
	}
	if err := d.elements(v, body, elems); err != nil {
		return err
	}
	if elems == 0 {
		v.EndArray(nil)
		return nil
	}
	v.EndArray(d.shape)
	return nil
}

func (d *arrayDecoder) elements(v *table.Vector, body []byte, n int) error {
	if d.run != nil && len(body) == n*(4+d.width) {
		v.Float32s = slices.Grow(v.Float32s, n)
		start := len(v.Float32s)
		out := v.Float32s[start : start+n]
		if d.run(out, body) {
			v.Float32s = v.Float32s[:start+n]
			return nil
		}
	}
	for j := range n {
		if len(body) < 4 {
			return errArray
		}
		size := int(int32(be32(body)))
		body = body[4:]
		if size == -1 {
			v.AppendNullElem()
			continue
		}
		if size < 0 || size > len(body) {
			return errArray
		}
		if err := d.one(v, body[:size]); err != nil {
			return fmt.Errorf("element %d: %w", j+1, err)
		}
		body = body[size:]
	}
	if len(body) != 0 {
		return errArray
	}
	return nil
}

// A floatRun decodes an array whose elements all have the same width into out and reports whether it could: it gives up at
// a NULL and at a value that needs an error.
type floatRun func(out []float32, body []byte) bool

var floatRuns = map[table.Kind]floatRun{
	table.Int16: func(out []float32, body []byte) bool {
		for i := range out {
			e := body[i*6 : i*6+6]
			if be32(e) != 2 {
				return false
			}
			out[i] = float32(int16(be16(e[4:])))
		}
		return true
	},
	table.Int32: func(out []float32, body []byte) bool {
		for i := range out {
			e := body[i*8 : i*8+8]
			if be32(e) != 4 {
				return false
			}
			out[i] = float32(int32(be32(e[4:])))
		}
		return true
	},
	table.Float32: func(out []float32, body []byte) bool {
		for i := range out {
			e := body[i*8 : i*8+8]
			if be32(e) != 4 {
				return false
			}
			out[i] = math.Float32frombits(be32(e[4:]))
		}
		return true
	},
	table.Float64: func(out []float32, body []byte) bool {
		for i := range out {
			e := body[i*12 : i*12+12]
			x := math.Float64frombits(be64(e[4:]))
			y, err := roundFloat64(x)
			if be32(e) != 8 || err != nil {
				return false
			}
			out[i] = y
		}
		return true
	},
}
