package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// rowsRows are operations on the rows of a matrix: rows.cu.
var rowsRows = map[string]row{
	graph.CodeArgMax:            of(ofRows("rows_argmax")),
	graph.CodeCausalSoftmax:     of(causalSoftmax),
	graph.CodeGLU:               of(glu),
	graph.CodeGLUGrad:           of(gluGrad),
	graph.CodeLogSoftmax:        of(ofRows("rows_log_softmax")),
	graph.CodeLogSoftmaxGrad:    of(ofRowsGrad("rows_log_softmax_grad")),
	graph.CodeMask:              of(mask),
	graph.CodeMaskRows:          of(maskRows),
	graph.CodeMaskedMean:        of(maskedMean),
	graph.CodeMaskedMeanGrad:    of(maskedMeanGrad),
	graph.CodeMaskedSoftmax:     of(maskedSoftmax),
	graph.CodeMaskedSoftmaxGrad: of(maskedSoftmaxGrad),
	graph.CodePenalty:           of(penalty),
	graph.CodeRMS:               of(norm(true)),
	graph.CodeRMSGrad:           of(normGrad(true)),
	graph.CodeSoftmax:           of(ofRows("rows_softmax")),
	graph.CodeSoftmaxGrad:       of(ofRowsGrad("rows_softmax_grad")),
	graph.CodeSparsemax:         of(ofRows("rows_sparsemax")),
	graph.CodeSparsemaxGrad:     of(ofRowsGrad("rows_sparsemax_grad")),
	graph.CodeStandardise:       of(standardise),
	graph.CodeStandardiseGrad:   of(standardiseGrad),
	graph.CodeUnit:              of(norm(false)),
	graph.CodeUnitGrad:          of(normGrad(false)),
}

// byRow is a launch with a warp for each row of n elements; the two are the first arguments.
func byRow(name string, rows, n int, args ...any) []Launch {
	return []Launch{kernel(name, flat(32*rows), 256, append([]any{rows, n}, args...)...)}
}

// ofRows is an operation of one operand, ofRowsGrad one of two.
func ofRows(name string) func(graph.RowsAttr, operands) []Launch {
	return func(a graph.RowsAttr, o operands) []Launch { return byRow(name, a.Rows, a.N, o.in[0], o.out) }
}

func ofRowsGrad(name string) func(graph.RowsAttr, operands) []Launch {
	return func(a graph.RowsAttr, o operands) []Launch { return byRow(name, a.Rows, a.N, o.in[0], o.in[1], o.out) }
}

func causalSoftmax(a graph.CausalAttr, o operands) []Launch {
	return byRow("rows_softmax_causal", a.Matrices*a.Queries, a.N, a.Queries, o.in[0], o.out)
}

func maskedSoftmax(s *host.MaskedSoftmaxShape, o operands) []Launch {
	return byRow("rows_softmax_masked", s.Batch*s.Heads*s.Queries, s.N, s.Heads, s.Queries, s.Causal, s.EmptyIsZero, o.in[0], o.in[1], o.out)
}

func maskedSoftmaxGrad(s *host.MaskedSoftmaxShape, o operands) []Launch {
	return byRow("rows_softmax_masked_grad", s.Batch*s.Heads*s.Queries, s.N, s.Heads, s.Queries, s.Causal, o.in[0], o.in[1], o.in[2], o.out)
}

func glu(a graph.RowsAttr, o operands) []Launch {
	return []Launch{elements("rows_glu", a.Rows*a.N, a.N, o.in[0], o.out)}
}

func gluGrad(a graph.RowsAttr, o operands) []Launch {
	return []Launch{elements("rows_glu_grad", a.Rows*a.N, a.N, o.in[0], o.in[1], o.out)}
}

func standardise(a graph.NormAttr, o operands) []Launch {
	return byRow("rows_standardise", a.Rows, a.N, a.Epsilon, o.in[0], o.out, o.side[0])
}

func standardiseGrad(a graph.NormAttr, o operands) []Launch {
	return byRow("rows_standardise_grad", a.Rows, a.N, o.in[0], o.in[1], o.in[2], o.out)
}

// norm divides rows by their root mean square, or by their Euclidean norm.
func norm(rms bool) func(graph.NormAttr, operands) []Launch {
	return func(a graph.NormAttr, o operands) []Launch {
		return byRow("rows_norm", a.Rows, a.N, rms, a.Epsilon, o.in[0], o.out, o.side[0])
	}
}

func normGrad(rms bool) func(graph.NormAttr, operands) []Launch {
	return func(a graph.NormAttr, o operands) []Launch {
		return byRow("rows_norm_grad", a.Rows, a.N, rms, o.in[0], o.in[1], o.in[2], o.out)
	}
}

func mask(a graph.MaskAttr, o operands) []Launch {
	return byRow("rows_mask", a.Rows, a.N, a.Value, o.in[0], o.out)
}

func maskRows(a graph.RowsAttr, o operands) []Launch {
	return []Launch{elements("rows_masked", a.Rows*a.N, a.N, o.in[0], o.in[1], o.out)}
}

func maskedMean(a graph.MaskedMeanAttr, o operands) []Launch {
	return []Launch{elements("rows_masked_mean", a.Rows*a.N, a.Steps, a.N, o.in[0], o.in[1], o.out)}
}

func maskedMeanGrad(a graph.MaskedMeanAttr, o operands) []Launch {
	return []Launch{elements("rows_masked_mean_grad", a.Rows*a.N, a.Steps, a.N, o.in[0], o.in[1], o.out)}
}

func penalty(a graph.PenaltyAttr, o operands) []Launch {
	return byRow("rows_penalty", a.Rows, a.N, a.L1, a.L2, o.in[0], o.out)
}
