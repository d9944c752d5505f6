//go:build gpu

package cuda

import (
	"cmp"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// isPinned says of a space that it crosses the bus in every run; of all others the host reads results, and what instructions without kernels need.
func isPinned(s plan.Space) bool { return s == plan.Weights || s == plan.Slots || s == plan.Batch }

// A memory is an arena on a GPU with its mirror.
type memory struct {
	*resources
	sizes  plan.Sizes
	base   [len(plan.Sizes{})]uint64 // of the spaces
	bytes  int                       // of the arena
	state  uint64                    // of the step that is made
	mirror plan.Memory
	// staged is the state of a single step on its way.
	staged *[kernels.StepStateBytes]byte
	// staging is pinned memory of constants on their way.
	staging []unsafe.Pointer
}

// NewMemoryAt allocates on a GPU.
func (d *Device) NewMemoryAt(place int, sizes plan.Sizes) (plan.Memory, error) {
	gpus, err := d.open()
	if err != nil {
		return nil, err
	}
	g := gpus[place]
	if err := g.start(); err != nil {
		return nil, err
	}
	r := &resources{device: d, gpu: g}
	if err := d.remember(r); err != nil {
		return nil, err
	}
	m := &memory{resources: r, sizes: sizes}
	if err := m.allocate(); err != nil {
		_ = r.free() // the first error is the one that counts
		return nil, err
	}
	collected(r, m)
	return m, nil
}

func (m *memory) allocate() error {
	m.bytes = spaceAlign // the state
	var offsets [len(m.base)]int
	for s, n := range m.sizes {
		offsets[s] = m.bytes
		m.bytes += (4*n + spaceAlign - 1) / spaceAlign * spaceAlign
	}
	const what = "the memory of a worker"
	if int64(m.bytes) > m.gpu.Share {
		return m.gpu.overShare(what, int64(m.bytes), 0)
	}
	if err := m.gpu.enter(); err != nil {
		return err
	}
	defer m.gpu.leave()
	var err error
	if m.state, err = m.take(m.bytes, what); err != nil {
		return err
	}
	for s := range m.base {
		m.base[s] = m.state + uint64(offsets[s])
	}
	if err := m.newStream(); err != nil {
		return err
	}
	if err := cu.MemsetD8Async(cu.DevicePtr(m.state), 0, int64(m.bytes), *m.stream); err != nil {
		return m.gpu.failed("clearing memory", err)
	}
	return m.newMirror()
}

// newMirror makes the host's view: pinned memory of the spaces that cross the bus, addresses of all others. Of those only the places that somebody touches are
// opened, and take memory of the host: what is downloaded, and what instructions without kernels read and write.
func (m *memory) newMirror() error {
	const align = 64
	pinned, others := kernels.StepStateBytes, 0
	for s, n := range m.sizes {
		bytes := (4*n + align - 1) / align * align
		if isPinned(plan.Space(s)) {
			pinned += bytes
		} else {
			others += bytes
		}
	}
	near, err := m.pin(pinned)
	if err != nil {
		return err
	}
	reserved, err := m.reserve(others)
	if err != nil {
		return err
	}
	far := reserved.base()
	m.staged = (*[kernels.StepStateBytes]byte)(near)
	near = unsafe.Add(near, kernels.StepStateBytes)
	var spaces [len(m.base)][]float32
	for s, n := range m.sizes {
		from := &far
		if isPinned(plan.Space(s)) {
			from = &near
		}
		if n > 0 {
			spaces[s] = unsafe.Slice((*float32)(*from), n)
			*from = unsafe.Add(*from, (4*n+align-1)/align*align)
		}
	}
	m.mirror = cpu.MemoryOf(spaces)
	return nil
}

// overShare is the error of memory that a shard may not take.
func (g *gpu) overShare(what string, need, taken int64) error {
	return &plan.MemoryError{
		Place: g.String(), For: what, Need: need, Room: max(0, g.Share-taken),
		Of: fmt.Sprintf("0.9 of its %d bytes, shared by %s", g.Memory, cmp.Or(g.Sharers(), "1 shard")),
	}
}

// Close gives the memory back. Programs that are bound to it are not to be used again.
func (m *memory) Close() error { return m.free() }

// at is the address of a place.
func (m *memory) at(r plan.Ref) uint64 { return m.base[r.Space] + 4*uint64(r.Off) }

// Host is the mirror's. Places of spaces that are not pinned can be touched when they have been copied, or belong to the results of a plan that is bound.
func (m *memory) Host(r plan.Ref) []float32 { return m.mirror.Host(r) }

// open makes places of the mirror ones that the host can touch.
func (m *memory) open(places ...plan.Ref) error {
	for _, r := range places {
		if isPinned(r.Space) || r.Len == 0 {
			continue
		}
		if err := m.reserved.open(m.Host(r)); err != nil {
			return m.gpu.failed(fmt.Sprintf("memory of the host for %v", r), err)
		}
	}
	return nil
}

// Upload copies from the mirror to the GPU: in order with what follows, but perhaps not before it returns. The host writes to a place
// again only after a step or a Download, which wait.
func (m *memory) Upload(r plan.Ref) error {
	if err := m.gpu.enter(); err != nil {
		return err
	}
	defer m.gpu.leave()
	return m.up(r)
}

func (m *memory) up(r plan.Ref) error {
	if r.Len == 0 {
		return nil
	}
	if err := m.open(r); err != nil {
		return err
	}
	host := m.Host(r)
	if err := cu.MemcpyHtoDAsync(cu.DevicePtr(m.at(r)), unsafe.Pointer(&host[0]), int64(4*r.Len), *m.stream); err != nil {
		return m.gpu.failed(fmt.Sprintf("copying %v to the GPU", r), err)
	}
	return nil
}

// Download copies from the GPU to the mirror.
func (m *memory) Download(r plan.Ref) error {
	if err := m.gpu.enter(); err != nil {
		return err
	}
	defer m.gpu.leave()
	if err := m.down(r); err != nil {
		return err
	}
	return m.wait()
}

func (m *memory) down(r plan.Ref) error {
	if r.Len == 0 {
		return nil
	}
	if err := m.open(r); err != nil {
		return err
	}
	host := m.Host(r)
	if err := cu.MemcpyDtoHAsync(unsafe.Pointer(&host[0]), cu.DevicePtr(m.at(r)), int64(4*r.Len), *m.stream); err != nil {
		return m.gpu.failed(fmt.Sprintf("copying %v from the GPU", r), err)
	}
	return nil
}

// wait waits until the GPU has done all it was told to.
func (m *memory) wait() error {
	if err := m.stream.Synchronize(); err != nil {
		return m.gpu.failed("work on the GPU", err)
	}
	return nil
}
