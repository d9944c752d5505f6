package iotest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// readSelected reads the wanted rows of a table in n partitions.
func readSelected(t *testing.T, s table.Store, name table.Name, n int, opt table.ReadOptions, wanted func(row int64) bool) ([][]any, error) {
	t.Helper()
	ctx := testContext(t)
	snap, err := s.Snapshot(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	parts, err := snap.Partitions(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	for _, p := range parts {
		if opt.Only, err = table.Select(ctx, p, wanted); err != nil {
			t.Fatal(err)
		}
		_, got, err := readPartition(ctx, s, p, opt)
		if err != nil {
			return rows, err
		}
		if int64(len(got)) != opt.Count(p) {
			t.Errorf("%d rows of a partition, %d are selected", len(got), opt.Count(p))
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

var selectionCases = []testCase{
	{"selected rows, in their order", func(t *testing.T, site Site) {
		s := site.open(t)
		// The names are such that a store which numbers rows must not take for its own.
		schema := columns("n", table.Int64Type, "row", table.Float64ArrayType, `T "nn"`, table.TextType, "nn", table.BytesType, "d", dateType)
		var rows [][]any
		for i := range 3000 {
			row := []any{int64(i), []float64{float64(i), 0.5}, strings.Repeat("x", 400+i%300), []byte{byte(i), 0}, "2024-02-29"}
			if i%7 == 0 {
				row[1], row[2] = nil, nil
			}
			rows = append(rows, row)
		}
		write(t, s, named("t"), schema, rows...)
		all := rowsOf(batch(t, schema, rows...))
		random := rand.New(rand.NewPCG(1, 2)).Perm(3000)
		for name, wanted := range map[string]func(row int64) bool{
			"all":           func(int64) bool { return true },
			"none":          func(int64) bool { return false },
			"the first":     func(row int64) bool { return row == 0 },
			"the last":      func(row int64) bool { return row == 2999 },
			"a fifth":       func(row int64) bool { return random[row]%5 == 0 },
			"most":          func(row int64) bool { return random[row]%50 != 0 },
			"one long part": func(row int64) bool { return row >= 1201 && row < 2017 },
		} {
			for _, n := range []int{1, 4} {
				for _, size := range []int{0, 10} {
					var want [][]any
					for i, row := range all {
						if wanted(int64(i)) {
							want = append(want, row)
						}
					}
					got, err := readSelected(t, s, named("t"), n, table.ReadOptions{BatchRows: size}, wanted)
					if err != nil {
						t.Fatalf("%s, %d partitions: %v", name, n, err)
					}
					wantRows(t, got, want)
				}
			}
		}
		got, err := readSelected(t, s, named("t"), 3, table.ReadOptions{Columns: []string{"row"}, Float32: []string{"row"}}, func(row int64) bool { return row == 7 || row == 2001 })
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, got, [][]any{{nil}, {table.Array{Elems: []any{float32(2001), float32(0.5)}, Shape: []int{2}}}})
	}},
	{"a wrong value is an error where its row is selected", func(t *testing.T, site Site) {
		s := site.open(t)
		schema, rows := wide(3000)
		rows[1501][1].([]float64)[1], rows[2900][1].([]float64)[1] = 1e300, 1e300
		write(t, s, named("t"), schema, rows...)
		opt := table.ReadOptions{Columns: []string{"x"}, Float32: []string{"x"}}
		for _, n := range []int{1, 4} {
			_, err := readSelected(t, s, named("t"), n, opt, func(row int64) bool { return row%2 == 0 })
			wantValueError(t, err, named("t"), "x", 2901)
			got, err := readSelected(t, s, named("t"), n, opt, func(row int64) bool { return row%5 == 3 })
			if err != nil || len(got) != 600 {
				t.Errorf("%d rows without a wrong value, error %v", len(got), err)
			}
		}
	}},
}
