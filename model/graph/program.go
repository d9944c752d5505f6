package graph

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/expr"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of operations that only functions given as text have; the others are those of layers.
const (
	// CodeDivide is the quotient of two inputs.
	CodeDivide = "divide"
	// CodePower is the first input to the power of the second.
	CodePower = "power"
	// CodeCompare is 1 where a relation holds for two inputs, else 0; Attr is a CompareAttr. It has no gradient.
	CodeCompare = "compare"
	// CodeArgMax is the index of the first maximum of rows; Attr is a RowsAttr. It has no gradient.
	CodeArgMax = "argmax"
)

// A CompareAttr names a relation.
type CompareAttr struct{ Relation kernels.Relation }

// relations are those of comparisons by name.
var relations = map[string]kernels.Relation{
	"equal":         kernels.Equal,
	"greater":       kernels.Greater,
	"greater_equal": kernels.GreaterEqual,
	"less":          kernels.Less,
	"less_equal":    kernels.LessEqual,
	"not_equal":     kernels.NotEqual,
}

// elementary are functions of every element by name in package expr, beside namedFunctions.
var elementary = map[string]kernels.Function{
	"ceil":        kernels.Ceiling,
	"cosh":        kernels.HyperbolicCosine,
	"expm1":       kernels.ExponentialMinus1,
	"floor":       kernels.Floor,
	"log1p":       kernels.Logarithm1Plus,
	"log_sigmoid": kernels.LogSigmoid,
	"round":       kernels.Round,
	"sign":        kernels.Sign,
	"sinh":        kernels.HyperbolicSine,
}

// activations are the functions of every element that are activations, by name in package expr.
var activations = map[string]kernels.Activation{
	"exp":      kernels.Exponential,
	"relu":     kernels.ReLU,
	"sigmoid":  kernels.Sigmoid,
	"softplus": kernels.Softplus,
	"softsign": kernels.Softsign,
	"tanh":     kernels.Tanh,
}

// A programBuilder builds what a function given as text computes.
type programBuilder struct {
	*builder
	program *expr.Program
	nodes   []*gorgonia.Node // nil: a constant that nothing has needed as an array
}

// program is the value per row of a program for output p and labels y. Its operations have the rules of differentiation that layers
// have. A single number is an array of one element.
func (b *builder) program(program *expr.Program, p, y *gorgonia.Node) *gorgonia.Node {
	pb := programBuilder{builder: b, program: program, nodes: make([]*gorgonia.Node, len(program.Nodes))}
	for i := range program.Nodes {
		n := &program.Nodes[i]
		switch n.Op {
		case expr.Const:
		case expr.Labels:
			pb.nodes[i] = y
		case expr.Output:
			pb.nodes[i] = p
		default:
			pb.nodes[i] = pb.operation(n)
		}
	}
	return pb.nodes[program.Result]
}

// sizes are the dimensions of a node, at least one.
func (b *programBuilder) sizes(s expr.Shape) tensor.Shape {
	if len(s) == 0 {
		return tensor.Shape{1}
	}
	return s.Sizes(b.o.Batch)
}

// constant is the value of an operand that is a constant.
func (b *programBuilder) constant(n *expr.Node, arg int) (v float64, ok bool) {
	from := &b.program.Nodes[n.Args[arg]]
	return from.Number, from.Op == expr.Const
}

// arg is an operand as it is. It must be no constant.
func (b *programBuilder) arg(n *expr.Node, arg int) *gorgonia.Node { return b.nodes[n.Args[arg]] }

// operands are all operands, repeated to one shape; constants are filled in.
func (b *programBuilder) operands(n *expr.Node) []*gorgonia.Node {
	shape := b.sizes(n.Shape)
	in := make([]*gorgonia.Node, len(n.Args))
	for k := range n.Args {
		if _, constant := b.constant(n, k); !constant {
			in[k] = b.broadcast(b.arg(n, k), shape)
		}
	}
	like := in[slices.IndexFunc(in, func(x *gorgonia.Node) bool { return x != nil })]
	for k := range in {
		if v, constant := b.constant(n, k); constant {
			in[k] = b.fill(v, like)
		}
	}
	return in
}

// fill is a value in the shape of a node.
func (b *builder) fill(v float64, like *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeFill, Attr: FillAttr{float32(v)}, Out: like.Shape(), InPlace: -1}, like)
}

// operation builds one operation.
func (b *programBuilder) operation(n *expr.Node) *gorgonia.Node {
	switch n.Op {
	case expr.Apply:
		return b.applied(n.Name, b.arg(n, 0))
	case expr.Add, expr.Subtract, expr.Multiply, expr.Divide, expr.Power:
		return b.arithmetic(n)
	case expr.Maximum, expr.Minimum:
		in := b.operands(n)
		return b.extremum(n.Op == expr.Minimum, in[0], in[1])
	case expr.Compare:
		in := b.operands(n)
		return b.compare(relations[n.Name], in[0], in[1])
	case expr.Where:
		in := b.operands(n)
		return b.add(b.maskRows(in[1], in[0]), b.maskRows(in[2], b.scale(-1, 1, in[0])))
	case expr.Sum, expr.Mean, expr.Max:
		return b.reduce(n)
	case expr.ArgMax, expr.Softmax, expr.LogSoftmax:
		return b.along(n)
	case expr.Reshape:
		return b.reshape(b.arg(n, 0), b.sizes(n.Shape))
	case expr.Range:
		return b.part(n)
	case expr.Stop:
		return b.stop(b.arg(n, 0))
	case expr.Spread:
		return b.broadcast(b.arg(n, 0), b.sizes(n.Shape))
	}
	panic(fmt.Sprintf("graph: the operation %s of a function", n.Op))
}

// applied is a function of every element.
func (b *builder) applied(name string, x *gorgonia.Node) *gorgonia.Node {
	if act, ok := activations[name]; ok {
		return b.activation(x, act)
	}
	for _, table := range []map[string]kernels.Function{elementary, namedFunctions} {
		if f, ok := table[name]; ok {
			return b.function(x, f)
		}
	}
	if name == "one" {
		return b.fill(1, x)
	}
	panic(fmt.Sprintf("graph: the function %s of elements", name))
}

// arithmetic are sums, products, quotients and powers, which with constants are linear functions where they can be.
func (b *programBuilder) arithmetic(n *expr.Node) *gorgonia.Node {
	x, first := b.constant(n, 0)
	y, second := b.constant(n, 1)
	switch {
	case n.Op == expr.Add && first:
		return b.scale(1, x, b.arg(n, 1))
	case n.Op == expr.Add && second:
		return b.scale(1, y, b.arg(n, 0))
	case n.Op == expr.Subtract && first:
		return b.scale(-1, x, b.arg(n, 1))
	case n.Op == expr.Subtract && second:
		return b.scale(1, -y, b.arg(n, 0))
	case n.Op == expr.Multiply && first:
		return b.scale(x, 0, b.arg(n, 1))
	case n.Op == expr.Multiply && second:
		return b.scale(y, 0, b.arg(n, 0))
	case n.Op == expr.Divide && second:
		return b.scale(1/y, 0, b.arg(n, 0))
	case n.Op == expr.Power && second && (y == 1 || y == 2 || y == 3 || y == 0.5):
		return b.smallPower(b.arg(n, 0), y)
	}
	in := b.operands(n)
	switch n.Op {
	case expr.Add:
		return b.add(in[0], in[1])
	case expr.Subtract:
		return b.subtract(in[0], in[1])
	case expr.Multiply:
		return b.multiply(in[0], in[1])
	case expr.Divide:
		return b.divide(in[0], in[1])
	}
	return b.power(in[0], in[1], second)
}

// smallPower are powers that need no logarithm.
func (b *builder) smallPower(x *gorgonia.Node, exponent float64) *gorgonia.Node {
	switch exponent {
	case 0.5:
		return b.function(x, kernels.Root)
	case 2:
		return b.multiply(x, x)
	case 3:
		return b.multiply(b.multiply(x, x), x)
	}
	return x
}

func (b *builder) divide(x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeDivide, Out: x.Shape(), InPlace: 0, diff: all(2),
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			dx := b.divide(grad, in[1])
			return gorgonia.Nodes{dx, b.scale(-1, 0, b.multiply(dx, out))}
		},
	}, x, y)
}

// power has a gradient by its exponent unless that is constant. It is 0 where the base is not positive.
//
// Source: tensorflow/python/ops/math_grad.py, _PowGrad.
func (b *builder) power(x, y *gorgonia.Node, constant bool) *gorgonia.Node {
	return b.apply(Op{
		Code: CodePower, Out: x.Shape(), InPlace: 0, diff: []bool{true, !constant},
		grad: func(in gorgonia.Nodes, out, grad *gorgonia.Node) gorgonia.Nodes {
			x, y := in[0], in[1]
			grads := gorgonia.Nodes{b.multiply(b.multiply(grad, y), b.power(x, b.scale(1, -1, y), constant)), nil}
			if !constant {
				positive := b.compare(kernels.Greater, x, b.fill(0, x))
				grads[1] = b.multiply(b.multiply(grad, out), b.maskRows(b.function(x, kernels.Logarithm), positive))
			}
			return grads
		},
	}, x, y)
}

func (b *builder) compare(r kernels.Relation, x, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeCompare, Attr: CompareAttr{r}, Out: x.Shape(), InPlace: 0}, x, y)
}

// stop is a node without its gradient.
func (b *builder) stop(n *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{Code: CodeReshape, Out: n.Shape(), InPlace: -1}, n)
}

// reduce is a sum, mean or maximum over axes.
func (b *programBuilder) reduce(n *expr.Node) *gorgonia.Node {
	x, out := b.arg(n, 0), b.sizes(n.Shape)
	if n.Op == expr.Max {
		return b.maximum(x, n.Axes, out)
	}
	kept, count := x.Shape().Clone(), 1
	for _, axis := range n.Axes {
		count *= kept[axis]
		kept[axis] = 1
	}
	sum := x
	if count > 1 {
		sum = b.sumTo(x, kept)
	}
	if n.Op == expr.Mean {
		sum = b.scale(1/float64(count), 0, sum)
	}
	return b.reshape(sum, out)
}

// maximum is that over axes, which are moved to the end. Elements that are the maximum share the gradient.
func (b *programBuilder) maximum(x *gorgonia.Node, axes []int, out tensor.Shape) *gorgonia.Node {
	var order []int
	for axis := range x.Shape() {
		if !slices.Contains(axes, axis) {
			order = append(order, axis)
		}
	}
	size := out.TotalSize()
	pixels := x.Shape().TotalSize() / size
	x = b.reshape(b.permute(x, append(order, axes...)), tensor.Shape{size, pixels, 1})
	return b.reshape(b.globalMax(GlobalMaxAttr{size, pixels, 1}, x), out)
}

// along are operations along one axis, which is moved to the end.
func (b *programBuilder) along(n *expr.Node) *gorgonia.Node {
	x, axis := b.arg(n, 0), n.Axes[0]
	if n.Op == expr.ArgMax {
		order, _ := lastAxis(axis, x.Shape().Dims())
		rows, width := rowsOf(permuted(x.Shape(), order))
		return b.apply(Op{Code: CodeArgMax, Attr: RowsAttr{rows, width}, Out: b.sizes(n.Shape), InPlace: -1}, b.permute(x, order))
	}
	name := softmaxName
	if n.Op == expr.LogSoftmax {
		name = "log_softmax"
	}
	return b.overAxes(x, []int{axis}, func(rows *gorgonia.Node) *gorgonia.Node { return b.activationOfRows(rows, name) })
}

// part is a range of an axis, as in slice.
func (b *programBuilder) part(n *expr.Node) *gorgonia.Node {
	x, axis := b.arg(n, 0), n.Axes[0]
	lines := tensor.Shape{x.Shape()[:axis].TotalSize(), x.Shape()[axis], 1, x.Shape()[axis+1:].TotalSize()}
	return b.reshape(b.cut(b.reshape(x, lines), -n.From, n.To-n.From), b.sizes(n.Shape))
}
