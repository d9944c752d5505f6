package table

import "fmt"

// A Batch holds rows column by column. A Batch that a Reader returns is valid until the next call of Next; the slices
// of a Batch given to a Writer may be used again when Write returns.
type Batch struct {
	Schema Schema
	Rows   int
	Cols   []Vector
}

// A Vector is one column of a Batch: N values, or N arrays when Type.Array.
//
// Scalars: the slice of the column's kind has N entries. Arrays: the slice has the elements of all rows one after the
// other, row-major within a row; Offsets has N+1 entries (row i is elements Offsets[i] to Offsets[i+1]).
type Vector struct {
	Type Type

	Bools    []bool
	Int16s   []int16
	Int32s   []int32
	Int64s   []int64
	Float32s []float32
	Float64s []float64
	Strings  []string
	Bytes    [][]byte

	// Null[i]: row i is NULL. nil: no row is.
	Null []bool

	// Arrays only.
	Offsets []int
	// Dims[i] is the shape of row i's array; empty for an empty array. nil: every row is one-dimensional.
	Dims [][]int
	// ElemNull[j]: element j is NULL. nil: none is.
	ElemNull []bool
}

// NewBatch is an empty batch of that schema to append to.
func NewBatch(s Schema) *Batch {
	b := &Batch{Schema: s, Cols: make([]Vector, len(s))}
	for i, c := range s {
		b.Cols[i].Type = c.Type
	}
	return b
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Rows = 0
	for i := range b.Cols {
		b.Cols[i].Reset()
	}
}

// Append adds a row of Go values, one per column: nil (NULL), or what Vector.Append takes. After an error the batch is as it was.
func (b *Batch) Append(row ...any) error {
	if len(row) != len(b.Cols) {
		return fmt.Errorf("a row of %d values for %d columns", len(row), len(b.Cols))
	}
	for i, v := range row {
		if err := b.Cols[i].Append(v); err != nil {
			for k := range i {
				b.Cols[k].cut(b.Rows)
			}
			return fmt.Errorf("column %q: %w", b.Schema[i].Name, err)
		}
	}
	b.Rows++
	return nil
}

// Col is the vector of the column of that name, or nil.
func (b *Batch) Col(name string) *Vector {
	if i := b.Schema.Index(name); i >= 0 {
		return &b.Cols[i]
	}
	return nil
}
