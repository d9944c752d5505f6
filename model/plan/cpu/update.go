package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

func update(attr any, o operands) call {
	opt, g := attr.(optimizer.Optimizer), o.in[0]
	return func(s *plan.Step) { opt.Update(s.Iteration, o.out, g, o.side) }
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
