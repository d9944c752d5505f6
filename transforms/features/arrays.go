package features

import (
	"fmt"
	"math/bits"

	"github.com/beamfit/beamfit/io/table"
)

// Reads are the columns that a job reads of its rows: arrays, which are inputs as they are, and those that are read for anything else. The
// zero Reads are of none.
type Reads struct {
	columns, arrays []string
	seen, exact     map[string]bool
	numbers         int // that are made of a row
}

// batchNumbers is the most numbers that are made of a batch, but where one row has more: 16 MB.
const batchNumbers = 4 << 20

// Variable adds the columns that a variable, which has learned, is made of.
func (r *Reads) Variable(v *Variable) {
	r.Values(v.Reads()...)
	r.Numbers(v.Width())
}

// Numbers adds to what is made of every row, besides arrays as they are, n numbers.
func (r *Reads) Numbers(n int) { r.numbers += n }

// Array adds a column of arrays of numbers.
func (r *Reads) Array(column string) {
	r.add(column)
	r.arrays = append(r.arrays, column)
}

// Values adds columns whose values are needed as the table has them.
func (r *Reads) Values(columns ...string) {
	for _, c := range columns {
		r.add(c)
		r.exact[c] = true
	}
}

func (r *Reads) add(column string) {
	if r.seen == nil {
		r.seen, r.exact = map[string]bool{}, map[string]bool{}
	}
	if !r.seen[column] {
		r.seen[column] = true
		r.columns = append(r.columns, column)
	}
}

// Options read the columns, each once. The store gives arrays as real[], but not where their values are needed too: a layer that hashes integers
// sees all digits, and what was learned of a column of double precision is applied to the same numbers. Of a batch at most
// batchNumbers are made: a store bounds what it reads, and a text of some bytes may become a million numbers.
func (r *Reads) Options() table.ReadOptions {
	opt := table.ReadOptions{Columns: append([]string{}, r.columns...)} // not nil, which would be all columns
	if r.numbers > 0 {
		// A power of two, as the batches of a model are, so that these are no smaller.
		opt.BatchRows = 1 << (bits.Len(uint(max(1, batchNumbers/r.numbers))) - 1)
	}
	for _, c := range r.arrays {
		if !r.exact[c] {
			opt.Float32 = append(opt.Float32, c)
		}
	}
	return opt
}

// An ArrayReader gives an input that is a column of arrays as real[], of batches that were read with Options. It keeps its memory from batch to batch.
type ArrayReader struct{ rounded table.Vector }

// Of is the column of a batch, valid until the next call. Errors are of the table source, where the batch begins with row number firstRow, from 0.
func (r *ArrayReader) Of(b *table.Batch, column string, source table.Name, firstRow int64) (*table.Vector, error) {
	v := b.Col(column)
	if v.Type == table.Float32ArrayType {
		return v, nil
	}
	if row, err := v.ToReal(&r.rounded); err != nil {
		return nil, &table.ValueError{Table: source, Column: column, Row: firstRow + int64(row) + 1, Err: err}
	}
	return &r.rounded, nil
}

// NotFinite is the error of an element of an array, counted from 0, that is not finite, or no more when it is divided by the normalizing constant.
func NotFinite(element int, x float32) error {
	text := table.FloatText(float64(x), 32)
	if x-x != 0 {
		return fmt.Errorf("element %d is %s", element+1, text)
	}
	return fmt.Errorf("element %d, %s, is out of range when it is divided by the normalizing constant", element+1, text)
}
