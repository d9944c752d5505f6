package plan

import (
	"slices"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/optimizer"
)

// A Split is a training step whose batch is cut into slices, so that several cores can share it: the gradients of each slice
// are computed apart, summed, and given to the optimizer. All plans work on one memory.
//
// The sum of slices 1 to 4 is (1+2)+(3+4), and so on for more: the order does not depend on what ended first.
type Split struct {
	// Sizes are those of the memory.
	Sizes Sizes
	// Slices are the gradients of the rows of each slice. They touch nothing in common but Weights, which they read, so they
	// may run side by side.
	Slices []*Plan
	// Finish are sets of plans, to be run one set after the other; the plans of a set may run side by side.
	Finish [][]*Plan
}

// NewSplit joins the plans of slices, compiled without an optimizer, to a step. parts is the number of plans in a set of
// Finish.
func NewSplit(spec *keras.Spec, slicePlans []*Plan, opt optimizer.Optimizer, parts int) *Split {
	runs, total := TrainableRuns(spec)
	s := &Split{}
	s.Sizes[Weights] = spec.NumWeights
	s.Sizes[Slots] = opt.Slots() * total
	stride := aligned(total)
	for _, p := range slicePlans {
		s.Slices = append(s.Slices, p.moved(Sizes{Grads: s.Sizes[Grads], Batch: s.Sizes[Batch], Work: s.Sizes[Work]}))
		s.Sizes[Grads] += stride
		s.Sizes[Batch] += aligned(p.Sizes[Batch])
		s.Sizes[Work] += aligned(p.Sizes[Work])
	}
	sum := func(from, to int) []Instr { return treeSum(len(slicePlans), stride, from, to) }
	update := func(from, to int) []Instr { return updateRange(runs, total, opt, from, to) }
	if clipper, ok := opt.(optimizer.Clipper); ok { // it wants all gradients at once
		clip := s.plan([]Instr{clipInstr(clipper, spec, total)})
		s.Finish = [][]*Plan{s.set(total, parts, sum), {clip}, s.set(total, parts, update)}
	} else {
		s.Finish = [][]*Plan{s.set(total, parts, sum, update)}
	}
	if instrs := constrainInstrs(spec); len(instrs) > 0 {
		s.Finish = append(s.Finish, []*Plan{s.plan(instrs)})
	}
	return s
}

func (s *Split) plan(instrs []Instr) *Plan { return &Plan{Instrs: instrs, Sizes: s.Sizes} }

// chunk is how many weights the steps of a part work on before they go on to the next: few enough for a core's own cache.
const chunk = 8 << 10

// set divides the elements 0..total among plans. Each works through its own chunk by chunk, one step after the other.
func (s *Split) set(total, parts int, steps ...func(from, to int) []Instr) []*Plan {
	set := make([]*Plan, parts)
	for i := range set {
		var instrs []Instr
		last := min(aligned(total*(i+1)/parts), total)
		for from := min(aligned(total*i/parts), total); from < last; from += chunk {
			for _, step := range steps {
				instrs = append(instrs, step(from, min(from+chunk, last))...)
			}
		}
		set[i] = s.plan(instrs)
	}
	return set
}

// treeSum adds up the elements from..to of n arrays in Grads, one every stride elements, into the first.
func treeSum(n, stride, from, to int) (instrs []Instr) {
	for step := 1; step < n; step *= 2 {
		for i := 0; i+step < n; i += 2 * step {
			into := Ref{Grads, i*stride + from, to - from}
			instrs = append(instrs, Instr{Code: graph.CodeAdd, In: []Ref{into, {Grads, (i+step)*stride + from, to - from}}, Out: into})
		}
	}
	return instrs
}

// moved is the plan at other places: every offset in a space grows by that of the space.
func (p *Plan) moved(by Sizes) *Plan {
	one := func(r Ref) Ref { r.Off += by[r.Space]; return r }
	all := func(refs []Ref) []Ref {
		refs = slices.Clone(refs)
		for i := range refs {
			refs[i] = one(refs[i])
		}
		return refs
	}
	m := *p
	m.Instrs = slices.Clone(p.Instrs)
	for i := range m.Instrs {
		in := &m.Instrs[i]
		in.In, in.Out, in.Side, in.Scratch = all(in.In), one(in.Out), all(in.Side), one(in.Scratch)
	}
	m.Inputs, m.Labels, m.Scales = all(p.Inputs), all(p.Labels), all(p.Scales)
	return &m
}
