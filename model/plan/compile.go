package plan

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/optimizer"
	"gorgonia.org/gorgonia"
)

// Compile lowers a graph for a device. opt makes the step of a training graph; without it the plan ends at the
// gradients.
func Compile(g *graph.Graph, dev Device, opt *optimizer.Optimizer) (*Plan, error) {
	c := &compiler{
		dev: dev, plan: &Plan{Batch: g.Batch},
		values: map[*gorgonia.Node]*value{}, sides: map[*gorgonia.Node][]*value{},
	}
	c.inputs(g)
	if err := c.schedule(g); err != nil {
		return nil, err
	}
	c.roots(g)
	c.order(g)
	c.lifetimes()
	c.assign()
	if err := c.emit(); err != nil {
		return nil, err
	}
	if g.Training {
		if err := c.optimize(g.Spec, opt); err != nil {
			return nil, err
		}
	}
	c.finish(g)
	if g.Slices == 1 {
		c.plan.Once = len(c.plan.Instrs)
	}
	return c.plan, nil
}

// A compiler holds what the passes of Compile share.
type compiler struct {
	dev    Device
	plan   *Plan
	values map[*gorgonia.Node]*value
	sides  map[*gorgonia.Node][]*value // side results per node
	steps  []*step                     // in the order of execution
	grads  []*value                    // the gradients of weights
	met    []*value                    // what the slice tells the others
	blocks []*block
}

// A value is an array that instructions read or write: an input, an output or a side result.
type value struct {
	len   int
	ref   Ref    // its place when it has no block
	block *block // its range of Work, shared with values that it overwrites
	last  int    // the last step that reads it
	keep  bool   // it is read after the last step
	stage int    // of the step that makes it
	own   *value // for the values of all slices: that of this one
}

// A step is an operation of the graph that becomes an instruction.
type step struct {
	node    *gorgonia.Node
	code    string
	attr    any
	layer   string
	in      []*value
	out     *value
	side    []*value
	shapes  [][]int // of in, then of out
	inPlace []int   // inputs that the output may overwrite
	sideIn  []int   // inputs that side results may overwrite
	scratch *block
	stage   int
}

// results are the side results and the output.
func (s *step) results() []*value { return append(slices.Clone(s.side), s.out) }

// inputs gives places to what is filled from outside.
func (c *compiler) inputs(g *graph.Graph) {
	for i, n := range g.Weights {
		if n != nil {
			w := g.Spec.Weights[i]
			c.values[n] = &value{len: w.Size(), ref: Ref{Weights, w.Offset, w.Size()}}
		}
	}
	batch := func(nodes []*gorgonia.Node) []Ref {
		refs := make([]Ref, len(nodes))
		for i, n := range nodes {
			size := n.Shape().TotalSize()
			refs[i] = Ref{Batch, c.plan.Sizes[Batch], size}
			c.plan.Sizes[Batch] = aligned(c.plan.Sizes[Batch] + size)
			c.values[n] = &value{len: size, ref: refs[i]}
		}
		return refs
	}
	c.plan.Inputs, c.plan.Labels, c.plan.Scales = batch(g.Inputs), batch(g.Labels), batch(g.Scales)
}

// schedule makes the steps that the roots need, in the order in which their nodes were made, operands first.
func (c *compiler) schedule(g *graph.Graph) error {
	needed := map[*gorgonia.Node]bool{}
	pending := rootNodes(g)
	for len(pending) > 0 {
		n := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if !needed[n] {
			needed[n] = true
			pending = append(pending, g.Operands(n)...)
		}
	}
	nodes := make([]*gorgonia.Node, 0, len(needed))
	for n := range needed {
		if c.values[n] == nil {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, g.Compare)
	for _, n := range nodes {
		if err := c.visit(g, n); err != nil {
			return err
		}
	}
	return nil
}

// rootNodes are the nodes that a plan is made for.
func rootNodes(g *graph.Graph) []*gorgonia.Node {
	if !g.Training {
		nodes := slices.Concat(g.Outputs, g.RowLosses, g.RowPenalties)
		for _, mask := range g.Masks {
			if mask != nil {
				nodes = append(nodes, mask)
			}
		}
		for _, metrics := range g.RowMetrics {
			nodes = append(nodes, metrics...)
		}
		return nodes
	}
	var nodes []*gorgonia.Node
	for _, w := range append(slices.Clone(g.Grads), g.Updates...) {
		nodes = append(nodes, w.Node)
	}
	return nodes
}

// visit makes the step of a node, or lets it share the value of its operand.
func (c *compiler) visit(g *graph.Graph, n *gorgonia.Node) error {
	code, op, ok := graph.CodeOf(n)
	if !ok {
		return fmt.Errorf("plan: node %v: no opcode for operation %v", n, n.Op())
	}
	s := &step{node: n, code: code}
	children := g.Operands(n)
	for _, child := range children {
		v := c.values[child]
		if v == nil {
			panic(fmt.Sprintf("plan: node %v comes before its operand %v", n, child))
		}
		s.in = append(s.in, v)
		s.shapes = append(s.shapes, child.Shape())
	}
	s.shapes = append(s.shapes, n.Shape())
	switch code {
	case graph.CodeReshape:
		c.values[n] = s.in[0]
		return nil
	case graph.CodeMeet:
		c.values[n] = c.meet(s.in[0], n.Shape().TotalSize())
		return nil
	case graph.CodeSide:
		c.values[n] = c.sides[children[0]][op.Attr.(graph.SideAttr).Index]
		return nil
	}
	s.out = &value{len: n.Shape().TotalSize()}
	switch {
	case op == nil: // Gorgonia's sum, the only foreign operation
		s.inPlace = []int{0, 1}
	case op.InPlace >= 0:
		s.inPlace = []int{op.InPlace}
	}
	if op != nil {
		s.attr, s.layer, s.sideIn = op.Attr, op.Layer, op.SideInPlace
		for _, size := range op.Side {
			s.side = append(s.side, &value{len: size})
		}
	}
	c.values[n], c.sides[n] = s.out, s.side
	c.steps = append(c.steps, s)
	return nil
}
