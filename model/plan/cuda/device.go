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

// open finds the GPUs that can run the kernels, takes one where the options say so, and prepares the first. What has failed is tried again.
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
	release := func() error { return nil }
	if d.options.Choose != nil {
		of := make([]GPU, len(all))
		for i, g := range all {
			of[i] = g.GPU
		}
		taken, err := d.options.Choose(of)
		if err != nil {
			return nil, err
		}
		all, release = all[taken.Index:][:1], taken.Release
		all[0].Processes = taken.Processes
	}
	for _, g := range all {
		g.divide(d.options.Shards, len(all))
	}
	if err := all[0].start(); err != nil {
		return nil, errors.Join(err, release())
	}
	for _, g := range all {
		g.card.add(d)
	}
	d.gpus, d.release = all, release
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
