package pipelines

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// checkpointed is a fit of seven iterations with checkpoints after 2, 4 and 6.
func checkpointed() FitOptions {
	opt := irisFit()
	opt.Compile = strings.Replace(irisCompile, "optimizer='adam'", "optimizer=Adam(amsgrad=True)", 1)
	opt.Validation, opt.Iterations, opt.MetricsEvery, opt.CheckpointEvery = "iris_test_packed", 7, 3, 2
	return opt
}

// stopAfter calls Fit and cancels it at the end of an iteration.
func stopAfter(t *testing.T, env Env, opt FitOptions, iteration int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	env.Progress = func(e Event) {
		if e.Iteration != nil && e.Iteration.Iteration == iteration {
			cancel()
		}
	}
	if _, err := Fit(ctx, env, opt); err != context.Canceled {
		t.Fatalf("stopped after iteration %d: error %v", iteration, err)
	}
}

// outcome is what a fit leaves, but for times and the model's name.
func outcome(t *testing.T, store table.Store, model string) string {
	t.Helper()
	b := readTable(t, store, model+"_summary")
	return fmt.Sprint(modelWeights(t, store, model), b.Col("metrics_iters").Int32s, b.Col("training_loss").Float64s,
		b.Col("training_metrics").Float64s, b.Col("validation_loss").Float64s, b.Col("validation_metrics").Float64s)
}

// A fit that was stopped goes on from its checkpoint, as often as it is stopped, on another runner too, and leaves what a fit leaves
// that was never stopped.
func TestFitGoesOn(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		whole := checkpointed()
		whole.CheckpointEvery = 0
		if _, err := Fit(t.Context(), Env{Store: store}, whole); err != nil {
			t.Fatal(err)
		}
		want, before := outcome(t, store, whole.Model), tablesOf(t, store)
		for _, runner := range jobtest.Runners() {
			opt := checkpointed()
			opt.Model = "model_" + runner
			stopAfter(t, Env{Store: store}, opt, 1) // before the first checkpoint
			stopAfter(t, Env{Store: store}, opt, 5)
			if b := readTable(t, store, opt.Model+"_checkpoint"); b.Rows != 6 || b.Col("iteration").Int32s[0] != 4 {
				t.Errorf("the checkpoint has %d rows of iteration %d", b.Rows, b.Col("iteration").Int32s[0])
			}
			stopAfter(t, Env{Store: store, Runner: runner}, opt, 5) // once more from 4
			var ended []int
			r, err := Fit(t.Context(), Env{Store: store, Runner: runner, Progress: func(e Event) {
				if e.Iteration != nil {
					ended = append(ended, e.Iteration.Iteration)
				}
			}}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if r.ResumedAfter != 4 || !slices.Equal(ended, []int{5, 6, 7}) {
				t.Errorf("%s: went on after iteration %d with %v", runner, r.ResumedAfter, ended)
			}
			if got := outcome(t, store, opt.Model); got != want {
				t.Errorf("%s: the result differs from that of a fit that was never stopped", runner)
			}
			s := readTable(t, store, opt.Model+"_summary")
			if e := s.Col("metrics_elapsed_time").Float64s; len(e) != 3 || !slices.IsSorted(e) {
				t.Errorf("%s: elapsed times %v", runner, e)
			}
			dropTable(t, store, opt.Model)
			dropTable(t, store, opt.Model+"_summary")
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Errorf("tables are left: %s", d)
		}
	})
}

// A checkpoint may be that of a fit with fewer iterations, of a table with an empty shard, and of a warm start.
func TestFitGoesOnFurther(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	env := Env{Store: store}
	opt := checkpointed()
	stopAfter(t, env, opt, 6)
	opt.Iterations = 9
	r, err := Fit(t.Context(), env, opt)
	if err != nil || r.ResumedAfter != 4 {
		t.Fatalf("went on after %d, error %v", r.ResumedAfter, err)
	}
	whole := opt
	whole.Model, whole.CheckpointEvery = "whole", 0
	if _, err := Fit(t.Context(), env, whole); err != nil {
		t.Fatal(err)
	}
	if outcome(t, store, opt.Model) != outcome(t, store, "whole") {
		t.Error("with more iterations the result differs")
	}

	warm := checkpointed()
	warm.WarmStart, whole.WarmStart, whole.Iterations = true, true, warm.Iterations
	stopAfter(t, env, warm, 3)
	if r, err = Fit(t.Context(), env, warm); err != nil || r.ResumedAfter != 2 {
		t.Fatalf("warm start: went on after %d, error %v", r.ResumedAfter, err)
	}
	if _, err := Fit(t.Context(), env, whole); err != nil {
		t.Fatal(err)
	}
	if outcome(t, store, warm.Model) != outcome(t, store, "whole") {
		t.Error("warm start: the result differs")
	}
}

// What is no checkpoint of this fit is refused before any work, and left alone.
func TestFitRefusesOtherCheckpoints(t *testing.T) {
	store := fileStore(t)
	withIris(t, store)
	stopAfter(t, Env{Store: store}, checkpointed(), 5)
	const name = "iris_model_checkpoint"
	good := readTable(t, store, name)
	rows := func(change func(row []any)) (rows [][]any) {
		for i := range good.Rows {
			row := make([]any, len(good.Cols))
			for c := range row {
				row[c] = good.Cols[c].Value(i)
			}
			change(row)
			rows = append(rows, row)
		}
		return rows
	}
	column := good.Schema.Index
	// set puts v into a column of the row of a key; header changes the header's text.
	set := func(key, name string, v any) func([]any) {
		return func(row []any) {
			if row[column("key")] == key {
				row[column(name)] = v
			}
		}
	}
	header := func(old, new string) func([]any) {
		return func(row []any) {
			if row[column("key")] == "header" {
				text := string(row[column("value")].([]byte))
				if !strings.Contains(text, old) {
					t.Fatalf("no %s in %s", old, text)
				}
				row[column("value")] = []byte(strings.Replace(text, old, new, 1))
			}
		}
	}
	for what, c := range map[string]struct {
		change func(*FitOptions)
		row    func([]any)
		want   []string
	}{
		"other arguments": {
			change: func(o *FitOptions) { o.Seed, o.Fit, o.Validation = 2, "batch_size=6", "" },
			want:   []string{"iris_model_checkpoint", "other arguments (first weights, fit_params, seed, validation table)", "drop the table"},
		},
		"fewer iterations":      {change: func(o *FitOptions) { o.Iterations, o.MetricsEvery = 4, 3 }, want: []string{"iteration 4", "before the last of 4"}},
		"other rows":            {change: func(o *FitOptions) { o.Source = "iris_test_packed" }, want: []string{"rows of shards, source table"}},
		"iteration 0":           {row: header(`"Iteration":4`, `"Iteration":0`), want: []string{"is of iteration 0"}},
		"other kernels":         {row: header(`"kernels":"`, `"kernels":"x`), want: []string{"other arguments (kernels)"}},
		"other version":         {row: header(`"version":"`, `"version":"x`), want: []string{"other arguments (version)"}},
		"other format":          {row: header(`"Format":2`, `"Format":1`), want: []string{"is of format 1", "format 2 only"}},
		"no digests":            {row: header(`"training":[`, `"trainings":[`), want: []string{"other arguments (values of the training table)"}},
		"no JSON":               {row: header(`{`, `[`), want: []string{"is no checkpoint: header"}},
		"elapsed":               {row: header(`"Elapsed":`, `"Elapsed":-1`), want: []string{"elapsed time -1"}},
		"time":                  {row: header(`"Started":"`, `"Started":"yesterday`), want: []string{"is no checkpoint: header", "yesterday"}},
		"NULL":                  {row: set("state-1", "value", nil), want: []string{"row 5 has NULL"}},
		"no header":             {row: set("header", "key", "heading"), want: []string{`is no checkpoint: key "header" is missing`}},
		"no weights":            {row: set("weights", "key", "weight"), want: []string{"0 bytes are no weight vector"}},
		"short weights":         {row: set("weights", "value", make([]byte, 20)), want: []string{"has 1 weights, the model has 193"}},
		"state of no version":   {row: set("state-2", "value", append([]byte{2, 0, 0, 0, '{', '}'}, make([]byte, 9)...)), want: []string{"shard 2", "version 0"}},
		"state without moments": {row: set("state-2", "value", append([]byte{2, 0, 0, 0, '{', '}', 1}, make([]byte, 8)...)), want: []string{"shard 2", "optimizer state of 0 elements"}},
		"no state":              {row: set("state-2", "key", "state-3"), want: []string{"shard 2: trainshard: 0 bytes are no state"}},
		"pieces":                {row: set("state-2", "piece", 1), want: []string{"row 6: piece 1 of state-2, expected piece 0"}},
		"scores":                {row: set("scores", "value", make([]byte, 24)), want: []string{"24 bytes of scores, expected 48 for each report"}},
		"scores of later":       {row: set("scores", "value", floats(5, 2, 3, 4, 5, 6)), want: []string{"scores of iteration 5"}},
	} {
		t.Run(what, func(t *testing.T) {
			opt := checkpointed()
			if c.change != nil {
				c.change(&opt)
			}
			if c.row == nil {
				c.row = func([]any) {}
			}
			dropTable(t, store, name)
			writeTable(t, store, name, good.Schema, rows(c.row)...)
			old := tableText(t, store, name)
			_, err := Fit(t.Context(), Env{Store: store}, opt)
			wantError(t, err, append(c.want, "checkpoint: table "+name)...)
			if tableText(t, store, name) != old {
				t.Error("the table has changed")
			}
		})
	}
	dropTable(t, store, name)
	writeTable(t, store, name, table.Schema{{Name: "iteration", Type: table.TextType}}, []any{"mine"})
	_, err := Fit(t.Context(), Env{Store: store}, checkpointed())
	wantError(t, err, name, `is no checkpoint: column "iteration" has type text, expected integer`)
}

// floats are the bytes of numbers.
func floats(values ...float64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// A table that was made again with as many rows, but others, is noticed before training begins.
func TestFitRefusesOtherValues(t *testing.T) {
	for _, name := range []string{"iris_train_packed", "iris_test_packed"} {
		for _, runner := range jobtest.Runners() {
			store := fileStore(t)
			withIris(t, store)
			stopAfter(t, Env{Store: store}, checkpointed(), 5)
			b := readTable(t, store, name)
			for c := range b.Cols {
				if b.Schema[c].Name == "attributes" {
					b.Cols[c].Bytes[1][0] ^= 1
				}
			}
			dropTable(t, store, name)
			var rows [][]any
			for i := range b.Rows {
				row := make([]any, len(b.Cols))
				for c := range row {
					row[c] = b.Cols[c].Value(i)
				}
				rows = append(rows, row)
			}
			writeTable(t, store, name, b.Schema, rows...)
			old := tableText(t, store, "iris_model_checkpoint")
			_, err := Fit(t.Context(), Env{Store: store, Runner: runner, Progress: func(e Event) {
				if e.Stage == "training" {
					t.Error("training began")
				}
			}}, checkpointed())
			what := map[string]string{"iris_train_packed": "training", "iris_test_packed": "validation"}[name]
			wantError(t, err, "checkpoint: table iris_model_checkpoint", "other arguments (values of the "+what+" table)", "drop the table")
			if tableText(t, store, "iris_model_checkpoint") != old {
				t.Error("the checkpoint has changed")
			}
		}
	}
}

// The checkpoint goes in the commit of the model, so that no moment has both: here nothing else can remove it.
func TestFitRemovesTheCheckpoint(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		before := tablesOf(t, store)
		opt := checkpointed()
		stopAfter(t, Env{Store: store}, opt, 3)
		schema := readTable(t, store, opt.Model+"_checkpoint").Schema
		check := func(resumed int) {
			t.Helper()
			r, err := Fit(t.Context(), Env{Store: &keepsTables{store}}, opt)
			if err != nil || r.ResumedAfter != resumed || r.Warnings != nil {
				t.Errorf("went on after iteration %d, error %v, warnings %q", r.ResumedAfter, err, r.Warnings)
			}
			dropAll(t, store, []string{opt.Model, opt.Model + "_summary"})
			if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
				t.Errorf("tables are left: %s", d)
			}
		}
		check(2)
		// One without rows is what a view needs of a checkpoint: the next fit begins at the beginning.
		writeTable(t, store, opt.Model+"_checkpoint", schema)
		check(0)
	})
}

// keepsTables is a store that drops nothing.
type keepsTables struct{ table.Store }

func (s *keepsTables) Drop(context.Context, []table.Name, bool) ([]table.Name, error) {
	return nil, errors.New("not allowed")
}
