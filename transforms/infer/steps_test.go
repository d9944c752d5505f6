package infer

import "testing"

func TestSteps(t *testing.T) {
	values := []float32{0.1, 0.9, 0.5, 0.25, 1, 0, 0.5, 0.5}
	for _, c := range []struct {
		shape []int
		want  string
	}{
		{[]int{2, 4}, "{{0.1,0.9,0.5,0.25},{1,0,0.5,0.5}}"},
		{[]int{2, 2, 2}, "{{{0.1,0.9},{0.5,0.25}},{{1,0},{0.5,0.5}}}"},
		{[]int{4}, "{1,0,0,0}"},
		{[]int{2, 1}, "{{1},{0}}"},
	} {
		if got := (Output{Numbers: 8, Shape: c.shape}).Label(values); got != c.want {
			t.Errorf("shape %v: %s, want %s", c.shape, got, c.want)
		}
	}
}
