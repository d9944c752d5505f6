package infer

import "testing"

func TestTextOfLabels(t *testing.T) {
	for _, tt := range []struct {
		out    Output
		values []float32
		want   string
	}{
		{Output{Numbers: 1}, []float32{1.5}, "1.5"},
		{Output{Numbers: 2}, []float32{1.5, 2}, "{1.5,2}"},
		{Output{Numbers: 6, Frames: 3}, []float32{1, 0, 1, 0, 0.5, 0.5}, "{}"},
		{Output{Numbers: 3, Frames: 1}, []float32{0, 1, 1}, "{1}"},
		// 0 2 2 0 2 1 1: repeats are one label, and those with a blank between them are two.
		{Output{Numbers: 21, Frames: 7}, []float32{9, 0, 0, 1, 2, 3, 0, 0, 1, 5, 4, 4, -3, -2, -1, 0, 2, 1, 0, 2, 1}, "{2,2,1}"},
	} {
		if got := tt.out.Label(tt.values); got != tt.want {
			t.Errorf("%v of %+v are %s, want %s", tt.values, tt.out, got, tt.want)
		}
	}
}
