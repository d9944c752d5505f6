package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// convModels put convolutions other than Conv2D between two layers with weights.
func convModels() []testModel {
	var models []testModel
	add := func(width int, shape, layer string) {
		models = append(models, testModel{layer, sequential(width, `Reshape {"target_shape":`+shape+`}`,
			`Dense {"units":2,"activation":"tanh"}`, layer, `Flatten {}`, `Dense {"units":3,"activation":"softmax"}`), []string{cce}})
	}
	for _, layer := range []string{
		`Conv1D {"filters":4,"kernel_size":[3],"activation":"tanh"}`,
		`Conv1D {"filters":4,"kernel_size":3,"padding":"causal","dilation_rate":2}`,
		`Conv1D {"filters":4,"kernel_size":3,"padding":"same","strides":2,"groups":2,"use_bias":false}`,
		`SeparableConv1D {"filters":4,"kernel_size":3,"padding":"same","activation":"tanh"}`,
	} {
		add(14, "[7,2]", layer)
	}
	for _, layer := range []string{
		`DepthwiseConv2D {"kernel_size":[3,2],"depth_multiplier":2,"activation":"tanh"}`,
		`SeparableConv2D {"filters":3,"kernel_size":2,"depth_multiplier":2,"strides":2}`,
		`Conv2DTranspose {"filters":3,"kernel_size":[3,2],"strides":[2,3],"activation":"tanh"}`,
		`Conv2DTranspose {"filters":3,"kernel_size":3,"strides":2,"padding":"same","use_bias":false}`,
	} {
		add(40, "[4,5,2]", layer)
	}
	return models
}

// conv2DInputGradReference scatters every element of the input over its window.
func conv2DInputGradReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.Conv2DAttr)
	out := make([]float64, a.N*a.H*a.W*a.C)
	cg, fg := a.C/a.Groups, a.F/a.Groups
	for n := range a.N {
		for oh := range a.OH {
			for ow := range a.OW {
				for kh := range a.KH {
					for kw := range a.KW {
						h, w := oh*a.SH+kh*a.DH-a.PadTop, ow*a.SW+kw*a.DW-a.PadLeft
						if h < 0 || h >= a.H || w < 0 || w >= a.W {
							continue
						}
						for f := range a.F {
							for c := range cg {
								out[((n*a.H+h)*a.W+w)*a.C+f/fg*cg+c] +=
									in[0][((n*a.OH+oh)*a.OW+ow)*a.F+f] * in[1][((kh*a.KW+kw)*cg+c)*a.F+f]
							}
						}
					}
				}
			}
		}
	}
	return out
}
