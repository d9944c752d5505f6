package infer

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProbabilities(t *testing.T) {
	classes := func(n int) []*string { return make([]*string, n) }
	third := float32(1. / 3)
	for _, c := range []struct {
		out    Output
		values []float32
		want   []float32
	}{
		{Output{Classes: classes(2)}, []float32{0.25, 3}, []float32{0.25, 3}},
		{Output{Classes: classes(2), Second: true}, []float32{0.25}, []float32{0.75, 0.25}},
		{Output{Classes: classes(2), Second: true, Score: Logit}, []float32{0}, []float32{0.5, 0.5}},
		{Output{Classes: classes(2), Second: true, Score: Logit}, []float32{-1000}, []float32{1, 0}},
		{Output{Classes: classes(2), Second: true, Score: Side}, []float32{-0.5}, []float32{0.75, 0.25}},
		{Output{Classes: classes(2), Second: true, Score: Side}, []float32{3}, []float32{0, 1}},
		{Output{Classes: classes(3), Score: Logit}, []float32{0, 1000, -1000}, []float32{0.5, 1, 0}},
		{Output{Classes: classes(3), Score: LogitAmong}, []float32{1000, 1000, 1000}, []float32{third, third, third}},
		{Output{Classes: classes(3), Score: LogitAmong}, []float32{0, float32(math.Log(3)), -1000}, []float32{0.25, 0.75, 0}},
	} {
		before := append([]float32{}, c.values...)
		if d := cmp.Diff(c.want, c.out.Probabilities(c.values)); d != "" {
			t.Errorf("%+v of %v: %s", c.out, c.values, d)
		}
		if d := cmp.Diff(before, c.values); d != "" {
			t.Errorf("%+v changed the output: %s", c.out, d)
		}
	}
}

// TestRankOfScores: probabilities that are equal in float32 do not hide which class has the higher score.
func TestRankOfScores(t *testing.T) {
	a, b, c := "a", "b", "c"
	classes := []*string{&a, &b, &c}
	for _, x := range []struct {
		score  Score
		values []float32
		want   string
	}{
		{Logit, []float32{18, 25, -3}, "bac"},
		{LogitAmong, []float32{200, 50, 90}, "acb"},
		{LogitAmong, []float32{float32(math.NaN()), 1, 2}, "cba"},
		{Probability, []float32{0.25, 0.25, 0.5}, "cab"},
	} {
		out, got := Output{Classes: classes, Score: x.score}, ""
		for _, class := range out.Ranked(x.values) {
			got += *class.Value
		}
		if got != x.want {
			t.Errorf("%v as %v: ranked %s, want %s", x.values, x.score, got, x.want)
		}
		if best := *classes[out.Best(x.values, out.Probabilities(x.values))]; best != x.want[:1] {
			t.Errorf("%v as %v: the best class is %s, want %s", x.values, x.score, best, x.want[:1])
		}
	}
}
