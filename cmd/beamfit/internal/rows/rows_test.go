package rows

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// memory is a Source of batches.
type memory []*table.Batch

func (m memory) Schema() table.Schema { return m[0].Schema }

func (m memory) Walk(yield func(*table.Batch) error) error {
	for _, b := range m {
		if err := yield(b); err != nil {
			return err
		}
	}
	return nil
}

// source has the rows in batches of two.
func source(t *testing.T, schema table.Schema, rows ...[]any) memory {
	t.Helper()
	var m memory
	for i, row := range rows {
		if i%2 == 0 {
			m = append(m, table.NewBatch(schema))
		}
		if err := m[len(m)-1].Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// show is the rows as text, "a|b a|b ...".
func show(t *testing.T, src Source) string {
	t.Helper()
	var out []string
	err := src.Walk(func(b *table.Batch) error {
		if len(b.Cols) != len(src.Schema()) {
			t.Fatalf("a batch of %d columns for a schema of %d", len(b.Cols), len(src.Schema()))
		}
		for i := range b.Rows {
			var row []string
			for j := range b.Cols {
				text, null := table.FormatValue(&b.Cols[j], i)
				if null {
					text = "NULL"
				}
				row = append(row, text)
			}
			out = append(out, strings.Join(row, "|"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

var idName = table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "name", Type: table.TextType}}

func TestLimit(t *testing.T) {
	src := source(t, idName, []any{1, "a"}, []any{2, "b"}, []any{3, nil}, []any{4, "d"})
	for n, want := range map[int64]string{0: "", 1: "1|a", 2: "1|a 2|b", 3: "1|a 2|b 3|NULL", 4: "1|a 2|b 3|NULL 4|d", 9: "1|a 2|b 3|NULL 4|d"} {
		limited := Limit(src, n)
		if got := show(t, limited); got != want {
			t.Errorf("limit %d: %s, want %s", n, got, want)
		}
		if got := show(t, limited); got != want {
			t.Errorf("limit %d, walked again: %s, want %s", n, got, want)
		}
	}
}

func TestWalkErrorsArePassedOn(t *testing.T) {
	src := source(t, idName, []any{1, "a"}, []any{2, "b"})
	broken := errors.New("broken")
	if err := Limit(src, 1).Walk(func(*table.Batch) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestColumns(t *testing.T) {
	src := source(t, idName, []any{1, "a"}, []any{2, "b"})
	swapped, err := Columns(src, []string{"name", "id"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(t, swapped), "a|1 b|2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var missing *table.ColumnError
	if _, err := Columns(src, []string{"nme"}); !errors.As(err, &missing) || missing.Column != "nme" {
		t.Errorf("got %v, want a ColumnError", err)
	}
}

func TestOrderBy(t *testing.T) {
	types := map[string]struct {
		typ    table.Type
		values []any // in order
	}{
		"boolean":  {table.BoolType, []any{false, true, nil}},
		"smallint": {table.Int16Type, []any{-3, 2, 10, nil}},
		"integer":  {table.Int32Type, []any{-3, 2, 10, nil}},
		"bigint":   {table.Int64Type, []any{int64(math.MinInt64), 2, int64(math.MaxInt64), nil}},
		"real":     {table.Float32Type, []any{float32(math.Inf(-1)), float32(-1), float32(2), float32(math.Inf(1)), float32(math.NaN()), nil}},
		"double":   {table.Float64Type, []any{math.Inf(-1), -1.0, 2.0, math.Inf(1), math.NaN(), nil}},
		"numeric":  {table.NumericType, []any{"-Infinity", "-10.5", "-9", "0.30", "9", "10", "1000000000000000000000000.1", "Infinity", "NaN", nil}},
		"text":     {table.TextType, []any{"", "A", "a", "aa", "b", "é", nil}},
		"bytea":    {table.BytesType, []any{[]byte{}, []byte{0}, []byte{0, 1}, []byte{255}, nil}},
	}
	for name, c := range types {
		t.Run(name, func(t *testing.T) {
			schema := table.Schema{{Name: "v", Type: c.typ}}
			var inOrder, shuffled [][]any
			for i := range c.values {
				inOrder = append(inOrder, []any{c.values[i]})
				shuffled = append(shuffled, []any{c.values[(len(c.values)-i)%len(c.values)]})
			}
			sorted, err := OrderBy(source(t, schema, shuffled...), []string{"v"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(show(t, source(t, schema, inOrder...)), show(t, sorted)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrderByIsStableAndTakesSeveralColumns(t *testing.T) {
	schema := append(idName[:2:2], table.Column{Name: "n", Type: table.Int32Type})
	src := source(t, schema, []any{2, "b", 1}, []any{1, "b", 2}, []any{2, "a", 3}, []any{1, "b", 4}, []any{nil, "a", 5})
	sorted, err := OrderBy(src, []string{"id", "name"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(t, sorted), "1|b|2 1|b|4 2|a|3 2|b|1 NULL|a|5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOrderByRefuses(t *testing.T) {
	src := source(t, table.Schema{{Name: "a", Type: table.Int32ArrayType}}, []any{[]int{1}})
	for column, want := range map[string]string{
		"b": `column "b" does not exist; the columns are a`,
		"a": `column "a" has type integer[]; rows cannot be ordered by arrays`,
	} {
		if _, err := OrderBy(src, []string{column}); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", column, err, want)
		}
	}
}
