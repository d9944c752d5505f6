package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

// An update is divided at multiples of updateGrain weights, into parts of at least minUpdate.
const (
	updateGrain = 64
	minUpdate   = 32 << 10
)

func update(attr any, o operands) call {
	opt, g := attr.(optimizer.Optimizer), o.in[0]
	d := divide(len(g), updateGrain, len(g)/minUpdate)
	slots := make([][][]float32, d.most) // of the parts
	for i := range slots {
		slots[i] = make([][]float32, len(o.side))
	}
	var iteration int64
	part := func(i, parts int) {
		from, to := d.bounds(i, parts)
		for k, slot := range o.side {
			slots[i][k] = slot[from:to]
		}
		opt.Update(iteration, o.out[from:to], g[from:to], slots[i])
	}
	return func(s *plan.Step) {
		iteration = s.Iteration
		if !s.Divide(d.most, part) {
			opt.Update(s.Iteration, o.out, g, o.side)
		}
	}
}

func clip(attr any, o operands) call {
	a, g := attr.(plan.ClipAttr), o.out
	return func(*plan.Step) { a.Clip(g, a.Sizes) }
}

func add(_ any, o operands) call {
	x, y := o.in[0], o.in[1]
	return func(*plan.Step) { kernels.Add(x, y, o.out) }
}

func copyArray(_ any, o operands) call {
	from := o.in[0]
	return func(*plan.Step) { copy(o.out, from) }
}
