package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/model/graph"
	"github.com/beamfit/beamfit/model/plan"
)

// masks is what dropout makes of ones.
func masks(attr any, n int, s *plan.Step) []float32 {
	x, y := slices.Repeat([]float32{1}, n), make([]float32, n)
	if a, ok := attr.(*graph.DropoutBroadcastAttr); ok {
		dropoutBroadcast(a, operands{in: [][]float32{x}, out: y, scratch: make([]float32, dropoutBroadcastScratch(a))})(s)
	} else {
		dropout(attr.(graph.DropoutAttr), operands{in: [][]float32{x}, out: y})(s)
	}
	return y
}

// TestDropoutStatistics: of 100,000 elements the share that is dropped lies within five standard deviations of the rate,
// the others are scaled, and streams, steps and seeds give masks that agree no more often than chance.
func TestDropoutStatistics(t *testing.T) {
	const n = 100000
	a := graph.DropoutAttr{Rate: 0.3, Stream: 4}
	base := masks(a, n, &plan.Step{Seed: 1, Counter: 2})
	dropped := 0
	for _, v := range base {
		switch {
		case v == 0:
			dropped++
		case v != float32(1/(1-float64(a.Rate))):
			t.Fatalf("an element became %v", v)
		}
	}
	if p := float64(dropped) / n; math.Abs(p-0.3) > 5*math.Sqrt(0.3*0.7/n) {
		t.Errorf("%v of the elements were dropped, want 0.3", p)
	}
	if !slices.Equal(base, masks(a, n, &plan.Step{Seed: 1, Counter: 2})) {
		t.Error("the same step drops other elements")
	}
	chance := 0.3*0.3 + 0.7*0.7
	for name, other := range map[string][]float32{
		"stream": masks(graph.DropoutAttr{Rate: 0.3, Stream: 5}, n, &plan.Step{Seed: 1, Counter: 2}),
		"step":   masks(a, n, &plan.Step{Seed: 1, Counter: 3}),
		"seed":   masks(a, n, &plan.Step{Seed: 2, Counter: 2}),
	} {
		equal := 0
		for i := range base {
			if base[i] == other[i] {
				equal++
			}
		}
		if p := float64(equal) / n; math.Abs(p-chance) > 5*math.Sqrt(chance*(1-chance)/n) {
			t.Errorf("another %s agrees on %v of the elements, chance is %v", name, p, chance)
		}
	}
}

// TestDropoutBroadcast: the mask is the same along dimensions of size 1, and zero wins over NaN.
func TestDropoutBroadcast(t *testing.T) {
	a := &graph.DropoutBroadcastAttr{DropoutAttr: graph.DropoutAttr{Rate: 0.5}, Shape: []int{8, 3, 4, 5}, Mask: []int{8, 3, 1, 5}}
	y := masks(a, 8*3*4*5, &plan.Step{Seed: 3})
	seen := map[float32]int{}
	for b := range 8 * 3 {
		for c := range 5 {
			first := y[b*20+c]
			seen[first]++
			for w := range 4 {
				if y[b*20+w*5+c] != first {
					t.Fatalf("row %d, channel %d: the mask differs along the broadcast dimension", b, c)
				}
			}
		}
	}
	if len(seen) != 2 || seen[0] < 30 || seen[2] < 30 {
		t.Errorf("mask values %v, want 0 and 2 about equally often", seen)
	}
	x, out := slices.Repeat([]float32{float32(math.NaN())}, len(y)), make([]float32, len(y))
	dropoutBroadcast(a, operands{in: [][]float32{x}, out: out, scratch: make([]float32, dropoutBroadcastScratch(a))})(&plan.Step{Seed: 3})
	for i, v := range out {
		if (v == 0) != (y[i] == 0) {
			t.Fatalf("element %d is %v, its mask %v", i, v, y[i])
		}
	}
}
