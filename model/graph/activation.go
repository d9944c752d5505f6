package graph

import (
	"fmt"
	"maps"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/nearest"
	"gorgonia.org/gorgonia"
)

// Codes of activations.
const (
	// CodeActivation is y = act(x); Attr is an ActivationAttr.
	CodeActivation = "activation"
	// CodeActivationGrad is dx from (y, dy); Attr is an ActivationAttr.
	CodeActivationGrad = "activation.grad"
	// CodeActivationGradX is dx from (x, dy), for an activation whose output does not determine its derivative; Attr is an
	// ActivationAttr.
	CodeActivationGradX = "activation.grad.x"
	// CodeFunction is y = f(x); Attr is a FunctionAttr.
	CodeFunction = "function"
	// CodeFunctionGrad is dx from (x, dy); Attr is a FunctionAttr.
	CodeFunctionGrad = "function.grad"
	// CodeSoftmax is the softmax of rows; Attr is a RowsAttr.
	CodeSoftmax = "softmax"
	// CodeSoftmaxGrad is dx from (y, dy); Attr is a RowsAttr.
	CodeSoftmaxGrad = "softmax.grad"
	// CodeLogSoftmax is the logarithm of the softmax of rows; Attr is a RowsAttr.
	CodeLogSoftmax = "logsoftmax"
	// CodeSparsemax is the sparsemax of rows; Attr is a RowsAttr.
	CodeSparsemax = "sparsemax"
	// CodeSparsemaxGrad is dx from (x, dy); Attr is a RowsAttr.
	CodeSparsemaxGrad = "sparsemax.grad"
	// CodeLogSoftmaxGrad is dx from (y, dy); Attr is a RowsAttr.
	CodeLogSoftmaxGrad = "logsoftmax.grad"
)

// An ActivationAttr names an element-wise activation.
type ActivationAttr struct{ Act kernels.Activation }

// A FunctionAttr names an element-wise activation that is never fused.
type FunctionAttr struct{ Function kernels.Function }

// A RowsAttr is the size of an operation on the rows of a matrix.
type RowsAttr struct{ Rows, N int }

// elementwise are activations that work on single elements and may join another operation, by name in keras.activations.
var elementwise = map[string]kernels.Activation{
	"celu":         kernels.ELU, // with Keras' default alpha, 1, both are the same
	"elu":          kernels.ELU,
	"exponential":  kernels.Exponential,
	"gelu":         kernels.GELU,
	"hard_sigmoid": kernels.HardSigmoid,
	"leaky_relu":   kernels.LeakyReLU,
	"linear":       kernels.Linear,
	"mish":         kernels.Mish,
	"relu":         kernels.ReLU,
	"relu6":        kernels.ReLU6,
	"selu":         kernels.SELU,
	"sigmoid":      kernels.Sigmoid,
	"silu":         kernels.SiLU,
	"softplus":     kernels.Softplus,
	"softsign":     kernels.Softsign,
	"swish":        kernels.SiLU,
	"tanh":         kernels.Tanh,
}

// functions are the other activations that work on single elements.
var functions = map[string]kernels.Function{
	"hard_shrink":    kernels.HardShrink,
	"hard_silu":      kernels.HardSiLU,
	"hard_swish":     kernels.HardSiLU,
	"hard_tanh":      kernels.HardTanh,
	"log_sigmoid":    kernels.LogSigmoid,
	"soft_shrink":    kernels.SoftShrink,
	"sparse_plus":    kernels.SparsePlus,
	"sparse_sigmoid": kernels.SparseSigmoid,
	"squareplus":     kernels.SquarePlus,
	"tanh_shrink":    kernels.TanhShrink,
}

const softmaxName = "softmax"

// rowActivations are the activations that work on rows: their codes and those of their gradients, which take the output, or else
// the input.
var rowActivations = map[string]struct {
	code, grad string
	fromInput  bool
}{
	"log_softmax": {CodeLogSoftmax, CodeLogSoftmaxGrad, false},
	softmaxName:   {CodeSoftmax, CodeSoftmaxGrad, false},
	"sparsemax":   {CodeSparsemax, CodeSparsemaxGrad, true},
}

// leavesLogits are the activations whose input a cross-entropy of the model's output takes instead of the output.
var leavesLogits = map[string]bool{"sigmoid": true, softmaxName: true}

// elementwiseOf finds an activation that may join another operation. Keras 1 and 2 have another hard_sigmoid than Keras 3.
func (b *builder) elementwiseOf(name string) (act kernels.Activation, ok bool) {
	act, ok = elementwise[name]
	if act == kernels.HardSigmoid && b.spec.BeforeKeras3() {
		act = kernels.HardSigmoidV2
	}
	return act, ok
}

func knownActivation(name string) bool {
	_, element := elementwise[name]
	_, function := functions[name]
	_, rows := rowActivations[name]
	return element || function || rows || name == keras.GLU
}

// knownActivations are the names of all activations, sorted.
func knownActivations() []string {
	names := slices.Collect(maps.Keys(elementwise))
	names = slices.AppendSeq(slices.AppendSeq(names, maps.Keys(functions)), maps.Keys(rowActivations))
	names = append(names, keras.GLU)
	slices.Sort(names)
	return names
}

// fusion decides which activation joins the operation that makes a call's output. rest is the name of what remains to
// be applied to it, "" for nothing.
func (b *builder) fusion(c *call, name string) (fused kernels.Activation, rest string, err error) {
	if name == "" {
		name = "linear"
	}
	if !knownActivation(name) {
		return 0, "", fmt.Errorf("activation %q is not supported (%s)", name, nearest.Known(name, knownActivations()))
	}
	act, ok := b.elementwiseOf(name)
	if ok && (act == kernels.Linear || act.GradFromOutput() && !(leavesLogits[name] && b.keepLogits[c.output])) {
		return act, "", nil
	}
	return kernels.Linear, name, nil
}

// activate applies what fusion left over.
func (b *builder) activate(n *gorgonia.Node, rest string) *gorgonia.Node {
	if rest == "" {
		return n
	}
	if b.mixed && leavesLogits[rest] { // a loss may read it
		n = b.between(n)
	}
	var out *gorgonia.Node
	if act, ok := b.elementwiseOf(rest); ok {
		out = b.activation(n, act)
	} else if f, ok := functions[rest]; ok {
		out = b.function(n, f)
	} else if rest == keras.GLU {
		out = b.glu(n)
	} else {
		out = b.activationOfRows(n, rest)
	}
	if leavesLogits[rest] {
		b.logits[out] = n
	}
	return out
}

// activated is a layer with what fusion decided. The layer behind it may join it later.
func (b *builder) activated(act kernels.Activation, rest string, layer layerWith) *gorgonia.Node {
	n := layer(Epilogue{Act: act})
	if rest == "" {
		b.joinable[n] = openLayer{Epilogue{Act: act}, b.mixed, layer}
	}
	return b.activate(n, rest)
}

// activationLayer joins the layer before it where nothing else reads that one's result.
func activationLayer(b *builder, c *call) (*gorgonia.Node, error) {
	act, rest, err := b.fusion(c, c.Config.(*keras.Activation).Activation)
	if err != nil {
		return nil, err
	}
	n := c.in[0]
	if o, ok := b.before(c); ok && act != kernels.Linear && o.has == (Epilogue{}) {
		return b.activated(act, rest, o.layer), nil
	}
	return b.activate(b.activation(n, act), rest), nil
}

func (b *builder) activation(x *gorgonia.Node, act kernels.Activation) *gorgonia.Node {
	if act == kernels.Linear {
		return x
	}
	return b.apply(Op{
		Code: CodeActivation, Attr: ActivationAttr{act}, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			if !act.GradFromOutput() {
				op := Op{Code: CodeActivationGradX, Attr: ActivationAttr{act}, Out: x.Shape(), InPlace: 1}
				return gorgonia.Nodes{b.apply(op, in[0], grad)}
			}
			return gorgonia.Nodes{b.activationGrad(act, b.kept(out), grad)}
		},
	}, x)
}

func (b *builder) function(x *gorgonia.Node, f kernels.Function) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeFunction, Attr: FunctionAttr{f}, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			op := Op{Code: CodeFunctionGrad, Attr: FunctionAttr{f}, Out: x.Shape(), InPlace: 1}
			return gorgonia.Nodes{b.apply(op, in[0], grad)}
		},
	}, x)
}

// activationGrad is the gradient of an activation's input from its output y and the output's gradient.
func (b *builder) activationGrad(act kernels.Activation, y, dy *gorgonia.Node) *gorgonia.Node {
	switch act {
	case kernels.Linear:
		return dy
	case kernels.ReLU:
		return b.reluGrad(y, dy)
	}
	return b.apply(Op{Code: CodeActivationGrad, Attr: ActivationAttr{act}, Out: y.Shape(), InPlace: 1}, y, dy)
}

// activationOfRows applies softmax or another activation of rowActivations over the last dimension.
func (b *builder) activationOfRows(x *gorgonia.Node, name string) *gorgonia.Node {
	codes := rowActivations[name]
	rows, n := rowsOf(x.Shape())
	attr := RowsAttr{rows, n}
	return b.apply(Op{
		Code: codes.code, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			out = b.kept(out)
			if codes.fromInput {
				out = in[0]
			}
			return gorgonia.Nodes{b.apply(Op{Code: codes.grad, Attr: attr, Out: x.Shape(), InPlace: 1}, out, grad)}
		},
	}, x)
}
