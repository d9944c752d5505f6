package cuda

import (
	"errors"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cpu"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// A Compiler is the part of a Device that needs no GPU: plans can be compiled for it and described, and not run.
type Compiler struct {
	// Math is how products are computed; "": Float32.
	Math Math
}

// Name is "cuda".
func (Compiler) Name() string { return "cuda" }

// Slices is false: a kernel has the whole GPU.
func (Compiler) Slices() bool { return false }

// Scratch is what the instruction's kernels want, or the CPU's where it has none.
func (Compiler) Scratch(in *plan.Instr) (int, error) {
	n, err := cpu.Device{}.Scratch(in)
	if err != nil || !kernels.Native(in) {
		return n, err
	}
	return kernels.Scratch(in), nil
}

var errNotRun = errors.New("cuda: plans of a compiler are not run")

// NewMemory is an error.
func (Compiler) NewMemory(plan.Sizes) (plan.Memory, error) { return nil, errNotRun }

// Bind is an error.
func (Compiler) Bind(*plan.Plan, plan.Memory) (plan.Program, error) { return nil, errNotRun }
