package graph

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sectionNodes is the number of nodes from which on a graph goes on in a new section. The largest of Keras' applications have
// few sections, most networks have one.
const sectionNodes = 1024

// sections are the expression graphs that the graph of a model consists of, in the order of the model's calls. Gorgonia finds a
// new node by looking through all nodes of its expression graph, so the time for one of a whole network would grow with the square
// of the number of layers; a section has a bounded number of layers.
//
// A node is read in another section by a stand-in, an input node in its place. Only this file sees stand-ins: operations are
// applied to, and differentiated with, the nodes that they stand for.
//
// Sections are differentiated from the last to the first. The gradients of the nodes that a section reads of earlier ones are the
// gradients that those begin with, and the first terms of sums there: the sums are the same, in the same order, as in one section.
type sections struct {
	limit int
	all   []*section
	index map[*gorgonia.ExprGraph]int
	// at is the section in which nodes are made.
	at      int
	origins map[*gorgonia.Node]*gorgonia.Node // of stand-ins
}

type section struct {
	expr     *gorgonia.ExprGraph
	standIns map[*gorgonia.Node]*gorgonia.Node // of nodes of other sections
	// forward is the number of nodes without those that differentiation made.
	forward int
}

func newSections(limit int) *sections {
	if limit == 0 {
		limit = sectionNodes
	}
	s := &sections{limit: limit, index: map[*gorgonia.ExprGraph]int{}, origins: map[*gorgonia.Node]*gorgonia.Node{}}
	s.begin()
	return s
}

func (s *sections) begin() {
	s.at = len(s.all)
	sec := &section{expr: gorgonia.NewGraph(), standIns: map[*gorgonia.Node]*gorgonia.Node{}, forward: math.MaxInt}
	s.all = append(s.all, sec)
	s.index[sec.expr] = s.at
}

// turn begins a new section where the last one is large enough.
func (s *sections) turn() {
	if len(s.all[s.at].expr.AllNodes()) >= s.limit {
		s.begin()
	}
}

// input makes an input node. Gorgonia takes inputs of one name for one node.
func (s *sections) input(name string, shape tensor.Shape) *gorgonia.Node {
	if shape.IsScalar() {
		return gorgonia.NewScalar(s.all[s.at].expr, gorgonia.Float32, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(s.all[s.at].expr, gorgonia.Float32, shape.Dims(), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

// origin is the node that a stand-in stands for; any other node is its own.
func (s *sections) origin(n *gorgonia.Node) *gorgonia.Node {
	if o, ok := s.origins[n]; ok {
		return o
	}
	return n
}

// here is a node in the present section: itself or its stand-in.
func (s *sections) here(n *gorgonia.Node) *gorgonia.Node {
	sec := s.all[s.at]
	if n.Graph() == sec.expr {
		return n
	}
	if in := sec.standIns[n]; in != nil {
		return in
	}
	in := s.input(fmt.Sprintf("stand-in %d", len(sec.standIns)), n.Shape())
	sec.standIns[n], s.origins[in] = in, n
	return in
}

// allHere are nodes in the present section; nil stays nil.
func (s *sections) allHere(nodes gorgonia.Nodes) gorgonia.Nodes {
	here := make(gorgonia.Nodes, len(nodes))
	for i, n := range nodes {
		if n != nil {
			here[i] = s.here(n)
		}
	}
	return here
}

// operands are the operands of a node in order.
func (s *sections) operands(n *gorgonia.Node) gorgonia.Nodes {
	return s.allOrigins(children(n))
}

func (s *sections) allOrigins(nodes gorgonia.Nodes) gorgonia.Nodes {
	origins := make(gorgonia.Nodes, len(nodes))
	for i, n := range nodes {
		origins[i] = s.origin(n)
	}
	return origins
}

// children are the operands of a node as its section has them.
func children(n *gorgonia.Node) gorgonia.Nodes {
	var nodes gorgonia.Nodes
	for it := n.Graph().From(n.ID()); it.Next(); {
		nodes = append(nodes, it.Node().(*gorgonia.Node))
	}
	return nodes
}

// compare orders nodes as they were made.
func (s *sections) compare(a, b *gorgonia.Node) int {
	return cmp.Or(cmp.Compare(s.rank(a), s.rank(b)), cmp.Compare(a.ID(), b.ID()))
}

func (s *sections) rank(n *gorgonia.Node) int {
	at := s.index[n.Graph()]
	if int(n.ID()) < s.all[at].forward {
		return at
	}
	return 2*len(s.all) - 1 - at
}

// differentiate gives the gradients of total with respect to input nodes. One that total does not depend on by a way that has
// gradients has none.
func (s *sections) differentiate(total *gorgonia.Node, inputs map[*gorgonia.Node]bool) (map[*gorgonia.Node]*gorgonia.Node, error) {
	for _, sec := range s.all {
		sec.forward = len(sec.expr.AllNodes())
	}
	varying := s.varying(inputs)
	grads := map[*gorgonia.Node]*gorgonia.Node{total: total.Graph().AddNode(gorgonia.NewConstant(float32(1)))}
	for s.at = len(s.all) - 1; ; s.at-- {
		outputs, in := s.active(varying, grads)
		if len(in) > 0 {
			var outputGrads gorgonia.Nodes
			for _, n := range outputs {
				outputGrads = append(outputGrads, s.here(grads[s.origin(n)]))
			}
			inGrads, err := gorgonia.Backpropagate(outputs, outputGrads, in)
			if err != nil {
				return nil, err
			}
			for i, n := range in {
				grads[s.origin(n)] = s.origin(inGrads[i])
			}
		}
		if s.at == 0 { // where nodes are made from now on, which are the last
			return grads, nil
		}
	}
}

// varying are the nodes that depend on inputs by a way that has gradients.
func (s *sections) varying(inputs map[*gorgonia.Node]bool) map[*gorgonia.Node]bool {
	varying := map[*gorgonia.Node]bool{}
	for _, sec := range s.all {
		for _, n := range sec.expr.AllNodes() {
			op, ok := n.Op().(*Op)
			if !ok {
				if o := s.origin(n); inputs[o] || varying[o] {
					varying[n] = true
				}
				continue
			}
			in := children(n)
			for i, has := range op.DiffWRT(len(in)) {
				if has && varying[in[i]] {
					varying[n] = true
				}
			}
		}
	}
	return varying
}

// active are the nodes of the present section whose gradients are known, with those to be found: of the inputs, stand-ins among
// them, that vary and that the former depend on by a way that has gradients. A stand-in whose gradient is known from later
// sections is both.
func (s *sections) active(varying map[*gorgonia.Node]bool, grads map[*gorgonia.Node]*gorgonia.Node) (outputs, in gorgonia.Nodes) {
	sec := s.all[s.at]
	read := map[*gorgonia.Node]bool{} // by nodes that have gradients
	for _, n := range slices.Backward(sec.expr.AllNodes()[:sec.forward]) {
		o := s.origin(n)
		known := grads[o] != nil
		if !varying[n] || !read[n] && (!known || o != n) {
			continue
		}
		if known {
			outputs = append(outputs, n)
		}
		op, ok := n.Op().(*Op)
		if !ok {
			in = append(in, n)
			continue
		}
		operands := children(n)
		for i, has := range op.DiffWRT(len(operands)) {
			if has {
				read[operands[i]] = true
			}
		}
	}
	return outputs, in
}
