package trainer

import (
	"github.com/beamfit/beamfit/model/plan"
)

// A worker is memory for one call at a time and the plans bound to it, which share the memory.
type worker struct {
	model   *Model
	key     poolKey
	memory  plan.Memory
	bound   map[int]*bound // by batch; not for training
	steps   map[int]*trainStep
	order   walkOrder // of the walk, and room for that of the next
	values  []float32 // room for a metric's values
	counts  []float32 // room for the weights of steps that have a mask
	weights []float32 // the memory's weights
	slots   []float32 // the memory's slots
}

// A bound is a plan in a worker's memory, with the host's view of what is filled and read.
type bound struct {
	*plan.Plan
	program                plan.Program
	inputs, labels, scales [][]float32
	outputs, rowLosses     [][]float32
	masks                  [][]float32 // nil for an output whose steps all count
	rowPenalties           [][]float32
	rowMetrics             [][][]float32
	upload, download       []plan.Ref
	weights, room          []float32 // of the rows of the batch, nil: all 1; and room for them
	memory                 plan.Memory
}

// A poolKey tells workers of different sizes apart: the batch and the short last one, 0 where there is none. place is where the device has
// their memory.
type poolKey struct {
	mode        mode
	batch, last int
	place       int
}

// batches are the batch sizes that a worker can run.
func (k poolKey) batches() []int {
	if k.last > 0 {
		return []int{k.batch, k.last}
	}
	return []int{k.batch}
}

// worker is a free worker or a new one.
func (m *Model) worker(key poolKey) (*worker, error) {
	if w := m.idle.take(key); w != nil {
		return w, nil
	}
	var sizes plan.Sizes
	for _, batch := range key.batches() {
		need, err := m.sizes(key.mode, batch)
		if err != nil {
			return nil, err
		}
		sizes = sizes.Max(need)
	}
	memory, err := m.memory(key.place, sizes)
	if err != nil {
		return nil, err
	}
	return &worker{
		model: m, key: key, memory: memory, bound: map[int]*bound{}, steps: map[int]*trainStep{},
		weights: memory.Host(plan.Ref{Space: plan.Weights, Len: sizes[plan.Weights]}),
		slots:   memory.Host(plan.Ref{Space: plan.Slots, Len: sizes[plan.Slots]}),
	}, nil
}

// sizes are what a batch needs.
func (m *Model) sizes(mode mode, batch int) (plan.Sizes, error) {
	if mode == training {
		s, err := m.split(batch)
		if err != nil {
			return plan.Sizes{}, err
		}
		return s.Sizes, nil
	}
	p, err := m.plan(planKey{mode: mode, batch: batch})
	if err != nil {
		return plan.Sizes{}, err
	}
	return p.Sizes, nil
}

// release gives the worker back.
func (w *worker) release() { w.model.idle.put(w) }

// load copies weights, and slots in training, to the device.
func (w *worker) load(weights, slots []float32) error {
	copy(w.weights, weights)
	copy(w.slots, slots)
	if err := w.memory.Upload(plan.Ref{Space: plan.Weights, Len: len(w.weights)}); err != nil {
		return err
	}
	return w.memory.Upload(plan.Ref{Space: plan.Slots, Len: len(w.slots)})
}

// fetch brings weights and slots back to the host.
func (w *worker) fetch() error {
	if err := w.memory.Download(plan.Ref{Space: plan.Weights, Len: len(w.weights)}); err != nil {
		return err
	}
	return w.memory.Download(plan.Ref{Space: plan.Slots, Len: len(w.slots)})
}

// program is the plan for a batch, bound to the worker's memory.
func (w *worker) program(batch int) (*bound, error) {
	if b := w.bound[batch]; b != nil {
		return b, nil
	}
	p, err := w.model.plan(planKey{mode: w.key.mode, batch: batch})
	if err != nil {
		return nil, err
	}
	b, err := w.bind(p)
	if err != nil {
		return nil, err
	}
	w.bound[batch] = b
	return b, nil
}

// bind binds a plan to the worker's memory.
func (w *worker) bind(p *plan.Plan) (*bound, error) {
	program, err := w.model.device.Bind(p, w.memory)
	if err != nil {
		return nil, err
	}
	b := &bound{Plan: p, program: program, memory: w.memory}
	view := func(refs []plan.Ref, all *[]plan.Ref) [][]float32 {
		var views [][]float32
		for _, r := range refs {
			if r.Len == 0 {
				views = append(views, nil)
				continue
			}
			views = append(views, w.memory.Host(r))
			*all = append(*all, r)
		}
		return views
	}
	b.inputs, b.labels, b.scales = view(p.Inputs, &b.upload), view(p.Labels, &b.upload), view(p.Scales, &b.upload)
	b.outputs, b.rowLosses = view(p.Outputs, &b.download), view(p.RowLosses, &b.download)
	b.masks = view(p.Masks, &b.download)
	b.rowPenalties = view(p.RowPenalties, &b.download)
	for _, metrics := range p.RowMetrics {
		b.rowMetrics = append(b.rowMetrics, view(metrics, &b.download))
	}
	return b, nil
}

// run makes one step with what was filled in and brings its results back.
func (b *bound) run(s *plan.Step) error {
	for _, r := range b.upload {
		if err := b.memory.Upload(r); err != nil {
			return err
		}
	}
	if err := b.program.Run(s); err != nil {
		return err
	}
	for _, r := range b.download {
		if err := b.memory.Download(r); err != nil {
			return err
		}
	}
	return nil
}
