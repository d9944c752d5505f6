package onnx

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/model/plan"
)

// A Model is an ONNX model in memory. Its constants are the weights that it was made of, which are not copied.
type Model struct{ graph graphOf }

// The batches that the plan is made for.
const firstBatch, secondBatch = 2, 3

// Export makes the ONNX model of a model with weights. An error names the layer that has no ONNX form.
func Export(spec *keras.Spec, weights []float32) (*Model, error) {
	var plans [2]*plan.Plan
	for i, batch := range []int{firstBatch, secondBatch} {
		g, err := graph.Build(spec, graph.Options{Batch: batch})
		if err != nil {
			return nil, err
		}
		if plans[i], err = plan.Compile(g, noScratch{}, nil); err != nil {
			return nil, err
		}
	}
	if len(plans[0].Instrs) != len(plans[1].Instrs) {
		panic("onnx: the number of instructions depends on the batch")
	}
	l := &lowering{
		spec: spec, weights: weights, values: map[place]value{}, made: map[string]*tensor{}, names: map[string]bool{},
		products: map[*tensor]product{}, whole64s: map[string]*tensor{}, floats: map[float32]*tensor{},
	}
	l.begin(plans[0])
	for i := range plans[0].Instrs {
		if err := l.lower(&plans[0].Instrs[i], &plans[1].Instrs[i]); err != nil {
			return nil, err
		}
	}
	return l.finish(plans[0]), nil
}

// noScratch is a device to compile for that needs no memory: nothing is run.
type noScratch struct{ plan.Device }

func (noScratch) Scratch(*plan.Instr) (int, error) { return 0, nil }

// A place is where a value of the plan begins.
type place struct {
	space plan.Space
	off   int
}

// A node is an operator of the ONNX graph.
type node struct {
	op, name string
	in, outs []*tensor
	out      *tensor // the first of outs
	attrs    []attribute
}

// An attribute is an argument of a node: an int, float32, string, lists of them, or a graph.
type attribute struct {
	name  string
	value any
}

// attr adds an argument.
func (n *node) attr(name string, v any) *node {
	n.attrs = append(n.attrs, attribute{name, v})
	return n
}

// A product is what a matrix product was made of.
type product struct{ x, w, bias *value }

// A lowering is an ONNX graph in the making.
type lowering struct {
	spec    *keras.Spec
	weights []float32
	layer   string // of the instruction that is being lowered

	values   map[place]value
	inputs   []*tensor
	nodes    []*node
	made     map[string]*tensor // transposed and reshaped tensors
	whole64s map[string]*tensor
	floats   map[float32]*tensor
	products map[*tensor]product
	batch    *tensor // the number of rows
	names    map[string]bool
}

// begin makes the inputs and the weights.
func (l *lowering) begin(p *plan.Plan) {
	for i, t := range l.spec.Inputs {
		in := &tensor{name: l.unique(l.spec.Tensors[t].Name), dims: rowsOf(l.spec.Tensors[t].Shape), doc: docOf(l.spec.Lookups[i])}
		l.inputs = append(l.inputs, in)
		l.values[place{plan.Batch, p.Inputs[i].Off}] = straight(in)
	}
	for _, w := range l.spec.Weights {
		shape := w.Shape
		if len(shape) == 0 {
			shape = []int{1}
		}
		t := &tensor{
			name: w.Layer + "/" + w.Name, dims: fixed(shape...), data: l.weights[w.Offset : w.Offset+w.Size()], from: shape,
		}
		l.values[place{plan.Weights, w.Offset}] = straight(t)
	}
}

// docOf says what an input of text takes.
func docOf(l *lookup.Lookup) string {
	if l == nil {
		return ""
	}
	text, err := json.Marshal(l)
	if err != nil {
		panic(fmt.Sprintf("onnx: %v", err)) // it is texts and numbers
	}
	return "the index of a text, by the lookup " + string(text)
}

// rowsOf is a shape of rows with the batch in front.
func rowsOf(shape []int) []dim { return append([]dim{{1, true}}, fixed(shape...)...) }

// dims are those of an operand, from its shapes for both batches.
func dims(first, second []int) []dim {
	out := make([]dim, len(first))
	for i, n := range first {
		m := second[i]
		switch {
		case n == m:
			out[i] = dim{n: n}
		case n*secondBatch == m*firstBatch:
			out[i] = dim{n / firstBatch, true}
		default:
			panic(fmt.Sprintf("onnx: shapes %v and %v for %d and %d rows", first, second, firstBatch, secondBatch))
		}
	}
	return out
}

// An instr is an instruction with its operands.
type instr struct {
	*plan.Instr
	in  []value
	out []dim
}

func (l *lowering) lower(first, second *plan.Instr) error {
	row, ok := table[first.Code]
	if first.Code != second.Code {
		panic("onnx: the instructions depend on the batch")
	}
	if l.layer = first.Layer; !ok {
		return fmt.Errorf("layer %q has no form in ONNX: it computes %s", first.Layer, first.Code)
	}
	in := instr{Instr: first, out: dims(first.Shapes[len(first.In)], second.Shapes[len(first.In)])}
	for i, r := range first.In {
		v, ok := l.values[place{r.Space, r.Off}]
		if !ok {
			panic(fmt.Sprintf("onnx: layer %q: nothing is at %v", first.Layer, r))
		}
		in.in = append(in.in, l.reshaped(v, dims(first.Shapes[i], second.Shapes[i])))
	}
	out := row(l, in)
	if !slices.Equal(out.shape, in.out) {
		panic(fmt.Sprintf("onnx: layer %q: %s makes %v, the plan has %v", first.Layer, first.Code, out.shape, in.out))
	}
	l.values[place{first.Out.Space, first.Out.Off}] = out
	return nil
}

// unique is a name that nothing else has.
func (l *lowering) unique(name string) string {
	out := name
	for i := 1; l.names[out]; i++ {
		out = fmt.Sprintf("%s_%d", name, i)
	}
	l.names[out] = true
	return out
}

// add adds a node with one result of some dimensions. Inputs may be nil at the end or in between, where they are optional.
func (l *lowering) add(op string, dims []dim, in ...*tensor) *node {
	name := op
	if l.layer != "" {
		name = l.layer + "/" + op
	}
	n := &node{op: op, name: l.unique(name), in: in}
	n.out = &tensor{name: n.name, dims: dims, maker: n}
	n.outs = []*tensor{n.out}
	l.nodes = append(l.nodes, n)
	return n
}

// node is the result of a node without arguments.
func (l *lowering) node(op string, dims []dim, in ...*tensor) *tensor {
	return l.add(op, dims, in...).out
}

// wholeNode adds a node whose result is int64.
func (l *lowering) wholeNode(op string, dims []dim, in ...*tensor) *node {
	n := l.add(op, dims, in...)
	n.out.whole = true
	return n
}

// whole64 is an int64 array.
func (l *lowering) whole64(numbers ...int64) *tensor {
	key := fmt.Sprint(numbers)
	if l.whole64s[key] == nil {
		l.whole64s[key] = &tensor{name: "numbers", dims: fixed(len(numbers)), whole: true, numbers: numbers}
	}
	return l.whole64s[key]
}

// float is a single number, of no dimensions.
func (l *lowering) float(v float32) *tensor {
	if l.floats[v] == nil || v != v {
		l.floats[v] = &tensor{name: "number", data: []float32{v}, from: []int{}}
	}
	return l.floats[v]
}

// array is a constant array.
func (l *lowering) array(values []float32, sizes ...int) *tensor {
	name := "values"
	if l.layer != "" {
		name = l.layer + "/values"
	}
	return &tensor{name: name, dims: fixed(sizes...), data: values, from: sizes}
}

// finish gives the outputs their names and leaves out what nothing needs.
func (l *lowering) finish(p *plan.Plan) *Model {
	l.layer = ""
	m := &Model{graphOf{name: l.spec.Name, inputs: l.inputs}}
	if m.graph.name == "" {
		m.graph.name = "model"
	}
	for i, r := range p.Outputs {
		v := l.reshaped(l.values[place{r.Space, r.Off}], rowsOf(l.spec.OutputShapes()[i]))
		t := l.plain(v)
		if t.maker == nil || slices.Contains(m.graph.outputs, t) {
			t = l.node("Identity", t.dims, t)
		}
		m.graph.outputs = append(m.graph.outputs, t)
	}
	for i, name := range l.spec.OutputNames() {
		m.graph.outputs[i].name = l.unique(name)
	}
	m.graph.nodes, m.graph.constants = l.needed(m.graph.outputs)
	return m
}

// needed are the nodes that results need, in their order, and the constants that these read, each under a name of its own.
func (l *lowering) needed(results []*tensor) (nodes []*node, constants []*tensor) {
	read, made := map[*tensor]bool{}, map[*node]bool{}
	for _, t := range results {
		made[t.maker] = true
	}
	for i := len(l.nodes) - 1; i >= 0; i-- {
		n := l.nodes[i]
		if !made[n] {
			continue
		}
		nodes = append(nodes, n)
		for _, t := range l.reads(n) {
			if t.maker != nil {
				made[t.maker] = true
			} else if t.constant() && !read[t] {
				read[t] = true
				constants = append(constants, t)
			}
		}
	}
	slices.Reverse(nodes)
	slices.Reverse(constants)
	for _, t := range constants {
		t.name = l.unique(t.name)
	}
	return nodes, constants
}

// reads are the tensors that a node reads, those of the nodes in a graph inside it too.
func (l *lowering) reads(n *node) []*tensor {
	var all []*tensor
	for _, t := range n.in {
		if t != nil {
			all = append(all, t)
		}
	}
	for _, a := range n.attrs {
		if g, ok := a.value.(*graphOf); ok {
			for _, in := range g.nodes {
				all = append(all, l.reads(in)...)
			}
		}
	}
	return all
}
