package trainer

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// Limits of the split of a batch into slices. They are constants, not settings: the split decides in which order gradients
// are summed, and so the last bits of the weights.
const (
	maxSlices    = 8
	minSliceRows = 4
	// minSliceFLOP is the least work of a slice: less does not repay waking another core.
	minSliceFLOP = 20e6
	// minFLOPPerWeight is the least work of a slice per trainable weight: the gradients of every slice are written and summed,
	// which with less work costs more than 5 % where no core is idle.
	minFLOPPerWeight = 1500
)

// slicesOf is the number of slices that a batch is cut into. It depends on the network and the batch only, never on the
// machine.
func slicesOf(batch, flopPerRow, trainable int) int {
	slices := 1
	for n := 2; n <= maxSlices; n *= 2 {
		rows := batch / n
		flop := rows * flopPerRow
		if rows < minSliceRows || flop < minSliceFLOP || flop < minFLOPPerWeight*trainable {
			break
		}
		slices = n
	}
	return slices
}

// split is the step for a batch size, compiled on first use. A batch that is not worth cutting, or that must not be cut since
// a layer looks at all its rows at once, is one slice.
func (m *Model) split(batch int) (*plan.Split, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.splits[batch]; s != nil {
		return s, nil
	}
	n, err := m.sliceCount(batch)
	if err != nil {
		return nil, err
	}
	var s *plan.Split
	if n == 1 {
		p, err := m.compiled(planKey{mode: training, batch: batch})
		if err != nil {
			return nil, err
		}
		s = &plan.Split{Sizes: p.Sizes, Slices: []*plan.Plan{p}}
	} else {
		plans := make([]*plan.Plan, n)
		for i := range plans {
			from, to := sliceRows(batch, n, i)
			if plans[i], err = m.compiled(planKey{slicing, to - from, batch}); err != nil {
				return nil, err
			}
		}
		s = plan.NewSplit(m.spec, plans, m.optimizer, n)
	}
	m.splits[batch] = s
	return s, nil
}

// sliceRows are the rows of slice i of n.
func sliceRows(batch, n, i int) (from, to int) { return batch * i / n, batch * (i + 1) / n }

// sliceCount is the number of slices for a batch. A network that updates weights by more than gradients has batch
// normalisation, whose statistics are those of the whole batch: it is never cut.
func (m *Model) sliceCount(batch int) (int, error) {
	g, err := graph.Build(m.spec, graph.Options{Batch: 1, Training: true, Losses: m.losses})
	if err != nil || len(g.Updates) > 0 || m.trainable == 0 {
		return 1, err
	}
	p, err := plan.Compile(g, m.device, nil)
	if err != nil {
		return 0, err
	}
	return slicesOf(batch, p.FLOP(), m.trainable), nil
}
