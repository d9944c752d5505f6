package pipelines

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// splitAndPacked are the tables that split, preprocess and preprocess --like make: a of the training rows, b of the others.
func splitAndPacked(t *testing.T, env Env, opt PreprocessOptions) {
	t.Helper()
	if _, err := Split(t.Context(), env, SplitOptions{Source: opt.Source, Root: "parts", Train: 1 - *opt.ValidationShare, Separate: true, Seed: opt.Seed}); err != nil {
		t.Fatal(err)
	}
	opt.ValidationShare, opt.ValidationOutput = nil, ""
	opt.Source, opt.Output = "parts_train", "a"
	if _, err := Preprocess(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	opt.Source, opt.Output, opt.Like = "parts_test", "b", "a"
	opt.NumClasses, opt.Normalize, opt.LabelTypes = nil, nil, nil
	if _, err := Preprocess(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
}

// manyFlowers is flowers with other columns beside them: numbers that may be missing, text, and weights.
func manyFlowers(t *testing.T, store table.Store) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "x", Type: table.Float64ArrayType},
		{Name: "y", Type: table.VarcharType},
		{Name: "z", Type: table.Int32ArrayType},
		{Name: "age", Type: table.Float64Type},
		{Name: "kind", Type: table.TextType},
		{Name: "w", Type: table.Float32Type},
	}
	var rows [][]any
	for i := range 121 {
		f := float64(i)
		var age any = f / 3
		if i%5 == 0 {
			age = nil
		}
		rows = append(rows, []any{
			i,
			[]float64{f, f + 0.1, -f, 1 / (f + 1)},
			[]string{"setosa", "virginica", "versicolor"}[i%3], [][]int{{1, 0}, {0, 1}}[i%2],
			age, []string{"a", "b"}[i/2%2], float32(i%4) / 2,
		})
	}
	writeTable(t, store, "flowers", schema, rows...)
}

// heldOptions hold a quarter of flowers out, with labels of both kinds, columns that learn, a column of arrays and a weight.
func heldOptions() PreprocessOptions {
	return PreprocessOptions{
		Source: "flowers", Output: "packed", Dependent: "y, z", Independent: "[standardise(mean(age)), kind, minmax(x)] AS c, x", Weight: "w",
		Shards: 3, BufferSize: ptr(10), NumClasses: []int{4, 3}, Seed: 7, ValidationShare: ptr(0.25), ValidationOutput: "held",
	}
}

// The two tables are, bit by bit, those that split and two times preprocess make, on every runner and in both stores.
func TestPreprocessHoldsOut(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		manyFlowers(t, store)
		opt := heldOptions()
		splitAndPacked(t, Env{Store: store, Workers: 2}, opt)
		onRunners(t, func(t *testing.T, env Env) {
			env.Store, env.Workers = store, 3
			opt.Replace = true
			var last Event
			env.Progress = func(e Event) { last = e }
			got, err := Preprocess(t.Context(), env, opt)
			if err != nil {
				t.Fatal(err)
			}
			want := PackedRows{Rows: 30, Buffers: 3, BufferSize: 10}
			if got.Rows != 91 || got.Buffers != 12 || got.BufferSize != 8 || got.Validation != want {
				t.Errorf("result %+v", got)
			}
			if want := (Event{Job: "preprocess", Stage: "packing", Unit: "buffers", Done: 15, Total: 15}); last != want {
				t.Errorf("last event %v, want %v", last, want)
			}
			for _, pair := range [][2]string{{"packed", "a"}, {"held", "b"}} {
				if one, other := readTable(t, store, pair[0]), readTable(t, store, pair[1]); !reflect.DeepEqual(one, other) {
					t.Errorf("%s is not the table that split and preprocess make", pair[0])
				}
				summary := strings.NewReplacer("source_table text: flowers\n", "", "output_table text: "+pair[0]+"\n", "").Replace(summaryOf(t, store, pair[0]+"_summary"))
				other := strings.NewReplacer("source_table text: parts_train\n", "", "source_table text: parts_test\n", "", "output_table text: "+pair[1]+"\n", "").
					Replace(summaryOf(t, store, pair[1]+"_summary"))
				if d := cmp.Diff(other, summary); d != "" || strings.Contains(summary, "source_table") {
					t.Errorf("%s_summary: %s", pair[0], d)
				}
			}
		})
	})
}

// Labels that are numbers or one-hot already need no pass before the packing.
func TestPreprocessHoldsOutWithoutLearning(t *testing.T) {
	store := fileStore(t)
	flowers(t, store, "flowers", 50)
	env := Env{Store: store}
	opt := PreprocessOptions{
		Source: "flowers", Output: "packed", Dependent: "id", Independent: "x", LabelTypes: []string{"numeric"}, Normalize: ptr(2.0),
		Seed: 1, ValidationShare: ptr(0.5), ValidationOutput: "held",
	}
	splitAndPacked(t, env, opt)
	if _, err := Preprocess(t.Context(), env, opt); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{"packed", "a"}, {"held", "b"}} {
		if one, other := readTable(t, store, pair[0]), readTable(t, store, pair[1]); !reflect.DeepEqual(one, other) {
			t.Errorf("%s is not the table that split and preprocess make", pair[0])
		}
	}
}

func TestPreprocessHoldsOutRefuses(t *testing.T) {
	store := fileStore(t)
	manyFlowers(t, store)
	writeTable(t, store, "there", table.Schema{{Name: "n", Type: table.Int32Type}}, []any{1})
	before := tablesOf(t, store)
	for _, c := range []struct {
		change func(o *PreprocessOptions)
		want   string
		wrong  bool // whatever the tables hold
	}{
		{func(o *PreprocessOptions) { o.ValidationShare = ptr(0.0) }, "between 0 and 1, both excluded, found 0", true},
		{func(o *PreprocessOptions) { o.ValidationShare = ptr(1.0) }, "between 0 and 1, both excluded, found 1", true},
		{func(o *PreprocessOptions) { o.ValidationShare = ptr(math.NaN()) }, "found NaN", true},
		{func(o *PreprocessOptions) { o.ValidationShare = nil }, "validation table held: the share of the rows that it gets is missing", true},
		{func(o *PreprocessOptions) { o.ValidationOutput = "" }, "the name of the table that gets these rows is missing", true},
		{func(o *PreprocessOptions) { o.ValidationOutput = "Packed" }, "table packed would be written twice", true},
		{func(o *PreprocessOptions) { o.ValidationOutput = "packed_summary" }, "table packed_summary would be written twice", true},
		{func(o *PreprocessOptions) { o.Output = "held_summary" }, "table held_summary would be written twice", true},
		{func(o *PreprocessOptions) { o.ValidationOutput = "there" }, "validation output table: ", false},
		{func(o *PreprocessOptions) { o.ValidationOutput, o.Replace = "flowers", true }, "is read by the same command", false},
		{func(o *PreprocessOptions) { o.Like = "packed" }, "are not trained on", true},
		{func(o *PreprocessOptions) { o.ValidationShare = ptr(0.001) }, "a validation share of 0.001 of 121 rows has no rows", false},
		{func(o *PreprocessOptions) { o.ValidationShare = ptr(0.998) }, "leaves no rows to train on", false},
	} {
		opt := heldOptions()
		c.change(&opt)
		_, err := Preprocess(t.Context(), Env{Store: store}, opt)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
		if wrong := (*ArgumentError)(nil); errors.As(err, &wrong) != c.wrong {
			t.Errorf("%v: an argument error: %v", err, !c.wrong)
		}
	}
	if after := tablesOf(t, store); !slices.Equal(before, after) {
		t.Errorf("tables %v, before %v", after, before)
	}
}

// What is wrong in one part leaves neither table, and names the row of the source.
func TestPreprocessHoldsOutAllOrNone(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.TextType}}
		var rows [][]any
		for i := range 20 {
			rows = append(rows, []any{i, []float32{1, 2}, "a"})
		}
		opt := PreprocessOptions{
			Source: "t", Output: "packed", Dependent: "y", Independent: "x", Seed: 3, ValidationShare: ptr(0.3), ValidationOutput: "held",
		}
		if _, err := Split(t.Context(), Env{Store: tableWith(t, store, "s", schema, rows)}, SplitOptions{Source: "s", Root: "parts", Train: 0.7, Separate: true, Seed: 3}); err != nil {
			t.Fatal(err)
		}
		last := func(name string) int { b := readTable(t, store, name); return int(b.Cols[0].Int32s[b.Rows-1]) }
		bad := slices.Clone(rows)
		bad[last("parts_test")] = []any{last("parts_test"), []float32{1, 2}, "b"} // a class that no training row has
		bad[last("parts_train")] = []any{last("parts_train"), []float32{1, float32(math.NaN())}, "a"}
		tableWith(t, store, "t", schema, bad)
		before := tablesOf(t, store)
		_, err := Preprocess(t.Context(), Env{Store: store}, opt)
		var value *table.ValueError
		if !errors.As(err, &value) || value.Column != "y" || value.Row != int64(last("parts_test"))+1 || !strings.Contains(err.Error(), "none of the classes of the training data") {
			t.Errorf("error %v", err)
		}
		opt.Dependent, opt.LabelTypes = "id", []string{"numeric"}
		_, err = Preprocess(t.Context(), Env{Store: store}, opt)
		if !errors.As(err, &value) || value.Column != "x" || value.Row != int64(last("parts_train"))+1 {
			t.Errorf("error %v", err)
		}
		if after := tablesOf(t, store); !slices.Equal(before, after) {
			t.Errorf("tables %v, before %v", after, before)
		}
	})
}

// tableWith writes a table and returns its store.
func tableWith(t *testing.T, store table.Store, name string, schema table.Schema, rows [][]any) table.Store {
	t.Helper()
	writeTable(t, store, name, schema, rows...)
	return store
}

// The rows that predict is told to predict alone are those that preprocess holds out, with the same predictions as among all rows.
func TestPredictHeldRows(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		trained(t, store)
		env := Env{Store: store, Workers: 3}
		if _, err := Split(t.Context(), env, SplitOptions{Source: "iris_test", Root: "parts", Train: 0.8, Separate: true, Seed: 5}); err != nil {
			t.Fatal(err)
		}
		opt := PredictOptions{Model: "iris_model", Test: "parts_test", Output: "of_part", IDColumn: "id", Type: "response"}
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		opt.Test, opt.ValidationShare, opt.Seed = "iris_test", ptr(0.2), 5
		onRunners(t, func(t *testing.T, env Env) {
			env.Store, env.Workers = store, 3
			opt := opt
			opt.Output, opt.Replace = "of_all", true
			got, err := Predict(t.Context(), env, opt)
			if err != nil {
				t.Fatal(err)
			}
			if want := (PredictResult{Rows: 6, Predictions: 6}); got != want {
				t.Errorf("result %+v, want %+v", got, want)
			}
			if d := cmp.Diff(predictions(t, store, "of_part"), predictions(t, store, "of_all")); d != "" {
				t.Error(d)
			}
		})
		// Rows without an id have their number in the table that was read.
		opt.Output, opt.IDColumn = "numbered", ""
		if _, err := Predict(t.Context(), env, opt); err != nil {
			t.Fatal(err)
		}
		ids, all := readTable(t, store, "of_part").Cols[0].Int32s, readTable(t, store, "iris_test").Col("id").Int32s
		for i, number := range slices.Sorted(slices.Values(readTable(t, store, "numbered").Cols[0].Int64s)) {
			if !slices.Contains(ids, all[number-1]) {
				t.Errorf("prediction %d is of row %d, which was not held out", i, number)
			}
		}
		opt.Output, opt.ValidationShare = "none", ptr(1.0)
		if _, err := Predict(t.Context(), env, opt); err == nil || !strings.Contains(err.Error(), "both excluded, found 1") {
			t.Errorf("error %v", err)
		}
	})
}
