package onnx

import "github.com/beamfit/beamfit/model/graph"

// A row makes the nodes of an instruction.
type row func(l *lowering, in instr) value

// of is the row of an opcode whose attributes are an A; that of none has none.
func of[A any](form func(l *lowering, a A, in instr) value) row {
	return func(l *lowering, in instr) value {
		a, _ := in.Attr.(A)
		return form(l, a, in)
	}
}

// table is every opcode of inference that has a form: a new one is a function in the file of its family and a row here. withoutForm in
// the tests has the others.
var table = map[string]row{
	graph.CodeActivation:        of(activation),
	graph.CodeAdd:               pair("Add"),
	graph.CodeAvgPool2D:         of(avgPool2D),
	graph.CodeBatchNormInfer:    of(batchNorm),
	graph.CodeBroadcast:         of(broadcast),
	graph.CodeBroadcastGrad:     of(sumTo),
	graph.CodeCausalSoftmax:     of(causalSoftmax),
	graph.CodeCompare:           of(compare),
	graph.CodeConcat:            of(concat),
	graph.CodeConcatGrad:        of(part),
	graph.CodeConstant:          of(constant),
	graph.CodeConv2D:            of(conv2D),
	graph.CodeConv2DInputGrad:   of(conv2DTranspose),
	graph.CodeDense:             of(dense),
	graph.CodeDivide:            pair("Div"),
	graph.CodeELU:               of(elu),
	graph.CodeEmbedding:         of(embedding),
	graph.CodeExtremum:          of(extremum),
	graph.CodeFill:              of(fill),
	graph.CodeFrame:             of(frame),
	graph.CodeFunction:          of(function),
	graph.CodeGLU:               of(glu),
	graph.CodeGlobalMax:         of(globalMax),
	graph.CodeKnownNorm:         of(knownNorm),
	graph.CodeLogSoftmax:        of(alongRows("LogSoftmax")),
	graph.CodeMask:              of(mask),
	graph.CodeMaskRows:          of(maskRows),
	graph.CodeMaskedMean:        of(maskedMean),
	graph.CodeMaskedSoftmax:     of(maskedSoftmax),
	graph.CodeMatMul:            of(matMul),
	graph.CodeMaxPool2D:         of(maxPool2D),
	graph.CodeMultiply:          pair("Mul"),
	graph.CodePermute:           of(permute),
	graph.CodePower:             pair("Pow"),
	graph.CodeRMS:               of(rms),
	graph.CodeRamp:              of(ramp),
	graph.CodeRecurrent:         of(recurrent),
	graph.CodeRecurrentBfloat16: of(recurrent),
	graph.CodeResample:          of(resample),
	graph.CodeReverse:           of(reverse),
	graph.CodeRoundBfloat16:     of(asItIs),
	graph.CodeScale:             of(scale),
	graph.CodeSoftmax:           of(alongRows("Softmax")),
	graph.CodeStandardise:       of(standardise),
	graph.CodeUnit:              of(unit),
}

// none is the type of the attributes of an opcode that has none.
type none struct{}

// pair is the row of an operator on two arrays of one shape.
func pair(op string) row {
	return of(func(l *lowering, _ none, in instr) value { return l.both(op, in.in[0], in.in[1]) })
}

// asItIs leaves the rounding out: files compute in float32.
func asItIs(_ *lowering, _ none, in instr) value { return in.in[0] }
