package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
)

// A Call is what a step does several times alike, described for people: one instruction in every slice of the batch, or
// in every part of the weights.
type Call struct {
	Stage     int // counted from 1; a stage begins when the one before has ended
	Count     int // calls in a step; those of one stage may run side by side
	Operation string
	Reads     []string // of the first one
	Writes    []string
	Bytes     int // of the arrays that all of them read and write
	FLOP      int // of matrix products and convolutions, in their direct form; 0 for all others
}

// Calls describes a step. Weights, and gradients and slots of trainable ones, go by layer/name; everything else by its space
// and offset, so that equal offsets of work show reuse.
func (s *Split) Calls(spec *keras.Spec) []Call {
	name := newNames(spec)
	var calls []Call
	for k, stage := range s.Stages {
		for i := range stage[0].Instrs {
			c := name.call(&stage[0].Instrs[i])
			c.Stage = k + 1
			for _, p := range stage[1:] {
				c.add(&p.Instrs[i])
			}
			calls = append(calls, c)
		}
	}
	for k, set := range s.Finish {
		first := map[string]int{} // of the calls of one operation that are shown as one
		for _, p := range set {
			for i := range p.Instrs {
				in := &p.Instrs[i]
				if at, ok := first[in.Code]; ok {
					calls[at].add(in)
					continue
				}
				if in.ofRange() {
					first[in.Code] = len(calls)
				}
				c := name.call(in)
				c.Stage = len(s.Stages) + k + 1
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// ofRange says whether the instruction of a set of Split.Finish is one of many alike, for a range of the weights each.
func (in *Instr) ofRange() bool {
	switch in.Code {
	case graph.CodeAdd, CodeDecay, CodeUpdate, CodeAverage:
		return true
	}
	return false
}

// Values is the length that Work would have if no two values shared a place.
func (s *Split) Values() int {
	n := 0
	for _, p := range s.Stages[0] {
		n += p.Values
	}
	return n
}

// add counts one more call like the first.
func (c *Call) add(in *Instr) {
	c.Count++
	c.Bytes += bytesOf(in)
	c.FLOP += flop(in)
}

const bytesPerFloat = 4

func bytesOf(in *Instr) int {
	n := 0
	for _, r := range slices.Concat(in.In, in.Side, []Ref{in.Out}) {
		n += bytesPerFloat * r.Len
	}
	return n
}

// FLOP are the floating-point operations of all matrix products and convolutions, in their direct form.
func (p *Plan) FLOP() int {
	n := 0
	for i := range p.Instrs {
		n += flop(&p.Instrs[i])
	}
	return n
}

// Traffic are the bytes of the arrays that all instructions read and write.
func (p *Plan) Traffic() int {
	n := 0
	for i := range p.Instrs {
		n += bytesOf(&p.Instrs[i])
	}
	return n
}

func flop(in *Instr) int {
	if a, ok := in.Attr.(interface{ FLOP() int }); ok {
		return a.FLOP()
	}
	return 0
}

// shape is the shape of operand i, nil where it is not known.
func (in *Instr) shape(i int) []int {
	if i < len(in.Shapes) {
		return in.Shapes[i]
	}
	return nil
}

// names finds the weights that places belong to.
type names struct {
	weights []*keras.Weight // by their offsets
	runs    []Run
	total   int
}

func newNames(spec *keras.Spec) names {
	runs, total := TrainableRuns(spec)
	return names{spec.Weights, runs, total}
}

// call describes one instruction.
func (n names) call(in *Instr) Call {
	c := Call{Operation: in.Code}
	c.add(in)
	for k, r := range in.In {
		c.Reads = append(c.Reads, n.of(r, in.shape(k)))
	}
	c.Writes = append(c.Writes, n.of(in.Out, in.shape(len(in.In))))
	for _, r := range in.Side {
		c.Writes = append(c.Writes, n.of(r, nil))
	}
	return c
}

// of is a place with its shape.
func (n names) of(r Ref, shape []int) string {
	if len(shape) == 0 {
		shape = []int{r.Len}
	}
	size := shapeText(shape)
	switch r.Space {
	case Weights:
		return fmt.Sprintf("%s[%s]", n.at(r.Off, r.Len), size)
	case Grads:
		slice, at := r.Off/aligned(n.total), r.Off%aligned(n.total)
		text := "gradient of " + n.trainable(at, r.Len)
		if slice > 0 {
			text += fmt.Sprintf(" in slice %d", slice+1)
		}
		return fmt.Sprintf("%s[%s]", text, size)
	case Slots:
		return fmt.Sprintf("slot %d of %s[%s]", r.Off/n.total+1, n.trainable(r.Off%n.total, r.Len), size)
	}
	return fmt.Sprintf("%v+%d[%s]", r.Space, r.Off, size)
}

// trainable names the weights in a range of the trainable ones.
func (n names) trainable(compact, size int) string {
	first := n.weight(compact)
	return n.at(first, n.weight(compact+size-1)+1-first)
}

// weight is the place among all weights of a place among the trainable ones.
func (n names) weight(compact int) int {
	at, found := slices.BinarySearchFunc(n.runs, compact, func(r Run, c int) int { return cmp.Compare(r.Compact, c) })
	if !found {
		at--
	}
	if at < 0 {
		return compact
	}
	return n.runs[at].Weight + compact - n.runs[at].Compact
}

// at names the weights in a range.
func (n names) at(off, size int) string {
	from, _ := slices.BinarySearchFunc(n.weights, off+1, func(w *keras.Weight, at int) int { return cmp.Compare(w.Offset+w.Size(), at) })
	to, _ := slices.BinarySearchFunc(n.weights, off+size, func(w *keras.Weight, at int) int { return cmp.Compare(w.Offset, at) })
	if from >= to {
		return "nothing"
	}
	first, last := n.weights[from], n.weights[to-1]
	if first == last {
		return first.Layer + "/" + first.Name
	}
	return fmt.Sprintf("%s/%s to %s/%s", first.Layer, first.Name, last.Layer, last.Name)
}
