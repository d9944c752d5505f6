//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
)

// Built says whether this program has GPU support.
const Built = true

// What kernels need: PTX of version 7.8 for compute capability 7.0, those for tensor cores 8.0.
const (
	leastDriver           = 11080
	leastCapability       = 70
	leastTensorCapability = 80
)

// prohibited is the compute mode of a GPU that gives no contexts.
const prohibited = 2

// A Device is the GPUs of this machine, or one of them. It looks for them when it is first asked for memory or for what they are, so that who only
// compiles plans needs none.
type Device struct {
	Compiler
	options Options
	next    atomic.Uint32 // counts memories that nobody gave a place

	mu      sync.Mutex
	gpus    []*gpu // nil until the device is open
	release func() error
	live    map[*resources]struct{}
	idle    []func() // close memories that nobody works with
	closed  bool
}

// New is a device that has not looked for GPUs yet.
func New(o Options) *Device {
	return &Device{Compiler: Compiler{o.Math}, options: o, live: map[*resources]struct{}{}}
}

// Check says why a Device would find no GPU for this math, without work on one.
func Check(m Math) error {
	_, err := find(m)
	return err
}

var errClosed = errors.New("cuda: the device is closed")

// open finds the GPUs that can run the kernels, takes one where the options say so, and starts those that shards need. What has failed is tried again.
func (d *Device) open() ([]*gpu, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, errClosed
	}
	if d.gpus != nil {
		return d.gpus, nil
	}
	all, err := find(d.Math)
	if err != nil {
		return nil, err
	}
	if d.options.Choose != nil {
		all, err = d.take(all)
	} else {
		all, err = d.start(all)
	}
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		g.divide(d.options.Shards, len(all))
		g.card.add(d)
	}
	d.gpus = all
	return all, nil
}

// take takes one of the GPUs as the options say, and starts it. One that does not start is given back, and another one taken, as long as there are others.
func (d *Device) take(found []*gpu) ([]*gpu, error) {
	var failed []error
	for len(found) > 0 {
		of := make([]GPU, len(found))
		for i, g := range found {
			of[i] = g.GPU
		}
		taken, err := d.options.Choose(of)
		if err != nil {
			return nil, errors.Join(append(failed, err)...)
		}
		g := found[taken.Index]
		g.Processes = taken.Processes
		if err := g.start(); err != nil {
			failed = append(failed, err, taken.Release())
			found = slices.Delete(found, taken.Index, taken.Index+1)
			continue
		}
		d.release = taken.Release
		return []*gpu{g}, nil
	}
	return nil, errors.Join(failed...)
}

// start starts as many of the GPUs as there are shards, and leaves out those that do not start, as long as there are others.
func (d *Device) start(found []*gpu) (all []*gpu, err error) {
	var failed []error
	started := 0
	for _, g := range found {
		if started < max(1, d.options.Shards) {
			if err := g.start(); err != nil {
				failed = append(failed, err)
				continue
			}
			started++
		}
		all = append(all, g)
	}
	if len(all) == 0 {
		return nil, errors.Join(failed...)
	}
	return all, nil
}

// find looks for the GPUs of this machine that can run the kernels.
func find(m Math) ([]*gpu, error) {
	if err := drv.Start(); err != nil {
		return nil, fmt.Errorf("cuda: %w", err)
	}
	if v := cu.Version(); v < leastDriver {
		return nil, fmt.Errorf("cuda: the driver is too old: it supports CUDA %s, expected %s or later (driver 520)", version(v), version(leastDriver))
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, fmt.Errorf("cuda: counting GPUs: %w", err)
	}
	if n == 0 {
		return nil, fmt.Errorf("cuda: %w", drv.ErrNoGPU)
	}
	var all []*gpu
	var refused []error
	for i := range n {
		g, err := found(i)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		if m.Tensor() && g.capability < leastTensorCapability {
			return nil, g.tooOld(leastTensorCapability, fmt.Sprintf(" for GPU math %s; float32 needs %s", m, capability(leastCapability)))
		}
		g.tensor = m.Tensor()
		all = append(all, g)
	}
	if len(all) == 0 {
		return nil, errors.Join(refused...)
	}
	return all, nil
}

func version(v int) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) }

// found looks at a GPU.
func found(number int) (*gpu, error) {
	dev, err := cu.GetDevice(number)
	if err != nil {
		return nil, fmt.Errorf("cuda: GPU %d: %w", number, err)
	}
	g := &gpu{card: cardOf(number, dev)}
	g.Number = number
	if g.Name, err = dev.Name(); err != nil {
		return nil, fmt.Errorf("cuda: GPU %d: %w", number, err)
	}
	if g.UUID, err = drv.UUID(dev); err != nil {
		return nil, g.failed("its UUID", err)
	}
	if g.Memory, err = dev.TotalMem(); err != nil {
		return nil, g.failed("its memory", err)
	}
	major, err := dev.Attribute(cu.ComputeCapabilityMajor)
	if err != nil {
		return nil, g.failed("its compute capability", err)
	}
	minor, err := dev.Attribute(cu.ComputeCapabilityMinor)
	if err != nil {
		return nil, g.failed("its compute capability", err)
	}
	if g.capability = 10*major + minor; g.capability < leastCapability {
		return nil, g.tooOld(leastCapability, "")
	}
	mode, err := dev.Attribute(cu.ComputeMode)
	if err != nil {
		return nil, g.failed("its compute mode", err)
	}
	if mode == prohibited {
		return nil, fmt.Errorf("cuda: %v has the compute mode prohibited, with which no program can use it (nvidia-smi --compute-mode)", g)
	}
	return g, nil
}

// tooOld is the error of a GPU of less than the least compute capability; why says what needs that.
func (g *gpu) tooOld(least int, why string) error {
	return fmt.Errorf("cuda: %v is too old: its compute capability is %s, expected %s or later%s", g, capability(g.capability), capability(least), why)
}

func capability(c int) string { return fmt.Sprintf("%d.%d", c/10, c%10) }

// GPUs are those that the device works on, which it looks for now where it has not.
func (d *Device) GPUs() ([]GPU, error) {
	gpus, err := d.open()
	if err != nil {
		return nil, err
	}
	all := make([]GPU, len(gpus))
	for i, g := range gpus {
		all[i] = g.GPU
	}
	return all, nil
}

// Places is the number of GPUs; 1 where there is none to be had, of which NewMemoryAt tells why.
func (d *Device) Places() int {
	gpus, err := d.open()
	if err != nil {
		return 1
	}
	return len(gpus)
}

// NewMemory allocates on one GPU after the other.
func (d *Device) NewMemory(sizes plan.Sizes) (plan.Memory, error) {
	return d.NewMemoryAt(int(d.next.Add(1)-1)%d.Places(), sizes)
}

// Close frees all memory on the GPUs, and gives their contexts back, and the GPU that was taken. Memories and rows that are left are not to be used
// again.
func (d *Device) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	var all []*resources
	for r := range d.live {
		all = append(all, r)
	}
	d.closed = true
	d.mu.Unlock()
	var errs []error
	for _, r := range all {
		errs = append(errs, r.free())
	}
	for _, g := range d.gpus {
		g.card.remove(d)
		errs = append(errs, g.close())
	}
	if d.release != nil {
		errs = append(errs, d.release())
	}
	return errors.Join(errs...)
}

// remember keeps resources until they are freed; a device that is closed takes no more.
func (d *Device) remember(r *resources) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	d.live[r] = struct{}{}
	r.gpu.card.remember(r)
	return nil
}

func (d *Device) forget(r *resources) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, r)
	r.gpu.card.forget(r)
}

// WhenFull keeps what closes memories that nobody works with.
func (d *Device) WhenFull(closeIdle func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, closeIdle)
}

func (d *Device) closeIdle() {
	d.mu.Lock()
	all := slices.Clone(d.idle)
	d.mu.Unlock()
	for _, closeIdle := range all {
		closeIdle()
	}
}

var (
	_ plan.Placed = (*Device)(nil)
	_ plan.Owner  = (*Device)(nil)
	_ io.Closer   = (*memory)(nil)
)
