package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// spells tells whether classes, one per frame, give the labels once repeats are merged and blanks dropped.
func spells(path []int, labels []float32) bool {
	var read []float32
	for t, class := range path {
		if class != 0 && (t == 0 || path[t-1] != class) {
			read = append(read, float32(class))
		}
	}
	return slices.Equal(read, labels)
}

// ctcByPaths is the loss of a row by going through all paths.
func ctcByPaths(s CTCShape, x, labels []float32) float64 {
	var total float64
	path := make([]int, s.Frames)
	for {
		if spells(path, labels) {
			p := 1.0
			for t, class := range path {
				var sum float64
				for _, v := range x[t*s.Classes : (t+1)*s.Classes] {
					sum += math.Exp(float64(v))
				}
				p *= math.Exp(float64(x[t*s.Classes+class])) / sum
			}
			total += p
		}
		t := 0
		for ; t < s.Frames && path[t] == s.Classes-1; t++ {
			path[t] = 0
		}
		if t == s.Frames {
			return -math.Log(total)
		}
		path[t]++
	}
}

// ctcRows are rows of 5 frames and 4 classes with labels that the frames have room for, and the labels without their zeros.
func ctcRows() (s CTCShape, x, y []float32, labels [][]float32) {
	y = []float32{
		1, 2, 3, 0, 0,
		2, 2, 0, 0, 0,
		0, 0, 0, 0, 0,
		1, 2, 1, 3, 1,
		1, 1, 1, 0, 0,
	}
	s = CTCShape{Rows: len(y) / 5, Frames: 5, Classes: 4}
	rng := rand.New(rand.NewPCG(5, 6))
	x = make([]float32, s.Rows*s.Frames*s.Classes)
	for i := range x {
		x[i] = float32(2 * rng.NormFloat64())
	}
	for row := range slices.Chunk(y, 5) {
		labels = append(labels, row[:slices.IndexFunc(append(slices.Clone(row), 0), func(v float32) bool { return v == 0 })])
	}
	return s, x, y, labels
}

func ctcLosses(s CTCShape, x, y []float32) []float32 {
	losses := make([]float32, s.Rows)
	CTC(s, x, y, losses, make([]float32, CTCWorkspace(s)))
	return losses
}

func TestCTC(t *testing.T) {
	s, x, y, labels := ctcRows()
	n := s.Frames * s.Classes
	for r, got := range ctcLosses(s, x, y) {
		if want := ctcByPaths(s, x[r*n:(r+1)*n], labels[r]); math.Abs(float64(got)-want) > 1e-6*want {
			t.Errorf("labels %v: %v, all paths give %v", labels[r], got, want)
		}
	}
}

func TestCTCGrad(t *testing.T) {
	s, x, y, labels := ctcRows()
	n, scale := s.Frames*s.Classes, make([]float32, s.Rows)
	for r := range scale {
		scale[r] = float32(r + 1)
	}
	dx, ws := make([]float32, len(x)), make([]float32, CTCGradWorkspace(s))
	CTCGrad(s, x, y, scale, dx, ws)
	const step = 1.0 / 1024
	for i, got := range dx {
		r, was := i/n, x[i]
		x[i] = was + step
		up := ctcByPaths(s, x[r*n:(r+1)*n], labels[r])
		x[i] = was - step
		down := ctcByPaths(s, x[r*n:(r+1)*n], labels[r])
		x[i] = was
		if want := float64(scale[r]) * (up - down) / (2 * step); math.Abs(float64(got)-want) > 1e-5 {
			t.Errorf("labels %v: gradient %d is %v, differences say %v", labels[r], i, got, want)
		}
	}
	CTCGrad(s, x, y, scale, x, ws)
	if !slices.Equal(x, dx) {
		t.Error("the gradient in place differs")
	}
}

// TestCTCImpossible: labels without room have the loss of TensorFlow, which a reading can pay for.
func TestCTCImpossible(t *testing.T) {
	s := CTCShape{Rows: 3, Frames: 2, Classes: 3}
	x := make([]float32, 12)
	x = append(x, 0, 0, float32(math.NaN()), 0, 0, 0)
	losses := ctcLosses(s, x, []float32{1, 1, 1, 1, 1, 0})
	// Of 9 paths of 2 frames, those that begin at the start and end in any state: of labels 1 1, blank blank, blank 1, 1 blank
	// and 1 1.
	want := -ctcImpossible - math.Log(4.0/9)
	if math.Abs(float64(losses[0])-want) > 1e-3 || losses[0] != losses[1] {
		t.Errorf("%v, want twice %v", losses[:2], want)
	}
	if losses[2] == losses[2] {
		t.Errorf("the loss of NaN is %v", losses[2])
	}
	dx := make([]float32, len(x))
	CTCGrad(s, x, []float32{1, 1, 1, 1, 1, 0}, []float32{1, 1, 1}, dx, make([]float32, CTCGradWorkspace(s)))
	for i, d := range dx[:12] {
		if !(math.Abs(float64(d)) <= 1) {
			t.Errorf("gradient %d is %v", i, d)
		}
	}
}

// TestCTCLong: a sequence whose probability no float64 holds has a loss.
func TestCTCLong(t *testing.T) {
	s := CTCShape{Rows: 1, Frames: 1500, Classes: 2}
	x, y := make([]float32, 3000), make([]float32, 1500)
	y[0] = 1
	// n·(n+1)/2 readings of equal probability
	want := 1500*math.Ln2 - math.Log(1500*1501/2)
	if got := ctcLosses(s, x, y)[0]; math.Abs(float64(got)-want) > 1e-6*want {
		t.Errorf("%v, want %v", got, want)
	}
}
