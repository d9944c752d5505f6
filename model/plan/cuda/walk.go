//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// mostColumns is the largest number of a shard's columns.
const mostColumns = 64

// A walk is what a program needs to make steps on rows that stay on the GPU: memory for what changes, on both sides, and the launches that
// fill the batch.
//
//	header: the number of steps begun, the addresses of the columns | states | scales | order
type walk struct {
	device uint64
	host   unsafe.Pointer
	states int // offsets in bytes
	scales int
	order  int
	fill   part
	whole  *drv.Graph // fill and all parts, where all have kernels
}

const headerBytes = 8 + 8*mostColumns

// newWalk allocates the memory and packs the launches. The GPU must be entered.
func (p *program) newWalk(factors int) (*walk, error) {
	m, outputs := p.memory, len(p.plan.Scales)
	w := &walk{}
	w.states = (headerBytes + spaceAlign - 1) / spaceAlign * spaceAlign
	w.scales = w.states + plan.MostSteps*kernels.StepStateBytes
	w.order = w.scales + 4*plan.MostSteps*outputs
	bytes := w.order + 4*plan.MostSteps*p.plan.Batch
	var err error
	if w.device, err = m.alloc(bytes, "the order of a walk"); err != nil {
		return nil, err
	}
	if w.host, err = m.pin(bytes); err != nil {
		return nil, err
	}
	next, columns := w.device, w.device+8
	states, scales, order := w.device+uint64(w.states), w.device+uint64(w.scales), w.device+uint64(w.order)
	rows := int64(p.plan.Batch)
	launches := []kernels.Launch{{Kernel: "pass_begin", Grid: [3]uint32{1, 1, 1}, Block: [3]uint32{1, 1, 1}, Args: []any{m.state, states, next}}}
	flat := func(kernel string, n int64, args ...any) {
		const threads = 256
		launches = append(launches, kernels.Launch{
			Kernel: kernel, Grid: [3]uint32{uint32((n + threads - 1) / threads), 1, 1}, Block: [3]uint32{threads, 1, 1}, Args: args,
		})
	}
	column := int64(0)
	for _, refs := range [][]plan.Ref{p.plan.Inputs, p.plan.Labels} {
		for _, r := range refs {
			width := int64(r.Len) / rows
			flat("pass_gather", rows*width, next, order, columns, column, rows, width, m.at(r))
			column++
		}
	}
	for i, r := range p.plan.Scales {
		flat("pass_scale", rows, next, order, columns, column, int64(factors), rows, scales, int64(i), int64(outputs), m.at(r))
	}
	if err := m.pack(&w.fill, launches); err != nil {
		return nil, err
	}
	if m.device.options.Eager {
		return w, nil
	}
	if len(p.parts) == 1 && p.parts[0].cpu == nil {
		all := append(append([]*drv.Launch(nil), w.fill.launches...), p.parts[0].launches...)
		w.whole, err = m.capture(all)
	} else {
		w.fill.graph, err = m.capture(w.fill.launches)
	}
	return w, err
}

// RunSteps makes the steps of a walk.
func (m *memory) RunSteps(prog plan.Program, steps *plan.Walk) error {
	p, ok := prog.(*program)
	kept, known := steps.Rows.(*rows)
	if !ok || p.memory != m || !known || kept.gpu != m.gpu {
		return fmt.Errorf("cuda: a program or rows of another memory (%T, %T)", prog, steps.Rows)
	}
	if len(steps.Steps) > plan.MostSteps || len(steps.Order) != len(steps.Steps)*p.plan.Batch || len(steps.Scales) != len(steps.Steps)*len(p.plan.Scales) {
		panic(fmt.Sprintf("cuda: a walk of %d steps over %d rows with %d scales", len(steps.Steps), len(steps.Order), len(steps.Scales)))
	}
	if err := m.gpu.enter(); err != nil {
		return err
	}
	defer m.gpu.leave()
	w := p.walks[steps.Factors]
	if w == nil {
		var err error
		if w, err = p.newWalk(steps.Factors); err != nil {
			return err
		}
		p.walks[steps.Factors] = w
	}
	if err := w.send(m, kept, steps); err != nil {
		return err
	}
	for i := range steps.Steps {
		if err := p.walkStep(w, &steps.Steps[i]); err != nil {
			return errors.Join(err, m.wait())
		}
	}
	return m.wait()
}

func (p *program) walkStep(w *walk, s *plan.Step) error {
	m := p.memory
	if w.whole != nil {
		return m.launch(w.whole)
	}
	if err := w.fill.run(m, s); err != nil {
		return err
	}
	return p.step(s)
}

// send copies what changes to the GPU: for n steps 8 bytes per column, 64 per step, 4 per step and output, and 4 per row.
func (w *walk) send(m *memory, kept *rows, steps *plan.Walk) error {
	header := unsafe.Slice((*uint64)(w.host), 1+mostColumns)
	header[0] = 0
	copy(header[1:], kept.columns)
	states := unsafe.Slice((*[kernels.StepStateBytes]byte)(unsafe.Add(w.host, w.states)), len(steps.Steps))
	for i := range states {
		states[i] = kernels.EncodeStep(&steps.Steps[i])
	}
	copy(unsafe.Slice((*float32)(unsafe.Add(w.host, w.scales)), len(steps.Scales)), steps.Scales)
	copy(unsafe.Slice((*int32)(unsafe.Add(w.host, w.order)), len(steps.Order)), steps.Order)
	for _, piece := range [...][2]int{
		{0, 8 + 8*len(kept.columns)}, {w.states, kernels.StepStateBytes * len(steps.Steps)}, {w.scales, 4 * len(steps.Scales)}, {w.order, 4 * len(steps.Order)},
	} {
		at, bytes := piece[0], piece[1]
		if bytes == 0 {
			continue
		}
		if err := cu.MemcpyHtoDAsync(cu.DevicePtr(w.device+uint64(at)), unsafe.Add(w.host, at), int64(bytes), *m.stream); err != nil {
			return m.gpu.failed("copying the order of rows to the GPU", err)
		}
	}
	return nil
}

var _ plan.Resident = (*memory)(nil)
