package pipelines

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// people is a table of n rows: id, group g (a, b, NULL in turn), text t and an array.
func people(t testing.TB, store table.Store, name string, n int) {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int32Type},
		{Name: "g", Type: table.VarcharType},
		{Name: "Some Text", Type: table.TextType},
		{Name: "x", Type: table.Float64ArrayType},
	}
	var rows [][]any
	for i := range n {
		rows = append(rows, []any{i, []any{"a", "b", nil}[i%3], fmt.Sprint("row ", i), []float64{float64(i), 0.5}})
	}
	writeTable(t, store, name, schema, rows...)
}

// lines are the rows of a table as text.
func lines(t testing.TB, store table.Store, name string) (columns string, rows []string) {
	t.Helper()
	b := readTable(t, store, name)
	for i := range b.Rows {
		var row []string
		for c := range b.Cols {
			text, null := table.FormatValue(&b.Cols[c], i)
			if null {
				text = "NULL"
			}
			row = append(row, text)
		}
		rows = append(rows, strings.Join(row, " "))
	}
	return strings.Join(b.Schema.Names(), " "), rows
}

func TestSplitOneTable(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		source, out := "people_"+env.Runner, "out_"+env.Runner
		people(t, env.Store, source, 150)
		var events []Event
		env.Progress = func(e Event) { events = append(events, e) }
		got, err := Split(t.Context(), env, SplitOptions{Source: source, Root: out, Train: 0.8, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		if want := (SplitResult{Train: 120, Test: 30}); got != want {
			t.Errorf("result %+v, want %+v", got, want)
		}
		if want := (Event{Job: "split", Stage: "splitting", Unit: "rows", Done: 150, Total: 150}); len(events) == 0 || events[len(events)-1] != want {
			t.Errorf("events %v", events)
		}
		columns, rows := lines(t, env.Store, out)
		if columns != "id g Some Text x split" {
			t.Errorf("columns %s", columns)
		}
		_, all := lines(t, env.Store, source)
		tests, testsInFirstHalf := 0, 0
		for i, row := range rows {
			switch row {
			case all[i] + " 0":
				tests++
				if i < 75 {
					testsInFirstHalf++
				}
			case all[i] + " 1":
			default:
				t.Errorf("row %d is %s, want %s with its mark", i, row, all[i])
			}
		}
		if len(rows) != 150 || tests != 30 {
			t.Errorf("%d rows, %d for testing", len(rows), tests)
		}
		if testsInFirstHalf < 5 || testsInFirstHalf > 25 {
			t.Errorf("%d of 30 test rows are among the first 75", testsInFirstHalf)
		}
	})
}

func TestSplitStrata(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		source, out := "people_"+env.Runner, "Out "+env.Runner
		people(t, env.Store, source, 150)
		got, err := Split(t.Context(), env, SplitOptions{
			Source: source, Root: `"` + out + `"`, Train: 0.5, Test: ptr(0.2), Strata: "G", Columns: `"Some Text",id`, Separate: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		// 50 rows per group: 35 drawn, 10 for testing; the group of NULLs too.
		if want := (SplitResult{Train: 3 * 25, Test: 3 * 10}); got != want {
			t.Errorf("result %+v, want %+v", got, want)
		}
		seen := map[string]bool{}
		for suffix, want := range map[string]int{"_train": 25, "_test": 10} {
			columns, rows := lines(t, env.Store, `"`+out+suffix+`"`)
			if columns != "g Some Text id" {
				t.Errorf("columns %s", columns)
			}
			count := map[string]int{}
			for _, row := range rows {
				if seen[row] {
					t.Errorf("row %s is there twice", row)
				}
				seen[row] = true
				count[strings.Fields(row)[0]]++
			}
			if got, want := fmt.Sprint(count), fmt.Sprintf("map[NULL:%d a:%d b:%d]", want, want, want); got != want {
				t.Errorf("groups of %s: %s, want %s", suffix, got, want)
			}
			if _, err := env.Store.Lookup(t.Context(), table.Name{Table: out}); !errors.Is(err, table.ErrNotExist) {
				t.Errorf("the root table: %v", err)
			}
		}
	})
}

// The same rows and seed give the same tables on every store and runner, with any number of workers.
func TestSplitSame(t *testing.T) {
	want := map[int]string{}
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		if !slices.Contains(tablesOf(t, env.Store), "people") {
			people(t, env.Store, "people", 333)
		}
		for n, opt := range []SplitOptions{
			{Train: 0.6, Test: ptr(0.3), Seed: 5},
			{Train: 0.6, Strata: "g", Seed: 5},
			{Train: 0.6, Strata: "g", WithReplacement: true, Seed: 5},
		} {
			for _, env.Workers = range []int{1, 4} {
				opt.Source, opt.Root = "people", fmt.Sprint("out_", env.Runner, n, env.Workers)
				result, err := Split(t.Context(), env, opt)
				if err != nil {
					t.Fatal(err)
				}
				_, rows := lines(t, env.Store, opt.Root)
				if int64(len(rows)) != result.Train+result.Test {
					t.Errorf("%d rows, result %+v", len(rows), result)
				}
				got := strings.Join(rows, "\n")
				if want[n] == "" {
					want[n] = got
				}
				if got != want[n] {
					t.Errorf("options %d, %s with %d workers: other rows than before", n, env.Runner, env.Workers)
				}
			}
		}
	})
}

func TestSplitWithReplacement(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		people(t, store, "people", 100)
		got, err := Split(t.Context(), Env{Store: store}, SplitOptions{Source: "people", Root: "out", Train: 0.5, Test: ptr(0.4), Columns: "id", WithReplacement: true, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if want := (SplitResult{Train: 50, Test: 40}); got != want {
			t.Errorf("result %+v, want %+v", got, want)
		}
		_, rows := lines(t, store, "out")
		if distinct := len(slices.Compact(slices.Clone(rows))); len(rows) != 90 || distinct > 85 {
			t.Errorf("%d rows, %d of them distinct: nothing is repeated", len(rows), distinct)
		}
	})
}

// One row goes to the test set and leaves an empty training table.
func TestSplitOneRow(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		people(t, store, "people", 1)
		got, err := Split(t.Context(), Env{Store: store}, SplitOptions{Source: "people", Root: "out", Train: 0.5, Separate: true})
		if err != nil {
			t.Fatal(err)
		}
		if want := (SplitResult{Train: 0, Test: 1}); got != want {
			t.Errorf("result %+v, want %+v", got, want)
		}
		if columns, rows := lines(t, store, "out_train"); len(rows) != 0 || columns != "id g Some Text x" {
			t.Errorf("training table: columns %s, rows %v", columns, rows)
		}
	})
}

func TestSplitRefuses(t *testing.T) {
	onStores(t, func(t *testing.T, store table.Store) {
		people(t, store, "people", 1)
		people(t, store, "empty", 0)
		people(t, store, "out1_test", 1)
		people(t, store, "out2_train", 1)
		writeTable(t, store, "marked", table.Schema{{Name: "split", Type: table.Int32Type}}, []any{1})
		before := tablesOf(t, store)
		for _, c := range []struct {
			name string
			opt  SplitOptions
			want string
		}{
			{"output empty name", SplitOptions{Train: 0.5, Source: "people"}, "the name of the output table is empty"},
			{"output null", SplitOptions{Train: 0.5, Source: "people", Root: "NULL"}, "NULL is not a name"},
			{"output exists", SplitOptions{Train: 0.5, Source: "people", Root: "people"}, "already exists"},
			{"source empty name", SplitOptions{Train: 0.5, Root: "o"}, "the name of the source table is empty"},
			{"source missing", SplitOptions{Train: 0.5, Source: "nowhere", Root: "o"}, "does not exist"},
			{"source empty", SplitOptions{Train: 0.5, Source: "empty", Root: "o"}, "has no rows"},
			{"train NaN", SplitOptions{Source: "people", Root: "o", Train: math.NaN()}, "the training proportion must be between 0 and 1, both excluded, found NaN"},
			{"test infinite", SplitOptions{Source: "people", Root: "o", Train: 0.5, Test: ptr(math.Inf(1))}, "the test proportion must be between 0 and 1, both excluded, found +Inf"},
			{"train 0", SplitOptions{Source: "people", Root: "o"}, "the training proportion must be between 0 and 1, both excluded, found 0"},
			{"train 1", SplitOptions{Train: 1, Source: "people", Root: "o"}, "found 1"},
			{"test negative", SplitOptions{Train: 0.5, Test: ptr(-0.1), Source: "people", Root: "o"}, "the test proportion"},
			{"sum", SplitOptions{Train: 0.5, Test: ptr(0.6), Source: "people", Root: "o"}, "0.5 and 0.6, add up to 1.1"},
			{"sum with replacement", SplitOptions{Train: 0.5, Test: ptr(0.6), WithReplacement: true, Source: "people", Root: "o"}, "add up to 1.1"},
			{"strata missing", SplitOptions{Train: 0.5, Strata: "q", Source: "people", Root: "o"}, `strata: table people: column "q" does not exist; the columns are id, g, "Some Text", x`},
			{"columns missing", SplitOptions{Train: 0.5, Columns: "id,Some", Source: "people", Root: "o"}, `columns: table people: column "some" does not exist`},
			{"column in strata", SplitOptions{Train: 0.5, Strata: "g", Columns: "id,g", Source: "people", Root: "o"}, `column "g" is one of the strata already`},
			{"test exists", SplitOptions{Train: 0.5, Separate: true, Source: "people", Root: "out1"}, "table out1_test: already exists"},
			{"train exists", SplitOptions{Train: 0.5, Separate: true, Source: "people", Root: "out2"}, "table out2_train: already exists"},
			{"column split", SplitOptions{Train: 0.5, Source: "marked", Root: "o"}, `column "split" appears twice`},
			{"empty sample", SplitOptions{Train: 0.2, Test: ptr(0.2), Source: "people", Root: "o"}, "a sample of 0.4 of 1 rows has no rows"},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := Split(t.Context(), Env{Store: store}, c.opt)
				if err == nil || !strings.Contains(testSchema.ReplaceAllString(err.Error(), ""), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				if after := tablesOf(t, store); !slices.Equal(after, before) {
					t.Errorf("tables %v after the error, want %v", after, before)
				}
			})
		}
	})
}

func TestSplitCancel(t *testing.T) {
	onRunnersAndStores(t, func(t *testing.T, env Env) {
		source := "people_" + env.Runner
		people(t, env.Store, source, 100)
		before := tablesOf(t, env.Store)
		for _, stage := range []string{"counting", "splitting"} {
			ctx, cancel := context.WithCancel(t.Context())
			env.Progress = func(e Event) {
				if e.Stage == stage {
					cancel()
				}
			}
			_, err := Split(ctx, env, SplitOptions{Source: source, Root: "o", Train: 0.5, Strata: "g"})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled while %s: got %v", stage, err)
			}
			if after := tablesOf(t, env.Store); !slices.Equal(after, before) {
				t.Errorf("tables %v after cancelling while %s, want %v", after, stage, before)
			}
		}
	})
}
