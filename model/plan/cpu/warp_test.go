package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/kernels"
	"github.com/beamfit/beamfit/model/plan"
)

func uniformReference(op *graph.Op, s *plan.Step, _ [][]float64) []float64 {
	drawn := make([]float32, op.Out.TotalSize())
	if err := evaluator(s)(op, [][]float32{nil}, drawn, nil); err != nil {
		panic(err)
	}
	return float64s(drawn)
}

// warpReference finds the neighbours of every place on an image that is continued to all sides.
func warpReference(op *graph.Op, _ *plan.Step, in [][]float64) []float64 {
	s := op.Attr.(*kernels.WarpShape)
	out := make([]float64, op.Out.TotalSize())
	for i := range out {
		c, column, line, image := i%s.C, float64(i/s.C%s.OW), float64(i/s.C/s.OW%s.OH), i/s.C/s.OW/s.OH
		t := in[1][image*6 : image*6+6]
		y, x := continued(s.Edge, t[3]*column+t[4]*line+t[5], s.H), continued(s.Edge, t[0]*column+t[1]*line+t[2], s.W)
		pixel := func(y, x float64) float64 {
			if y < 0 || y >= float64(s.H) || x < 0 || x >= float64(s.W) {
				return float64(s.Value)
			}
			return in[0][((image*s.H+int(y))*s.W+int(x))*s.C+c]
		}
		if s.Nearest {
			out[i] = pixel(math.Round(y), math.Round(x))
			continue
		}
		top, left := math.Floor(y), math.Floor(x)
		for _, corner := range [][2]float64{{top, left}, {top, left + 1}, {top + 1, left}, {top + 1, left + 1}} {
			out[i] += (1 - math.Abs(y-corner[0])) * (1 - math.Abs(x-corner[1])) * pixel(corner[0], corner[1])
		}
	}
	return out
}

// continued is the place on a line of n pixels that stands for one beyond it.
func continued(e kernels.Edge, at float64, n int) float64 {
	size := float64(n)
	switch e {
	case kernels.EdgeConstant:
		return at
	case kernels.EdgeReflect:
		if at < 0 {
			at = -at - 1 // TensorFlow reflects places between -1 and 0 to the first pixel
		}
		if at = math.Mod(at, 2*size); at >= size {
			at = 2*size - at - 1
		}
	case kernels.EdgeWrap:
		if at < 0 { // TensorFlow does not go on to the other end of a place that is still beyond it
			at += size * (math.Floor(-at/(size-1)) + 1)
		} else if at > size-1 {
			at -= size * math.Floor(at/(size-1))
		}
	}
	return min(max(at, 0), size-1)
}

// augmentation is an image that goes through a layer in training: its result is the gradient of a Dense with weights of 0 behind it, for a loss
// whose gradient is 1.
func augmentation(t *testing.T, layer string, seed uint64) *rig {
	t.Helper()
	m := newModel(layer, sequential(24, `Reshape {"target_shape":[3,4,2]}`, layer, `Flatten {}`, `Dense {"units":1}`), "mean_squared_error")
	r := newRig(t, m, 1, seed)
	clear(r.weights)
	for i := range r.values[r.graph.Inputs[0]] {
		r.values[r.graph.Inputs[0]][i] = float32(i + 1)
	}
	r.values[r.graph.Labels[0]][0], r.values[r.graph.Scales[0]][0] = -0.5, 1
	return r
}

// augmented is the image after a step.
func (r *rig) augmented(t *testing.T, counter uint64) []float32 {
	t.Helper()
	r.step.Counter = counter
	_, mem := r.run(t)
	return slices.Clone(mem.Host(r.grad(r.spec.Weights[0])))
}

// TestAugmentationDraws: every flip and every part is drawn, about equally often and anew in every step, and the same seed draws the same.
func TestAugmentationDraws(t *testing.T) {
	const steps = 150
	pixel := func(line, column int) float32 { return float32((line*4+column)*2 + 1) }
	for layer, want := range map[string][]float32{ // by the first pixel
		`RandomFlip {"mode":"horizontal"}`:  {pixel(0, 0), pixel(0, 3)},
		`RandomFlip {"mode":"vertical"}`:    {pixel(0, 0), pixel(2, 0)},
		`RandomFlip {}`:                     {pixel(0, 0), pixel(2, 3)},
		`RandomCrop {"height":2,"width":2}`: {pixel(0, 0), pixel(0, 1), pixel(0, 2), pixel(1, 0), pixel(1, 1), pixel(1, 2)},
		`RandomContrast {"factor":0}`:       {pixel(0, 0)},
		`RandomTranslation {"height_factor":[0.3333333333,0.3333333333],"width_factor":0}`: {pixel(0, 0)}, // reflected
	} {
		seen, r := map[float32]int{}, augmentation(t, layer, 5)
		for step := range uint64(steps) {
			seen[r.augmented(t, step)[0]]++
		}
		if len(seen) != len(want) {
			t.Errorf("%s: first pixels %v, want %v", layer, seen, want)
		}
		p := 1 / float64(len(want))
		for _, v := range want {
			if d := math.Abs(float64(seen[v]) - steps*p); d > 5*math.Sqrt(steps*p*(1-p)) {
				t.Errorf("%s: first pixel %v in %d of %d steps", layer, v, seen[v], steps)
			}
		}
		if a, b := r.augmented(t, 3), augmentation(t, layer, 5).augmented(t, 3); !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v of one seed", layer, a, b)
		}
	}
	for _, layer := range []string{`RandomZoom {"height_factor":0.5}`, `RandomRotation {"factor":1}`, `RandomBrightness {"factor":0.5,"value_range":[-300,300]}`} {
		r := augmentation(t, layer, 7)
		a, b, c := r.augmented(t, 3), r.augmented(t, 4), augmentation(t, layer, 8).augmented(t, 3)
		if slices.Equal(a, b) || slices.Equal(a, c) {
			t.Errorf("%s: the same image in another step, or of another seed", layer)
		}
	}
}
