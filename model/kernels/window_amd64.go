//go:build amd64 && !noasm

package kernels

// A run is a number of neighbouring windows of a line that have the same kh x kw taps inside the image, from tap
// (tapH, tapW) on.
type run struct {
	windows    int
	tapH, tapW int
	kh, kw     int
	in         int // pixel under the first of these taps in the first window, counted over all images
	out        int // the first window, counted over all images
}

// runs calls visit for the windows of images from to to-1: those of a line that lie inside the image are one run, the ones at the
// border are runs of one. Windows without any pixel are left out.
func (w *window) runs(from, to int, visit func(r run)) {
	for line := from * w.oh; line < to*w.oh; line++ {
		image, oh := line/w.oh, line%w.oh
		top := oh*w.sh - w.top
		tapH, kh := clipTaps(top, w.kh, w.dh, w.h)
		if kh == 0 {
			continue
		}
		for ow := 0; ow < w.ow; {
			left := ow*w.sw - w.left
			tapW, kw := clipTaps(left, w.kw, w.dw, w.w)
			windows := 1
			if kw == w.kw { // further ones are inside while their last pixel is
				windows = min(w.ow-ow, (w.w-1-(w.kw-1)*w.dw-left)/w.sw+1)
			}
			if kw > 0 {
				in := (image*w.h+top+tapH*w.dh)*w.w + left + tapW*w.dw
				visit(run{windows, tapH, tapW, kh, kw, in, line*w.ow + ow})
			}
			ow += windows
		}
	}
}

// clipTaps returns the first tap of a line, and the number of taps, that meet pixels 0 to size-1 when tap 0 is at pixel at.
func clipTaps(at, taps, dilation, size int) (first, n int) {
	if at < 0 {
		first = (dilation - 1 - at) / dilation
	}
	last := min(taps-1, (size-1-at)/dilation)
	if at >= size {
		last = -1
	}
	return first, max(last-first+1, 0)
}
