package initializer

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// TestOrthogonal: the columns, or the rows where there are fewer, are orthonormal times the gain.
func TestOrthogonal(t *testing.T) {
	const gain = 1.5
	for _, shape := range [][]int{{40, 7}, {7, 40}, {12, 12}, {3, 2, 4, 5}, {1, 1, 2, 30}} {
		columns := shape[len(shape)-1]
		rows := 1
		for _, d := range shape[:len(shape)-1] {
			rows *= d
		}
		out := make([]float32, rows*columns)
		drawOrthogonal(keras.Initializer{Gain: gain}, shape, rand.New(rand.NewPCG(1, 2)), out)
		vector := func(k, j int) float64 { // element j of vector k
			if rows < columns {
				return float64(out[k*columns+j])
			}
			return float64(out[j*columns+k])
		}
		for a := range min(rows, columns) {
			for b := range a + 1 {
				var dot, want float64
				for j := range max(rows, columns) {
					dot += vector(a, j) * vector(b, j)
				}
				if a == b {
					want = gain * gain
				}
				if math.Abs(dot-want) > 1e-6 {
					t.Errorf("%v: vectors %d and %d have product %v, want %v", shape, a, b, dot, want)
				}
			}
		}
	}
}

func TestIdentity(t *testing.T) {
	spec := chain(t, 3, `{"class_name": "Identity", "config": {"gain": 2}}`, `"identity"`)
	want := []float32{2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0, 0, 1, 0, 0, 0, 1}
	if got := Fill(spec, 1); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	wide := make([]float32, 6)
	drawIdentity(keras.Initializer{Gain: 1}, []int{2, 3}, nil, wide)
	if !slices.Equal(wide, []float32{1, 0, 0, 0, 1, 0}) {
		t.Errorf("2 x 3: %v", wide)
	}
}
