package cpu

import (
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/plan"
	"gorgonia.org/gorgonia"
)

// A reference computes an operation in float64 by its definition, independently of the kernels.
type reference func(op *graph.Op, s *plan.Step, in [][]float64) []float64

// references has every operation that a gradient passes through.
var references = map[string]reference{
	graph.CodeCTC:              ctcReference,
	graph.CodeDense:            denseReference,
	graph.CodeConv2D:           conv2DReference,
	graph.CodeMaxPool2D:        maxPoolReference,
	graph.CodeAvgPool2D:        avgPoolReference,
	graph.CodeFrame:            frameReference,
	graph.CodeBatchNorm:        batchNormReference,
	graph.CodeBatchNormInfer:   batchNormInferReference,
	graph.CodeDropout:          dropoutReference,
	graph.CodeDropoutBroadcast: dropoutReference,
	graph.CodeSoftmax: func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		return softmaxReference(op.Attr.(graph.RowsAttr).N, in[0])
	},
	graph.CodeFunction:        functionReference,
	graph.CodeLogSoftmax:      logSoftmaxReference,
	graph.CodePenalty:         penaltyReference,
	graph.CodeStandardise:     rowsReference(standardiseReference),
	graph.CodeUnit:            rowsReference(unitReference),
	graph.CodeGLU:             gluReference,
	graph.CodeGlobalMax:       globalMaxReference,
	graph.CodeResample:        resampleReference,
	graph.CodeSparsemax:       sparsemaxReference,
	graph.CodeRMS:             rowsReference(rmsReference),
	graph.CodeKnownNorm:       knownNormReference,
	graph.CodeEmbedding:       embeddingReference,
	graph.CodeRamp:            eachReference(rampReference),
	graph.CodeELU:             eachReference(eluReference),
	graph.CodeNoiseAdd:        noiseReference,
	graph.CodeNoiseMultiply:   noiseReference,
	graph.CodeConv2DInputGrad: conv2DInputGradReference,
	graph.CodePermute:         permuteReference,
	graph.CodeAdd:             pairReference(func(_ *graph.Op, x, y float64) float64 { return x + y }),
	graph.CodeMultiply:        pairReference(func(_ *graph.Op, x, y float64) float64 { return x * y }),
	graph.CodeExtremum:        pairReference(extremumReference),
	graph.CodeDivide:          pairReference(divideReference),
	graph.CodePower:           pairReference(powerReference),
	graph.CodeCompare:         pairReference(compareReference),
	graph.CodeArgMax:          argMaxReference,
	graph.CodeScale:           scaleReference,
	graph.CodeBroadcast:       broadcastReference,
	graph.CodeBroadcastGrad:   sumReference,
	graph.CodeMaskedSoftmax:   maskedSoftmaxReference,
	graph.CodeMatMul:          matMulReference,
	graph.CodeCausalSoftmax:   causalSoftmaxReference,
	graph.CodeConcat:          concatReference,
	graph.CodeBatchNormSums:   sumsReference,
	graph.CodeMeet:            func(_ *graph.Op, _ *plan.Step, in [][]float64) []float64 { return in[0] }, // the only slice
	graph.CodeReshape:         func(_ *graph.Op, _ *plan.Step, in [][]float64) []float64 { return in[0] },
	graph.CodeLoss:            lossReference,
	graph.CodeConcatGrad:      partReference,
	graph.CodeRecurrent:       recurrentReference,
	graph.CodeMask:            maskReference,
	graph.CodeFill:            fillReference,
	graph.CodeConstant:        constantReference,
	graph.CodeMaskRows:        maskRowsReference,
	graph.CodeMaskedMean:      maskedMeanReference,
	graph.CodeReverse:         reverseReference,
	graph.CodeUniform:         uniformReference,
	graph.CodeWarp:            warpReference,
	graph.CodeActivation: func(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
		out := make([]float64, len(in[0]))
		for i, v := range in[0] {
			out[i] = activate(op.Attr.(graph.ActivationAttr).Act, v)
		}
		return out
	},
}

// total is Σ scale·loss of a graph in float64, for inputs in float64.
func (r *rig) total(values map[*gorgonia.Node][]float64) float64 {
	known := map[*gorgonia.Node][]float64{}
	var eval func(n *gorgonia.Node) []float64
	eval = func(n *gorgonia.Node) []float64 {
		if v, ok := values[n]; ok {
			return v
		}
		if v, ok := known[n]; ok {
			return v
		}
		var in [][]float64
		for _, operand := range r.graph.Operands(n) {
			in = append(in, eval(operand))
		}
		code, op, _ := graph.CodeOf(n)
		ref := references[code]
		if ref == nil {
			panic("no reference for " + code)
		}
		known[n] = ref(op, &r.step, in)
		return known[n]
	}
	total := r.weightPenalty(values)
	for _, n := range r.graph.RowPenalties {
		for _, v := range eval(n) {
			total += v / float64(r.graph.Batch)
		}
	}
	for i, n := range r.graph.RowLosses {
		for j, v := range eval(n) {
			total += v * values[r.graph.Scales[i]][j]
		}
	}
	return total
}

func activate(act kernels.Activation, x float64) float64 {
	switch act {
	case kernels.Linear:
		return x
	case kernels.ReLU:
		return max(x, 0)
	case kernels.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	case kernels.Tanh:
		return math.Tanh(x)
	}
	if f, ok := activationFormulas[act]; ok {
		return f(x)
	}
	panic(fmt.Sprintf("no reference for activation %v", act))
}

func denseReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.DenseAttr)
	out := make([]float64, a.M*a.N)
	for i := range a.M {
		for j := range a.N {
			var sum float64
			if a.Bias {
				sum = in[2][j]
			}
			for k := range a.K {
				sum += in[0][i*a.K+k] * in[1][k*a.N+j]
			}
			out[i*a.N+j] = activate(a.Then.Act, sum)
		}
	}
	return dropReference(graph.CodeDropout, a.Then.Drop, a.Then.Drop.Rate, s, out)
}

func conv2DReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.Conv2DAttr)
	out := make([]float64, a.N*a.OH*a.OW*a.F)
	cg, fg := a.C/a.Groups, a.F/a.Groups
	at := 0
	for n := range a.N {
		for oh := range a.OH {
			for ow := range a.OW {
				for f := range a.F {
					var sum float64
					if a.Bias {
						sum = in[2][f]
					}
					for kh := range a.KH {
						for kw := range a.KW {
							h, w := oh*a.SH+kh*a.DH-a.PadTop, ow*a.SW+kw*a.DW-a.PadLeft
							if h < 0 || h >= a.H || w < 0 || w >= a.W {
								continue
							}
							for c := range cg {
								sum += in[0][((n*a.H+h)*a.W+w)*a.C+f/fg*cg+c] * in[1][((kh*a.KW+kw)*cg+c)*a.F+f]
							}
						}
					}
					out[at] = activate(a.Then.Act, sum)
					at++
				}
			}
		}
	}
	return dropReference(graph.CodeDropout, a.Then.Drop, a.Then.Drop.Rate, s, out)
}

func maxPoolReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.Pool2DShape)
	var out []float64
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for c := range s.C {
					best := math.Inf(-1)
					for kh := range s.KH {
						for kw := range s.KW {
							h, w := oh*s.SH+kh-s.PadTop, ow*s.SW+kw-s.PadLeft
							if h >= 0 && h < s.H && w >= 0 && w < s.W {
								best = max(best, in[0][((n*s.H+h)*s.W+w)*s.C+c])
							}
						}
					}
					out = append(out, best)
				}
			}
		}
	}
	return out
}

// normaliseReference normalises column j by mean(j) and variance(j); rest holds gamma and beta where the layer has them.
func normaliseReference(a graph.BatchNormAttr, x []float64, rest [][]float64, mean, variance func(j int) float64) []float64 {
	out := make([]float64, len(x))
	for j := range a.C {
		gamma, beta, at := 1.0, 0.0, 0
		if a.Scale {
			gamma, at = rest[0][j], 1
		}
		if a.Center {
			beta = rest[at][j]
		}
		m, v := mean(j), variance(j)
		for r := range a.Rows {
			out[r*a.C+j] = (x[r*a.C+j]-m)/math.Sqrt(v+a.Epsilon)*gamma + beta
		}
	}
	return out
}

// sumsReference is nothing: batchNormReference makes its own sums.
func sumsReference(*graph.Op, *plan.Step, [][]float64) []float64 { return nil }

func batchNormReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.BatchNormAttr)
	mean := func(j int) float64 {
		var sum float64
		for r := range a.Rows {
			sum += in[0][r*a.C+j]
		}
		return sum / float64(a.Rows)
	}
	variance := func(j int) float64 {
		var sum float64
		for r := range a.Rows {
			d := in[0][r*a.C+j] - mean(j)
			sum += d * d
		}
		return sum / float64(a.Rows)
	}
	return normaliseReference(a, in[0], in[1:], mean, variance)
}

func batchNormInferReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a, n := op.Attr.(graph.BatchNormAttr), len(in)
	return normaliseReference(a, in[0], in[1:],
		func(j int) float64 { return in[n-2][j] }, func(j int) float64 { return in[n-1][j] })
}

// dropoutReference asks the kernel which elements it keeps: that choice has no definition but the kernel's own.
func dropoutReference(op *graph.Op, s *plan.Step, in [][]float64) []float64 {
	a, ok := op.Attr.(graph.DropoutAttr)
	if !ok {
		a = op.Attr.(*graph.DropoutBroadcastAttr).DropoutAttr
	}
	return dropReference(op.Code, op.Attr, a.Rate, s, in[0])
}

func dropReference(code string, attr any, rate float32, s *plan.Step, x []float64) []float64 {
	mask, ones := make([]float32, len(x)), slices.Repeat([]float32{1}, len(x))
	if err := evaluator(s)(&graph.Op{Code: code, Attr: attr}, [][]float32{ones}, mask, nil); err != nil {
		panic(err)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		if mask[i] != 0 {
			out[i] = v / (1 - float64(rate))
		}
	}
	return out
}

func softmaxReference(n int, x []float64) []float64 {
	out := make([]float64, len(x))
	for r := 0; r < len(x); r += n {
		var sum float64
		for j := range n {
			sum += math.Exp(x[r+j])
		}
		for j := range n {
			out[r+j] = math.Exp(x[r+j]) / sum
		}
	}
	return out
}

func permuteReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.PermuteAttr)
	out := make([]float64, len(in[0]))
	for i := range out {
		from, rest := make([]int, len(a.From)), i // the index in each dimension of the input
		for d := len(a.From) - 1; d >= 0; d-- {
			n := a.Shape[a.From[d]]
			from[a.From[d]], rest = rest%n, rest/n
		}
		at := 0
		for d, n := range a.Shape {
			at = at*n + from[d]
		}
		out[i] = in[0][at]
	}
	return out
}

func lossReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(graph.LossAttr)
	p, y := in[0], in[1]
	if a.Form == (loss.CategoricalCrossentropy{Logits: true}) {
		p = softmaxReference(a.N, p)
	}
	out := make([]float64, a.Rows)
	for r := range a.Rows {
		pr, yr := p[r*a.N:(r+1)*a.N], y[r*a.N:(r+1)*a.N]
		var sum float64
		for _, v := range pr {
			sum += v
		}
		for j, v := range pr {
			switch form := a.Form.(type) {
			case loss.CategoricalCrossentropy:
				out[r] -= yr[j] * math.Log(v/sum)
			case loss.BinaryCrossentropy:
				if form.Logits {
					v = activate(kernels.Sigmoid, v)
				}
				out[r] -= (yr[j]*math.Log(v) + (1-yr[j])*math.Log(1-v)) / float64(a.N)
			case loss.MeanSquaredError:
				out[r] += (v - yr[j]) * (v - yr[j]) / float64(a.N)
			case loss.MeanAbsoluteError:
				out[r] += math.Abs(v-yr[j]) / float64(a.N)
			default:
				panic("no reference for loss " + a.Form.Kind())
			}
		}
	}
	return out
}
