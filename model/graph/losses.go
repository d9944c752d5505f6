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
// take. Of an output of several dimensions every step has a loss, the loss of what its last dimension holds; that of the row is their mean, and
// where the steps have a mask, see lossOfCounted.
func LabelShape(spec *keras.Spec, i int, l *loss.Loss) ([]int, error) {
	t, masked := spec.Tensors[spec.Outputs[i]], spec.Masks[i] >= 0
	fail := func(format string, args ...any) ([]int, error) {
		return nil, fmt.Errorf("output %d (%s): %s", i, t.Name, fmt.Sprintf(format, args...))
	}
	switch {
	case l.FirstAxis && len(t.Shape) > 1:
		return fail("axis 1 of the loss %s is not the last one of rows of shape %v; it is computed over the last alone (axis=-1)", l, t.Shape)
	case l.Labels == loss.Sequences && len(t.Shape) != 2:
		return fail("the loss %s needs rows of frames and classes, found shape %v", l, t.Shape)
	case l.Labels == loss.Sequences && masked:
		return fail("its frames have a mask, which Keras cannot bring together with the loss %s", l)
	case l.Labels == loss.Sequences:
		return t.Shape[:1], nil
	case l.Labels == loss.ClassNumbers && len(t.Shape) != 1:
		return fail("the loss %s needs rows of one dimension, found shape %v", l, t.Shape)
	case l.Labels == loss.ClassNumbers:
		return []int{1}, nil
	case len(t.Shape) > 1 && l.Program != nil:
		return fail("a loss of your own needs rows of one dimension, found shape %v", t.Shape)
	case len(t.Shape) > 2 && masked && !l.WholeBatch:
		return fail("its %d steps have a mask, and each has a loss for every place of %v, which Keras cannot bring together", t.Shape[0], t.Shape[1:len(t.Shape)-1])
	case len(t.Shape) > 1 && l.Ignore.On:
		return fail("ignore_class is supported for outputs of one dimension, found shape %v", t.Shape)
	}
	return t.Shape, nil
}

// losses builds labels, scales and the loss per row of every output, and returns the total loss.
func (b *builder) losses() (*gorgonia.Node, error) {
	var terms gorgonia.Nodes
	for i, l := range b.o.Losses {
		p, mask := b.g.Outputs[i], b.outputMask(i)
		shape, err := LabelShape(b.spec, i, l)
		if err != nil {
			return nil, err
		}
		y := b.input(fmt.Sprintf("labels %d", i), withBatch(b.o.Batch, shape))
		scale := b.input(fmt.Sprintf("scale %d", i), tensor.Shape{b.o.Batch})
		rows := b.loss(l, p, y, mask)
		b.g.Labels = append(b.g.Labels, y)
		b.g.Scales = append(b.g.Scales, scale)
		b.g.RowLosses = append(b.g.RowLosses, rows)
		b.g.Masks = append(b.g.Masks, mask)
		terms = append(terms, rows, scale)
		if b.o.Metrics != nil {
			var metrics []*gorgonia.Node
			for _, m := range b.o.Metrics[i] {
				metrics = append(metrics, b.loss(m, p, y, mask))
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

// outputMask is the mask of output i of a model, B x T; nil where all steps count.
func (b *builder) outputMask(i int) *gorgonia.Node {
	if mask := b.spec.Masks[i]; mask >= 0 && b.g.Outputs[i].Dims() > 2 {
		return b.tensors[mask]
	}
	return nil
}

// loss is the loss per row of output p, from its logits where both have them; see lossOfCounted for one whose steps have a mask.
func (b *builder) loss(l *loss.Loss, p, y, mask *gorgonia.Node) *gorgonia.Node {
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
	if mask != nil && !l.WholeBatch {
		return b.lossOfCounted(losses, mask)
	}
	if attr.Rows == whole[0] {
		return losses
	}
	steps := attr.Rows / whole[0]
	sum := b.sumTo(b.reshape(losses, tensor.Shape{whole[0], steps}), tensor.Shape{whole[0], 1})
	return b.reshape(b.scale(1/float64(steps), 0, sum), tensor.Shape{whole[0]})
}

// lossOfCounted is the loss per row from the losses of its steps, which have a mask, B x T. The loss of a batch is the mean of the steps that
// count in all of its rows, 0 where none does. So in training that of a row is the sum of its own, times the batch's rows, divided by
// the steps that count in the batch, of which the slices tell each other. Otherwise every step has its loss, for whoever adds up those
// of several batches.
//
// Source: keras/src/losses/loss.py, apply_mask and reduce_weighted_values.
func (b *builder) lossOfCounted(losses, mask *gorgonia.Node) *gorgonia.Node {
	if !b.o.Training {
		return losses
	}
	sums, one := tensor.Shape{b.o.Batch, 1}, tensor.Shape{1}
	own := b.reshape(b.sumTo(mask, tensor.Shape{1, 1}), one)
	all := b.sumTo(b.meet(own), one)
	share := b.divide(b.fill(float64(b.whole()), all), b.extremum(false, all, b.fill(1, all)))
	sum := b.sumTo(b.maskRows(b.reshape(losses, mask.Shape()), mask), sums)
	return b.reshape(b.multiply(sum, b.broadcast(share, sums)), tensor.Shape{b.o.Batch})
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
