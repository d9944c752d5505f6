package infer

import "github.com/beamfit/beamfit/io/table"

// rows makes the batches of predictions. It keeps its memory from batch to batch.
type rows struct {
	job   *Job
	batch *table.Batch
	order []int
	null  []bool // of class_value
}

func newRows(j *Job) *rows {
	most := 0
	for _, o := range j.Outputs {
		most = max(most, len(o.Classes))
	}
	return &rows{job: j, batch: table.NewBatch(j.Schema()), order: make([]int, most)}
}

// of ranks the n rows of probs, per output n x K values, and returns those that the choice keeps; ids[i] is the id of row
// i. The batch is valid until the next call.
func (r *rows) of(ids *table.Vector, n int, probs [][]float32) *table.Batch {
	b := r.batch
	b.Reset()
	r.null = r.null[:0]
	hasNull := false
	for i := range n {
		for k, out := range r.job.Outputs {
			classes := len(out.Classes)
			p, order := probs[k][i*classes:(i+1)*classes], r.order[:classes]
			rank(p, order)
			for place, c := range order {
				prob := widen(p[c])
				if !r.job.Choice.keeps(prob, place+1) {
					continue
				}
				b.Cols[0].AppendFrom(ids, i)
				value := ""
				if v := out.Classes[c]; v != nil {
					value = *v
				}
				r.null = append(r.null, out.Classes[c] == nil)
				hasNull = hasNull || out.Classes[c] == nil
				b.Cols[1].Strings = append(b.Cols[1].Strings, out.Name)
				b.Cols[2].Strings = append(b.Cols[2].Strings, value)
				b.Cols[3].Float64s = append(b.Cols[3].Float64s, prob)
				if !r.job.Choice.NoRank {
					b.Cols[4].Int32s = append(b.Cols[4].Int32s, int32(place+1))
				}
				b.Rows++
			}
		}
	}
	if hasNull {
		b.Cols[2].Null = r.null
	}
	return b
}
