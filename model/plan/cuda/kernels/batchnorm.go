package kernels

import "github.com/beamfit/beamfit/model/graph"

// batchnormRows are batch normalisation and its gradients: batchnorm.cu.
var batchnormRows = map[string]row{
	graph.CodeBatchNorm:          where(of(batchNorm), batchNormFits),
	graph.CodeBatchNormGrad:      where(of(batchNormGrad), batchNormFits),
	graph.CodeBatchNormGradSums:  where(withScratch(batchNormGradSums, batchNormScratch), batchNormFits),
	graph.CodeBatchNormInfer:     where(of(batchNormInfer), batchNormFits),
	graph.CodeBatchNormInferGrad: where(of(batchNormInferGrad), batchNormFits),
	graph.CodeBatchNormSums:      where(withScratch(batchNormSums, batchNormScratch), batchNormFits),
}

func batchNormFits(a graph.BatchNormAttr) bool { return columnsFit(a.Rows, a.C) }

// affine takes gamma and beta, none where the layer has none, from the front of operands and returns the rest.
func affine(scale, center bool, in []place) (gamma, beta place, rest []place) {
	if scale {
		gamma, in = in[0], in[1:]
	}
	if center {
		beta, in = in[0], in[1:]
	}
	return gamma, beta, in
}

func batchNormWalk(a graph.BatchNormAttr) columnWalk { return walkColumns(a.Rows, a.C) }

func batchNormScratch(a graph.BatchNormAttr) int { return batchNormWalk(a).scratch(2) }

func batchNormSums(a graph.BatchNormAttr, o operands) []Launch {
	w := batchNormWalk(a)
	return []Launch{
		w.launch("batchnorm_sums", o.in[0], o.scratch),
		elements("batchnorm_total", a.C, w.parts, o.scratch, o.out, place{}, place{}, place{}),
	}
}

func batchNormGradSums(a graph.BatchNormAttr, o operands) []Launch {
	w := batchNormWalk(a)
	x, dy, mean, invstd := o.in[0], o.in[1], o.in[2], o.in[3]
	return []Launch{
		w.launch("batchnorm_grad_sums", x, dy, mean, o.scratch),
		elements("batchnorm_total", a.C, w.parts, o.scratch, o.out, invstd, o.side[0], o.side[1]),
	}
}

// slices is how many pairs of sums of n columns, each of two float32, lie at a place.
func slices(sums place, n int) int { return sums.n / (4 * n) }

func batchNorm(a graph.BatchNormAttr, o operands) []Launch {
	gamma, beta, rest := affine(a.Scale, a.Center, o.in[1:])
	sums := rest[0]
	return []Launch{batchNormWalk(a).launch("batchnorm_train", o.in[0], a.Whole, slices(sums, a.C), sums, gamma, beta, a.Epsilon,
		o.out, o.side[0], o.side[1], o.side[2])}
}

func batchNormGrad(a graph.BatchNormAttr, o operands) []Launch {
	gamma, _, rest := affine(a.Scale, false, o.in[2:])
	mean, invstd, sums := rest[0], rest[1], rest[2]
	return []Launch{batchNormWalk(a).launch("batchnorm_grad", o.in[0], o.in[1], a.Whole, slices(sums, a.C), sums, gamma, mean, invstd, o.out)}
}

func batchNormInfer(a graph.BatchNormAttr, o operands) []Launch {
	gamma, beta, rest := affine(a.Scale, a.Center, o.in[1:])
	return []Launch{batchNormWalk(a).launch("batchnorm_infer", o.in[0], gamma, beta, rest[0], rest[1], a.Epsilon, o.out)}
}

func batchNormInferGrad(a graph.BatchNormAttr, o operands) []Launch {
	gamma, _, rest := affine(a.Scale, false, o.in[1:])
	return []Launch{batchNormWalk(a).launch("batchnorm_infer", o.in[0], gamma, place{}, place{}, rest[0], a.Epsilon, o.out)}
}
