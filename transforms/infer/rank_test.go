package infer

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRank(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		prob []float32
		want []int
	}{
		{[]float32{0.2, 0.7, 0.1}, []int{1, 0, 2}},
		{[]float32{0.5}, []int{0}},
		{[]float32{0.25, 0.25, 0.25, 0.25}, []int{0, 1, 2, 3}},
		{[]float32{0.1, 0.4, 0.1, 0.4}, []int{1, 3, 0, 2}},
		{[]float32{nan, 0, nan, -inf, inf}, []int{4, 1, 3, 0, 2}},
	} {
		order := make([]int, len(c.prob))
		rank(c.prob, order)
		if d := cmp.Diff(c.want, order); d != "" {
			t.Errorf("%v: %s", c.prob, d)
		}
	}
}

func TestWiden(t *testing.T) {
	for text, p := range map[string]float32{
		"0.7689959": 0.7689959, "0.024966586": 0.024966586, "1": 1, "0": 0, "1e-45": math.SmallestNonzeroFloat32,
		"3.4028234663852886e+38": math.MaxFloat32, "0.1": 0.1, "1.6777216e+07": 1 << 24, "0.33333334": 1. / 3,
	} {
		got := widen(p)
		if float32(got) != p {
			t.Errorf("%s: %g is another float32", text, got)
		}
		if d := cmp.Diff(text, strconv.FormatFloat(got, 'g', -1, 64)); d != "" {
			t.Error(d)
		}
	}
	if !math.IsNaN(widen(float32(math.NaN()))) || !math.IsInf(widen(float32(math.Inf(-1))), -1) {
		t.Error("special values changed")
	}
}

func TestParseChoice(t *testing.T) {
	at := func(p float64) *float64 { return &p }
	for text, want := range map[string]Choice{
		"": {}, "prob": {}, "response": {Top: 1, NoRank: true}, "1": {Top: 1}, "7": {Top: 7}, "0.0": {Above: at(0)},
		"0.3": {Above: at(0.3)}, "1e-3": {Above: at(1e-3)}, ".5": {Above: at(0.5)},
	} {
		got, err := ParseChoice(text)
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
	for _, text := range []string{"0", "-1", "1.0", "1.5", "-0.1", "NaN", "Inf", "PROB", "Response", "two", " 1", "0,5"} {
		if c, err := ParseChoice(text); err == nil || !strings.Contains(err.Error(), `"`+text+`"`) {
			t.Errorf("%q: %v, error %v", text, c, err)
		}
	}
}

func TestChoiceKeeps(t *testing.T) {
	half := 0.5
	for _, c := range []struct {
		choice Choice
		prob   float64
		rank   int
		want   bool
	}{
		{Choice{}, 0, 9, true},
		{Choice{Top: 2}, 0, 2, true},
		{Choice{Top: 2}, 1, 3, false},
		{Choice{Above: &half}, 0.5, 1, false},
		{Choice{Above: &half}, 0.5000001, 2, true},
		{Choice{Above: &half}, math.NaN(), 1, false},
	} {
		if got := c.choice.keeps(c.prob, c.rank); got != c.want {
			t.Errorf("%+v keeps(%g, %d) = %v", c.choice, c.prob, c.rank, got)
		}
	}
}
