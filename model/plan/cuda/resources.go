//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
)

// resources are what is to be given back to a GPU: of a memory with its programs, or of rows. They are freed once, by whoever comes first: a
// Close, or the collector when the memory is no longer reachable.
type resources struct {
	device *Device
	gpu    *gpu

	mu       sync.Mutex
	freed    bool
	lostBy   func() bool // says that the owner is not reachable any more; nil: it has none yet
	stream   *cu.Stream
	graphs   []*drv.Graph
	launches []*drv.Launch
	pinned   []unsafe.Pointer
	reserved *reservation // nil: none
	memory   []cu.DevicePtr
	taken    int64 // bytes of it that count as the process's
}

func (r *resources) free() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.freed {
		return nil
	}
	r.freed = true
	defer r.device.forget(r) // last: a Close that no longer finds it gives the context back
	if err := r.gpu.enter(); err != nil {
		return err
	}
	defer r.gpu.leave()
	var errs []error
	if r.stream != nil {
		errs = append(errs, r.stream.Synchronize())
	}
	for _, g := range r.graphs {
		errs = append(errs, g.Destroy())
	}
	for _, l := range r.launches {
		l.Free()
	}
	for _, p := range r.pinned {
		errs = append(errs, drv.FreePinned(p))
	}
	if r.reserved != nil {
		errs = append(errs, r.reserved.free())
	}
	for _, p := range r.memory {
		errs = append(errs, cu.MemFree(p))
	}
	r.gpu.card.give(r.taken)
	if r.stream != nil {
		errs = append(errs, r.stream.Destroy())
	}
	return errors.Join(errs...)
}

// take is alloc of an arena or of rows, which together have bounds; the order of walks and constants are small, and have the rest of the GPU.
func (r *resources) take(bytes int, what string) (uint64, error) {
	if err := r.gpu.take(int64(bytes), what); err != nil {
		return 0, err
	}
	r.mu.Lock()
	r.taken += int64(bytes)
	r.mu.Unlock()
	return r.alloc(bytes, what)
}

// alloc is memory of the GPU, which must be entered.
func (r *resources) alloc(bytes int, what string) (uint64, error) {
	p, err := r.gpu.alloc(bytes, what)
	if err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory = append(r.memory, p)
	return uint64(p), nil
}

// pin is pinned memory of the host, zeros.
func (r *resources) pin(bytes int) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	err := r.gpu.again(func() (err error) {
		p, err = drv.Pinned(bytes)
		return err
	})
	if drv.OutOfMemory(err) {
		return nil, &plan.MemoryError{
			Place: "the host of " + r.gpu.String(), For: "memory that the GPU copies from and to", Need: int64(bytes), Of: "the driver can pin no more",
		}
	}
	if err != nil {
		return nil, r.gpu.failed("memory of the host", err)
	}
	clear(unsafe.Slice((*byte)(p), bytes))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pinned = append(r.pinned, p)
	return p, nil
}

// unpin frees pinned memory before all else.
func (r *resources) unpin(p unsafe.Pointer) error {
	r.mu.Lock()
	r.pinned = slices.DeleteFunc(r.pinned, func(other unsafe.Pointer) bool { return other == p })
	r.mu.Unlock()
	if err := drv.FreePinned(p); err != nil {
		return r.gpu.failed("memory of the host", err)
	}
	return nil
}

// newStream makes the stream.
func (r *resources) newStream() error {
	return r.gpu.having("a stream", 0, func() error {
		stream, err := cu.MakeStream(cu.NonBlocking)
		if err == nil {
			r.stream = &stream
		}
		return err
	})
}

// reserve is addresses of the host.
func (r *resources) reserve(bytes int) (*reservation, error) {
	a, err := newReservation(bytes)
	if err != nil {
		return nil, r.gpu.failed(fmt.Sprintf("%d bytes of addresses of the host", bytes), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved = a
	return a, nil
}

func (r *resources) launched(l *drv.Launch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.launches = append(r.launches, l)
}

func (r *resources) captured(g *drv.Graph) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.graphs = append(r.graphs, g)
}
