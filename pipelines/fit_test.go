package pipelines

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// Runners, numbers of workers and stores must not change a single bit of the weights.
func TestFitGivesTheSameWeightsEverywhere(t *testing.T) {
	var first []byte
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		for _, runner := range jobtest.Runners() {
			for _, workers := range []int{1, 3} {
				opt := irisFit()
				opt.Model = fmt.Sprintf("model_%s_%d", runner, workers)
				opt.Validation = "iris_test_packed"
				if _, err := Fit(t.Context(), Env{Store: store, Runner: runner, Workers: workers}, opt); err != nil {
					t.Fatal(err)
				}
				w := modelWeights(t, store, opt.Model)
				if first == nil {
					first = w
				}
				if !bytes.Equal(w, first) {
					t.Errorf("%s with %d workers gives other weights", runner, workers)
				}
			}
		}
	})
	// Rows in files, and some in memory and some in files.
	for _, memory := range []int64{1, 900} {
		for _, foreign := range []bool{false, true} {
			store := fileStore(t)
			withIris(t, store)
			opt := irisFit()
			opt.Validation = "iris_test_packed"
			if _, err := Fit(t.Context(), Env{Store: store, Memory: memory, strangers: strangersIf(foreign, "direct")}, opt); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(modelWeights(t, store, "iris_model"), first) {
				t.Errorf("%d bytes of memory give other weights", memory)
			}
		}
	}
	// another seed must give others
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Seed = 2
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(modelWeights(t, store, "iris_model"), first) {
		t.Error("another seed gives the same weights")
	}
}

func TestFitSummary(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Iterations, opt.MetricsEvery, opt.Validation = 5, 2, "iris_test_packed"
		opt.Name, opt.Description = ptr("Sophie L."), ptr("Simple MLP for iris dataset")
		before := time.Now()
		r, err := Fit(t.Context(), Env{Store: store}, opt)
		if err != nil {
			t.Fatal(err)
		}
		b := readTable(t, store, "iris_model_summary")
		if b.Rows != 1 {
			t.Fatalf("%d rows", b.Rows)
		}
		var got []string
		for c, col := range b.Schema {
			text, null := table.FormatValue(&b.Cols[c], 0)
			switch {
			case null:
				text = "NULL"
			case slices.Contains([]string{
				"start_training_time", "end_training_time", "metrics_elapsed_time", "training_metrics_final",
				"training_loss_final", "training_metrics", "training_loss", "validation_metrics_final", "validation_loss_final",
				"validation_metrics", "validation_loss",
			}, col.Name):
				text = "..."
			}
			got = append(got, fmt.Sprintf("%s | %s | %s", col.Name, col.Type.SQL, text))
		}
		want := []string{
			"source_table | text | iris_train_packed",
			"model | text | iris_model",
			"dependent_varname | text[] | {class_text}",
			"independent_varname | text[] | {attributes}",
			"model_arch_table | text | arch",
			"model_id | integer | 1",
			"compile_params | text |  loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy'] ",
			"fit_params | text |  batch_size=5, epochs=3 ",
			"num_iterations | integer | 5",
			"validation_table | text | iris_test_packed",
			"object_table | text | NULL",
			"metrics_compute_frequency | integer | 2",
			"name | text | Sophie L.",
			"description | text | Simple MLP for iris dataset",
			"model_type | text | madlib_keras",
			"model_size | double precision | 0.7900390625",
			"start_training_time | timestamp without time zone | ...",
			"end_training_time | timestamp without time zone | ...",
			"metrics_elapsed_time | double precision[] | ...",
			"madlib_version | text | " + Version,
			"num_classes | integer[] | {3}",
			`dependent_vartype | text[] | {"character varying"}`,
			"normalizing_const | real | 1",
			"metrics_type | text[] | {categorical_accuracy}",
			"loss_type | text | categorical_crossentropy",
			"training_metrics_final | double precision | ...",
			"training_loss_final | double precision | ...",
			"training_metrics | double precision[] | ...",
			"training_loss | double precision[] | ...",
			"validation_metrics_final | double precision | ...",
			"validation_loss_final | double precision | ...",
			"validation_metrics | double precision[] | ...",
			"validation_loss | double precision[] | ...",
			"metrics_iters | integer[] | {2,4,5}",
			"class_text_class_values | character varying[] | {Iris-setosa,Iris-versicolor,Iris-virginica}",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}

		for _, column := range []string{"training_metrics", "training_loss", "validation_metrics", "validation_loss", "metrics_elapsed_time"} {
			list := b.Col(column).Float64s
			if len(list) != 3 {
				t.Errorf("%s: %v", column, list)
			}
			if final := b.Col(column + "_final"); final != nil {
				if final.Float64s[0] != list[2] {
					t.Errorf("%s: final %v of %v", column, final.Float64s[0], list)
				}
				for _, x := range list {
					if float64(float32(x)) != x {
						t.Errorf("%s: %v is no float32", column, x)
					}
				}
			}
		}
		if e := b.Col("metrics_elapsed_time").Float64s; !slices.IsSorted(e) || e[0] <= 0 || e[2] > time.Since(before).Seconds() {
			t.Errorf("metrics_elapsed_time %v", e)
		}
		if loss := b.Col("training_loss").Float64s; loss[2] >= loss[0] {
			t.Errorf("training does not learn: %v", loss)
		}
		for _, column := range []string{"start_training_time", "end_training_time"} {
			text := b.Col(column).Strings[0]
			at, err := time.ParseInLocation("2006-01-02 15:04:05.999999", text, time.Local)
			if err != nil || at.Before(before.Truncate(time.Microsecond)) || at.After(time.Now()) {
				t.Errorf("%s: %q, %v", column, text, err)
			}
		}
		want2 := FitResult{
			TrainingLoss:      b.Col("training_loss_final").Float64s[0],
			TrainingMetrics:   []NamedValue{{"categorical_accuracy", b.Col("training_metrics_final").Float64s[0]}},
			ValidationLoss:    &b.Col("validation_loss_final").Float64s[0],
			ValidationMetrics: []NamedValue{{"categorical_accuracy", b.Col("validation_metrics_final").Float64s[0]}},
			Iteration:         5,
		}
		if d := cmp.Diff(want2, r); d != "" {
			t.Error(d)
		}
		model := readTable(t, store, "iris_model")
		if model.Rows != 1 || model.Cols[1].Strings[0] != string(irisJSON(t)) || len(model.Cols[0].Bytes[0]) != 4*193 ||
			model.Schema[0].Type.SQL != "bytea" || model.Schema[1].Type.SQL != "json" {
			t.Errorf("model table %v", model.Schema)
		}
	})
}

// No metrics, no validation, no fit parameters: the columns are NULL or empty.
func TestFitSummaryOfLittle(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	opt := irisFit()
	opt.Compile, opt.Fit, opt.Iterations = "optimizer='sgd', loss='mse'", "", 2
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	b := readTable(t, store, "iris_model_summary")
	for _, column := range []string{
		"validation_table", "object_table", "name", "description", "metrics_type", "training_metrics_final",
		"training_metrics", "validation_metrics_final", "validation_loss_final", "validation_metrics", "validation_loss",
	} {
		if !b.Col(column).IsNull(0) {
			t.Errorf("%s is not NULL", column)
		}
	}
	if p := b.Col("fit_params"); p.IsNull(0) || p.Strings[0] != "" {
		t.Error("fit_params is not empty")
	}
	if i := b.Col("metrics_iters").Int32s; !slices.Equal(i, []int32{2}) {
		t.Errorf("metrics_iters %v", i)
	}
	if n := b.Col("metrics_compute_frequency").Int32s[0]; n != 2 {
		t.Errorf("metrics_compute_frequency %d", n)
	}
}

// A table without __dist_key__ is one shard, and a shard without rows changes nothing.
func TestFitShards(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	train, _ := parted(iris(t))
	packIris(t, store, "one", train, packing{})
	packIris(t, store, "keyed", train, packing{shards: 1})
	b := readTable(t, store, "keyed")
	var rows [][]any
	for i := range b.Rows {
		row := make([]any, len(b.Cols))
		for c := range row {
			row[c] = b.Cols[c].Value(i)
		}
		rows = append(rows, row)
	}
	rows = append(rows, []any{99, []byte{}, []byte{}, []int{0, 4}, []int{0, 3}, 1000})
	writeTable(t, store, "hollow", b.Schema, rows...)
	packSummary(t, store, "hollow", packing{buffer: 40, x: "attributes", y: "class_text"})
	var first []byte
	for _, source := range []string{"one", "keyed", "hollow"} {
		for _, runner := range jobtest.Runners() {
			opt := irisFit()
			opt.Source, opt.Model = source, source+"_"+runner
			if _, err := Fit(t.Context(), Env{Store: store, Runner: runner}, opt); err != nil {
				t.Fatalf("%s: %v", source, err)
			}
			w := modelWeights(t, store, opt.Model)
			if first == nil {
				first = w
			}
			if !bytes.Equal(w, first) {
				t.Errorf("%s on %s gives other weights", source, runner)
			}
		}
	}
}

func TestFitProgress(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	for _, runner := range jobtest.Runners() {
		var events []string
		env := Env{Store: store, Runner: runner, Progress: func(e Event) {
			if e.Job != "fit" {
				t.Errorf("job %q", e.Job)
			}
			if e.Iteration == nil {
				if e.Done > e.Total {
					t.Errorf("%+v", e)
				}
				if e.Done == e.Total {
					events = append(events, fmt.Sprintf("%s %d/%d %s", e.Stage, e.Done, e.Total, e.Unit))
				}
				return
			}
			i := e.Iteration
			if i.Training <= 0 || i.Scored != (i.Scoring > 0) || i.Scored != (i.TrainingLoss > 0) || i.Scored != (i.ValidationLoss != nil) {
				t.Errorf("iteration %+v", i)
			}
			events = append(events, fmt.Sprintf("%s %d/%d %s: %d/%d, %d rows, scored %v, %d metrics", e.Stage, e.Done, e.Total, e.Unit,
				i.Iteration, i.Iterations, i.Rows, i.Scored, len(i.TrainingMetrics)+len(i.ValidationMetrics)))
		}}
		opt := irisFit()
		opt.Model, opt.Iterations, opt.MetricsEvery, opt.Validation = "model_"+runner, 3, 2, "iris_test_packed"
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"reading 9/9 buffers",
			"training 360/360 rows", "training 1/3 iterations: 1/3, 360 rows, scored false, 0 metrics",
			"training 360/360 rows", "scoring 150/150 rows", "training 2/3 iterations: 2/3, 360 rows, scored true, 2 metrics",
			"training 360/360 rows", "scoring 150/150 rows", "training 3/3 iterations: 3/3, 360 rows, scored true, 2 metrics",
		}
		if d := cmp.Diff(want, events); d != "" {
			t.Errorf("%s: %s", runner, d)
		}
	}
}

func TestFitWarmStart(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		env := Env{Store: store}
		first, err := Fit(t.Context(), env, irisFit())
		if err != nil {
			t.Fatal(err)
		}
		old := tableText(t, store, "iris_model") + tableText(t, store, "iris_model_summary")

		// what fails leaves the model alone
		warm := irisFit()
		warm.WarmStart, warm.Iterations, warm.MetricsEvery = true, 3, 1
		for name, change := range map[string]func(*FitOptions){
			"another network": func(o *FitOptions) { o.ID = 2 },
			"a wrong loss":    func(o *FitOptions) { o.Compile = "optimizer='adam', loss='nonsense'" },
		} {
			if _, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: bytes.ReplaceAll(irisJSON(t), []byte(`"units": 10`), []byte(`"units": 7`))}); err != nil {
				t.Fatal(err)
			}
			opt := warm
			change(&opt)
			if _, err := Fit(t.Context(), env, opt); err == nil {
				t.Errorf("%s: no error", name)
			} else {
				t.Log(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopping := env
		stopping.Progress = func(e Event) {
			if e.Iteration != nil {
				cancel()
			}
		}
		if _, err := Fit(ctx, stopping, warm); err != context.Canceled {
			t.Errorf("cancelled: error %v", err)
		}
		if now := tableText(t, store, "iris_model") + tableText(t, store, "iris_model_summary"); now != old {
			t.Errorf("a failed warm start changed the model: %s", cmp.Diff(old, now))
		}

		second, err := Fit(t.Context(), env, warm)
		if err != nil {
			t.Fatal(err)
		}
		if second.TrainingLoss >= first.TrainingLoss {
			t.Errorf("loss %v after %v", second.TrainingLoss, first.TrainingLoss)
		}
		b := readTable(t, store, "iris_model_summary")
		if i, loss := b.Col("metrics_iters").Int32s, b.Col("training_loss").Float64s; !slices.Equal(i, []int32{1, 2, 3}) || math.Abs(loss[0]-first.TrainingLoss) > 0.1 {
			t.Errorf("iterations %v, losses %v after %v", i, loss, first.TrainingLoss)
		}
	})
}

// Transfer learning: the weights of the architecture table, the first layer frozen.
func TestFitTransfer(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	env := Env{Store: store}
	if _, err := Fit(t.Context(), env, irisFit()); err != nil {
		t.Fatal(err)
	}
	frozen := bytes.Replace(irisJSON(t), []byte(`"trainable": true`), []byte(`"trainable": false`), 1)
	id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: frozen, WeightsFrom: "iris_model"})
	if err != nil || id != 2 {
		t.Fatal(id, err)
	}
	opt := irisFit()
	opt.ID, opt.Model = id, "transfer"
	if _, err := Fit(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	spec, err := keras.Parse(frozen)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := weights.Decode(spec, modelWeights(t, store, "iris_model"))
	after, _ := weights.Decode(spec, modelWeights(t, store, "transfer"))
	for _, w := range spec.Weights {
		same := slices.Equal(weights.View(w, before), weights.View(w, after))
		if same != (w.Layer == "dense_1") {
			t.Errorf("%s/%s unchanged: %v", w.Layer, w.Name, same)
		}
	}
}

// A fit that is stopped leaves no table.
func TestFitCancelled(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		before := tablesOf(t, store)
		for _, runner := range jobtest.Runners() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			env := Env{Store: store, Runner: runner, Progress: func(e Event) {
				if e.Iteration != nil && e.Iteration.Iteration == 2 {
					cancel()
				}
			}}
			if _, err := Fit(ctx, env, irisFit()); err != context.Canceled {
				t.Errorf("%s: error %v", runner, err)
			}
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
	})
}

// The page's network reaches a sane accuracy on rows that it has not seen, in every precision.
func TestFitLearns(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	for _, precision := range keras.Precisions {
		var accuracies []float64
		for seed := range 3 {
			opt := irisFit()
			opt.Model, opt.Iterations, opt.Seed, opt.Validation = fmt.Sprint(precision, seed), 30, uint64(seed), "iris_test_packed"
			opt.Precision = precision
			r, err := Fit(t.Context(), Env{Store: store}, opt)
			if err != nil {
				t.Fatal(err)
			}
			accuracies = append(accuracies, r.ValidationMetrics[0].Value)
		}
		slices.Sort(accuracies)
		if accuracies[1] < 0.9 {
			t.Errorf("%s: accuracies %v", precision, accuracies)
		}
	}
}

// Training that goes astray is recorded as it is, infinite values included.
func TestFitDiverges(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Compile, opt.Iterations, opt.MetricsEvery = "loss='mse', optimizer=SGD(learning_rate=1e30), metrics=['mae']", 2, 1
		opt.Source, opt.ID = "iris_train_packed", 2
		linear := bytes.ReplaceAll(irisJSON(t), []byte(`"activation": "softmax"`), []byte(`"activation": "linear"`))
		if _, err := LoadModel(t.Context(), Env{Store: store}, LoadModelOptions{ArchTable: "arch", Arch: linear}); err != nil {
			t.Fatal(err)
		}
		for _, runner := range jobtest.Runners() {
			opt.Model = "model_" + runner
			r, err := Fit(t.Context(), Env{Store: store, Runner: runner}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if x := r.TrainingLoss; x-x == 0 {
				t.Errorf("loss %v", x)
			}
			b := readTable(t, store, opt.Model+"_summary")
			if x := b.Col("training_loss_final").Float64s[0]; x-x == 0 {
				t.Errorf("%s: training_loss_final %v", runner, x)
			}
		}
		for _, runner := range jobtest.Runners() {
			if !bytes.Equal(modelWeights(t, store, "model_direct"), modelWeights(t, store, "model_"+runner)) {
				t.Errorf("%s gives other NaNs than direct", runner)
			}
		}
	})
}
