package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/keras"
)

// TestSplitPlaces: no plan of a stage writes to a place that another one of the stage reads or writes, all places are in the
// memory, slices change no weight, and the parts of the sum together cover every gradient once.
func TestSplitPlaces(t *testing.T) {
	for name, json := range map[string]string{
		"frozen layer": `{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,100],"units":300}},
		{"class_name":"Dense","config":{"name":"d2","units":7,"trainable":false}},
		{"class_name":"Dense","config":{"name":"d3","units":9}}]}`,
		"batch normalisation": normJSON,
	} {
		spec, plans := slicePlans(t, json, 3, 3, 4)
		for _, text := range []string{
			"'adam'", "Adam(clipnorm=1)", "Adam(gradient_accumulation_steps=3)", "SGD(clipvalue=1, gradient_accumulation_steps=2)", "'lamb'", "'muon'",
			"Adafactor(clipnorm=1, gradient_accumulation_steps=2, use_ema=True)", "ScheduleFreeAdamW(weight_decay=0.1)",
		} {
			s := splitOf(t, spec, plans, text, 4)
			for k, set := range slices.Concat(s.Stages, s.Finish) {
				checkApart(t, fmt.Sprintf("%s, %s, set %d", name, text, k), s.Sizes, set, k < len(s.Stages))
			}
			_, total := TrainableRuns(spec)
			updated := make([]int, total)
			for _, set := range s.Finish {
				for _, p := range set {
					for _, in := range p.Instrs {
						if in.Code == CodeUpdate {
							for at := in.In[0].Off; at < in.In[0].Off+in.In[0].Len; at++ {
								updated[at]++
							}
						}
					}
				}
			}
			if slices.ContainsFunc(updated, func(n int) bool { return n != 1 }) {
				t.Errorf("%s, %s: not every weight is updated once", name, text)
			}
		}
	}
}

// TestArraysAreDealt: plans that share an optimizer by arrays have about the same number of weights; kernels and biases come in turns.
func TestArraysAreDealt(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		n     int
		want  string
	}{
		{[]int{100, 1, 100, 1, 100, 1, 100, 1}, 2, "[[0 4 1 5] [2 6 3 7]]"},
		{[]int{1, 2, 3, 4, 5, 6}, 3, "[[5 0] [4 1] [3 2]]"},
		{[]int{7}, 1, "[[0]]"},
		{nil, 0, "[]"},
	} {
		if got := fmt.Sprint(dealt(c.sizes, c.n)); got != c.want {
			t.Errorf("%v among %d: got %s, want %s", c.sizes, c.n, got, c.want)
		}
	}
	spec, plans := slicePlans(t, `{"class_name":"Sequential","config":[
		{"class_name":"Dense","config":{"name":"d1","batch_input_shape":[null,100],"units":100}},
		{"class_name":"Dense","config":{"name":"d2","units":100}},
		{"class_name":"Dense","config":{"name":"d3","units":100}},
		{"class_name":"Dense","config":{"name":"d4","units":100}}]}`, 3, 3, 4)
	s := splitOf(t, spec, plans, "'lamb'", 2)
	var weights []int
	for _, p := range s.Finish[len(s.Finish)-1] {
		weights = append(weights, 0)
		for _, in := range p.Instrs {
			weights[len(weights)-1] += in.Out.Len
		}
	}
	if !slices.Equal(weights, []int{20200, 20200}) {
		t.Errorf("two plans update %v weights", weights)
	}
}

// TestHeld: what follows from gradients is held where they are added up, and nothing else; without gradient_accumulation_steps nothing is.
func TestHeld(t *testing.T) {
	spec, plans := slicePlans(t, normJSON, 3, 3, 4)
	for text, want := range map[string][]string{
		"Adam(clipnorm=1, weight_decay=0.1, use_ema=True)":                                      nil,
		"Adam(clipnorm=1, weight_decay=0.1, use_ema=True, gradient_accumulation_steps=3)":       {CodeClip, CodeDecay, CodeUpdate},
		"Adafactor(clipvalue=1, weight_decay=0.1, use_ema=True, gradient_accumulation_steps=2)": {CodeClip, CodeDecay, CodeUpdate},
	} {
		held, free := map[string]bool{}, map[string]bool{}
		for _, set := range splitOf(t, spec, plans, text, 2).Finish {
			for _, p := range set {
				for _, in := range p.Instrs {
					map[bool]map[string]bool{true: held, false: free}[in.Held][in.Code] = true
				}
			}
		}
		for code := range held {
			if free[code] {
				t.Errorf("%s: %s is held here and there", text, code)
			}
		}
		if got := slices.Sorted(maps.Keys(held)); !slices.Equal(got, want) {
			t.Errorf("%s: %v are held, want %v", text, got, want)
		}
	}
}

// TestPathsOfArrays: optimizers know arrays by Keras' paths, in which a cell stands before its weights.
func TestPathsOfArrays(t *testing.T) {
	spec, plans := slicePlans(t, `{"class_name":"Sequential","config":[
		{"class_name":"LSTM","config":{"name":"l","batch_input_shape":[null,4,3],"units":5}},
		{"class_name":"Dense","config":{"name":"d","units":6}}]}`, 3, 3, 4)
	for exclude, want := range map[string]string{"^l/lstm_cell/": "Adam Adam Adam Muon Adam", "^d/": "Muon Muon Adam Adam Adam", "^l/kernel": "Muon Muon Adam Muon Adam"} {
		s := splitOf(t, spec, plans, "Muon(exclude_layers=['"+exclude+"'])", 1)
		rules := make([]string, len(spec.Weights))
		for _, set := range s.Finish {
			for _, p := range set {
				for _, in := range p.Instrs {
					if a, ok := in.Attr.(UpdateAttr); ok {
						at := slices.IndexFunc(spec.Weights, func(w *keras.Weight) bool { return w.Offset == in.Out.Off })
						rules[at] = a.Rule.Kind()
					}
				}
			}
		}
		if got := strings.Join(rules, " "); got != want {
			t.Errorf("%s: got %s, want %s", exclude, got, want)
		}
	}
}

// checkApart fails when plans that may run side by side touch each other's places, or when slices write weights.
func checkApart(t *testing.T, what string, sizes Sizes, set []*Plan, ofSlices bool) {
	t.Helper()
	type place struct {
		space Space
		off   int
	}
	writer := map[place]int{}
	each := func(f func(k int, r Ref, written bool)) {
		for k, p := range set {
			for _, in := range p.Instrs {
				for _, r := range in.In {
					f(k, r, false)
				}
				for _, r := range append(slices.Clone(in.Side), in.Out, in.Scratch) {
					f(k, r, true)
				}
			}
		}
	}
	each(func(k int, r Ref, written bool) {
		if r.Off+r.Len > sizes[r.Space] || written && ofSlices && r.Space == Weights && r.Len > 0 {
			t.Errorf("%s: plan %d: place %v", what, k, r)
		}
		for at := r.Off; written && at < r.Off+r.Len; at++ {
			writer[place{r.Space, at}] = k
		}
	})
	each(func(k int, r Ref, written bool) {
		for at := r.Off; at < r.Off+r.Len; at++ {
			if by, ok := writer[place{r.Space, at}]; ok && by != k {
				t.Fatalf("%s: plan %d works on %v, which plan %d writes", what, k, r, by)
			}
		}
	})
}

// TestTreeSum: the order of sums is fixed, whatever the number of arrays.
func TestTreeSum(t *testing.T) {
	for n, want := range map[int]string{
		1: "",
		2: "0+1 ",
		3: "0+1 0+2 ",
		5: "0+1 2+3 0+2 0+4 ",
		8: "0+1 2+3 4+5 6+7 0+2 4+6 0+4 ",
	} {
		var b strings.Builder
		for _, in := range treeSum(n, 16, 3, 7) {
			fmt.Fprintf(&b, "%d+%d ", in.In[0].Off/16, in.In[1].Off/16)
			if in.Out != in.In[0] || in.Out.Len != 4 || in.Out.Off%16 != 3 {
				t.Errorf("%v", &in)
			}
		}
		if b.String() != want {
			t.Errorf("%d arrays: %s, want %s", n, b.String(), want)
		}
	}
}
