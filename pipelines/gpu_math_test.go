package pipelines

import (
	"strings"
	"testing"

	"github.com/beamfit/beamfit/transforms/recipe"
)

// A checkpoint is of a device, and of the math of a GPU: what has other bits is not gone on with. Checkpoints of float32 are those of before there were
// maths.
func TestDeviceOfIdentity(t *testing.T) {
	for want, m := range map[string]recipe.Model{
		"CPU": {}, "GPU": {GPUs: true, GPUMath: "float32"}, "GPU, tf32x3": {GPUs: true, GPUMath: "tf32x3"}, "GPU, tf32": {GPUs: true, GPUMath: "tf32"},
	} {
		if got := device(m); got != want {
			t.Errorf("the device of %+v is %q, want %q", m, got, want)
		}
	}
}

// A GPU math that is none, or that no GPU would use, is refused.
func TestGPUMathRefused(t *testing.T) {
	store := fileStore(t)
	for want, env := range map[string]Env{
		`GPU math: expected float32, tf32x3, tf32, found "tf16"`:   {Store: store, GPUs: true, GPUMath: "tf16"},
		"GPU math tf32 needs GPUs, and the job is not to use them": {Store: store, GPUMath: "tf32"},
	} {
		_, fit := Fit(t.Context(), env, FitOptions{Source: "s", Model: "m", ArchTable: "a", ID: 1, Compile: "loss='mse', optimizer='adam'", Iterations: 1})
		_, evaluate := Evaluate(t.Context(), env, EvaluateOptions{})
		_, plan := Plan(t.Context(), env, PlanOptions{Step: PlanPredict})
		for _, err := range []error{fit, evaluate, plan} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
	}
}
