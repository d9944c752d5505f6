package infer

import (
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// rows makes the batches of predictions. It keeps its memory from batch to batch.
type rows struct {
	plan  *Plan
	batch *table.Batch
	order []int
	probs []float32 // memory for the probabilities of an output
	null  []bool    // of class_value
	none  []bool    // of prob
}

func newRows(plan *Plan) *rows {
	most := 0
	for _, o := range plan.Outputs {
		most = max(most, len(o.Classes))
	}
	return &rows{plan: plan, batch: table.NewBatch(plan.Schema()), order: make([]int, most)}
}

// batchPredictions is how many predictions are written at once; of the row that reaches it, all are.
const batchPredictions = 1 << 16

// of ranks the n rows of probs, per output n x K values, from the row first on, and returns those that the choice keeps; ids[i] is the id of row
// i, and next the row to go on with. The batch is valid until the next call.
func (r *rows) of(ids *table.Vector, first, n int, probs [][]float32) (b *table.Batch, next int) {
	b, next = r.batch, first
	b.Reset()
	r.null, r.none = r.null[:0], r.none[:0]
	for ; next < n && b.Rows < batchPredictions; next++ {
		i := next
		for k, out := range r.plan.Outputs {
			w := out.Width()
			values := probs[k][i*w : (i+1)*w]
			if out.Numbers > 0 {
				r.number(ids, i, out, values)
				continue
			}
			p := out.probabilities(values, &r.probs)
			order := r.order[:len(out.Classes)]
			rank(out.sortable(values, p), order)
			for place, c := range order {
				prob := widen(p[c])
				if !r.plan.Choice.keeps(prob, place+1) {
					continue
				}
				b.Cols[0].AppendFrom(ids, i)
				value := ""
				if v := out.Classes[c]; v != nil {
					value = *v
				}
				r.null, r.none = append(r.null, out.Classes[c] == nil), append(r.none, false)
				b.Cols[1].Strings = append(b.Cols[1].Strings, out.Name)
				b.Cols[2].Strings = append(b.Cols[2].Strings, value)
				b.Cols[3].Float64s = append(b.Cols[3].Float64s, prob)
				if !r.plan.Choice.NoRank {
					b.Cols[4].Int32s = append(b.Cols[4].Int32s, int32(place+1))
				}
				b.Rows++
			}
		}
	}
	if slices.Contains(r.null, true) {
		b.Cols[2].Null = r.null
	}
	if slices.Contains(r.none, true) {
		b.Cols[3].Null = r.none
	}
	return b, next
}

// number adds the row of an output whose labels are numbers: class_value is the text of them, and there is no prob.
func (r *rows) number(ids *table.Vector, i int, out Output, values []float32) {
	b := r.batch
	b.Cols[0].AppendFrom(ids, i)
	b.Cols[1].Strings = append(b.Cols[1].Strings, out.Name)
	b.Cols[2].Strings = append(b.Cols[2].Strings, out.Label(values))
	b.Cols[3].Float64s = append(b.Cols[3].Float64s, 0)
	r.null, r.none = append(r.null, false), append(r.none, true)
	if !r.plan.Choice.NoRank {
		b.Cols[4].Int32s = append(b.Cols[4].Int32s, 1)
	}
	b.Rows++
}
