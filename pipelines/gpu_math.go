package pipelines

import "github.com/beamfit/beamfit/model/plan/cuda"

// GPUMaths are the values of Env.GPUMath, the default first: float32, and two that multiply on tensor cores, tf32x3 and tf32.
func GPUMaths() []string { return cuda.Maths() }

// CheckGPUMath checks one of them; "" is the default.
func CheckGPUMath(name string) error {
	_, err := cuda.ParseMath(name)
	return err
}
