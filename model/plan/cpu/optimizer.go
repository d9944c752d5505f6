package cpu

import (
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/optimizer"
)

func adadelta(r optimizer.Adadelta, s *optimizer.Scalars, p, g []float32, kept slots) {
	kernels.Adadelta(p, g, kept[0], kept[1], s.Rate, r.Rho, r.Epsilon)
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

func sgd(r optimizer.SGD, s *optimizer.Scalars, p, g []float32, kept slots) {
	if r.Momentum == 0 {
		kernels.SGD(p, g, s.Rate)
		return
	}
	kernels.SGDMomentum(p, g, kept[0], s.Rate, r.Momentum, r.Nesterov)
}
