package graph

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
)

// CodeRoundBfloat16 is x, rounded to the nearest bfloat16 (kernels.RoundBfloat16).
const CodeRoundBfloat16 = "round.bfloat16"

// moves are the layers that give on what they are given, or make truth values or whole numbers, which may be numbers of
// rows of an Embedding: results are as exact as inputs are.
var moves = map[string]bool{
	"ActivityRegularization": true, "Any": true, "CategoryEncoding": true, "CenterCrop": true, "Concatenate": true, "Constant": true,
	"Cropping1D": true, "Cropping2D": true, "Cropping3D": true, "Discretization": true, "Hashing": true, "Identity": true, "IntegerLookup": true,
	"LogicalAnd": true, "LogicalOr": true, "NotEqual": true, "OnesLike": true, "Permute": true, "RepeatVector": true, "Reshape": true,
	"Slice": true, "StringLookup": true, "TextVectorization": true, "ZeroPadding1D": true, "ZeroPadding2D": true, "ZeroPadding3D": true, "ZerosLike": true,
}

// isMixed says whether a call's layer is of MixedBfloat16. A function of tensors is where all its inputs come from such layers.
func (b *builder) isMixed(c keras.Call) bool {
	switch c.Layer.Precision {
	case keras.MixedBfloat16:
		return true
	case keras.Float32:
		return false
	}
	for _, t := range c.Inputs {
		if !b.bfloat16[t] {
			return false
		}
	}
	return true
}

// as lets operations be those of layers that are mixed or not, until restore is called.
func (b *builder) as(mixed bool) (restore func()) {
	before := b.mixed
	b.mixed = mixed
	return func() { b.mixed = before }
}

// multiplied is a node as an operand of a product of a layer that is mixed or not. The gradient is that of the node itself: what gets it
// rounds for itself.
func (b *builder) multiplied(mixed bool, n *gorgonia.Node) *gorgonia.Node {
	if !mixed || n == nil || b.isBfloat16(n) {
		return n
	}
	if code, _, _ := CodeOf(n); code == CodeReshape {
		return b.reshape(b.multiplied(mixed, b.operand(n)), n.Shape())
	}
	if f := b.multiplicands[n]; f != nil {
		return f
	}
	f := b.apply(Op{
		Code: CodeRoundBfloat16, Out: n.Shape(), InPlace: 0, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes { return gorgonia.Nodes{grad} },
	}, n)
	b.multiplicands[n] = f
	return f
}

// ofMixed are the results of a call of a mixed layer: its states are replaced, and n, what it made, is returned as others see it.
func (b *builder) ofMixed(c *call, n *gorgonia.Node) *gorgonia.Node {
	if moves[c.Layer.Config.Class()] || slices.Contains(c.in, n) {
		return n
	}
	for i, state := range c.states {
		c.states[i] = b.between(state)
	}
	return b.between(n)
}

// between is a layer's result as others see it: rounded, and its gradient too. What the builder knows of the result it knows of that.
func (b *builder) between(n *gorgonia.Node) *gorgonia.Node {
	r := b.rounded(n)
	if open, ok := b.joinable[n]; ok {
		b.joinable[r] = open
	}
	b.unrounded[r] = n
	return r
}

// rounded rounds below permutations, which meet those of other layers, and below other shapes of what an operation made.
func (b *builder) rounded(n *gorgonia.Node) *gorgonia.Node {
	if attr := permutation(n); attr != nil {
		return b.permute(b.rounded(b.operand(n)), attr.From)
	}
	if code, _, _ := CodeOf(n); code == CodeReshape {
		return b.reshape(b.rounded(b.operand(n)), n.Shape())
	}
	op := Op{Code: CodeReshape, Out: n.Shape(), InPlace: -1, diff: all(1)}
	if !b.isBfloat16(n) {
		op.Code, op.InPlace = CodeRoundBfloat16, 0
	}
	op.grad = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
		if !b.isBfloat16(grad) {
			grad = b.apply(Op{Code: CodeRoundBfloat16, Out: grad.Shape(), InPlace: 0}, grad)
		}
		return gorgonia.Nodes{grad}
	}
	r := b.apply(op, n)
	b.results[n] = r
	return r
}

// kept is what a gradient reads of an operation's result: the rounded one where there is one, so that the other needs no memory.
func (b *builder) kept(n *gorgonia.Node) *gorgonia.Node {
	if r := b.results[n]; r != nil {
		return r
	}
	return n
}

// made is the node that a layer made, of its result as others see it.
func (b *builder) made(n *gorgonia.Node) *gorgonia.Node {
	if m := b.unrounded[n]; m != nil {
		return m
	}
	return n
}

// movers are operations that move or choose elements of their first operands, as many as the number, or of all where it is 0; zeros may come
// among them.
var movers = map[string]int{
	CodeBroadcast: 1, CodeConcat: 0, CodeConcatGrad: 1, CodeExtremum: 0, CodeFrame: 1, CodeGlobalMax: 1, CodeMaskRows: 1, CodeMaxPool2D: 1,
	CodePermute: 1, CodeReshape: 1, CodeReverse: 1,
}

// isBfloat16 says whether all elements of a node are bfloat16 numbers as they are.
func (b *builder) isBfloat16(n *gorgonia.Node) bool {
	if known, ok := b.exact[n]; ok {
		return known
	}
	e := b.findBfloat16(n)
	b.exact[n] = e
	return e
}

func (b *builder) findBfloat16(n *gorgonia.Node) bool {
	code, op, _ := CodeOf(n)
	if op == nil {
		return false
	}
	in := b.g.sections.operands(n)
	if count, ok := movers[code]; ok {
		for i, x := range in {
			if (count == 0 || i < count) && !b.isBfloat16(x) {
				return false
			}
		}
		return true
	}
	switch a := op.Attr.(type) {
	case ActivationAttr: // of x, of (y, dy)
		return a.Act == kernels.ReLU && code != CodeActivationGradX && b.isBfloat16(in[len(in)-1])
	case ActivationBiasGradAttr:
		return (a.Act == kernels.ReLU || a.Act == kernels.Linear) && isPower2(a.Rate) && b.isBfloat16(in[1])
	case ReLUDropoutGradAttr:
		return isPower2(a.Rate) && b.isBfloat16(in[1])
	case DropoutAttr:
		return isPower2(a.Rate) && b.isBfloat16(in[0])
	case *kernels.Pool2DShape:
		return code == CodeMaxPool2DGrad && a.SH >= a.KH && a.SW >= a.KW && b.isBfloat16(in[0]) // no element gets two gradients
	}
	return code == CodeRoundBfloat16 || code == CodeRecurrentBfloat16 || code == CodeRecurrentBfloat16Grad || code == CodeMask
}

// isPower2 says whether a dropout of a rate multiplies what it keeps by a power of two, which moves no bit.
func isPower2(rate float32) bool {
	fraction, _ := math.Frexp(float64(1 / (1 - rate)))
	return fraction == 0.5
}
