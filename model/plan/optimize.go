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
	// CodeAccumulate adds gradients, Out, to those of steps before, Side, or makes them the mean of all; Attr is an AccumulateAttr.
	CodeAccumulate = "accumulate"
	// CodeClip bounds the gradients, Out; Attr is a ClipAttr.
	CodeClip = "clip"
	// CodeBegin fills a slot, Out, with weights, In, before the first step.
	CodeBegin = "begin"
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

// An AccumulateAttr is the number of steps whose gradients make one of the rule.
type AccumulateAttr struct{ Steps int64 }

// A ClipAttr is how gradients are bounded, and the lengths of the arrays that they consist of.
type ClipAttr struct {
	Clip  optimizer.Clip
	Sizes []int
}

// A DecayAttr is an optimizer's weight_decay.
type DecayAttr struct{ Rate float64 }

// An UpdateAttr is the rule of an optimizer, with the shape of the weights where the rule looks at a whole array of them; nil: each weight is on its own.
type UpdateAttr struct {
	Rule  optimizer.Rule
	Shape []int
}

// String is the rule's kind with its numbers, and the shape.
func (a UpdateAttr) String() string {
	text := fmt.Sprintf("%s%+v", a.Rule.Kind(), a.Rule)
	if a.Shape != nil {
		text += " of " + shapeText(a.Shape)
	}
	return "{" + text + "}"
}

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
	instrs := slices.Concat(accumulateRange(total, opt, 0, total), clipInstrs(opt, spec, total))
	if opt.ByArray() {
		instrs = append(instrs, slices.Concat(updateArrays(spec, total, opt)...)...)
	} else {
		instrs = append(instrs, updateRange(runs, total, opt, 0, total)...)
	}
	instrs = append(instrs, constrainInstrs(spec)...)
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

// holds says whether there are steps whose gradients are added up only. What follows from gradients is held in them: clipping, weight decay and the rule.
// Averages and constraints of weights are not.
func holds(opt *optimizer.Optimizer) bool { return opt.Accumulation > 0 }

// clipInstrs bound all gradients at once; none where the optimizer does not.
func clipInstrs(opt *optimizer.Optimizer, spec *keras.Spec, total int) []Instr {
	if opt.Clip.Kind == "" {
		return nil
	}
	return []Instr{{Code: CodeClip, Attr: ClipAttr{opt.Clip, trainableSizes(spec)}, Out: Ref{Grads, 0, total}, Held: holds(opt)}}
}

// accumulateRange adds up the gradients of the trainable elements from..to; none where every step is one of the rule.
func accumulateRange(total int, opt *optimizer.Optimizer, from, to int) []Instr {
	if !holds(opt) || from == to {
		return nil
	}
	return []Instr{{
		Code: CodeAccumulate, Attr: AccumulateAttr{opt.Accumulation}, Out: Ref{Grads, from, to - from},
		Side: []Ref{{Slots, (opt.Slots()-1)*total + from, to - from}},
	}}
}

// updateRange makes the step of an optimizer that takes each weight on its own, for the trainable elements from..to, but for what is done with gradients before.
func updateRange(runs []Run, total int, opt *optimizer.Optimizer, from, to int) (instrs []Instr) {
	at, _ := slices.BinarySearchFunc(runs, from+1, func(r Run, at int) int { return cmp.Compare(r.Compact+r.Len, at) })
	for _, r := range runs[at:] {
		first, last := max(from, r.Compact), min(to, r.Compact+r.Len)
		if first >= last {
			break
		}
		instrs = append(instrs, updateInstrs(opt, opt.Rule, opt.WeightDecay, nil, Run{r.Weight + first - r.Compact, first, last - first}, total)...)
	}
	return instrs
}

// updateArrays makes the step of an optimizer that looks at whole arrays, each on its own.
func updateArrays(spec *keras.Spec, total int, opt *optimizer.Optimizer) (arrays [][]Instr) {
	at := 0
	for _, l := range spec.Layers {
		for _, w := range l.Weights {
			if !graph.Trainable(l, w) || w.Size() == 0 {
				continue
			}
			rule, decay := opt.Of(l.Path(w), w.Shape)
			shape := w.Shape
			if len(shape) == 0 {
				shape = []int{1} // a number is an array too, where nil says that each weight is on its own
			}
			arrays = append(arrays, updateInstrs(opt, rule, decay, shape, Run{w.Offset, at, w.Size()}, total))
			at += w.Size()
		}
	}
	return arrays
}

// updateInstrs make the step of a rule for some weights, with the shape of their array where they are one.
func updateInstrs(opt *optimizer.Optimizer, rule optimizer.Rule, decay float64, shape []int, of Run, total int) (instrs []Instr) {
	weights := Ref{Weights, of.Weight, of.Len}
	slot := func(i int) Ref { return Ref{Slots, i*total + of.Compact, of.Len} }
	if opt.StartsAsWeights() {
		instrs = append(instrs, Instr{Code: CodeBegin, In: []Ref{weights}, Out: slot(0)})
	}
	if decay != 0 {
		instrs = append(instrs, Instr{Code: CodeDecay, Attr: DecayAttr{decay}, Out: weights, Held: holds(opt)})
	}
	update := Instr{Code: CodeUpdate, Attr: UpdateAttr{rule, shape}, In: []Ref{{Grads, of.Compact, of.Len}}, Out: weights, Held: holds(opt)}
	for i := range rule.Slots() {
		update.Side = append(update.Side, slot(i))
	}
	instrs = append(instrs, update)
	if opt.Averaging != nil {
		instrs = append(instrs, Instr{
			Code: CodeAverage, Attr: AverageAttr{opt.Averaging.Momentum}, Out: weights, Side: []Ref{slot(opt.Rule.Slots())},
		})
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
