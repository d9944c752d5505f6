package plan

import (
	"cmp"
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
	// Stages are the gradients of the rows of each slice: Stages[k] has stage k of every slice. A stage begins when the one before
	// has ended for all slices, since it may read what they left in Shared. The plans of a stage touch nothing else in common but
	// Weights, which they read, so they may run side by side. Those of the first stage have the places of the slice's rows.
	Stages [][]*Plan
	// Finish are sets of plans, to be run one set after the other; the plans of a set may run side by side.
	Finish [][]*Plan
}

// Whole is the step that a plan for a whole batch is.
func Whole(p *Plan) *Split { return &Split{Sizes: p.Sizes, Stages: [][]*Plan{{p}}} }

// NewSplit joins the plans of slices, compiled without an optimizer, to a step. parts is the number of plans that share the sum
// and the update of the weights. What is to be done once (Plan.Once) is done for the first slice.
func NewSplit(spec *keras.Spec, dev Device, slicePlans []*Plan, opt *optimizer.Optimizer, parts int) (*Split, error) {
	runs, total := TrainableRuns(spec)
	s := &Split{}
	s.Sizes[Weights] = spec.NumWeights
	s.Sizes[Slots] = opt.Slots() * total
	stride := aligned(total)
	s.Sizes[Shared] = slicePlans[0].Sizes[Shared]
	var once []Instr
	for i, p := range slicePlans {
		m := p.moved(i, Sizes{Grads: s.Sizes[Grads], Batch: s.Sizes[Batch], Work: s.Sizes[Work]})
		if i == 0 {
			once = m.Instrs[m.Once:]
			s.Stages = make([][]*Plan, len(m.Meetings)+1)
		}
		for k, stage := range m.stages() {
			s.Stages[k] = append(s.Stages[k], stage)
		}
		s.Sizes[Grads] += stride
		s.Sizes[Batch] += aligned(p.Sizes[Batch])
		s.Sizes[Work] += aligned(p.Sizes[Work])
	}
	sum := func(from, to int) []Instr { return treeSum(len(slicePlans), stride, from, to) }
	accumulate := func(from, to int) []Instr { return accumulateRange(total, opt, from, to) }
	update := func(from, to int) []Instr { return updateRange(runs, total, opt, from, to) }
	clip := clipInstrs(opt, spec, total)
	if len(clip) > 0 || opt.ByArray() { // they want all gradients at once
		s.Finish = [][]*Plan{s.set(total, parts, sum, accumulate)}
		if len(clip) > 0 {
			s.Finish = append(s.Finish, []*Plan{s.plan(clip)})
		}
	}
	switch {
	case opt.ByArray():
		set, err := s.arrays(dev, updateArrays(spec, total, opt), parts)
		if err != nil {
			return nil, err
		}
		s.Finish = append(s.Finish, set)
	case len(clip) > 0:
		s.Finish = append(s.Finish, s.set(total, parts, update))
	default:
		s.Finish = [][]*Plan{s.set(total, parts, sum, accumulate, update)}
	}
	if len(once) > 0 {
		s.Finish[0] = append(s.Finish[0], s.plan(once))
	}
	if instrs := constrainInstrs(spec); len(instrs) > 0 {
		s.Finish = append(s.Finish, []*Plan{s.plan(instrs)})
	}
	for _, set := range s.Finish {
		for _, p := range set {
			p.Sizes = s.Sizes // scratch memory has made them larger
		}
	}
	return s, nil
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

// arrays divides the instructions of arrays among plans by what they have to do. Each plan has scratch memory of its own, in Work, whose values nobody
// reads any more.
func (s *Split) arrays(dev Device, arrays [][]Instr, parts int) ([]*Plan, error) {
	need, work := 0, make([]int, len(arrays))
	for k, instrs := range arrays {
		for i := range instrs {
			work[k] += instrs[i].Out.Len
			n, err := dev.Scratch(&instrs[i])
			if err != nil {
				return nil, err
			}
			instrs[i].Scratch.Len = n
			need = max(need, aligned(n))
		}
	}
	set := make([]*Plan, min(parts, len(arrays)))
	s.Sizes[Work] = max(s.Sizes[Work], len(set)*need)
	for k, mine := range dealt(work, len(set)) {
		var all []Instr
		for _, i := range mine {
			all = append(all, arrays[i]...)
		}
		for i := range all {
			if n := all[i].Scratch.Len; n > 0 {
				all[i].Scratch = Ref{Work, k * need, n}
			}
		}
		set[k] = s.plan(all)
	}
	return set, nil
}

// dealt divides things of sizes into n parts, the largest first and each to the part that has least so far.
func dealt(sizes []int, n int) [][]int {
	order := make([]int, len(sizes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sizes[b], sizes[a]) })
	parts, filled := make([][]int, n), make([]int, n)
	for _, i := range order {
		least := slices.Index(filled, slices.Min(filled))
		parts[least] = append(parts[least], i)
		filled[least] += sizes[i]
	}
	return parts
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

// moved is the plan of slice i at other places: every offset in a space grows by that of the space. In Shared a slice reads what
// all have written, but writes to the i-th of their places.
func (p *Plan) moved(i int, by Sizes) *Plan {
	read := func(r Ref) Ref { r.Off += by[r.Space]; return r }
	written := func(r Ref) Ref {
		if r.Space == Shared {
			r.Off += i * r.Len
		}
		return read(r)
	}
	all := func(refs []Ref, move func(Ref) Ref) []Ref {
		refs = slices.Clone(refs)
		for k := range refs {
			refs[k] = move(refs[k])
		}
		return refs
	}
	m := *p
	m.Instrs = slices.Clone(p.Instrs)
	for k := range m.Instrs {
		in := &m.Instrs[k]
		in.In, in.Out, in.Side, in.Scratch = all(in.In, read), written(in.Out), all(in.Side, written), written(in.Scratch)
	}
	m.Inputs, m.Labels, m.Scales = all(p.Inputs, read), all(p.Labels, read), all(p.Scales, read)
	return &m
}

// stages cuts a slice's plan where slices meet, without what is done once.
func (p *Plan) stages() []*Plan {
	stages := make([]*Plan, len(p.Meetings)+1)
	from := 0
	for k, to := range append(slices.Clone(p.Meetings), p.Once) {
		stages[k] = &Plan{Batch: p.Batch, Instrs: p.Instrs[from:to], Once: to - from, Sizes: p.Sizes}
		from = to
	}
	first := stages[0]
	first.Values, first.Inputs, first.Labels, first.Scales = p.Values, p.Inputs, p.Labels, p.Scales
	return stages
}
