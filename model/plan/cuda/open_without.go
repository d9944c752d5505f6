//go:build !gpu

package cuda

import "github.com/beamfit/beamfit/model/plan"

// Built says whether this program has GPU support.
const Built = false

// A Device is none in a program without GPU support.
type Device struct{ Compiler }

// Check is ErrNotBuilt.
func Check() error { return ErrNotBuilt }

// Open is ErrNotBuilt.
func Open(Options) (*Device, error) { return nil, ErrNotBuilt }

// GPUs are none.
func (*Device) GPUs() []GPU { return nil }

// Close does nothing.
func (*Device) Close() error { return nil }

var _ plan.Device = (*Device)(nil)
