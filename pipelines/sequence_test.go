package pipelines

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// spoken is a table of n rows of 8 frames in which up to 3 of the classes 1 to 3 are heard, each in one or two frames, with
// silence or noise between them; labels are the classes, filled up with zeros, and text is what predict should say.
func spoken(t testing.TB, store table.Store, name string, n int, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var rows [][]any
	for i := range n {
		frames := make([]any, 8*3)
		for j := range frames {
			frames[j] = float32(0.2 * rng.NormFloat64())
		}
		labels, texts := make([]int32, 3), []string{}
		at := 0
		for k := range rng.IntN(4) {
			class := 1 + rng.IntN(3)
			at += rng.IntN(2)
			if k > 0 && labels[k-1] == int32(class) {
				at++ // else both would be heard as one
			}
			if at >= 8 {
				break
			}
			for range 1 + rng.IntN(2) {
				if at < 8 {
					frames[3*at+class-1] = frames[3*at+class-1].(float32) + 1
					at++
				}
			}
			labels[k] = int32(class)
			texts = append(texts, fmt.Sprint(class))
		}
		rows = append(rows, []any{
			i, table.Array{Elems: frames, Shape: []int{8, 3}}, labels, "{" + strings.Join(texts, ",") + "}",
		})
	}
	writeTable(t, store, name, spokenSchema, rows...)
}

var spokenSchema = table.Schema{
	{Name: "id", Type: table.Int32Type},
	{Name: "frames", Type: table.Float32ArrayType},
	{Name: "labels", Type: table.Int32ArrayType},
	{Name: "said", Type: table.TextType},
}

// hears is the layer under that of the classes, and masks one that keeps the mask that it makes.
const (
	hears = `{"class_name": "Conv1D", "config": {"name": "c", "filters": 8, "kernel_size": [3], "padding": "same", "activation": "tanh"}}`
	masks = `{"class_name": "Masking", "config": {"name": "m"}}`
)

// hearing is a network from 8 frames of 3 numbers to frames of 4 classes.
func hearing(layer string) []byte {
	return fmt.Appendf(nil, `{"class_name": "Sequential", "keras_version": "3.15.1", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "config": {"batch_shape": [null, 8, 3], "name": "in"}}, %s,
		{"class_name": "Dense", "config": {"name": "d", "units": 4}}]}}`, layer)
}

func loadArch(t testing.TB, store table.Store, arch []byte) {
	t.Helper()
	if _, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: arch}); err != nil {
		t.Fatal(err)
	}
}

func packSpoken(t testing.TB, store table.Store, source, like string) {
	t.Helper()
	opt := PreprocessOptions{Source: source, Output: source + "_packed", Dependent: "labels", Independent: "frames", Shards: 2, Seed: 3, LabelTypes: []string{"numeric"}}
	if like != "" {
		opt.Like, opt.LabelTypes = like, nil
	}
	if _, err := Preprocess(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
}

const ctcParams = "loss='ctc', optimizer=Adam(learning_rate=0.02)"

// TestSequences trains on sequences of labels, evaluates them and predicts what was said.
func TestSequences(t *testing.T) { onStores(t, learnSequences) }

func learnSequences(t *testing.T, store table.Store) {
	env := Env{Store: store}
	spoken(t, store, "lessons", 300, 1)
	spoken(t, store, "exam", 100, 2)
	packSpoken(t, store, "lessons", "")
	packSpoken(t, store, "exam", "lessons_packed")
	loadArch(t, store, hearing(hears))
	fitted, err := Fit(t.Context(), env, FitOptions{
		Source: "lessons_packed", Model: "model", ArchTable: "arch", ID: 1, Iterations: 3, MetricsEvery: 1, Validation: "exam_packed",
		Compile: ctcParams, Fit: "batch_size=16, epochs=8",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !(*fitted.ValidationLoss < 0.5) || len(fitted.Warnings) > 0 {
		t.Errorf("validation loss %v, warnings %v", *fitted.ValidationLoss, fitted.Warnings)
	}
	if line := lineOf(summaryOf(t, store, "model_summary"), "num_classes"); line != " integer[]: {4}" {
		t.Errorf("num_classes%s", line)
	}
	evaluated, err := Evaluate(t.Context(), env, EvaluateOptions{Model: "model", Test: "exam_packed", Output: "scores"})
	if err != nil {
		t.Fatal(err)
	}
	if evaluated.Loss != *fitted.ValidationLoss {
		t.Errorf("evaluated %v, the fit says %v", evaluated.Loss, *fitted.ValidationLoss)
	}
	if _, err := Predict(t.Context(), env, PredictOptions{Model: "model", Test: "exam", Output: "heard", IDColumn: "id", Independent: "frames", Type: "response"}); err != nil {
		t.Fatal(err)
	}
	said := map[int32]string{}
	b := readTable(t, store, "exam")
	for i := range b.Rows {
		said[b.Col("id").Int32s[i]] = b.Col("said").Strings[i]
	}
	b = readTable(t, store, "heard")
	right := 0
	for i := range b.Rows {
		if b.Col("class_value").Strings[i] == said[b.Col("id").Int32s[i]] {
			right++
		}
	}
	if b.Rows != 100 || right < 90 || !slices.Contains(b.Col("class_value").Strings, "{}") {
		t.Errorf("%d rows, %d of them right", b.Rows, right)
	}
	_, err = Predict(t.Context(), env, PredictOptions{Model: "model", Test: "exam", Output: "none", IDColumn: "id", Independent: "frames", Type: "0.5"})
	wantError(t, err, "are numbers", "response")
	for step, want := range map[string]string{PlanFit: "ctc.grad", PlanEvaluate: "ctc"} {
		p, err := Plan(t.Context(), env, PlanOptions{ArchTable: "arch", ID: 1, Step: step, Compile: ctcParams})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, c := range p.Calls {
			found = found || c.Operation == want
		}
		if !found {
			t.Errorf("no %s in the plan of %s", want, step)
		}
	}
}

func TestSequencesRefused(t *testing.T) {
	store := fileStore(t)
	env := Env{Store: store}
	frames := table.Array{Elems: slices.Repeat([]any{float32(0.5)}, 24), Shape: []int{8, 3}}
	for name, labels := range map[string][]int32{"hole": {1, 0, 2}, "beyond": {1, 4, 0}, "long": {1, 2, 1, 2, 1, 2, 1, 2, 1}, "good": {1, 2, 0}} {
		writeTable(t, store, name, spokenSchema, []any{1, frames, make([]int32, len(labels)), ""}, []any{2, frames, labels, ""})
		packSpoken(t, store, name, "")
	}
	class := PreprocessOptions{Source: "good", Output: "classes", Dependent: "said", Independent: "frames"}
	if _, err := Preprocess(t.Context(), env, class); err != nil {
		t.Fatal(err)
	}
	loadArch(t, store, hearing(hears))
	loadArch(t, store, hearing(masks))
	loadArch(t, store, oneLayer(3, "linear"))
	fit := func(change func(o *FitOptions)) error {
		opt := FitOptions{Source: "good_packed", Model: "none", ArchTable: "arch", ID: 1, Iterations: 1, Compile: ctcParams, Fit: "batch_size=2"}
		change(&opt)
		_, err := Fit(t.Context(), env, opt)
		return err
	}
	for name, c := range map[string]struct {
		change func(o *FitOptions)
		want   []string
	}{
		"good":          {func(o *FitOptions) { o.Model = "fitted" }, nil},
		"zero within":   {func(o *FitOptions) { o.Source = "hole_packed" }, []string{"table hole_packed, column \"labels\", row ", "of the buffer: label 3: class number 2 after a 0"}},
		"no such class": {func(o *FitOptions) { o.Source = "beyond_packed" }, []string{"table beyond_packed, column \"labels\", row ", "of the buffer: label 2: class number 4, the output has classes 1 to 3"}},
		"too long":      {func(o *FitOptions) { o.Source = "long_packed" }, []string{"9 labels, the output has 8 frames"}},
		"classes":       {func(o *FitOptions) { o.Source = "classes" }, []string{"classes", `column "said"`, "sequences of class numbers"}},
		"metrics":       {func(o *FitOptions) { o.Compile += ", metrics=['accuracy']" }, []string{"metric accuracy", "the loss ctc"}},
		"class weight":  {func(o *FitOptions) { o.Fit = "class_weight={1: 2.0}" }, []string{"class_weight", "sequences"}},
		"another loss":  {func(o *FitOptions) { o.Compile = "loss='mse', optimizer='sgd'" }, []string{`column "labels"`, "3 elements per row", "[8 4]"}},
		"masked frames": {func(o *FitOptions) { o.ID = 2 }, []string{"output 0 (d)", "mask", "ctc"}},
	} {
		err := fit(c.change)
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		t.Run(name, func(t *testing.T) { wantError(t, err, c.want...) })
	}
	_, err := Plan(t.Context(), env, PlanOptions{ArchTable: "arch", ID: 3, Step: PlanFit, Compile: ctcParams})
	wantError(t, err, "the loss ctc needs rows of frames and classes", "[3]")
}
