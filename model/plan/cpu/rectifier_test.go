package cpu

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// rectifierModels put activations with parameters, and noise, between two layers with weights.
func rectifierModels() []testModel {
	var models []testModel
	for _, layer := range []string{
		`ReLU {}`, `ReLU {"max_value":0.8,"negative_slope":0.1,"threshold":0.2}`, `ReLU {"max_value":1}`, `LeakyReLU {"alpha":0.3}`,
		`LeakyReLU {"negative_slope":0.25}`, `ThresholdedReLU {"theta":0.4}`, `ELU {"alpha":0.7}`, `PReLU {}`,
		`PReLU {"shared_axes":[1,2]}`, `Softmax {}`, `Rescaling {"scale":-0.5,"offset":2}`,
		`GaussianNoise {"stddev":0.3}`, `GaussianDropout {"rate":0.2,"seed":5}`, `SpatialDropout2D {"rate":0.5}`,
	} {
		models = append(models, testModel{
			layer, sequential(60, `Reshape {"target_shape":[5,6,2]}`,
				`Conv2D {"filters":3,"kernel_size":1}`, layer, `Flatten {}`, fmt.Sprintf(`Dense {"units":%d,"activation":"softmax"}`, 3)),
			[]string{cce},
		})
	}
	// without a bias, which a softmax along axis 1 does not see
	models = append(models, testModel{"softmax axis 1", sequential(60, `Reshape {"target_shape":[5,6,2]}`,
		`Conv2D {"filters":3,"kernel_size":1,"use_bias":false}`, `Softmax {"axis":1}`, `Flatten {}`,
		`Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	return append(models, testModel{"softmax layer at the end", sequential(4, `Dense {"units":3}`, `Softmax {}`), []string{cce}},
		testModel{"dropout of channels of lines", sequential(12, `Reshape {"target_shape":[3,4]}`, `Dense {"units":5,"activation":"tanh"}`,
			`SpatialDropout1D {"rate":0.4}`, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
}

// eachReference computes element by element.
func eachReference(f func(op *graph.Op, x float64) float64) reference {
	return func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		out := make([]float64, len(in[0]))
		for i, x := range in[0] {
			out[i] = f(op, x)
		}
		return out
	}
}

func rampReference(op *graph.Op, x float64) float64 {
	r := op.Attr.(kernels.Ramp)
	if t := float64(r.Threshold); x <= t {
		return float64(r.Slope) * (x - t)
	}
	return math.Min(x, float64(r.Max))
}

func eluReference(op *graph.Op, x float64) float64 {
	if x > 0 {
		return x
	}
	return float64(op.Attr.(graph.ELUAttr).Alpha) * math.Expm1(x)
}

// noiseReference asks the kernel for the noise: its numbers have no definition but the kernel's own.
func noiseReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	drawn, from := make([]float32, len(in[0])), make([]float32, len(in[0]))
	multiply := op.Code == graph.CodeNoiseMultiply
	if multiply {
		kernels.Fill(1, from)
	}
	if err := evaluator(s)(op, [][]float32{from}, drawn, nil); err != nil {
		panic(err)
	}
	out := make([]float64, len(in[0]))
	for i, v := range in[0] {
		if multiply {
			out[i] = v * float64(drawn[i])
		} else {
			out[i] = v + float64(drawn[i])
		}
	}
	return out
}
