package graph

import (
	"math"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Codes of interpolation; Attr is a *kernels.ResampleShape.
const (
	// CodeResample gives images another size.
	CodeResample = "resample"
	// CodeResampleGrad is dx from dy.
	CodeResampleGrad = "resample.grad"
)

// A filter is what a pixel counts at a distance from the place where a new pixel is taken, up to its radius, in pixels.
type filter struct {
	radius float64
	weight func(distance float64) float64
	// steps is the number of places between two pixels; 0: all.
	steps float64
}

// filters follow tensorflow/core/kernels/image: resize_bilinear_op.cc, resize_bicubic_op.cc (with a table of 1024 places) and
// sampling_kernels.h, all with half_pixel_centers.
var filters = map[string]filter{
	"bilinear": {1, func(x float64) float64 { return 1 - x }, 0},
	"bicubic":  {2, keysCubic, 1024},
	"lanczos3": {3, func(x float64) float64 { return lanczos(3, x) }, 0},
	"lanczos5": {5, func(x float64) float64 { return lanczos(5, x) }, 0},
}

// keysCubic is the cubic convolution of Keys with a = -1/2.
func keysCubic(x float64) float64 {
	const a = -0.5
	if x <= 1 {
		return ((a+2)*x-(a+3))*x*x + 1
	}
	return ((a*x-5*a)*x+8*a)*x - 4*a
}

func lanczos(radius, x float64) float64 {
	if x <= 1e-3 {
		return 1
	}
	return radius * math.Sin(math.Pi*x) * math.Sin(math.Pi*x/radius) / (math.Pi * math.Pi * x * x)
}

// taps are those that make a line of out pixels from one of in pixels. Pixels outside the line count nothing; the others
// are scaled so that their weights sum to 1.
func taps(interpolation string, in, out int) kernels.Taps {
	var t kernels.Taps
	f, smooth := filters[interpolation]
	for o := range out {
		at := (float64(o) + 0.5) * float64(in) / float64(out) // 0.5 is the middle of the first pixel
		if !smooth || f.steps > 0 {                           // which side of a border it is on, TensorFlow decides in float32
			at = float64((float32(o) + 0.5) * (float32(in) / float32(out)))
		}
		if !smooth { // nearest
			t.First, t.Weights = append(t.First, min(int(at), in-1)), append(t.Weights, []float32{1})
			continue
		}
		if f.steps > 0 {
			below := math.Floor(at - 0.5)
			at = below + math.RoundToEven((at-0.5-below)*f.steps)/f.steps + 0.5
		}
		first := max(int(math.Ceil(at-f.radius-0.5)), 0)
		last := min(int(math.Floor(at+f.radius-0.5)), in-1)
		var weights []float64
		sum := 0.0
		for k := first; k <= last; k++ {
			w := f.weight(math.Abs(float64(k) + 0.5 - at))
			weights = append(weights, w)
			sum += w
		}
		for i := range weights {
			weights[i] /= sum
		}
		t.First, t.Weights = append(t.First, first), append(t.Weights, float32s(weights))
	}
	return t
}

func resizing(b *builder, c *call) (*gorgonia.Node, error) {
	cfg := c.Config.(*keras.Resizing)
	return b.resample(cfg.Interpolation, c.in[0], cfg.Size), nil
}

// resample gives images another height and width.
func (b *builder) resample(interpolation string, x *gorgonia.Node, size [2]int) *gorgonia.Node {
	in := x.Shape()
	s := &kernels.ResampleShape{
		N: in[0], H: in[1], W: in[2], C: in[3],
		Rows: taps(interpolation, in[1], size[0]), Columns: taps(interpolation, in[2], size[1]),
	}
	return b.apply(Op{
		Code: CodeResample, Attr: s, Out: tensor.Shape{in[0], size[0], size[1], in[3]}, InPlace: -1, diff: all(1),
		grad: func(_ gorgonia.Nodes, _, grad *gorgonia.Node) gorgonia.Nodes {
			return gorgonia.Nodes{b.apply(Op{Code: CodeResampleGrad, Attr: s, Out: in, InPlace: -1}, grad)}
		},
	}, x)
}
