package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// conv2DInputGradReference scatters every element of the input over its window.
func conv2DInputGradReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	a := op.Attr.(*graph.Conv2DAttr)
	out := make([]float64, a.N*a.H*a.W*a.C)
	cg, fg := a.C/a.Groups, a.F/a.Groups
	for n := range a.N {
		for oh := range a.OH {
			for ow := range a.OW {
				for kh := range a.KH {
					for kw := range a.KW {
						h, w := oh*a.SH+kh*a.DH-a.PadTop, ow*a.SW+kw*a.DW-a.PadLeft
						if h < 0 || h >= a.H || w < 0 || w >= a.W {
							continue
						}
						for f := range a.F {
							for c := range cg {
								out[((n*a.H+h)*a.W+w)*a.C+f/fg*cg+c] +=
									in[0][((n*a.OH+oh)*a.OW+ow)*a.F+f] * in[1][((kh*a.KW+kw)*cg+c)*a.F+f]
							}
						}
					}
				}
			}
		}
	}
	return out
}
