package kernels

import (
	"fmt"
	"math"
	"testing"
)

func poolShape(n, h, w, c, kh, kw, sh, sw int, pad [4]int) *Pool2DShape {
	return &Pool2DShape{
		N: n, H: h, W: w, C: c, KH: kh, KW: kw, SH: sh, SW: sw,
		PadTop: pad[0], PadBottom: pad[1], PadLeft: pad[2], PadRight: pad[3],
		OH: outputSize(h+pad[0]+pad[1], kh, sh, 1), OW: outputSize(w+pad[2]+pad[3], kw, sw, 1),
	}
}

// poolOracle is pooling straight from the definition: the maximum, its tap and its pixel, the mean and the pixels of
// each window.
type poolOracle struct {
	top    []float32
	tap    []int32
	pixel  []int
	mean   []float64
	pixels [][]int
}

func newPoolOracle(s *Pool2DShape, x []float32) *poolOracle {
	o := &poolOracle{}
	for i := range s.sizeY() {
		c, ow, oh, n := i%s.C, i/s.C%s.OW, i/s.C/s.OW%s.OH, i/s.C/s.OW/s.OH
		best, tap, pixel, sum, pixels := float32(math.Inf(-1)), int32(-1), -1, 0.0, []int(nil)
		for t := range s.KH * s.KW {
			h, w := oh*s.SH+t/s.KW-s.PadTop, ow*s.SW+t%s.KW-s.PadLeft
			if h < 0 || h >= s.H || w < 0 || w >= s.W {
				continue
			}
			at := ((n*s.H+h)*s.W+w)*s.C + c
			if v := x[at]; tap < 0 || v > best || v != v {
				best, tap, pixel = v, int32(t), at
			}
			sum += float64(x[at])
			pixels = append(pixels, at)
		}
		o.top, o.tap, o.pixel = append(o.top, best), append(o.tap, tap), append(o.pixel, pixel)
		o.mean, o.pixels = append(o.mean, sum/float64(len(pixels))), append(o.pixels, pixels)
	}
	return o
}

func checkPool(t *testing.T, d *draw, s *Pool2DShape, special bool) {
	t.Helper()
	var g guards
	values := d.fill(make([]float32, s.sizeX()))
	for i := range values {
		values[i] = float32(math.Round(4 * float64(values[i]))) // ties
		if special && d.intn(10) == 0 {
			values[i] = specials[d.intn(len(specials))]
		}
	}
	x := g.input("x", values, d.intn(5))
	o := newPoolOracle(s, x)
	what := fmt.Sprintf("%+v", *s)

	y, argmax := g.output("y", s.sizeY(), d.intn(5)), make([]int32, s.sizeY()+2)
	argmax[0], argmax[len(argmax)-1] = -7, -7
	MaxPool2D(s, x, y, argmax[1:len(argmax)-1:len(argmax)-1])
	g.intact(t, "MaxPool2D "+what)
	if argmax[0] != -7 || argmax[len(argmax)-1] != -7 {
		t.Fatalf("%s: wrote beside argmax", what)
	}
	argmax = argmax[1 : len(argmax)-1]
	for i, v := range y {
		if v != o.top[i] && !(v != v && o.top[i] != o.top[i]) || argmax[i] != o.tap[i] {
			t.Fatalf("%s: y[%d] = %v from tap %d, want %v from %d", what, i, v, argmax[i], o.top[i], o.tap[i])
		}
	}

	dy := g.input("dy", d.fill(make([]float32, s.sizeY())), d.intn(5))
	dx := g.output("dx", s.sizeX(), d.intn(5))
	MaxPool2DGrad(s, dy, argmax, dx)
	g.intact(t, "MaxPool2DGrad "+what)
	want, size := make([]float64, s.sizeX()), make([]float64, s.sizeX())
	for i, v := range dy {
		want[o.pixel[i]] += float64(v)
		size[o.pixel[i]] += math.Abs(float64(v))
	}
	compare(t, "MaxPool2DGrad "+what, dx, want, times(size, float64(s.KH*s.KW)*eps, 0))

	if special {
		return
	}
	AvgPool2D(s, x, y)
	g.intact(t, "AvgPool2D "+what)
	meanBound := make([]float64, len(y))
	for i, pixels := range o.pixels {
		for _, at := range pixels {
			meanBound[i] += (float64(len(pixels)) + 2) * eps * math.Abs(float64(x[at])) / float64(len(pixels))
		}
	}
	compare(t, "AvgPool2D "+what, y, o.mean, meanBound)
	clear(want)
	clear(size)
	for i, v := range dy {
		for _, at := range o.pixels[i] {
			want[at] += float64(v) / float64(len(o.pixels[i]))
			size[at] += math.Abs(float64(v)) / float64(len(o.pixels[i]))
		}
	}
	AvgPool2DGrad(s, dy, dx)
	g.intact(t, "AvgPool2DGrad "+what)
	compare(t, "AvgPool2DGrad "+what, dx, want, times(size, float64(s.KH*s.KW+2)*eps, 0))
}

func TestPool2D(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		d := draw(1)
		for c := 1; c < 68; c++ {
			checkPool(t, &d, poolShape(1, 4, 6, c, 2, 2, 2, 2, [4]int{}), c%2 == 0)
		}
		checkPool(t, &d, poolShape(2, 8, 8, 10, 8, 8, 8, 8, [4]int{}), false) // global
		checkPool(t, &d, poolShape(0, 8, 8, 10, 2, 2, 2, 2, [4]int{}), false)
		for range 300 {
			from := func(lo, hi int) int { return lo + d.intn(hi-lo+1) }
			kh, kw := from(1, 4), from(1, 4)
			s := poolShape(from(1, 2), from(1, 9), from(1, 9), from(1, 20), kh, kw, from(1, 4), from(1, 4),
				[4]int{from(0, kh-1), from(0, kh-1), from(0, kw-1), from(0, kw-1)})
			if panics(func() { s.check("test") }) != nil { // no window, or one without pixels
				continue
			}
			checkPool(t, &d, s, from(0, 1) == 0)
		}
	})
}

func TestPool2DShapeIsChecked(t *testing.T) {
	good := *poolShape(1, 5, 5, 3, 2, 2, 2, 2, [4]int{0, 1, 0, 1})
	for name, spoil := range map[string]func(s *Pool2DShape){
		"channels":            func(s *Pool2DShape) { s.C = 0 },
		"output":              func(s *Pool2DShape) { s.OW-- },
		"stride":              func(s *Pool2DShape) { s.SH = 0 },
		"window in padding":   func(s *Pool2DShape) { s.PadTop, s.OH = 2, 4 },
		"window beyond image": func(s *Pool2DShape) { s.PadRight, s.OW = 3, 4 },
	} {
		s := good
		spoil(&s)
		if panics(func() { s.check("test") }) == nil {
			t.Errorf("%s: %+v passed", name, s)
		}
	}
	if p := panics(func() { good.check("test") }); p != nil {
		t.Errorf("good shape: %v", p)
	}
}
