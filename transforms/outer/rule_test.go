package outer

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/plan"
)

// Steps of the rules, written out.
func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		rule         Rule
		rate         float64 // inner
		weights, u   []float32
		wantW, wantU []float32 // after two rounds whose means are 0.5 below the weights
	}{
		// u: 0.5, then 0.25+0.5; the weights 1 fall by 0.5·that
		"slowmo":             {Rule{SlowMo, 1, 0.5}, 1, []float32{1}, []float32{0}, []float32{1 - 0.5 - 0.75}, []float32{0.75}},
		"slowmo, small rate": {Rule{SlowMo, 0.5, 0.5}, 0.25, []float32{1}, []float32{0}, []float32{1 - 0.5*0.25*2 - 0.5*0.25*3}, []float32{3}},
		"slowmo, no rate":    {Rule{SlowMo, 1, 0}, 0, []float32{1}, []float32{0}, []float32{0}, []float32{0.5}},
		// u: 0.5, 0.75; d + u/2: 0.75, 0.875
		"nesterov": {Rule{Nesterov, 1, 0.5}, 0.1, []float32{1}, []float32{0}, []float32{1 - 0.75 - 0.875}, []float32{0.75}},
		"average":  {Rule{}, 1, []float32{1}, []float32{7}, []float32{0}, []float32{7}},
	} {
		t.Run(name, func(t *testing.T) {
			w, u := slices.Clone(c.weights), slices.Clone(c.u)
			for range 2 {
				mean := []float32{w[0] - 0.5}
				c.rule.Apply(Step{Before: w, Weights: mean, Momentum: u, Trainable: []plan.Run{{Weight: 0, Len: 1}}, LearningRate: c.rate})
				w = mean
			}
			if !cmp.Equal(w, c.wantW) || !cmp.Equal(u, c.wantU) {
				t.Errorf("weights %v, momentum %v; want %v, %v", w, u, c.wantW, c.wantU)
			}
		})
	}
}

// Weights that are not trainable are the mean's, and a vector in pieces becomes what it becomes whole.
func TestPieces(t *testing.T) {
	trainable := []plan.Run{{Weight: 1, Len: 3}, {Weight: 6, Len: 2}}
	vector := func(scale float32) []float32 {
		v := make([]float32, 9)
		for i := range v {
			v[i] = scale * float32(i*i+1)
		}
		return v
	}
	for _, rule := range []Rule{{SlowMo, 1, 0.7}, {Nesterov, 0.7, 0.9}} {
		before, mean, u := vector(1), vector(0.7), vector(0.1)
		u[0], u[4], u[5], u[8] = 0, 0, 0, 0
		whole, wholeU := slices.Clone(mean), slices.Clone(u)
		rule.Apply(Step{Before: before, Weights: whole, Momentum: wholeU, Trainable: trainable, LearningRate: 0.01})
		for i := range whole {
			if fixed := i == 0 || i == 4 || i == 5 || i == 8; fixed != (whole[i] == mean[i]) || fixed && wholeU[i] != 0 {
				t.Errorf("%s: weight %d became %v, the mean is %v", rule.Name, i, whole[i], mean[i])
			}
		}
		for from := 0; from < 9; from += 2 {
			to := min(from+2, 9)
			rule.Apply(Step{Before: before[from:to], Weights: mean[from:to], Momentum: u[from:to], Offset: from, Trainable: trainable, LearningRate: 0.01})
		}
		if !cmp.Equal(mean, whole) || !cmp.Equal(u, wholeU) {
			t.Errorf("%s: in pieces %v, whole %v", rule.Name, mean, whole)
		}
	}
}

func TestSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	w := []float32{nan, inf, 1}
	Defaults(Nesterov, 4, true).Apply(Step{Before: []float32{1, 1, 1}, Weights: w, Momentum: make([]float32, 3), Trainable: []plan.Run{{Weight: 0, Len: 3}}})
	if w[0] == w[0] || !math.IsInf(float64(w[1]), 1) || w[2] != 1 {
		t.Errorf("weights %v", w)
	}
}

func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		name     string
		shards   int
		adaptive bool
		want     Rule
	}{
		{Average, 4, true, Rule{Name: Average}},
		{SlowMo, 4, true, Rule{SlowMo, 1, 0.5}},
		{Nesterov, 4, false, Rule{Nesterov, 1, 0.75}},
		{Nesterov, 2, true, Rule{Nesterov, 0.7, 0.5}},
		{Nesterov, 100, true, Rule{Nesterov, 0.7, 0.9}},
		{Nesterov, 1, false, Rule{Nesterov, 1, 0}},
	} {
		got := Defaults(c.name, c.shards, c.adaptive)
		if got != c.want || got.Check() != nil {
			t.Errorf("%s of %d shards: %+v, %v", c.name, c.shards, got, got.Check())
		}
	}
	for _, bad := range []Rule{
		{Name: "adam"}, {SlowMo, 0, 0.5}, {SlowMo, 11, 0}, {Nesterov, 1, 1}, {Nesterov, 1, -0.1}, {Nesterov, math.NaN(), 0},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestApplyAllocatesNothing(t *testing.T) {
	s := Step{Before: make([]float32, 100), Weights: make([]float32, 100), Momentum: make([]float32, 100), Trainable: []plan.Run{{Weight: 0, Len: 100}}, LearningRate: 1}
	if n := testing.AllocsPerRun(10, func() { Defaults(SlowMo, 3, true).Apply(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
