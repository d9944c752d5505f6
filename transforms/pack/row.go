package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/features"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// An encoder turns rows of the source into the elements of a buffer's rows, in the machine's byte order: all inputs, then all
// labels.
type encoder struct {
	plan    *Plan
	classes []map[string]int // per label: index by key; nil for arrays of numbers
	key     []byte
	inputs  []inputEncoder

	// The batch at hand.
	columns  []*table.Vector // of inputs and labels
	firstRow int64           // its number in the source, from 0
}

// An inputEncoder makes an input from columns.
type inputEncoder struct {
	*features.Encoder                      // nil: the input is a column
	made              []float32            // those of the batch, one row after the other
	arrays            features.ArrayReader // of the column
}

func newEncoder(p *Plan) (*encoder, error) {
	e := &encoder{plan: p, classes: make([]map[string]int, len(p.Labels)), inputs: make([]inputEncoder, len(p.Inputs))}
	for k, in := range p.Inputs {
		if in.Variable == nil {
			continue
		}
		var err error
		if e.inputs[k].Encoder, err = features.NewEncoder(in.Variable, p.Scale); err != nil {
			return nil, err
		}
	}
	for k, l := range p.Labels {
		if l.Keys == nil {
			continue
		}
		e.classes[k] = make(map[string]int, len(l.Keys))
		for i, key := range l.Keys {
			e.classes[k][string(key)] = i
		}
	}
	return e, nil
}

// another is an encoder for another goroutine. It shares what may be large: classes, categories and texts.
func (e *encoder) another() *encoder {
	other := &encoder{plan: e.plan, classes: e.classes, inputs: make([]inputEncoder, len(e.inputs))}
	for k, in := range e.inputs {
		if in.Encoder != nil {
			other.inputs[k].Encoder = in.Another()
		}
	}
	return other
}

// begin takes a batch, whose first row has that number in the source, from 0, and makes the inputs that are made from columns. An error is
// a *table.ValueError.
func (e *encoder) begin(b *table.Batch, firstRow int64) (err error) {
	e.columns, e.firstRow = e.columns[:0], firstRow
	for k, in := range e.plan.Inputs {
		var arrays *table.Vector // nil: the input is made
		if from := &e.inputs[k]; from.Encoder != nil {
			from.made, err = from.Encode(from.made, b, e.plan.Source, firstRow)
		} else {
			arrays, err = from.arrays.Of(b, in.Column, e.plan.Source, firstRow)
		}
		if err != nil {
			return err
		}
		e.columns = append(e.columns, arrays)
	}
	for _, out := range e.plan.Labels {
		e.columns = append(e.columns, b.Col(out.Column))
	}
	return nil
}

// append appends row i of the batch to dst. An error is a *table.ValueError.
func (e *encoder) append(dst []byte, i int) ([]byte, error) {
	fail := func(column string, err error) ([]byte, error) {
		return nil, &table.ValueError{Table: e.plan.Source, Column: column, Row: e.firstRow + int64(i) + 1, Err: err}
	}
	var err error
	for k, in := range e.plan.Inputs {
		if made := &e.inputs[k]; made.Encoder != nil {
			for _, x := range made.made[i*made.Width() : (i+1)*made.Width()] {
				dst = binary.NativeEndian.AppendUint32(dst, math.Float32bits(x))
			}
			continue
		}
		if dst, err = e.features(dst, e.columns[k], i, in.Shape); err != nil {
			return fail(in.Column, err)
		}
	}
	for k, out := range e.plan.Labels {
		v := e.columns[len(e.plan.Inputs)+k]
		switch {
		case out.Numeric:
			dst, err = numeric(dst, v, i, out)
		case out.Keys == nil:
			dst, err = oneHot(dst, v, i, out)
		case out.Shape != nil:
			dst, err = e.labels(dst, v, i, k)
		default:
			dst, err = e.label(dst, v, i, k)
		}
		if err != nil {
			return fail(out.Column, err)
		}
	}
	return dst, nil
}

// likeFirst is what messages say has the shape that the arrays of all rows must have.
const likeFirst = "that of the first row"

// features appends the array in row i, scaled.
func (e *encoder) features(dst []byte, v *table.Vector, i int, shape []int) ([]byte, error) {
	first, last, err := v.Shaped(i, shape, likeFirst)
	if err != nil {
		return nil, err
	}
	scale := e.plan.Scale
	for j, x := range v.Float32s[first:last] {
		y := x
		if scale != 1 {
			y = x * scale
		}
		if y-y != 0 {
			return nil, features.NotFinite(j, x)
		}
		dst = binary.NativeEndian.AppendUint32(dst, math.Float32bits(y))
	}
	return dst, nil
}

// labels appends the classes of the elements of row i, each as one-hot.
func (e *encoder) labels(dst []byte, v *table.Vector, i, k int) ([]byte, error) {
	first, last, err := v.Shaped(i, e.plan.Labels[k].Shape, likeFirst)
	if err != nil {
		return nil, err
	}
	for j := first; j < last; j++ {
		if dst, err = e.label(dst, v, j, k); err != nil {
			return nil, fmt.Errorf("element %d: %w", j-first+1, err)
		}
	}
	return dst, nil
}

// label appends the class of row i, or of element i of arrays, as one-hot.
func (e *encoder) label(dst []byte, v *table.Vector, i, k int) ([]byte, error) {
	e.key = sqlkey.Append(e.key[:0], v, i)
	class, ok := e.classes[k][string(e.key)]
	if !ok {
		// The classes were found in the same snapshot, or checked against it.
		return nil, fmt.Errorf("%v is none of the %d classes", classes.At(v, i), len(e.classes[k]))
	}
	start := len(dst)
	dst = append(dst, make([]byte, 2*e.plan.Labels[k].Width)...)
	binary.NativeEndian.PutUint16(dst[start+2*class:], 1)
	return dst, nil
}

// oneHot appends the array in row i as int16, and zeros up to the width. Fractions are refused, which MADlib rounds: they are probabilities or numbers to be
// predicted, and no label that is one-hot already.
func oneHot(dst []byte, v *table.Vector, i int, l Label) ([]byte, error) {
	first, last, err := v.Shaped(i, []int{l.Size}, likeFirst)
	if err != nil {
		return nil, err
	}
	for j := first; j < last; j++ {
		x, err := smallint(v, j)
		if err != nil {
			return nil, fmt.Errorf("element %d, %s, %w", j-first+1, v.ElemText(j), err)
		}
		dst = binary.NativeEndian.AppendUint16(dst, uint16(x))
	}
	return append(dst, make([]byte, 2*(l.Width-l.Size))...), nil
}

var (
	errFraction = errors.New("is no whole number, as a label that is one-hot already has (label type numeric takes any)")
	errRange    = errors.New("is out of range for smallint")
)

// smallint is element j as a smallint.
func smallint(v *table.Vector, j int) (int16, error) {
	switch v.Type.Kind {
	case table.Int16:
		return v.Int16s[j], nil
	case table.Int32:
		return fit(float64(v.Int32s[j]))
	case table.Int64:
		return fit(float64(v.Int64s[j]))
	case table.Float32:
		return fit(float64(v.Float32s[j]))
	case table.Float64:
		return fit(v.Float64s[j])
	}
	whole, fraction, _ := strings.Cut(v.Strings[j], ".")
	n, err := strconv.ParseInt(whole, 10, 16)
	switch {
	case err != nil:
		return 0, errRange // too large, NaN or Infinity
	case strings.Trim(fraction, "0") != "":
		return 0, errFraction
	}
	return int16(n), nil
}

func fit(x float64) (int16, error) {
	switch {
	case !(x >= math.MinInt16 && x <= math.MaxInt16):
		return 0, errRange
	case x != math.Trunc(x):
		return 0, errFraction
	}
	return int16(x), nil
}
