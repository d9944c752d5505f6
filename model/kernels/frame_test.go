package kernels

import (
	"slices"
	"testing"
)

func TestFrame(t *testing.T) {
	d := draw(1)
	for _, s := range []*FrameShape{
		{N: 2, H: 3, W: 4, C: 2, Top: 1, Left: 2, OH: 6, OW: 8},     // zeros around
		{N: 2, H: 5, W: 6, C: 3, Top: -1, Left: -2, OH: 3, OW: 2},   // cut off
		{N: 1, H: 3, W: 3, C: 1, Top: -1, Left: 1, OH: 4, OW: 5},    // both
		{N: 1, H: 2, W: 2, C: 1, Top: 0, Left: 5, OH: 3, OW: 4},     // nothing left
		{N: 1, H: 2, W: 2, C: 2, Top: 7, Left: 0, OH: 3, OW: 4},     // nothing left
		{N: 0, H: 2, W: 2, C: 2, Top: 0, Left: 0, OH: 2, OW: 2},     // no images
		{N: 1, H: 4, W: 5, C: 1, Top: -2, Left: -3, OH: 9, OW: 9},   // moved
		{N: 3, H: 4, W: 5, C: 1, Top: 0, Left: 0, OH: 4, OW: 5},     // the same
		{N: 1, H: 1, W: 1, C: 67, Top: 1, Left: 1, OH: 3, OW: 3},    // one pixel
		{N: 1, H: 6, W: 1, C: 1, Top: -3, Left: 0, OH: 2, OW: 1},    // one column
		{N: 2, H: 3, W: 3, C: 1, Top: -3, Left: -3, OH: 2, OW: 2},   // cut off altogether
		{N: 1, H: 3, W: 3, C: 1, Top: -10, Left: -10, OH: 2, OW: 2}, // far away
	} {
		var g guards
		x := g.input("x", d.fill(make([]float32, s.N*s.H*s.W*s.C)), 1)
		y := g.output("y", s.N*s.OH*s.OW*s.C, 2)
		Frame(s, x, y)
		g.intact(t, "Frame")
		for i, v := range y {
			c, ow, oh, n := i%s.C, i/s.C%s.OW, i/s.C/s.OW%s.OH, i/s.C/s.OW/s.OH
			var want float32
			if h, w := oh-s.Top, ow-s.Left; h >= 0 && h < s.H && w >= 0 && w < s.W {
				want = x[((n*s.H+h)*s.W+w)*s.C+c]
			}
			if v != want {
				t.Fatalf("%+v: y[%d] = %v, want %v", *s, i, v, want)
			}
		}
		if s.Top >= 0 && s.Left >= 0 && s.Top+s.H <= s.OH && s.Left+s.W <= s.OW {
			back := make([]float32, len(x))
			Frame(s.Reverse(), y, back)
			if !slices.Equal(back, x) {
				t.Errorf("%+v: Reverse does not restore the images", *s)
			}
		}
	}
}
