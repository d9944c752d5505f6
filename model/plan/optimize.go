package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/optimizer"
)

// The opcodes of an optimizer's step, in the order of the step, and that of copies; all others are those of package graph. What
// changes from step to step is in Step.Scalars.
const (
	// CodeClip bounds the gradients, Out; Attr is a ClipAttr.
	CodeClip = "clip"
	// CodeDecay shrinks weights, Out; Attr is a DecayAttr.
	CodeDecay = "decay"
	// CodeUpdate changes weights, Out, by their gradients, In; Side are the slots of the rule. Attr is an UpdateAttr.
	CodeUpdate = "update"
	// CodeAverage takes weights, Out, into their average, Side; Attr is an AverageAttr.
	CodeAverage = "average"
	// CodeConstrain changes a weight, Out, as Attr says, a ConstrainAttr.
	CodeConstrain = "constrain"
	// CodeCopy copies In to Out.
	CodeCopy = "copy"
)

// A ClipAttr is how gradients are bounded, and the lengths of the arrays that they consist of.
type ClipAttr struct {
	Clip  optimizer.Clip
	Sizes []int
}

// A DecayAttr is an optimizer's weight_decay.
type DecayAttr struct{ Rate float64 }

// An UpdateAttr is the rule of an optimizer.
type UpdateAttr struct{ Rule optimizer.Rule }

// String is the rule's kind with its numbers.
func (a UpdateAttr) String() string { return fmt.Sprintf("{%s%+v}", a.Rule.Kind(), a.Rule) }

// An AverageAttr is the share of an average that stays with every step.
type AverageAttr struct{ Momentum float64 }

// A ConstrainAttr is the constraint of a weight of a shape: see keras.Constraint. Axes are counted from the front.
type ConstrainAttr struct {
	NonNegative    bool
	Min, Max, Rate float64
	Axes, Shape    []int
}

// optimize appends the optimizer's step for all weights. Scratch memory of its instructions is the whole of Work, whose values nobody reads any
// more.
func (c *compiler) optimize(spec *keras.Spec, opt *optimizer.Optimizer) error {
	runs, total := TrainableRuns(spec)
	c.plan.Sizes[Grads] = total
	if opt == nil {
		return nil
	}
	c.plan.Sizes[Slots] = opt.Slots() * total
	instrs := slices.Concat(clipInstrs(opt, spec, total), updateRange(runs, total, opt, 0, total), constrainInstrs(spec))
	for i := range instrs {
		n, err := c.dev.Scratch(&instrs[i])
		if err != nil {
			return err
		}
		if n > 0 {
			instrs[i].Scratch = Ref{Work, 0, n}
			c.plan.Sizes[Work] = max(c.plan.Sizes[Work], aligned(n))
		}
	}
	c.plan.Instrs = append(c.plan.Instrs, instrs...)
	return nil
}

// clipInstrs bound all gradients at once; none where the optimizer does not.
func clipInstrs(opt *optimizer.Optimizer, spec *keras.Spec, total int) []Instr {
	if opt.Clip.Kind == "" {
		return nil
	}
	return []Instr{{Code: CodeClip, Attr: ClipAttr{opt.Clip, trainableSizes(spec)}, Out: Ref{Grads, 0, total}}}
}

// updateRange makes the optimizer's step for the trainable elements from..to, but for the clipping.
func updateRange(runs []Run, total int, opt *optimizer.Optimizer, from, to int) (instrs []Instr) {
	at, _ := slices.BinarySearchFunc(runs, from+1, func(r Run, at int) int { return cmp.Compare(r.Compact+r.Len, at) })
	for _, r := range runs[at:] {
		first, last := max(from, r.Compact), min(to, r.Compact+r.Len)
		if first >= last {
			break
		}
		n := last - first
		weights := Ref{Weights, r.Weight + first - r.Compact, n}
		slot := func(i int) Ref { return Ref{Slots, i*total + first, n} }
		if opt.WeightDecay != 0 {
			instrs = append(instrs, Instr{Code: CodeDecay, Attr: DecayAttr{opt.WeightDecay}, Out: weights})
		}
		update := Instr{Code: CodeUpdate, Attr: UpdateAttr{opt.Rule}, In: []Ref{{Grads, first, n}}, Out: weights}
		for i := range opt.Rule.Slots() {
			update.Side = append(update.Side, slot(i))
		}
		instrs = append(instrs, update)
		if opt.Averaging != nil {
			instrs = append(instrs, Instr{
				Code: CodeAverage, Attr: AverageAttr{opt.Averaging.Momentum}, Out: weights, Side: []Ref{slot(opt.Rule.Slots())},
			})
		}
	}
	return instrs
}

// constrainInstrs apply the constraints of weights.
func constrainInstrs(spec *keras.Spec) (instrs []Instr) {
	for _, l := range spec.Layers {
		for _, w := range l.Weights {
			if w.Constraint == nil || !graph.Trainable(l, w) {
				continue
			}
			instrs = append(instrs, Instr{
				Code: CodeConstrain, Attr: constrainAttr(w.Constraint, w.Shape), Out: Ref{Weights, w.Offset, w.Size()},
			})
		}
	}
	return instrs
}

func constrainAttr(c *keras.Constraint, shape []int) ConstrainAttr {
	a := ConstrainAttr{NonNegative: c.NonNegative, Min: c.Min, Max: c.Max, Rate: c.Rate, Shape: shape}
	if c.NonNegative {
		return a
	}
	var err error
	if a.Axes, err = c.AxesOf(shape); err != nil {
		panic("plan: " + err.Error()) // the reader checked it
	}
	return a
}
