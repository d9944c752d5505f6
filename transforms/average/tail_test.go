package average

import (
	"math"
	"testing"
)

func TestTail(t *testing.T) {
	for name, c := range map[string]struct {
		tail Tail
		want []float64 // after each of 3, 6, 12
	}{
		"equal":       {Tail{Length: 3}, []float64{3, 4.5, 7}},
		"exponential": {Tail{Length: 3, Exponential: true}, []float64{3, 4.5, 8.25}},
	} {
		average := []float32{99}
		for i, x := range []float32{3, 6, 12} {
			c.tail.Add(average, []float32{x}, i)
			if math.Abs(float64(average[0])-c.want[i]) > 1e-6 {
				t.Errorf("%s: %v after %d, want %v", name, average[0], i+1, c.want[i])
			}
		}
	}
}
