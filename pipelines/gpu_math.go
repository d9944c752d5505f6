package pipelines

import (
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/argument"
)

// GPUMaths are the values of Env.GPUMath, the default first: float32, and two that multiply on tensor cores, tf32x3 and tf32.
func GPUMaths() []string { return cuda.Maths() }

// CheckGPUMath checks one of them; "" is the default. Its error is an *ArgumentError.
func CheckGPUMath(name string) error {
	_, err := cuda.ParseMath(name)
	return argument.Of(err)
}
