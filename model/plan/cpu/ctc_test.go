package cpu

import (
	"math"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

// ctcReference goes through all ways to read a class per frame.
func ctcReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(kernels.CTCShape)
	p := softmaxReference(s.Classes, in[0])
	out := make([]float64, s.Rows)
	for r := range out {
		labels := 0
		if in[1][r*s.Frames] == 1 {
			labels = 1
		}
		var total float64
		for path := range int(math.Pow(float64(s.Classes), float64(s.Frames))) {
			probability, before, read, ones := 1.0, 0, 0, 0
			for t := range s.Frames {
				class := path % s.Classes
				path /= s.Classes
				probability *= p[(r*s.Frames+t)*s.Classes+class]
				if class != 0 && class != before {
					read++
					ones += btoi(class == 1)
				}
				before = class
			}
			if read == labels && ones == labels {
				total += probability
			}
		}
		out[r] = -math.Log(total)
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
