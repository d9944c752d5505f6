package trainer

import "github.com/beamfit/beamfit/model/plan"

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
	// minStageFLOP and meetingFLOPPerWeight are the same limits for slices that meet, for each of their stages and for a slice. A
	// core has lost a slice's values from its cache when it comes back to the slice, so slices must be larger to be as cheap.
	minStageFLOP         = 70e6
	meetingFLOPPerWeight = 3000
)

// slicesOf is the number of slices that a batch is cut into, whose steps have so many stages. It depends on the network and the
// batch only, never on the machine.
func slicesOf(batch, flopPerRow, trainable, stages int) int {
	least := max(minSliceFLOP, minFLOPPerWeight*trainable)
	if stages > 1 {
		least = max(minStageFLOP*stages, meetingFLOPPerWeight*trainable)
	}
	slices := 1
	for n := 2; n <= maxSlices; n *= 2 {
		if rows := batch / n; rows < minSliceRows || rows*flopPerRow < least {
			break
		}
		slices = n
	}
	return slices
}

// split is the step for a batch size, compiled on first use. A batch that is not worth cutting, or that must not be cut,
// is one slice.
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
	s, err := m.cut(batch, n)
	if err != nil {
		return nil, err
	}
	m.splits[batch] = s
	return s, nil
}

// cut is the step for a batch in so many slices.
func (m *Model) cut(batch, n int) (*plan.Split, error) {
	if n == 1 {
		p, err := m.compiled(planKey{mode: training, batch: batch})
		if err != nil {
			return nil, err
		}
		return plan.Whole(p), nil
	}
	plans := make([]*plan.Plan, n)
	for i := range plans {
		from, to := sliceRows(batch, n, i)
		p, err := m.compiled(planKey{slicing, to - from, batch, n})
		if err != nil {
			return nil, err
		}
		plans[i] = p
	}
	return plan.NewSplit(m.spec, m.device, plans, m.optimizer, n)
}

// sliceRows are the rows of slice i of n.
func sliceRows(batch, n, i int) (from, to int) { return batch * i / n, batch * (i + 1) / n }

// sliceCount is the number of slices for a batch: one where a loss looks at all rows of a batch, or the device takes batches whole.
func (m *Model) sliceCount(batch int) (int, error) {
	key := m.oneRow()
	if key.mode != slicing {
		return 1, nil
	}
	p, err := m.compiled(key)
	if err != nil {
		return 0, err
	}
	return slicesOf(batch, p.FLOP(), m.trainable, len(p.Meetings)+1), nil
}

// oneRow is the training plan of one row: a slice of a batch of two, or the batch where that must not be cut.
func (m *Model) oneRow() planKey {
	if m.wholeBatch || m.trainable == 0 || !m.device.Slices() {
		return planKey{mode: training, batch: 1}
	}
	return planKey{slicing, 1, 2, 2}
}
