//go:build !gpu

package cuda

import "github.com/beamfit/beamfit/model/plan"

// Built says whether this program has GPU support.
const Built = false

// A Device of a program without GPU support compiles plans, and has no GPU to run them.
type Device struct{ Compiler }

// New is a device without GPUs.
func New(Options) *Device { return &Device{} }

// Check is ErrNotBuilt.
func Check(Math) error { return ErrNotBuilt }

// GPUs is ErrNotBuilt.
func (*Device) GPUs() ([]GPU, error) { return nil, ErrNotBuilt }

// NewMemory is ErrNotBuilt.
func (*Device) NewMemory(plan.Sizes) (plan.Memory, error) { return nil, ErrNotBuilt }

// Close does nothing.
func (*Device) Close() error { return nil }

var _ plan.Device = (*Device)(nil)
