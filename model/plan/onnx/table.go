package onnx

import "github.com/beamfit/beamfit/model/graph"

// A row makes the nodes of an instruction.
type row func(l *lowering, in instr) (value, error)

// of is the row of an opcode whose attributes are an A; that of none has none.
func of[A any](form func(l *lowering, a A, in instr) (value, error)) row {
	return func(l *lowering, in instr) (value, error) {
		a, _ := in.Attr.(A)
		return form(l, a, in)
	}
}

// always is the row of an opcode that has a form whatever its attributes are.
func always[A any](form func(l *lowering, a A, in instr) value) row {
	return of(func(l *lowering, a A, in instr) (value, error) { return form(l, a, in), nil })
}

// table is every opcode of inference that has a form: a new one is a function in the file of its family and a row here. withoutForm in
// the tests has the others.
var table = map[string]row{
	graph.CodeActivation:        always(activation),
	graph.CodeAdd:               pair("Add"),
	graph.CodeAvgPool2D:         always(avgPool2D),
	graph.CodeBatchNormInfer:    always(batchNorm),
	graph.CodeBroadcast:         always(broadcast),
	graph.CodeBroadcastGrad:     always(sumTo),
	graph.CodeCausalSoftmax:     always(causalSoftmax),
	graph.CodeCompare:           always(compare),
	graph.CodeConcat:            always(concat),
	graph.CodeConcatGrad:        always(part),
	graph.CodeConstant:          always(constant),
	graph.CodeConv2D:            always(conv2D),
	graph.CodeConv2DInputGrad:   always(conv2DTranspose),
	graph.CodeDense:             always(dense),
	graph.CodeDivide:            pair("Div"),
	graph.CodeELU:               always(elu),
	graph.CodeEmbedding:         always(embedding),
	graph.CodeExtremum:          always(extremum),
	graph.CodeFill:              always(fill),
	graph.CodeFrame:             always(frame),
	graph.CodeFunction:          always(function),
	graph.CodeGLU:               always(glu),
	graph.CodeGlobalMax:         always(globalMax),
	graph.CodeKnownNorm:         always(knownNorm),
	graph.CodeLogSoftmax:        always(ofRows("LogSoftmax")),
	graph.CodeMask:              always(mask),
	graph.CodeMaskRows:          always(maskRows),
	graph.CodeMaskedMean:        always(maskedMean),
	graph.CodeMaskedSoftmax:     always(maskedSoftmax),
	graph.CodeMatMul:            always(matMul),
	graph.CodeMaxPool2D:         always(maxPool2D),
	graph.CodeMultiply:          pair("Mul"),
	graph.CodePermute:           always(permute),
	graph.CodePower:             pair("Pow"),
	graph.CodeRMS:               always(rms),
	graph.CodeRamp:              always(ramp),
	graph.CodeRecurrent:         of(recurrent),
	graph.CodeRecurrentBfloat16: of(recurrent),
	graph.CodeResample:          always(resample),
	graph.CodeReverse:           always(reverse),
	graph.CodeRoundBfloat16:     always(asItIs),
	graph.CodeScale:             always(scale),
	graph.CodeSoftmax:           always(ofRows("Softmax")),
	graph.CodeStandardise:       always(standardise),
	graph.CodeUnit:              always(unit),
}

// none is the type of the attributes of an opcode that has none.
type none struct{}

// pair is the row of an operator on two arrays of one shape.
func pair(op string) row {
	return always(func(l *lowering, _ none, in instr) value { return l.both(op, in.in[0], in.in[1]) })
}

// asItIs leaves the rounding out: files compute in float32.
func asItIs(_ *lowering, _ none, in instr) value { return in.in[0] }
