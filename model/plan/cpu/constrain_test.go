package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/plan"
)

// TestConstrain compares norms along every kind of axes with their sums over all elements.
func TestConstrain(t *testing.T) {
	shape := []int{2, 3, 4}
	for _, axes := range [][]int{{0}, {1}, {-1}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}, nil} {
		t.Run(fmt.Sprint(axes), func(t *testing.T) {
			c := &keras.Constraint{Min: 0.5, Max: 2, Rate: 0.75, Axes: axes}
			along, err := c.AxesOf(shape)
			if err != nil {
				t.Fatal(err)
			}
			w := make([]float32, 24)
			for i := range w {
				w[i] = float32(math.Sin(float64(5*i)) * float64(1+i%5))
			}
			// group is the place of an element without its indexes along the axes
			group := func(i int) (g int) {
				index := []int{i / 12, i / 4 % 3, i % 4}
				for _, axis := range along {
					index[axis] = 0
				}
				return index[0]*12 + index[1]*4 + index[2]
			}
			squares := map[int]float64{}
			for i, v := range w {
				squares[group(i)] += float64(v) * float64(v)
			}
			want := make([]float64, len(w))
			for i, v := range w {
				n := math.Sqrt(squares[group(i)])
				want[i] = float64(v) * (0.75*min(max(n, 0.5), 2) + 0.25*n) / (n + 1e-7)
			}
			constrain(plan.ConstrainAttr{Min: c.Min, Max: c.Max, Rate: c.Rate, Axes: along, Shape: shape}, operands{out: w})(nil)
			for i := range w {
				if d := math.Abs(float64(w[i]) - want[i]); !(d <= 1e-6) {
					t.Errorf("element %d is %v, want %v", i, w[i], want[i])
				}
			}
		})
	}
	w := []float32{-1, 0, 2}
	constrain(plan.ConstrainAttr{NonNegative: true, Shape: []int{3}}, operands{out: w})(nil)
	if w[0] != 0 || w[1] != 0 || w[2] != 2 {
		t.Errorf("not negative: %v", w)
	}
}
