package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
	"github.com/beamfit/beamfit/model/plan"
)

func adadelta(r optimizer.Adadelta, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Adadelta(p, g, kept[0], kept[1], s.Rate, r.Rho, r.Epsilon)
}

// adafactor takes arrays of more than two dimensions as matrices of the last two.
func adafactor(r optimizer.Adafactor, shape []int, o operands) call {
	rows, columns := 0, 0
	if n := len(shape); n >= 2 {
		rows, columns = shape[n-2], shape[n-1]
	}
	return func(s *plan.Step) {
		kernels.Adafactor(rows, columns, o.out, o.in[0], o.side[0], o.side[1], kernels.AdafactorOptions{
			Rate: s.Scalars.Corrected, Keep: s.Scalars.Square, Epsilon1: r.Epsilon1, Epsilon2: r.Epsilon2, Threshold: r.Threshold,
		})
	}
}

func adagrad(r optimizer.Adagrad, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Adagrad(p, g, kept[0], s.Rate, r.Epsilon)
}

func adam(r optimizer.Adam, s *optimizer.Scalars, p, g []float32, kept slots) {
	if r.AMSGrad {
		kernels.AMSGrad(p, g, kept[0], kept[1], kept[2], s.Corrected, r.Beta1, r.Beta2, r.Epsilon)
		return
	}
	kernels.Adam(p, g, kept[0], kept[1], s.Corrected, r.Beta1, r.Beta2, r.Epsilon)
}

func adamax(r optimizer.Adamax, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Adamax(p, g, kept[0], kept[1], s.Corrected, r.Beta1, r.Beta2, r.Epsilon)
}

func ftrl(r optimizer.Ftrl, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Ftrl(p, g, kept[0], kept[1], kernels.FtrlOptions{
		LearningRate: s.Rate, Power: r.Power, L1: r.L1, L2: r.L2, Shrinkage: r.Shrinkage, Beta: r.Beta,
	})
}

func lamb(r optimizer.Lamb, _ []int, o operands) call {
	return func(s *plan.Step) {
		kernels.Lamb(o.out, o.in[0], o.side[0], o.side[1], s.Scalars.Rate, r.Beta1, r.Beta2, r.Epsilon, s.Scalars.Mean, s.Scalars.Square)
	}
}

func lion(r optimizer.Lion, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Lion(p, g, kept[0], s.Rate, r.Beta1, r.Beta2)
}

func nadam(r optimizer.Nadam, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Nadam(p, g, kept[0], kept[1], s.Rate, r.Beta1, r.Beta2, r.Epsilon, s.Mean, s.Gradient, s.Square)
}

func rmsprop(r optimizer.RMSprop, s *optimizer.Scalars, p, g []float32, kept slots) {
	var mom, mg []float32
	rest := kept[1:]
	if r.Momentum != 0 {
		mom, rest = rest[0], rest[1:]
	}
	if r.Centered {
		mg = rest[0]
	}
	kernels.RMSprop(p, g, kept[0], mom, mg, s.Rate, r.Rho, r.Momentum, r.Epsilon)
}

func scheduleFreeAdamW(r optimizer.ScheduleFreeAdamW, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.ScheduleFreeAdamW(p, g, kept[0], kept[1], s.Corrected, r.Beta1, r.Beta2, r.Epsilon, s.Mean, s.Square)
}

func sgd(r optimizer.SGD, s *optimizer.Scalars, p, g []float32, kept slots) {
	if r.Momentum == 0 {
		kernels.SGD(p, g, s.Rate)
		return
	}
	kernels.SGDMomentum(p, g, kept[0], s.Rate, r.Momentum, r.Nesterov)
}
