//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/drv"
)

// Built says whether this program has GPU support.
const Built = true

// What kernels need: PTX of version 7.8 for compute capability 7.0.
const (
	leastDriver     = 11080
	leastCapability = 70
)

// A Device is the GPUs of this machine.
type Device struct {
	Compiler
	gpus  []*gpu
	eager bool
	next  atomic.Uint32 // counts memories that nobody gave a place

	mu     sync.Mutex
	live   map[*resources]struct{}
	closed bool
}

// Check says why Open would fail, without work on a GPU.
func Check() error {
	_, err := find(Options{})
	return err
}

// Open finds the GPUs that can run the kernels, and prepares the first one.
func Open(o Options) (*Device, error) {
	d, err := find(o)
	if err != nil {
		return nil, err
	}
	if err := d.gpus[0].start(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func find(o Options) (*Device, error) {
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
	d := &Device{eager: o.Eager, live: map[*resources]struct{}{}}
	var refused []error
	for i := range n {
		g, err := found(i)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		d.gpus = append(d.gpus, g)
	}
	if len(d.gpus) == 0 {
		return nil, errors.Join(refused...)
	}
	for _, g := range d.gpus {
		g.Share, g.Shards = share(g.Memory, o.Shards, len(d.gpus))
	}
	return d, nil
}

func version(v int) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) }

// found looks at a GPU.
func found(number int) (*gpu, error) {
	dev, err := cu.GetDevice(number)
	if err != nil {
		return nil, fmt.Errorf("cuda: GPU %d: %w", number, err)
	}
	g := &gpu{dev: dev}
	g.Number = number
	if g.Name, err = dev.Name(); err != nil {
		return nil, fmt.Errorf("cuda: GPU %d: %w", number, err)
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
	if 10*major+minor < leastCapability {
		return nil, fmt.Errorf("cuda: %v is too old: its compute capability is %d.%d, expected %d.%d or later",
			g, major, minor, leastCapability/10, leastCapability%10)
	}
	return g, nil
}

// GPUs are those of the device.
func (d *Device) GPUs() []GPU {
	all := make([]GPU, len(d.gpus))
	for i, g := range d.gpus {
		all[i] = g.GPU
	}
	return all
}

// Places is the number of GPUs.
func (d *Device) Places() int { return len(d.gpus) }

// NewMemory allocates on one GPU after the other.
func (d *Device) NewMemory(sizes plan.Sizes) (plan.Memory, error) {
	return d.NewMemoryAt(int(d.next.Add(1)-1)%len(d.gpus), sizes)
}

// Close frees all memory on the GPUs, and gives their contexts back. Memories and rows that are left are not to be used again.
func (d *Device) Close() error {
	d.mu.Lock()
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
		errs = append(errs, g.close())
	}
	return errors.Join(errs...)
}

// remember keeps resources until they are freed; a device that is closed takes no more.
func (d *Device) remember(r *resources) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errors.New("cuda: the device is closed")
	}
	d.live[r] = struct{}{}
	return nil
}

func (d *Device) forget(r *resources) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, r)
}

var _ plan.Placed = (*Device)(nil)
