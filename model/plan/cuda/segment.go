package cuda

import (
	"slices"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/kernels"
)

// spaceAlign is where spaces begin on the GPU: multiples of so many bytes.
const spaceAlign = 256

// A segment is a run of instructions that all have kernels, or that all have none and go to the CPU.
type segment struct {
	native bool
	instrs []plan.Instr
}

// segments cuts a plan.
func segments(p *plan.Plan) (all []segment) {
	for i := range p.Instrs {
		native := kernels.Native(&p.Instrs[i])
		if n := len(all); n > 0 && all[n-1].native == native {
			all[n-1].instrs = append(all[n-1].instrs, p.Instrs[i])
			continue
		}
		all = append(all, segment{native, []plan.Instr{p.Instrs[i]}})
	}
	return all
}

// down are the places that the CPU reads in a segment and that it has not written there before.
func (s segment) down() []plan.Ref {
	var read, written []plan.Ref
	for i := range s.instrs {
		in := &s.instrs[i]
		operands := in.In
		if changes(in) {
			operands = slices.Concat(operands, []plan.Ref{in.Out}, in.Side)
		}
		for _, r := range operands {
			if !covered(r, written) {
				read = append(read, r)
			}
		}
		written = append(append(written, in.Out), in.Side...)
	}
	return joined(read)
}

// up are the places that the CPU writes in a segment.
func (s segment) up() []plan.Ref {
	var written []plan.Ref
	for i := range s.instrs {
		written = append(append(written, s.instrs[i].Out), s.instrs[i].Side...)
	}
	return joined(written)
}

// changes says whether an instruction reads what it writes: those of an optimizer do.
func changes(in *plan.Instr) bool {
	switch in.Code {
	case plan.CodeAccumulate, plan.CodeBegin, plan.CodeClip, plan.CodeDecay, plan.CodeUpdate, plan.CodeAverage, plan.CodeConstrain:
		return true
	}
	return false
}

func covered(r plan.Ref, by []plan.Ref) bool {
	return slices.ContainsFunc(by, func(b plan.Ref) bool {
		return b.Space == r.Space && b.Off <= r.Off && r.Off+r.Len <= b.Off+b.Len
	})
}

// joined are the same places in order, those that overlap or touch as one.
func joined(refs []plan.Ref) (all []plan.Ref) {
	refs = slices.DeleteFunc(refs, func(r plan.Ref) bool { return r.Len == 0 })
	slices.SortFunc(refs, func(a, b plan.Ref) int {
		if a.Space != b.Space {
			return int(a.Space) - int(b.Space)
		}
		return a.Off - b.Off
	})
	for _, r := range refs {
		if n := len(all); n > 0 && all[n-1].Space == r.Space && r.Off <= all[n-1].Off+all[n-1].Len {
			last := &all[n-1]
			last.Len = max(last.Len, r.Off+r.Len-last.Off)
			continue
		}
		all = append(all, r)
	}
	return all
}

// bytesOf are those of places.
func bytesOf(refs []plan.Ref) (n int) {
	for _, r := range refs {
		n += 4 * r.Len
	}
	return n
}
