package cpu

import (
	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func avgPoolReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.Pool2DShape)
	var out []float64
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for c := range s.C {
					var sum, count float64
					for kh := range s.KH {
						for kw := range s.KW {
							h, w := oh*s.SH+kh-s.PadTop, ow*s.SW+kw-s.PadLeft
							if h >= 0 && h < s.H && w >= 0 && w < s.W {
								sum += in[0][((n*s.H+h)*s.W+w)*s.C+c]
								count++
							}
						}
					}
					out = append(out, sum/count)
				}
			}
		}
	}
	return out
}

func frameReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.FrameShape)
	var out []float64
	for n := range s.N {
		for oh := range s.OH {
			for ow := range s.OW {
				for c := range s.C {
					h, w, v := oh-s.Top, ow-s.Left, 0.0
					if h >= 0 && h < s.H && w >= 0 && w < s.W {
						v = in[0][((n*s.H+h)*s.W+w)*s.C+c]
					}
					out = append(out, v)
				}
			}
		}
	}
	return out
}
