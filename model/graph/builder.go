package graph

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A builder holds what the layers of one graph share while it is made.
type builder struct {
	spec *keras.Spec
	o    Options
	g    *Graph

	classes map[string]layer // the table of layers, for those that have one inside

	tensors []*gorgonia.Node // per Spec.Tensors
	weights map[*keras.Weight]*gorgonia.Node
	places  map[*keras.Weight]int // in Spec.Weights
	// states are the latest values of weights that training sets directly, where they differ from the weight's node.
	states  map[*keras.Weight]*gorgonia.Node
	updated []*keras.Weight // those of states, in order
	// logits holds, for the node of a softmax or sigmoid that stands apart, what it was applied to.
	logits map[*gorgonia.Node]*gorgonia.Node
	// keepLogits has the tensors that are outputs of the model with a loss or metric that wants logits.
	keepLogits map[int]bool
	// penalties are the penalties per row of layers' results.
	penalties gorgonia.Nodes
	// readers are how often each of Spec.Tensors is read.
	readers []int
	// joinable are the nodes of dense and convolutional layers that the layer behind them may join. A node that something else
	// reads as it is is none of them: the layer would be computed twice.
	joinable map[*gorgonia.Node]openLayer
	// dropouts are the dropouts by the gradients of what they dropped from.
	dropouts map[*gorgonia.Node]droppedOut
	ops      uint32
	// mixed: the operations that are made are of a layer of keras.MixedBfloat16.
	mixed bool
	// bfloat16 has the tensors of the model that come from such layers.
	bfloat16 map[int]bool
	// multiplicands are nodes rounded as operands of products, results what operations made, rounded, and unrounded what the results of layers are
	// of. exact is what isBfloat16 has found.
	multiplicands, results, unrounded map[*gorgonia.Node]*gorgonia.Node
	exact                             map[*gorgonia.Node]bool
	// layer is the name of the layer that is being built, "" between layers.
	layer string
}

func newBuilder(spec *keras.Spec, o Options) *builder {
	b := &builder{
		spec:          spec,
		o:             o,
		g:             newGraph(spec, o),
		classes:       layers,
		tensors:       make([]*gorgonia.Node, len(spec.Tensors)),
		weights:       map[*keras.Weight]*gorgonia.Node{},
		places:        make(map[*keras.Weight]int, len(spec.Weights)),
		states:        map[*keras.Weight]*gorgonia.Node{},
		logits:        map[*gorgonia.Node]*gorgonia.Node{},
		keepLogits:    map[int]bool{},
		readers:       readers(spec),
		joinable:      map[*gorgonia.Node]openLayer{},
		dropouts:      map[*gorgonia.Node]droppedOut{},
		bfloat16:      map[int]bool{},
		multiplicands: map[*gorgonia.Node]*gorgonia.Node{},
		results:       map[*gorgonia.Node]*gorgonia.Node{},
		unrounded:     map[*gorgonia.Node]*gorgonia.Node{},
		exact:         map[*gorgonia.Node]bool{},
	}
	for i, w := range spec.Weights {
		b.places[w] = i
	}
	for i, l := range o.Losses {
		all := []*loss.Loss{l}
		if o.Metrics != nil {
			all = append(all, o.Metrics[i]...)
		}
		for _, l := range all {
			if l.Logits != nil {
				b.keepLogits[spec.BehindLinear(spec.Outputs[i])] = true
			}
		}
	}
	return b
}

// readers counts for every tensor the calls and outputs of the model that read it.
func readers(spec *keras.Spec) []int {
	n := make([]int, len(spec.Tensors))
	count := func(tensors []int) {
		for _, t := range tensors {
			if t >= 0 {
				n[t]++
			}
		}
	}
	count(spec.Outputs)
	for _, c := range spec.Calls {
		count(c.Inputs)
		count(c.Masks)
	}
	return n
}

func newGraph(spec *keras.Spec, o Options) *Graph {
	return &Graph{
		Spec: spec, Batch: o.Batch, Slices: max(o.Slices, 1), Training: o.Training, sections: newSections(o.SectionNodes),
		Weights: make([]*gorgonia.Node, len(spec.Weights)),
	}
}

// input makes a node that is filled before every run. Names are unique.
func (b *builder) input(name string, shape tensor.Shape) *gorgonia.Node {
	return b.g.sections.input(name, shape)
}

// weight is the node of a layer's weight by name, nil where the layer has none of that name.
func (b *builder) weight(l *keras.Layer, name string) *gorgonia.Node {
	w := weightOf(l, name)
	if w == nil {
		return nil
	}
	if n := b.weights[w]; n != nil {
		return n
	}
	shape := tensor.Shape(slices.Clone(w.Shape))
	if len(shape) == 0 { // a single number
		shape = tensor.Shape{1}
	}
	n := b.input(fmt.Sprintf("weight %s/%s at %d", w.Layer, w.Name, w.Offset), shape)
	b.weights[w] = n
	b.g.Weights[b.places[w]] = n
	return n
}

func weightOf(l *keras.Layer, name string) *keras.Weight {
	for _, w := range l.Weights {
		if w.Name == name {
			return w
		}
	}
	return nil
}

// state is the latest value of a weight that training sets directly.
func (b *builder) state(l *keras.Layer, name string) *gorgonia.Node {
	if n := b.states[weightOf(l, name)]; n != nil {
		return n
	}
	return b.weight(l, name)
}

// setState gives a weight a new value; a layer that is called again continues from it.
func (b *builder) setState(l *keras.Layer, name string, n *gorgonia.Node) {
	w := weightOf(l, name)
	if b.states[w] == nil {
		b.updated = append(b.updated, w)
	}
	b.states[w] = n
}

// apply makes the node of an operation; inputs that are nil are left out.
func (b *builder) apply(op Op, in ...*gorgonia.Node) *gorgonia.Node {
	in = slices.DeleteFunc(in, func(n *gorgonia.Node) bool { return n == nil })
	b.ops++
	op.id, op.eval, op.sections, op.Layer = b.ops, b.o.Evaluator, b.g.sections, b.layer
	for _, n := range in {
		op.In = append(op.In, n.Shape())
	}
	n, err := gorgonia.ApplyOp(&op, b.g.sections.allHere(in)...)
	if err != nil {
		panic(fmt.Sprintf("graph: %v: %v", &op, err))
	}
	return n
}

// side is a side result of an operation's node.
func (b *builder) side(n *gorgonia.Node, index int) *gorgonia.Node {
	op := n.Op().(*Op)
	eval := func(_ *Op, _ [][]float32, out []float32, _ [][]float32) error {
		copy(out, op.side[index])
		return nil
	}
	node := b.apply(Op{Code: CodeSide, Attr: SideAttr{index}, Out: tensor.Shape{op.Side[index]}, InPlace: -1}, n)
	node.Op().(*Op).eval = eval
	return node
}

// reshape is a node under another shape of equal size.
func (b *builder) reshape(n *gorgonia.Node, shape tensor.Shape) *gorgonia.Node {
	if slices.Equal(n.Shape(), shape) { // Eq takes (n), (n, 1) and (1, n) for equal
		return n
	}
	if n.Shape().TotalSize() != shape.TotalSize() {
		panic(fmt.Sprintf("graph: reshape of %v to %v", n.Shape(), shape))
	}
	return b.apply(Op{
		Code: CodeReshape, Out: shape, InPlace: -1, diff: []bool{true},
		grad: func(in gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.reshape(grad, in[0].Shape())}
		},
	}, n)
}

// operand is the only input of an operation's node.
func (b *builder) operand(n *gorgonia.Node) *gorgonia.Node {
	return b.g.sections.operands(n)[0]
}

// fromFront counts a negative axis of a node from the front.
func fromFront(axis int, n *gorgonia.Node) int {
	if axis < 0 {
		return axis + n.Shape().Dims()
	}
	return axis
}

// rowsOf is the product of all dimensions but the last, and the last.
func rowsOf(s tensor.Shape) (rows, width int) {
	width = s[s.Dims()-1]
	return s[:s.Dims()-1].TotalSize(), width
}

// all is n times true.
func all(n int) []bool {
	return slices.Repeat([]bool{true}, n)
}

// count is the number of nodes that are not nil.
func count(nodes ...*gorgonia.Node) int {
	n := 0
	for _, node := range nodes {
		if node != nil {
			n++
		}
	}
	return n
}
