package loss

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/params"
)

// TestValues compares losses of small rows with values worked out by hand from the formulas.
func TestValues(t *testing.T) {
	ln := math.Log
	tests := []struct {
		name   string
		logits bool
		p, y   []float32
		want   float64
	}{
		{"mse", false, []float32{1, 2}, []float32{0, 4}, (1.0 + 4) / 2},
		{"mae", false, []float32{1, 2}, []float32{0, 4}, (1.0 + 2) / 2},
		{"categorical_crossentropy", false, []float32{0.2, 0.3, 0.5}, []float32{0, 1, 0}, -ln(0.3)},
		{"categorical_crossentropy", false, []float32{0.4, 0.6, 1}, []float32{0, 1, 0}, -ln(0.3)}, // normalised
		{"categorical_crossentropy", false, []float32{1, 0, 0}, []float32{0, 1, 0}, -ln(1e-7)},    // clipped
		{"categorical_crossentropy", true, []float32{1, 2, 3}, []float32{0, 0, 1}, ln(1 + math.Exp(-1) + math.Exp(-2))},
		{"categorical_crossentropy", true, []float32{1000, 0, 0}, []float32{0, 1, 0}, 1000}, // exact where clipping was not
		{"binary_crossentropy", false, []float32{0.25, 0.5}, []float32{1, 0}, (-ln(0.25) - ln(0.5)) / 2},
		{"binary_crossentropy", false, []float32{0}, []float32{1}, -ln(1e-7)},
		{"binary_crossentropy", true, []float32{0}, []float32{1}, ln(2)},
		{"binary_crossentropy", true, []float32{-800}, []float32{1}, 800},
		{"sparse_categorical_crossentropy", false, []float32{0.4, 0.6, 1}, []float32{0, 1, 0}, -ln(0.6 / (0.4 + 0.6 + 1))}, // clip hardly matters
		{"sparse_categorical_crossentropy", false, []float32{2, 0, 0}, []float32{0, 1, 0}, -ln(1e-7)},                      // clipped before it is divided
		{"sparse_categorical_crossentropy", true, []float32{1000, 0, 0}, []float32{0, 1, 0}, 1000},
		{"categorical_generalized_cross_entropy", false, []float32{0.25, 0.5}, []float32{1, 0}, (1 - 0.5) / 0.5},
	}
	for _, tt := range tests {
		l, ok := ByName(tt.name)
		if !ok {
			t.Fatalf("no loss %s", tt.name)
		}
		f := l.Output.(computed)
		if tt.logits {
			f = l.Logits.(computed)
		}
		got := make([]float32, 1)
		f.Rows(1, len(tt.p), tt.p, tt.y, got)
		if d := math.Abs(float64(got[0]) - tt.want); !(d <= 1e-6*max(1, math.Abs(tt.want))) {
			t.Errorf("%s(%v, %v), logits %v: %v, want %v", tt.name, tt.p, tt.y, tt.logits, got[0], tt.want)
		}
	}
}

// calls are every loss with arguments that change its form.
func calls() []params.Call {
	type args = map[string]params.Value
	var all []params.Call
	for _, name := range Names() {
		call := params.Call{Name: name}
		if name == "circle" { // else too steep for differences
			call.Args = args{"gamma": 2.0}
		}
		all = append(all, call)
	}
	return append(all, []params.Call{
		{Name: "binary_crossentropy", Args: args{"label_smoothing": 0.2}},
		{Name: "categorical_crossentropy", Args: args{"label_smoothing": 0.2}},
		{Name: "binary_focal_crossentropy", Args: args{"apply_class_balancing": true, "gamma": 1.5}},
		{Name: "categorical_focal_crossentropy", Args: args{"gamma": int64(0), "alpha": 0.7}},
		{Name: "categorical_focal_crossentropy", Args: args{"from_logits": true}},
		{Name: "categorical_generalized_cross_entropy", Args: args{"q": 0.9}},
		{Name: "sparse_categorical_crossentropy", Args: args{"from_logits": true, "ignore_class": int64(3)}},
		{Name: "huber", Args: args{"delta": 0.1}},
		{Name: "dice", Args: args{"axis": int64(-1)}},
		{Name: "tversky", Args: args{"axis": int64(1), "alpha": 0.3, "beta": 0.9}},
		{Name: "tversky", Args: args{"alpha": 0.3, "beta": 0.9}},
		{Name: "circle", Args: args{"gamma": 1.5, "margin": 0.7, "remove_diagonal": false}},
	}...)
}

// A computed form has kernels for the CPU.
type computed interface {
	Form
	Rows(rows, n int, p, y, losses []float32)
	Grad(rows, n int, p, y, scale, dp []float32)
}

// forms are the forms of a loss; none of ctc, which is an operation of its own.
func forms(t *testing.T, call params.Call) map[string]computed {
	t.Helper()
	l, err := New(call)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]computed{}
	for name, f := range map[string]Form{"output": l.Output, "logits": l.Logits, "logits of a softmax": l.SoftmaxLogits} {
		if f == nil {
			continue
		}
		if f.Kind() != l.Name {
			t.Errorf("the form %s of %s is called %s", name, l.Name, f.Kind())
		}
		forms[name] = f.(computed)
	}
	return forms
}

// TestGradients compares every gradient with differences of the values, and with itself when it overwrites the
// predictions.
func TestGradients(t *testing.T) {
	const rows, n, step = 7, 5, 1.0 / 256
	for _, call := range calls() {
		for form, f := range forms(t, call) {
			rng := rand.New(rand.NewPCG(1, 2))
			p, y, scale := make([]float32, rows*n), make([]float32, rows*n), make([]float32, rows)
			for i := range p {
				p[i] = 0.1 + 0.8*rng.Float32()
			}
			for r := range scale {
				scale[r] = 0.5 + rng.Float32()
				y[r*n+rng.IntN(n)] = 1
			}
			for i := range y {
				switch call.Name {
				case "mean_absolute_percentage_error": // divides by labels
					y[i]++
				case "circle": // the first of them are class numbers
					y[i] = float32(i % 3)
				}
			}
			apart := make([]float32, rows*n)
			f.Grad(rows, n, p, y, scale, apart)
			up, down := make([]float32, rows), make([]float32, rows)
			for i, d := range apart {
				was := p[i]
				p[i] = was + step
				f.Rows(rows, n, p, y, up)
				p[i] = was - step
				f.Rows(rows, n, p, y, down)
				p[i] = was
				var want float64 // of all rows: a loss of a whole batch has parts in each
				for r := range rows {
					want += float64(scale[r]) * (float64(up[r]) - float64(down[r])) / (2 * step)
				}
				if !(math.Abs(float64(d)-want) <= 5e-3*max(1, math.Abs(want))) {
					t.Errorf("%s %v from %s: gradient %d is %v, differences say %v", call.Name, call.Args, form, i, d, want)
				}
			}
			if l, _ := New(call); l.WholeBatch {
				continue
			}
			f.Grad(rows, n, p, y, scale, p)
			if !slices.Equal(apart, p) {
				t.Errorf("%s %v from %s: gradient in place differs", call.Name, call.Args, form)
			}
		}
	}
}

// TestClippedGradientIsZero: where a prediction is outside of the clip, its gradient is the clip's: none.
func TestClippedGradientIsZero(t *testing.T) {
	tests := []struct {
		name string
		p, y []float32
	}{
		{"binary_crossentropy", []float32{0, 1}, []float32{1, 1}},
		{"categorical_crossentropy", []float32{0, 1}, []float32{1, 0}},
		{"categorical_focal_crossentropy", []float32{0, 1}, []float32{1, 0}},
		{"kl_divergence", []float32{0, 1.5}, []float32{1, 0}},
		{"mean_squared_logarithmic_error", []float32{0, -2}, []float32{1, 0}},
	}
	for _, tt := range tests {
		dp := make([]float32, 2)
		forms(t, params.Call{Name: tt.name})["output"].Grad(1, 2, tt.p, tt.y, []float32{1}, dp)
		if dp[0] != 0 || dp[1] != 0 {
			t.Errorf("%s: %v", tt.name, dp)
		}
	}
}

func TestNaNStays(t *testing.T) {
	nan := float32(math.NaN())
	for _, call := range calls() {
		if call.Name == "circle" { // a single row has no loss
			continue
		}
		for form, f := range forms(t, call) {
			got, dp := make([]float32, 1), make([]float32, 2)
			f.Rows(1, 2, []float32{nan, 0.5}, []float32{1, 0}, got)
			if got[0] == got[0] {
				t.Errorf("%s of NaN from %s is %v", call.Name, form, got[0])
			}
			f.Grad(1, 2, []float32{nan, 0.5}, []float32{1, 0}, []float32{1}, dp)
			if dp[0] == dp[0] {
				t.Errorf("%s: gradient of NaN from %s is %v", call.Name, form, dp[0])
			}
		}
	}
}

// TestHingeLabels: a row of 0 and 1 is taken as -1 and 1, whatever the other rows have.
func TestHingeLabels(t *testing.T) {
	p := []float32{0.5, -2, 0.5, -2, 0.5, -2}
	y := []float32{1, 0, 1, -1, 3, 0}
	got := make([]float32, 3)
	forms(t, params.Call{Name: "hinge"})["output"].Rows(3, 2, p, y, got)
	if want := []float32{0.25, 0.25, 0.5}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestIgnoreClass: rows of the class have no loss and no gradient, and neither has a label of zeros where the class is not one
// of the output's.
func TestIgnoreClass(t *testing.T) {
	for _, tt := range []struct {
		class int64
		y     []float32
	}{{1, []float32{0, 1, 1, 0}}, {-1, []float32{0, 0, 1, 0}}, {255, []float32{0, 0, 1, 0}}} {
		call := params.Call{Name: "sparse_categorical_crossentropy", Args: map[string]params.Value{"ignore_class": tt.class}}
		for form, f := range forms(t, call) {
			got, dp := make([]float32, 2), []float32{9, 9, 9, 9}
			f.Rows(2, 2, []float32{0.5, 0.5, 0.25, 0.75}, tt.y, got)
			f.Grad(2, 2, []float32{0.5, 0.5, 0.25, 0.75}, tt.y, []float32{1, 1}, dp)
			if got[0] != 0 || got[1] == 0 || dp[0] != 0 || dp[1] != 0 || dp[2] == 0 {
				t.Errorf("class %d from %s: losses %v, gradients %v", tt.class, form, got, dp)
			}
		}
	}
}

func TestByWidth(t *testing.T) {
	for n, want := range map[int]string{1: "binary_crossentropy", 3: "categorical_crossentropy"} {
		if got := ByWidth(params.Call{Name: "CE"}, n).Name; got != want {
			t.Errorf("ce of width %d is %s, want %s", n, got, want)
		}
	}
	if got := ByWidth(params.Call{Name: "mse"}, 1).Name; got != "mse" {
		t.Errorf("mse became %s", got)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{
		"categorical_crossentropy", "CategoricalCrossentropy", "binary_crossentropy", "BinaryCrossentropy",
		"mean_squared_error", "mse", "MSE", "MeanSquaredError", "mean_absolute_error", "mae", "MAE", "MeanAbsoluteError",
	} {
		if _, err := New(params.Call{Name: name}); err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	for _, e := range table {
		for _, name := range append(e.aliases, e.name) {
			if seen[name] {
				t.Errorf("two losses are called %s", name)
			}
			seen[name] = true
		}
	}
}

func TestRefused(t *testing.T) {
	type args = map[string]params.Value
	tests := []struct {
		call params.Call
		want []string
	}{
		{params.Call{Name: "Mse"}, []string{`"Mse"`, "known: mse, "}},
		{params.Call{Name: "mse", Args: args{"reduction": "sum"}}, []string{"reduction must be one of sum_over_batch_size, auto, mean, found sum"}},
		{params.Call{Name: "mse", Args: args{"reduction": nil}}, []string{"reduction", "found None"}},
		{params.Call{Name: "mse", Positional: []params.Value{params.Call{Name: "NONE"}}}, []string{"reduction must be one of", "found NONE"}},
		{params.Call{Name: "mse", Positional: []params.Value{"auto", "x", nil, nil}}, []string{"4 arguments, at most 3"}},
		{params.Call{Name: "Huber", Args: args{"delta": int64(0)}}, []string{"delta", "greater than 0"}},
		{params.Call{Name: "CategoricalCrossentropy", Args: args{"label_smoothing": 1.5}}, []string{"label_smoothing", "0 to 1"}},
		{params.Call{Name: "CategoricalCrossentropy", Args: args{"axis": int64(0)}}, []string{"axis"}},
		{params.Call{Name: "BinaryFocalCrossentropy", Args: args{"gamma": -1.0}}, []string{"gamma"}},
		{params.Call{Name: "CategoricalFocalCrossentropy", Args: args{"alpha": []params.Value{0.5, 0.5}}}, []string{"alpha", "number"}},
		{params.Call{Name: "dice", Args: args{"axis": int64(0)}}, []string{"axis must be None", "found 0"}},
		{params.Call{Name: "CTC", Args: args{"blank": int64(0)}}, []string{"blank", "known: name, dtype, reduction"}},
		{params.Call{Name: "CategoricalGeneralizedCrossEntropy", Args: args{"q": int64(1)}}, []string{"q must be above 0 and below 1"}},
		{params.Call{Name: "Circle", Args: args{"gamma": "a"}}, []string{"gamma must be a number"}},
		{params.Call{Name: "circle", Args: args{"ref_labels": nil}}, []string{"ref_labels"}},
	}
	for _, tt := range tests {
		_, err := New(tt.call)
		if err == nil {
			t.Errorf("%v: no error", tt.call)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: error %v, want one with %q", tt.call, err, want)
			}
		}
	}
}

// TestCircleByHand compares with the formula for three rows, the last of which has no other row of its class: it has no loss
// and does not count, so that the others count 3/2.
func TestCircleByHand(t *testing.T) {
	p, y := []float32{1, 0, 0.6, 0.8, 0, 1}, []float32{7, 7, -2}
	exp, log := math.Exp, math.Log
	positive := func(d float64) float64 { return -2 * (0.4 + d) * (0.4 - d) }
	negative := func(d float64) float64 { return 2 * (1.4 - d) * (0.6 - d) }
	want := []float64{
		1.5 * log(1+exp(positive(0.4)+negative(1))),
		1.5 * log(1+exp(positive(0.4)+negative(0.2))),
		0,
	}
	f := forms(t, params.Call{Name: "Circle", Args: map[string]params.Value{"gamma": int64(2)}})["output"]
	got, dp := make([]float32, 3), make([]float32, 6)
	f.Rows(3, 2, p, y, got)
	for r, w := range want {
		if math.Abs(float64(got[r])-w) > 1e-6 {
			t.Errorf("row %d: %v, want %v", r, got[r], w)
		}
	}
	f.Grad(3, 2, p, y, []float32{0, 0, 1}, dp)
	if slices.ContainsFunc(dp, func(v float32) bool { return v != 0 }) {
		t.Errorf("a row without a loss has gradient %v", dp)
	}
}

// TestDiceOfABatch: without an axis every row has the loss of all rows, and the gradient is that of their mean.
func TestDiceOfABatch(t *testing.T) {
	f := forms(t, params.Call{Name: "Dice"})["output"]
	got := make([]float32, 2)
	f.Rows(2, 2, []float32{0.5, 0, 1, 0.25}, []float32{1, 0, 1, 0}, got)
	if want := float32(1 - 3/3.75); math.Abs(float64(got[0]-want)) > 1e-6 || got[0] != got[1] {
		t.Errorf("%v, want twice %v", got, want)
	}
}
