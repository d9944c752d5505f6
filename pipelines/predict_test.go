package pipelines

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// predictions are the rows of an output, sorted.
func predictions(t testing.TB, store table.Store, name string) []string {
	t.Helper()
	b := readTable(t, store, name)
	var out []string
	for i := range b.Rows {
		var row []string
		for c := range b.Cols {
			text, null := table.FormatValue(&b.Cols[c], i)
			if null {
				text = "NULL"
			}
			row = append(row, text)
		}
		out = append(out, strings.Join(row, "|"))
	}
	slices.Sort(out)
	return out
}

// trained makes the iris tables and a model.
func trained(t testing.TB, store table.Store) {
	t.Helper()
	withIris(t, store)
	opt := irisFit()
	if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
}

func TestPredict(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		trained(t, store)
		_, test := parted(iris(t))
		opt := PredictOptions{Model: "iris_model", Test: "iris_test", IDColumn: "id", Independent: "attributes"}
		for _, runner := range jobtest.Runners() {
			opt.Output = "predicted_" + runner
			r, err := Predict(t.Context(), Env{Store: store, Runner: runner, Workers: 3}, opt)
			if err != nil {
				t.Fatal(err)
			}
			if want := (PredictResult{Rows: 30, Predictions: 90}); r != want {
				t.Errorf("%+v", r)
			}
		}
		for _, runner := range jobtest.Runners() {
			if d := cmp.Diff(predictions(t, store, "predicted_direct"), predictions(t, store, "predicted_"+runner)); d != "" {
				t.Errorf("%s: %s", runner, d)
			}
		}
		b := readTable(t, store, "predicted_direct")
		want := table.Schema{
			{Name: "id", Type: table.Int32Type},
			{Name: "class_name", Type: table.TextType},
			{Name: "class_value", Type: table.TextType},
			{Name: "prob", Type: table.Float64Type},
			{Name: "rank", Type: table.Int32Type},
		}
		if d := cmp.Diff(want, b.Schema); d != "" {
			t.Error(d)
		}
		right, sums, ranks := 0, map[int32]float64{}, map[int32]int32{}
		class := map[int32]string{}
		for _, e := range test {
			class[int32(e.id)] = e.class
		}
		for i := range b.Rows {
			id, rank := b.Cols[0].Int32s[i], b.Cols[4].Int32s[i]
			sums[id] += b.Cols[3].Float64s[i]
			ranks[id] += rank
			if rank == 1 && class[id] == b.Cols[2].Strings[i] {
				right++
			}
			if b.Cols[1].Strings[i] != "class_text" {
				t.Errorf("class_name %q", b.Cols[1].Strings[i])
			}
		}
		for id, sum := range sums {
			if math.Abs(sum-1) > 1e-6 || ranks[id] != 6 {
				t.Errorf("id %d: probabilities sum to %v, ranks to %d", id, sum, ranks[id])
			}
		}
		if len(sums) != 30 || right < 24 {
			t.Errorf("%d ids, %d right", len(sums), right)
		}
	})
}

func TestPredictTypes(t *testing.T) {
	store := fileStore(t)
	trained(t, store)
	env := Env{Store: store}
	all := map[string][]float64{} // prob by id, in order of rank
	run := func(kind string) *table.Batch {
		t.Helper()
		if _, err := Predict(t.Context(), env, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "out", IDColumn: "id", Independent: "attributes", Type: kind}); err != nil {
			t.Fatal(err)
		}
		b := readTable(t, store, "out")
		dropTable(t, store, "out")
		return b
	}
	b := run("prob")
	for i := range b.Rows {
		id := fmt.Sprint(b.Cols[0].Int32s[i])
		all[id] = append(all[id], b.Cols[3].Float64s[i])
	}
	above := 0
	for _, probs := range all {
		for _, p := range probs {
			if p > 0.4 {
				above++
			}
		}
	}
	for kind, want := range map[string]struct {
		rows int
		rank bool
	}{"response": {30, false}, "1": {30, true}, "2": {60, true}, "7": {90, true}, "0.0": {90, true}, "0.4": {above, true}} {
		b := run(kind)
		if b.Rows != want.rows || (b.Col("rank") != nil) != want.rank {
			t.Errorf("%s: %d rows, columns %v", kind, b.Rows, b.Schema.Names())
		}
		for i := range b.Rows {
			id, rank := fmt.Sprint(b.Cols[0].Int32s[i]), 1
			if want.rank {
				rank = int(b.Cols[4].Int32s[i])
			}
			if p := b.Cols[3].Float64s[i]; all[id][rank-1] != p || kind == "0.4" && p <= 0.4 {
				t.Errorf("%s: id %s rank %d has %v, expected %v", kind, id, rank, p, all[id])
			}
		}
	}
}

// Any type of id, also NULL and repeated; numbers of any type as features; names that need quotes; classes that are NULL
// and padding.
func TestPredictColumns(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		train, _ := parted(iris(t))
		packIris(t, store, `padded`, train, packing{padding: 2, classes: []any{nil, "b;", "c'", nil, nil}})
		arch := strings.Replace(string(irisJSON(t)), `"units": 3`, `"units": 5`, 1)
		env := Env{Store: store}
		id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: []byte(arch)})
		if err != nil {
			t.Fatal(err)
		}
		opt := irisFit()
		opt.ID, opt.Source, opt.Model, opt.Iterations = id, "padded", `"My; Model"`, 2
		if _, err := Fit(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		features := []any{[]string{"5.1", "3.5", "1.4", "0.2"}, []string{"7.9", "3.8", "6.4", "2.0"}, []string{"5.1", "3.5", "1.4", "0.2"}}
		writeTable(t, store, `"Test é"`, table.Schema{
			{Name: "unused", Type: table.JSONType}, {Name: "Row ID", Type: table.TimestampType}, {Name: "x y", Type: table.NumericType.ArrayOf()},
		}, []any{nil, "2021-02-01 15:58:43", features[0]}, []any{nil, nil, features[1]}, []any{nil, "2021-02-01 15:58:43", features[2]})
		r, err := Predict(t.Context(), env, PredictOptions{Model: `"My; Model"`, Test: `"Test é"`, Output: `"Out ""put"`, IDColumn: `"Row ID"`, Independent: `"x y"`})
		if err != nil {
			t.Fatal(err)
		}
		if want := (PredictResult{Rows: 3, Predictions: 15}); r != want {
			t.Errorf("%+v", r)
		}
		b := readTable(t, store, `"Out ""put"`)
		if b.Schema[0].Name != "Row ID" || b.Schema[0].Type != table.TimestampType {
			t.Errorf("id column %v", b.Schema[0])
		}
		values := map[string]int{}
		for i := range b.Rows {
			text, null := table.FormatValue(&b.Cols[2], i)
			if null {
				text = "NULL"
			}
			values[text]++
			if b.Cols[1].Strings[i] != "class_text" {
				t.Errorf("class_name %q", b.Cols[1].Strings[i])
			}
			if text, null := table.FormatValue(&b.Cols[0], i); !null && text != "2021-02-01 15:58:43" {
				t.Errorf("id %q", text)
			}
			if r := b.Cols[4].Int32s[i]; r < 1 || r > 5 {
				t.Errorf("rank %d: rows with the same id are ranked together", r)
			}
		}
		if d := cmp.Diff(map[string]int{"NULL": 9, "b;": 3, "c'": 3}, values); d != "" {
			t.Error(d)
		}
	})
}

func TestPredictBYOM(t *testing.T) {
	store := fileStore(t)
	trained(t, store)
	env := Env{Store: store}
	id, err := LoadModel(t.Context(), env, LoadModelOptions{ArchTable: "arch", Arch: irisJSON(t), WeightsFrom: "iris_model"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Predict(t.Context(), env, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "trained", IDColumn: "id", Independent: "attributes"}); err != nil {
		t.Fatal(err)
	}
	opt := PredictBYOMOptions{ArchTable: "arch", ID: id, Test: "iris_test", IDColumn: "id", Independent: "attributes"}
	names := []*string{&irisClasses[0], &irisClasses[1], &irisClasses[2]}
	rename := func(class string, value func(int) string) []string {
		out := predictions(t, store, "trained")
		for i := range out {
			out[i] = strings.Replace(out[i], "class_text", class, 1)
			for k, c := range irisClasses {
				out[i] = strings.Replace(out[i], c, value(k), 1)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		output  string
		classes [][]*string
		want    []string
	}{
		{"indexes", nil, rename("dependent_var", func(k int) string { return fmt.Sprint(k) })},
		{"named", [][]*string{names}, rename("dependent_var", func(k int) string { return irisClasses[k] })},
		{"filled", [][]*string{append(slices.Clone(names), nil, nil)}, rename("dependent_var", func(k int) string { return irisClasses[k] })},
	} {
		opt.Output, opt.Classes = c.output, c.classes
		if _, err := PredictBYOM(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, predictions(t, store, c.output)); d != "" {
			t.Errorf("%s: %s", c.output, d)
		}
	}

	// the features are divided in float32
	_, test := parted(iris(t))
	for i := range test {
		for k := range test[i].attributes {
			test[i].attributes[k] = float64(float32(test[i].attributes[k]) * 4)
		}
	}
	irisTable(t, store, "iris_times_4", test)
	opt.Test, opt.Output, opt.Classes, opt.Normalize = "iris_times_4", "normalized", nil, ptr(4.0)
	if _, err := PredictBYOM(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(predictions(t, store, "indexes"), predictions(t, store, "normalized")); d != "" {
		t.Error(d)
	}
}

// What is stopped leaves no table.
func TestPredictAndEvaluateCancelled(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		withIris(t, store)
		opt := irisFit()
		opt.Iterations = 1
		if _, err := Fit(t.Context(), Env{Store: store}, opt); err != nil {
			t.Fatal(err)
		}
		before := tablesOf(t, store)
		for _, runner := range jobtest.Runners() {
			for name, job := range map[string]func(context.Context, Env) error{
				"predict": func(ctx context.Context, env Env) error {
					_, err := Predict(ctx, env, PredictOptions{Model: "iris_model", Test: "iris_test", Output: "out", IDColumn: "id", Independent: "attributes"})
					return err
				},
				"evaluate": func(ctx context.Context, env Env) error {
					_, err := Evaluate(ctx, env, EvaluateOptions{Model: "iris_model", Test: "iris_test_packed", Output: "out"})
					return err
				},
			} {
				ctx, cancel := context.WithCancel(t.Context())
				if err := job(ctx, Env{Store: store, Runner: runner, Workers: 1, Progress: func(Event) { cancel() }}); err != context.Canceled {
					t.Errorf("%s on %s: error %v", name, runner, err)
				}
				cancel()
			}
		}
		if d := cmp.Diff(before, tablesOf(t, store)); d != "" {
			t.Error(d)
		}
	})
}

// A pool with fewer connections than the workers would take is enough: tasks that write do not keep those that read from theirs.
func TestPredictWithFewConnections(t *testing.T) {
	url := pgSchema(t)
	trained(t, openStore(t, url))
	execSQL(t, url, "CREATE TABLE many AS SELECT row_number() OVER () AS id, attributes FROM iris_test, generate_series(1, 1000)") // in many parts
	store := openStore(t, url+"&pool_max_conns=16")
	opt := PredictOptions{Model: "iris_model", Test: "many", IDColumn: "id", Independent: "attributes", Output: "predicted"}
	r, err := Predict(t.Context(), Env{Store: store, Workers: 16}, opt)
	if want := (PredictResult{Rows: 30000, Predictions: 90000}); err != nil || r != want {
		t.Errorf("%+v, %v", r, err)
	}
}

// An id column may be called rank where the output has no rank.
func TestPredictByRank(t *testing.T) {
	store := fileStore(t)
	trained(t, store)
	writeTable(t, store, "ranked", table.Schema{{Name: "rank", Type: table.Int32Type}, {Name: "attributes", Type: table.Float64ArrayType}}, []any{7, []float64{1, 2, 3, 4}})
	opt := PredictOptions{Model: "iris_model", Test: "ranked", Output: "out", IDColumn: "rank", Type: "response"}
	if _, err := Predict(t.Context(), Env{Store: store}, opt); err != nil {
		t.Fatal(err)
	}
	if b := readTable(t, store, "out"); b.Rows != 1 || b.Col("rank").Int32s[0] != 7 {
		t.Errorf("%d rows", b.Rows)
	}
	opt.Type, opt.Output = "prob", "refused"
	_, err := Predict(t.Context(), Env{Store: store}, opt)
	wantError(t, err, `"rank"`, "twice")
}
