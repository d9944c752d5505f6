package graph

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Options say which graph of a model to build.
type Options struct {
	// Batch is B, at least 1.
	Batch int
	// Whole is the number of rows of the batch that these B are a slice of: the gradients of all slices add up to those of the
	// batch. 0: B.
	Whole int
	// Slices is the number of slices of the batch where Whole is set; layers that look at all rows of a batch meet so many
	// (CodeMeet). 0: 1.
	Slices int
	// Training turns on dropout, batch statistics and gradients.
	Training bool
	// Losses has one loss per output of the model; nil: the graph ends at the outputs.
	Losses []*loss.Loss
	// Metrics has, per output, losses to compute as metrics; nil: none.
	Metrics [][]*loss.Loss
	// SectionNodes is the number of nodes from which on the graph goes on in another of Gorgonia's expression graphs; 0: a number
	// that keeps the time to build a graph proportional to its size.
	SectionNodes int
	// Evaluator lets Gorgonia's machines run the graph, where it is one expression graph; nil: only a plan can run it.
	Evaluator Evaluator
}

// A Graph is a model as an expression graph. Slices are in the order of Spec.Inputs, Spec.Outputs and Spec.Weights.
type Graph struct {
	Spec     *keras.Spec
	Batch    int
	Slices   int // at least 1
	Training bool

	sections *sections

	// Inputs are the model's inputs, B x shape.
	Inputs []*gorgonia.Node
	// Labels are the labels per output, B x LabelShape: B x K where they are like the output; nil without losses.
	Labels []*gorgonia.Node
	// Scales say what each row counts in the total loss, B per output; nil without losses. The total is
	// Σ_outputs Σ_rows scale·loss, so a plain mean has scale 1/B.
	Scales []*gorgonia.Node
	// Weights are the model's weights; nil for one that the graph does not use.
	Weights []*gorgonia.Node

	// Outputs are the model's outputs, B x shape.
	Outputs []*gorgonia.Node
	// Masks are those of the outputs, B x T, nil for one whose steps all count; nil without losses.
	Masks []*gorgonia.Node
	// RowLosses are the losses per output, B each; nil without losses. Where an output has a mask, and unless training, they are those of its
	// steps, B·T.
	RowLosses []*gorgonia.Node
	// RowMetrics are the losses asked for as metrics, per output, like RowLosses; nil without.
	RowMetrics [][]*gorgonia.Node
	// RowPenalties are penalties of layers' results, B each, whose mean over the rows belongs to the loss; nil without losses.
	RowPenalties []*gorgonia.Node
	// Grads are the gradients of the total loss, penalties included; empty unless training.
	Grads []WeightNode
	// Updates are new values of weights that training sets directly (moving statistics); empty unless training.
	Updates []WeightNode
}

// A WeightNode is a node that belongs to a weight.
type WeightNode struct {
	Weight *keras.Weight
	Node   *gorgonia.Node
}

// Trainable says whether training changes a weight by its gradient.
func Trainable(l *keras.Layer, w *keras.Weight) bool { return l.Trainable && w.Trainable }

// gorgoniaLock makes builds take turns: Gorgonia's constants are package variables that a graph writes to.
var gorgoniaLock sync.Mutex

// Build makes the graph of a model. Errors name the layer or output.
func Build(spec *keras.Spec, o Options) (*Graph, error) {
	if o.Batch < 1 {
		return nil, fmt.Errorf("graph: batch of %d rows, want at least 1", o.Batch)
	}
	if o.Losses != nil && len(o.Losses) != len(spec.Outputs) {
		return nil, fmt.Errorf("graph: %d losses for %d outputs", len(o.Losses), len(spec.Outputs))
	}
	if o.Metrics != nil && len(o.Metrics) != len(o.Losses) {
		return nil, fmt.Errorf("graph: metrics for %d outputs, losses for %d", len(o.Metrics), len(o.Losses))
	}
	if o.Training && o.Losses == nil {
		return nil, errors.New("graph: training needs losses")
	}
	gorgoniaLock.Lock()
	defer gorgoniaLock.Unlock()

	b := newBuilder(spec, o)
	if err := b.layers(); err != nil {
		return nil, err
	}
	if o.Losses == nil {
		return b.g, nil
	}
	total, err := b.losses()
	if err != nil {
		return nil, err
	}
	if o.Training {
		if err := b.gradients(total); err != nil {
			return nil, err
		}
	}
	return b.g, nil
}

// Operands are the operands of a node in order.
func (g *Graph) Operands(n *gorgonia.Node) []*gorgonia.Node { return g.sections.operands(n) }

// Compare orders nodes as they were made, operands first.
func (g *Graph) Compare(a, b *gorgonia.Node) int { return g.sections.compare(a, b) }

// gradients differentiates the total loss with respect to every trainable weight that it depends on.
func (b *builder) gradients(total *gorgonia.Node) error {
	used := b.under(total)
	inputs := map[*gorgonia.Node]bool{}
	for _, l := range b.spec.Layers {
		for _, w := range l.Weights {
			if n := b.weights[w]; used[n] && Trainable(l, w) {
				inputs[n] = true
				b.g.Grads = append(b.g.Grads, WeightNode{Weight: w})
			}
		}
	}
	if len(inputs) == 0 {
		return nil
	}
	grads, err := b.g.sections.differentiate(total, inputs)
	if err != nil {
		return fmt.Errorf("graph: differentiating the loss of model %q: %w", b.spec.Name, err)
	}
	for i, g := range b.g.Grads {
		n := grads[b.weights[g.Weight]]
		if n == nil {
			return fmt.Errorf("graph: differentiating the loss of model %q: it has no gradient with respect to weight %s of layer %q",
				b.spec.Name, g.Weight.Name, g.Weight.Layer)
		}
		b.g.Grads[i].Node = b.weightPenalty(g.Weight, n)
	}
	return nil
}

// under is the set of a node and everything it is computed from.
func (b *builder) under(n *gorgonia.Node) map[*gorgonia.Node]bool {
	seen := map[*gorgonia.Node]bool{}
	pending := []*gorgonia.Node{n}
	for len(pending) > 0 {
		n := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		pending = append(pending, b.g.Operands(n)...)
	}
	return seen
}

// withBatch puts the batch dimension in front of a shape.
func withBatch(batch int, shape []int) tensor.Shape {
	return append(tensor.Shape{batch}, slices.Clone(shape)...)
}
