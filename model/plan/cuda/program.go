//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A program is a plan in a memory.
type program struct {
	memory *memory
	plan   *plan.Plan
	parts  []part
	// walks are by the factors of rows, of which there are two at most, each made by the first RunSteps that needs it: a worker may take turns between
	// datasets that have them and datasets that do not.
	walks map[int]*walk
}

// A part is a segment that can run: launches, or a program of the CPU with what it needs and leaves.
type part struct {
	launches []*drv.Launch
	graph    *drv.Graph // of the launches; nil: they are made one by one
	cpu      plan.Program
	down, up []plan.Ref
}

// Bind packs the launches and captures their graphs.
func (d *Device) Bind(p *plan.Plan, mem plan.Memory) (plan.Program, error) {
	m, ok := mem.(*memory)
	if !ok || m.device != d {
		return nil, fmt.Errorf("cuda: memory of another device (%T)", mem)
	}
	for s, n := range p.Sizes {
		if n > m.sizes[s] {
			return nil, fmt.Errorf("cuda: the plan needs %d elements of %v, the memory has %d", n, plan.Space(s), m.sizes[s])
		}
	}
	if err := m.gpu.enter(); err != nil {
		return nil, err
	}
	defer m.gpu.leave()
	if err := m.open(slices.Concat(p.Outputs, p.RowLosses, p.Masks, p.RowPenalties, slices.Concat(p.RowMetrics...))...); err != nil {
		return nil, err
	}
	prog := &program{memory: m, plan: p, walks: map[int]*walk{}}
	for _, s := range segments(p) {
		part, err := m.part(p, s)
		if err != nil {
			return nil, err
		}
		prog.parts = append(prog.parts, part)
	}
	if err := m.sent(); err != nil {
		return nil, err
	}
	for i := range prog.parts {
		part := &prog.parts[i]
		if d.options.Eager || part.cpu != nil {
			continue
		}
		var err error
		if part.graph, err = m.capture(part.launches); err != nil {
			return nil, err
		}
	}
	return prog, nil
}

// part binds a segment of a plan.
func (m *memory) part(p *plan.Plan, s segment) (part, error) {
	if !s.native {
		sub := *p
		sub.Instrs = s.instrs
		for i := range s.instrs {
			in := &s.instrs[i]
			if err := m.open(slices.Concat(in.In, in.Side, []plan.Ref{in.Out, in.Scratch})...); err != nil {
				return part{}, err
			}
		}
		c, err := cpu.Device{}.Bind(&sub, m.mirror)
		return part{cpu: c, down: s.down(), up: s.up()}, err
	}
	var b part
	at := kernels.Places{At: m.at, Step: m.state}
	var failed error
	at.Data = func(data []byte) uint64 {
		address, err := m.constant(data)
		if err != nil && failed == nil {
			failed = err
		}
		return address
	}
	for i := range s.instrs {
		launches, err := kernels.Bind(&s.instrs[i], at, m.device.Math)
		if failed != nil {
			err = failed
		}
		if err != nil {
			return part{}, err
		}
		if err := m.pack(&b, launches); err != nil {
			return part{}, err
		}
	}
	return b, nil
}

// pack adds launches to a part.
func (m *memory) pack(b *part, launches []kernels.Launch) error {
	for i := range launches {
		l, err := m.gpu.launch(&launches[i])
		if err != nil {
			return err
		}
		m.launched(l)
		b.launches = append(b.launches, l)
	}
	return nil
}

// constant puts bytes into memory of the GPU that lives as long as m.
func (m *memory) constant(data []byte) (uint64, error) {
	if len(data) == 0 {
		return 0, nil
	}
	address, err := m.alloc(len(data), "a constant")
	if err != nil {
		return 0, err
	}
	host, err := m.pin(len(data)) // a copy of the data that lives until they are sent
	if err != nil {
		return 0, err
	}
	m.staging = append(m.staging, host)
	copy(unsafe.Slice((*byte)(host), len(data)), data)
	if err := cu.MemcpyHtoDAsync(cu.DevicePtr(address), host, int64(len(data)), *m.stream); err != nil {
		return 0, m.gpu.failed("copying a constant to the GPU", err)
	}
	return address, nil
}

// sent waits for the constants on their way.
func (m *memory) sent() error {
	err := m.wait()
	for _, host := range m.staging {
		err = errors.Join(err, m.unpin(host))
	}
	m.staging = nil
	return err
}

// capture makes a graph of launches.
func (m *memory) capture(launches []*drv.Launch) (*drv.Graph, error) {
	var g *drv.Graph
	err := m.gpu.having("the graph of a step", 0, func() (err error) {
		g, err = drv.Capture(*m.stream, func() error {
			for _, l := range launches {
				if err := l.Do(*m.stream); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	m.captured(g)
	return g, nil
}

// launch launches a graph: the driver may need memory for that the first time.
func (m *memory) launch(g *drv.Graph) error {
	err := g.Launch(*m.stream)
	if drv.OutOfMemory(err) {
		return m.gpu.having("a step", 0, func() error { return g.Launch(*m.stream) })
	}
	if err != nil {
		return m.gpu.failed("launching a step", err)
	}
	return nil
}

// Run makes one step and waits for it, since the host fills in the next batch then.
func (p *program) Run(s *plan.Step) error {
	m := p.memory
	if err := m.gpu.enter(); err != nil {
		return err
	}
	defer m.gpu.leave()
	*m.staged = kernels.EncodeStep(s)
	if err := cu.MemcpyHtoDAsync(cu.DevicePtr(m.state), unsafe.Pointer(m.staged), int64(len(m.staged)), *m.stream); err != nil {
		return m.gpu.failed("copying the state of a step to the GPU", err)
	}
	if err := p.step(s); err != nil {
		return err
	}
	return m.wait()
}

// step makes the parts of a step, whose state is on the GPU. It waits only where the CPU has a part.
func (p *program) step(s *plan.Step) error {
	for i := range p.parts {
		if err := p.parts[i].run(p.memory, s); err != nil {
			return err
		}
	}
	return nil
}

func (b *part) run(m *memory, s *plan.Step) error {
	if b.cpu != nil {
		return b.runCPU(m, s)
	}
	if b.graph != nil {
		return m.launch(b.graph)
	}
	for _, l := range b.launches {
		if err := l.Do(*m.stream); err != nil {
			return m.gpu.failed("launching a kernel", err)
		}
	}
	return nil
}

// runCPU brings operands down, runs the instructions and takes their results up. What goes up is not written again before the next
// runCPU waits or the step has ended.
func (b *part) runCPU(m *memory, s *plan.Step) error {
	for _, r := range b.down {
		if err := m.down(r); err != nil {
			return err
		}
	}
	if err := m.wait(); err != nil {
		return err
	}
	if err := b.cpu.Run(s); err != nil {
		return err
	}
	for _, r := range b.up {
		if err := m.up(r); err != nil {
			return err
		}
	}
	return nil
}
