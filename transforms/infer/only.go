package infer

import "github.com/beamfit/beamfit/io/table"

// numbers are the numbers of the rows of a batch in the table, from 0: those that are listed or, without a list, first and what follows.
type numbers struct {
	first  int64
	listed []int64
}

func (n numbers) at(i int) int64 {
	if n.listed != nil {
		return n.listed[i]
	}
	return n.first + int64(i)
}

// An only leaves rows out of batches. It keeps its memory from batch to batch.
type only struct {
	held   func(row int64) bool // nil: no row is left out
	batch  *table.Batch
	listed []int64
}

func (plan *Plan) newOnly() *only {
	o := &only{}
	if plan.Only != nil {
		o.held, o.listed = plan.Only.Held(), []int64{}
	}
	return o
}

// of is the rows of a batch that are predicted, whose first row has that number in the table, from 0. They are valid until the next call.
func (o *only) of(b *table.Batch, firstRow int64) (*table.Batch, numbers) {
	if o.held == nil {
		return b, numbers{first: firstRow}
	}
	if o.batch == nil {
		o.batch = table.NewBatch(b.Schema)
	}
	o.batch.Reset()
	o.listed = o.listed[:0]
	for i := range b.Rows {
		row := firstRow + int64(i)
		if !o.held(row) {
			continue
		}
		for c := range b.Cols {
			o.batch.Cols[c].AppendFrom(&b.Cols[c], i)
		}
		o.batch.Rows++
		o.listed = append(o.listed, row)
	}
	return o.batch, numbers{listed: o.listed}
}
