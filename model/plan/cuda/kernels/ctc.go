package kernels

import (
	"github.com/beamfit/beamfit/model/graph"
	host "github.com/beamfit/beamfit/model/kernels"
)

// ctcRows are connectionist temporal classification: ctc.cu.
var ctcRows = map[string]row{
	graph.CodeCTC:     where(withScratch(ctc, ctcScratch), ctcFits),
	graph.CodeCTCGrad: where(withScratch(ctcGrad, ctcScratch), ctcFits),
}

// ctcFits says whether the kernels' indexes of frames and states are large enough.
func ctcFits(s host.CTCShape) bool {
	return s.Frames*(2*s.Frames+1) < mostElements && s.Classes < mostElements
}

// ctcScratch is, in double precision for each row, a number per frame, one per frame and state, and two per state.
func ctcScratch(s host.CTCShape) int {
	states := 2*s.Frames + 1
	return 2 * s.Rows * (s.Frames + s.Frames*states + 2*states)
}

func ctc(s host.CTCShape, o operands) []Launch {
	return []Launch{kernel("ctc_loss", grid(s.Rows), 128, s.Frames, s.Classes, o.in[0], o.in[1], o.scratch, o.out)}
}

func ctcGrad(s host.CTCShape, o operands) []Launch {
	return []Launch{kernel("ctc_grad", grid(s.Rows), 128, s.Frames, s.Classes, o.in[0], o.in[1], o.in[2], o.scratch, o.out)}
}
