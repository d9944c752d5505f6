package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// poolRows are pooling over windows and over whole images: pool.cu.
var poolRows = map[string]row{
	graph.CodeAvgPool2D:     where(of(avgPool2D), poolFits),
	graph.CodeAvgPool2DGrad: where(of(avgPool2DGrad), poolFits),
	graph.CodeGlobalMax:     of(globalMax),
	graph.CodeGlobalMaxGrad: of(globalMaxGrad),
	graph.CodeMaxPool2D:     where(of(maxPool2D), poolFits),
	graph.CodeMaxPool2DGrad: where(of(maxPool2DGrad), poolFits),
}

// poolFits says whether the kernels' indexes are large enough.
func poolFits(s *host.Pool2DShape) bool {
	return s.N*s.H*s.W*s.C < mostElements && s.N*s.OH*s.OW*s.C < mostElements
}

func poolShape(s *host.Pool2DShape, o operands) place {
	return numbers(o, s.N, s.H, s.W, s.C, s.KH, s.KW, s.SH, s.SW, s.PadTop, s.PadLeft, s.OH, s.OW)
}

func maxPool2D(s *host.Pool2DShape, o operands) []Launch {
	return []Launch{kernel("pool_max", flat(o.out.n), 256, poolShape(s, o), o.in[0], o.out, o.side[0])}
}

func maxPool2DGrad(s *host.Pool2DShape, o operands) []Launch {
	return []Launch{kernel("pool_max_grad", flat(o.out.n), 256, poolShape(s, o), o.in[0], o.in[1], o.out)}
}

func avgPool2D(s *host.Pool2DShape, o operands) []Launch {
	return []Launch{kernel("pool_average", flat(o.out.n), 256, poolShape(s, o), o.in[0], o.out)}
}

func avgPool2DGrad(s *host.Pool2DShape, o operands) []Launch {
	return []Launch{kernel("pool_average_grad", flat(o.out.n), 256, poolShape(s, o), o.in[0], o.out)}
}

func globalMax(a graph.GlobalMaxAttr, o operands) []Launch {
	return []Launch{elements("pool_global_max", a.Batch*a.C, a.Pixels, a.C, o.in[0], o.out)}
}

func globalMaxGrad(a graph.GlobalMaxAttr, o operands) []Launch {
	return []Launch{elements("pool_global_max_grad", a.Batch*a.C, a.Pixels, a.C, o.in[0], o.in[1], o.in[2], o.out)}
}
