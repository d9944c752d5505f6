package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// elementwiseRows are the operations on single elements: elementwise.cu.
var elementwiseRows = map[string]row{
	graph.CodeActivation:      of(activation),
	graph.CodeActivationGrad:  of(activationGrad),
	graph.CodeActivationGradX: of(activationGradX),
	graph.CodeAdd:             of(pairwise("elementwise_add")),
	graph.CodeCompare:         of(compareArrays),
	graph.CodeDivide:          of(pairwise("elementwise_divide")),
	graph.CodeDropout:         of(dropout),
	graph.CodeELU:             of(elu),
	graph.CodeELUGrad:         of(eluGrad),
	graph.CodeExtremum:        of(extremum),
	graph.CodeExtremumGrad:    of(extremumGrad),
	graph.CodeFill:            of(fill),
	graph.CodeFunction:        of(function),
	graph.CodeFunctionGrad:    of(functionGrad),
	graph.CodeMoving:          of(moving),
	graph.CodeMultiply:        of(pairwise("elementwise_multiply")),
	graph.CodeNoiseAdd:        of(noise("elementwise_noise_add")),
	graph.CodeNoiseMultiply:   of(noise("elementwise_noise_multiply")),
	graph.CodePower:           of(pairwise("elementwise_power")),
	graph.CodeRamp:            of(ramp),
	graph.CodeRampGrad:        of(rampGrad),
	graph.CodeRoundBfloat16:   of(roundBfloat16),
	graph.CodeReLUDropoutGrad: of(reluDropoutGrad),
	graph.CodeScale:           of(scale),
	plan.CodeCopy:             of(copyArray),
}

// each is one launch with a thread per element of the result, whose number is the first argument.
func each(name string, o operands, args ...any) []Launch {
	return []Launch{elements(name, o.out.n, args...)}
}

// elements is a launch with a thread for each of n elements. n is the first argument.
func elements(name string, n int, args ...any) Launch {
	return kernel(name, flat(n), 256, append([]any{n}, args...)...)
}

// stepElements is elements for a kernel that reads the step, which is its first argument.
func stepElements(name string, o operands, n int, args ...any) Launch {
	return kernel(name, flat(n), 256, append([]any{o.step, n}, args...)...)
}

func activation(a graph.ActivationAttr, o operands) []Launch {
	return each("elementwise_activation", o, int(a.Act), o.in[0], o.out)
}

func activationGrad(a graph.ActivationAttr, o operands) []Launch {
	return each("elementwise_activation_grad", o, int(a.Act), o.in[0], o.in[1], o.out)
}

func activationGradX(a graph.ActivationAttr, o operands) []Launch {
	return each("elementwise_activation_grad_x", o, int(a.Act), o.in[0], o.in[1], o.out)
}

func function(a graph.FunctionAttr, o operands) []Launch {
	return each("elementwise_function", o, int(a.Function), o.in[0], o.out)
}

func functionGrad(a graph.FunctionAttr, o operands) []Launch {
	return each("elementwise_function_grad", o, int(a.Function), o.in[0], o.in[1], o.out)
}

// pairwise combines two arrays, element by element.
func pairwise(name string) func(none, operands) []Launch {
	return func(_ none, o operands) []Launch { return each(name, o, o.in[0], o.in[1], o.out) }
}

func compareArrays(a graph.CompareAttr, o operands) []Launch {
	return each("elementwise_compare", o, int(a.Relation), o.in[0], o.in[1], o.out)
}

func dropout(a graph.DropoutAttr, o operands) []Launch {
	return []Launch{stepElements("elementwise_dropout", o, o.out.n, a.Rate, a.Stream, o.in[0], o.out)}
}

func reluDropoutGrad(a graph.ReLUDropoutGradAttr, o operands) []Launch {
	return each("elementwise_relu_dropout_grad", o, a.Rate, o.in[0], o.in[1], o.out)
}

func noise(name string) func(graph.NoiseAttr, operands) []Launch {
	return func(a graph.NoiseAttr, o operands) []Launch {
		return []Launch{stepElements(name, o, o.out.n, a.Stddev, a.Stream, o.in[0], o.out)}
	}
}

func scale(a graph.ScaleAttr, o operands) []Launch {
	return each("elementwise_scale", o, a.Factor, a.Offset, o.in[0], o.out)
}

func roundBfloat16(_ none, o operands) []Launch {
	return each("elementwise_round_bfloat16", o, o.in[0], o.out)
}

func copyArray(_ none, o operands) []Launch { return each("elementwise_copy", o, o.in[0], o.out) }

func fill(a graph.FillAttr, o operands) []Launch { return each("elementwise_fill", o, a.Value, o.out) }

func extremum(a graph.ExtremumAttr, o operands) []Launch {
	return each("elementwise_extremum", o, a.Min, o.in[0], o.in[1], o.out)
}

func extremumGrad(a graph.ExtremumAttr, o operands) []Launch {
	return each("elementwise_extremum_grad", o, a.Min, a.Second, o.in[0], o.in[1], o.in[2], o.out)
}

func ramp(r host.Ramp, o operands) []Launch {
	return each("elementwise_ramp", o, r.Max, r.Slope, r.Threshold, o.in[0], o.out)
}

func rampGrad(r host.Ramp, o operands) []Launch {
	return each("elementwise_ramp_grad", o, r.Max, r.Slope, r.Threshold, o.in[0], o.in[1], o.out)
}

func elu(a graph.ELUAttr, o operands) []Launch {
	return each("elementwise_elu", o, a.Alpha, o.in[0], o.out)
}

func eluGrad(a graph.ELUAttr, o operands) []Launch {
	return each("elementwise_elu_grad", o, a.Alpha, o.in[0], o.in[1], o.out)
}

func moving(a graph.MovingAttr, o operands) []Launch {
	return each("elementwise_moving", o, a.Momentum, o.in[0], o.in[1], o.out)
}
