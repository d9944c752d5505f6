package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// Codes of activations.
const (
	// CodeActivation is y = act(x); Attr is an ActivationAttr.
	CodeActivation = "activation"
	// CodeActivationGrad is dx from (y, dy); Attr is an ActivationAttr.
	CodeActivationGrad = "activation.grad"
	// CodeSoftmax is the softmax of rows; Attr is a RowsAttr.
	CodeSoftmax = "softmax"
	// CodeSoftmaxGrad is dx from (y, dy); Attr is a RowsAttr.
	CodeSoftmaxGrad = "softmax.grad"
)

// An ActivationAttr names an element-wise activation.
type ActivationAttr struct{ Act kernels.Activation }

// A RowsAttr is the size of an operation on the rows of a matrix.
type RowsAttr struct{ Rows, N int }

// elementwise are the activations that work on single elements, by name in keras.activations. Softmax is the other one.
var elementwise = map[string]kernels.Activation{
	"linear":  kernels.Linear,
	"relu":    kernels.ReLU,
	"sigmoid": kernels.Sigmoid,
	"tanh":    kernels.Tanh,
}

const softmaxName = "softmax"

// leavesLogits are the activations whose input a cross-entropy of the model's output takes instead of the output.
var leavesLogits = map[string]bool{"sigmoid": true, softmaxName: true}

// fusion decides which activation joins the operation that makes a call's output. rest is the name of what remains to
// be applied to it, "" for nothing.
func (b *builder) fusion(c *call, name string) (fused kernels.Activation, rest string, err error) {
	if name == "" {
		name = "linear"
	}
	act, ok := elementwise[name]
	if !ok && name != softmaxName {
		known := append(slices.Collect(maps.Keys(elementwise)), softmaxName)
		slices.Sort(known)
		return 0, "", fmt.Errorf("activation %q is not supported; known: %s", name, strings.Join(known, ", "))
	}
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
	var out *gorgonia.Node
	if rest == softmaxName {
		out = b.softmax(n)
	} else {
		out = b.activation(n, elementwise[rest])
	}
	if leavesLogits[rest] {
		b.logits[out] = n
	}
	return out
}

func activationLayer(b *builder, c *call) (*gorgonia.Node, error) {
	act, rest, err := b.fusion(c, c.Config.(*keras.Activation).Activation)
	if err != nil {
		return nil, err
	}
	return b.activate(b.activation(c.in[0], act), rest), nil
}

func (b *builder) activation(x *gorgonia.Node, act kernels.Activation) *gorgonia.Node {
	if act == kernels.Linear {
		return x
	}
	if !act.GradFromOutput() {
		panic(fmt.Sprintf("graph: no gradient of %v from its output", act))
	}
	return b.apply(Op{
		Code: CodeActivation, Attr: ActivationAttr{act}, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.activationGrad(act, out, grad)}
		},
	}, x)
}

// activationGrad is the gradient of an activation's input from its output y and the output's gradient.
func (b *builder) activationGrad(act kernels.Activation, y, dy *gorgonia.Node) *gorgonia.Node {
	if act == kernels.Linear {
		return dy
	}
	return b.apply(Op{Code: CodeActivationGrad, Attr: ActivationAttr{act}, Out: y.Shape(), InPlace: 1}, y, dy)
}

func (b *builder) softmax(x *gorgonia.Node) *gorgonia.Node {
	rows, n := rowsOf(x.Shape())
	attr := RowsAttr{rows, n}
	return b.apply(Op{
		Code: CodeSoftmax, Attr: attr, Out: x.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeSoftmaxGrad, Attr: attr, Out: x.Shape(), InPlace: 1}, out, grad)}
		},
	}, x)
}
