package graph

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/loss"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of losses.
const (
	// CodeLoss is the loss per row from (predictions or logits, labels); Attr is a LossAttr.
	CodeLoss = "loss"
	// CodeLossGrad is the gradient of the predictions or logits from (them, labels, scale); Attr is a LossAttr.
	CodeLossGrad = "loss.grad"
	// codeTotal is the total loss, the root of differentiation. No device computes it.
	codeTotal = "total"
)

// A LossAttr is how a loss is computed, and the size of the predictions or logits.
type LossAttr struct {
	Form    loss.Form
	Rows, N int
}

// String is the form's kind with its numbers, and the size.
func (a LossAttr) String() string {
	return fmt.Sprintf("{%s%+v Rows:%d N:%d}", a.Form.Kind(), a.Form, a.Rows, a.N)
}

// LabelShape is the shape of the labels of a row for output i of a model under a loss. It refuses an output that the loss cannot
// take. Of an output of several dimensions every step has a loss, the loss of what its last dimension holds; that of the row is their mean.
func LabelShape(spec *keras.Spec, i int, l *loss.Loss) ([]int, error) {
	t := spec.Tensors[spec.Outputs[i]]
	fail := func(format string, args ...any) ([]int, error) {
		return nil, fmt.Errorf("output %d (%s): %s", i, t.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case l.Labels == loss.Sequences && len(t.Shape) != 2:
		return fail("the loss %s needs rows of frames and classes, found shape %v", l, t.Shape)
	case l.Labels == loss.Sequences && t.Masked:
		return fail("its frames have a mask, which Keras cannot bring together with the loss %s", l)
	case l.Labels == loss.Sequences:
		return t.Shape[:1], nil
	case l.Labels == loss.ClassNumbers && len(t.Shape) != 1:
		return fail("the loss %s needs rows of one dimension, found shape %v", l, t.Shape)
	case l.Labels == loss.ClassNumbers:
		return []int{1}, nil
	case len(t.Shape) > 1 && l.Program != nil:
		return fail("a loss of your own needs rows of one dimension, found shape %v", t.Shape)
	case len(t.Shape) > 1 && t.Masked:
		return fail("its steps have a mask, and a loss of those that count is not supported; without mask_zero and Masking all steps count")
	case len(t.Shape) > 1 && l.Ignore.On:
		return fail("ignore_class is supported for outputs of one dimension, found shape %v", t.Shape)
	}
	return t.Shape, nil
}

// losses builds labels, scales and the loss per row of every output, and returns the total loss.
func (b *builder) losses() (*gorgonia.Node, error) {
	var terms gorgonia.Nodes
	for i, l := range b.o.Losses {
		p := b.g.Outputs[i]
		shape, err := LabelShape(b.spec, i, l)
		if err != nil {
			return nil, err
		}
		y := b.input(fmt.Sprintf("labels %d", i), withBatch(b.o.Batch, shape))
		scale := b.input(fmt.Sprintf("scale %d", i), tensor.Shape{b.o.Batch})
		rows := b.loss(l, p, y)
		b.g.Labels = append(b.g.Labels, y)
		b.g.Scales = append(b.g.Scales, scale)
		b.g.RowLosses = append(b.g.RowLosses, rows)
		terms = append(terms, rows, scale)
		if b.o.Metrics != nil {
			var metrics []*gorgonia.Node
			for _, m := range b.o.Metrics[i] {
				metrics = append(metrics, b.loss(m, p, y))
			}
			b.g.RowMetrics = append(b.g.RowMetrics, metrics)
		}
	}
	for _, p := range b.penalties {
		terms = append(terms, p, p) // a penalty scales itself (see penalise), so its gradient here is not used
	}
	b.g.RowPenalties = b.penalties
	var total *gorgonia.Node
	for some := range slices.Chunk(terms, 2*termsOfTotal) {
		b.g.sections.turn()
		total = b.total(total, some)
	}
	return total, nil
}

// termsOfTotal is the most terms that one operation adds up: Gorgonia compares its type, which has all of them, as often as it has
// terms.
const termsOfTotal = 64

// total is Σ scale·loss of pairs of a loss and its scale, and of another total where there is one.
func (b *builder) total(other *gorgonia.Node, terms gorgonia.Nodes) *gorgonia.Node {
	diff := make([]bool, len(terms), len(terms)+1)
	for i := 0; i < len(diff); i += 2 {
		diff[i] = true
	}
	// The gradient of Σ scale·loss is the scale itself: the total is the root, so the gradient above it is always 1.
	return b.apply(Op{
		Code: codeTotal, Out: tensor.ScalarShape(), InPlace: -1, diff: append(diff, all(count(other))...),
		grad: func(in gorgonia.Nodes, _, one *gorgonia.Node) gorgonia.Nodes {
			grads := make(gorgonia.Nodes, len(in))
			for i := 0; i < len(terms); i += 2 {
				grads[i] = in[i+1]
			}
			if other != nil {
				grads[len(terms)] = one
			}
			return grads
		},
	}, append(slices.Clone(terms), other)...)
}

// loss is the loss per row of output p, from its logits where both have them.
func (b *builder) loss(l *loss.Loss, p, y *gorgonia.Node) *gorgonia.Node {
	if l.Labels == loss.Sequences {
		return b.ctc(p, y)
	}
	if l.Program != nil {
		return b.program(l.Program, p, y)
	}
	whole := p.Shape()
	attr := LossAttr{Form: l.Output, Rows: whole[0], N: whole[1:].TotalSize()}
	if made := b.made(p); b.logits[made] != nil && l.Logits != nil {
		attr.Form = l.Logits
		if l.SoftmaxLogits != nil && made.Op().(*Op).Code == CodeSoftmax {
			attr.Form = l.SoftmaxLogits
		}
		p = b.logits[made]
	}
	inPlace := 0
	if l.WholeBatch {
		inPlace = -1
	}
	if whole.Dims() > 2 {
		if !l.WholeBatch { // a loss per step, whose mean is that of the row
			attr.Rows, attr.N = rowsOf(whole)
		}
		matrix := tensor.Shape{attr.Rows, attr.N}
		p, y = b.reshape(p, matrix), b.reshape(y, matrix)
	}
	losses := b.lossOfRows(attr, inPlace, p, y)
	if attr.Rows == whole[0] {
		return losses
	}
	steps := attr.Rows / whole[0]
	sum := b.sumTo(b.reshape(losses, tensor.Shape{whole[0], steps}), tensor.Shape{whole[0], 1})
	return b.reshape(b.scale(1/float64(steps), 0, sum), tensor.Shape{whole[0]})
}

func (b *builder) lossOfRows(attr LossAttr, inPlace int, p, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(Op{
		Code: CodeLoss, Attr: attr, Out: tensor.Shape{attr.Rows}, InPlace: -1, diff: []bool{true, false},
		grad: func(in gorgonia.Nodes, _, scale *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{
				b.apply(Op{Code: CodeLossGrad, Attr: attr, Out: in[0].Shape(), InPlace: inPlace}, in[0], in[1], scale), nil,
			}
		},
	}, p, y)
}
