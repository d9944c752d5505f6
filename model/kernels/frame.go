package kernels

// A FrameShape describes N images H x W x C that are moved by Top and Left pixels into frames of OH x OW. Negative numbers
// cut the image off at that side.
type FrameShape struct {
	N, H, W, C int
	Top, Left  int
	OH, OW     int
}

// Reverse takes the images out of the frames again.
func (s *FrameShape) Reverse() *FrameShape {
	return &FrameShape{N: s.N, H: s.OH, W: s.OW, C: s.C, Top: -s.Top, Left: -s.Left, OH: s.H, OW: s.W}
}

// Frame puts images x (N H W C) into frames y (N OH OW C) of zeros:
//
//	y[n, oh, ow, c] = x[n, oh-Top, ow-Left, c], or 0 outside the image
func Frame(s *FrameShape, x, y []float32) {
	atLeast("Frame", "x", len(x), s.N*s.H*s.W*s.C)
	size := s.N * s.OH * s.OW * s.C
	atLeast("Frame", "y", len(y), size)
	clear(y[:size])
	from, to := max(s.Left, 0), min(s.W+s.Left, s.OW)
	if from >= to {
		return
	}
	for n := range s.N {
		for oh := max(s.Top, 0); oh < min(s.H+s.Top, s.OH); oh++ {
			line := x[((n*s.H+oh-s.Top)*s.W+from-s.Left)*s.C:]
			copy(y[((n*s.OH+oh)*s.OW+from)*s.C:][:(to-from)*s.C], line)
		}
	}
}
