package features

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
)

// rowsOf is a batch of columns, each given as its type and values.
func rowsOf(t testing.TB, columns ...any) *table.Batch {
	t.Helper()
	var schema table.Schema
	for i := 0; i < len(columns); i += 3 {
		schema = append(schema, table.Column{Name: columns[i].(string), Type: table.ParseType(columns[i+1].(string))})
	}
	b := table.NewBatch(schema)
	for k := range schema {
		for _, x := range columns[3*k+2].([]any) {
			if err := b.Cols[k].Append(x); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.Rows = b.Cols[0].Len()
	return b
}

// What every function makes of a few values, by hand.
func TestFunctions(t *testing.T) {
	nan, deviation := math.NaN(), math.Sqrt(2.0/3)
	for _, c := range []struct {
		list, sql string
		values    []any
		want      [][]float32
	}{
		{"x", "integer", []any{1, -2}, [][]float32{{1}, {-2}}},
		{"x", "boolean", []any{true, false}, [][]float32{{1}, {0}}},
		{"x", "numeric", []any{"1e2", "-0.50"}, [][]float32{{100}, {-0.5}}},
		{"x", "date", []any{"1970-01-02", "1969-12-31", "2000-02-29"}, [][]float32{{1}, {-1}, {11016}}},
		{"x", "timestamp", []any{"1970-01-01 12:00:00", "1970-01-02T06:00Z"}, [][]float32{{0.5}, {1.25}}},
		{"x", "timestamptz", []any{"1970-01-01 12:00:00+03", "1970-01-01 12:00:00-05:30"}, [][]float32{{0.375}, {0.5 + 5.5/24}}},
		{"x", "time", []any{"06:00", "18:00:00.0"}, [][]float32{{0.25}, {0.75}}},
		{"mean(x)", "double precision", []any{1., nil, 4., nan}, [][]float32{{1}, {2.5}, {4}, {2.5}}},
		{"median(x)", "integer", []any{9, nil, 1, 2, 8}, [][]float32{{9}, {5}, {1}, {2}, {8}}},
		{"median(x)", "integer", []any{9, 9, nil, 1}, [][]float32{{9}, {9}, {9}, {1}}},
		{"zero(x)", "real", []any{nil, float32(2)}, [][]float32{{0}, {2}}},
		{"indicator(x)", "real", []any{nil, float32(2), float32(nan)}, [][]float32{{1}, {0}, {1}}},
		{"indicator(x)", "text", []any{nil, "a"}, [][]float32{{1}, {0}}},
		{"log1p(x)", "integer", []any{0, 9}, [][]float32{{0}, {float32(math.Log(10))}}},
		{"standardise(x)", "integer", []any{1, 2, 3}, [][]float32{{float32(-1 / deviation)}, {0}, {float32(1 / deviation)}}},
		{"standardise(x)", "integer", []any{7, 7}, [][]float32{{0}, {0}}},
		{"minmax(x)", "integer", []any{10, 20, 15}, [][]float32{{0}, {1}, {0.5}}},
		{"minmax(x)", "integer", []any{10, 10}, [][]float32{{0}, {0}}},
		{"minmax(zero(x))", "integer", []any{10, nil, 20}, [][]float32{{0.5}, {0}, {1}}},
		{"zero(minmax(x))", "integer", []any{10, nil, 20}, [][]float32{{0}, {0}, {1}}},
		{"mean(standardise(x))", "integer", []any{1, nil, 3}, [][]float32{{-1}, {0}, {1}}},
		{"median(log1p(x))", "integer", []any{0, nil, 9}, [][]float32{{0}, {float32(math.Log(10) / 2)}, {float32(math.Log(10))}}},
		{"x", "text", []any{"b", "a", "b"}, [][]float32{{0, 1}, {1, 0}, {0, 1}}},
		{"x", "uuid", []any{"b", "a"}, [][]float32{{0, 1}, {1, 0}}},
		{"x", "character", []any{"a  ", "b", "a"}, [][]float32{{1, 0}, {0, 1}, {1, 0}}},
		{"onehot(x)", "boolean", []any{true, false}, [][]float32{{0, 1}, {1, 0}}},
		{"onehot(x)", "date", []any{"2020-01-02", "2020-01-01"}, [][]float32{{0, 1}, {1, 0}}},
		{"onehot(x)", "numeric", []any{"10.0", "9", "10"}, [][]float32{{0, 1}, {1, 0}, {0, 1}}},
		{"category(x)", "text", []any{"a", nil}, [][]float32{{0, 1}, {1, 0}}},
		{"category(x)", "double precision", []any{2., nan, nil}, [][]float32{{0, 1}, {1, 0}, {1, 0}}},
		{"index(x)", "text", []any{"b", "a", "c"}, [][]float32{{1}, {0}, {2}}},
		{"index(x, unknown=ignore)", "text", []any{"b", "a", "c"}, [][]float32{{2}, {1}, {3}}},
		{"index(category(x))", "text", []any{"b", nil, "a"}, [][]float32{{2}, {0}, {1}}},
		{"index(hash(x, 1000))", "text", []any{"a", "b", ""}, [][]float32{{850}, {861}, {0}}},
		{"index(hash(category(x), 1000))", "integer", []any{1, nil}, [][]float32{{float32(bucket([]byte("1"), 1000))}, {0}}},
		{"hash(x, 2)", "text", []any{"a", "b"}, [][]float32{{1, 0}, {0, 1}}},
		{"x, zero(x)", "integer[]", []any{[]int{1, 2}, []int{3, 4}}, [][]float32{{1, 2, 1, 2}, {3, 4, 3, 4}}},
		{
			"standardise(mean(x))", "double precision[]",
			[]any{[]float64{1, 10}, table.Array{Elems: []any{3., nil}}, nil},
			[][]float32{{float32(-1 / deviation), 0}, {float32(1 / deviation), 0}, {0, 0}},
		},
		{
			"minmax(x)", "real[]",
			[]any{
				table.Array{Elems: []any{float32(1), float32(2)}, Shape: []int{2, 1}}, table.Array{Elems: []any{float32(3), float32(2)}, Shape: []int{2, 1}},
			},
			[][]float32{{0, 0}, {1, 0}},
		},
	} {
		b := rowsOf(t, "x", c.sql, c.values)
		v := learned(t, c.list, b, 1)
		got := encode(t, v, b)
		if want := slices.Concat(c.want...); !slices.Equal(got, want) {
			t.Errorf("%s of %s %v: %v, want %v", c.list, c.sql, c.values, got, want)
		}
	}
}

// Rows that were not learned from: other numbers go beyond the bounds, other categories are an error or ignored.
func TestOtherRows(t *testing.T) {
	train := rowsOf(t, "n", "integer", []any{0, 10, nil}, "c", "text", []any{"a", "b", "a"})
	other := func(n, c any) *table.Batch { return rowsOf(t, "n", "integer", []any{n}, "c", "text", []any{c}) }
	v := learned(t, "minmax(mean(n)), onehot(c, unknown=ignore), index(c, unknown=ignore)", train, 9)
	for _, x := range []struct {
		n, c any
		want []float32
	}{
		{20, "b", []float32{2, 0, 1, 2}},
		{nil, "z", []float32{0.5, 0, 0, 0}},
	} {
		if got := encode(t, v, other(x.n, x.c)); !slices.Equal(got, x.want) {
			t.Errorf("%v, %v: %v, want %v", x.n, x.c, got, x.want)
		}
	}
	for _, x := range []struct {
		list string
		n, c any
		want string
	}{
		{"onehot(c)", 1, "z", `table t, column "c", row 8: "z" is none of the categories of the training data (known: "a", "b")`},
		{"index(c)", 1, "z", `table t, column "c", row 8: "z" is none of`},
		{"category(c)", 1, nil, `table t, column "c", row 8: NULL is none of`},
		{"onehot(c)", 1, nil, `table t, column "c", row 8: the value is missing (NULL or NaN); category(c) makes missing values a category`},
		{"hash(c, 3)", 1, nil, `table t, column "c", row 8: the value is missing (NULL or NaN); category(c)`},
		{"onehot(c, unknown=ignore)", 1, nil, `table t, column "c", row 8: the value is missing`},
		{"log1p(mean(n))", -1, "a", `table t, column "n", row 8: log1p takes numbers above -1, found -1`},
	} {
		e, err := NewEncoder(learned(t, x.list, train, 9), 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Encode(nil, other(x.n, x.c), table.Name{Table: "t"}, 7)
		var value *table.ValueError
		if !errors.As(err, &value) || !strings.HasPrefix(err.Error(), x.want) {
			t.Errorf("%s of %v, %v: %v, want %s", x.list, x.n, x.c, err, x.want)
		}
	}
}

// Values that nothing can be learned from, or encoded of.
func TestRefuses(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		list, sql string
		values    []any
		want      string
	}{
		{"standardise(x)", "integer", []any{1, nil, nil}, `column "x", row 2: the value is missing (NULL or NaN); mean(x), median(x) or zero(x) fills missing values`},
		{"onehot(x)", "text", []any{"a", nil}, `column "x", row 2: the value is missing (NULL or NaN); category(x) makes missing values a category`},
		{"mean(x)", "real", []any{nil, nil}, `column "x": all values are missing: there is nothing to fill them with`},
		{"median(x)", "real", []any{nil}, `column "x": all values are missing`},
		{"zero(standardise(x))", "real", []any{nil}, `column "x": all values are missing: standardise learns nothing`},
		{"mean(x)", "double precision", []any{1., inf}, `column "x", row 2: the value is Infinity; expected a finite number`},
		{"mean(x)", "numeric", []any{"1", "-Infinity"}, `column "x", row 2: the value is -Infinity; expected a finite number`},
		{"standardise(log1p(x))", "integer", []any{1, -1}, `column "x", row 2: log1p takes numbers above -1, found -1`},
		{"log1p(mean(x))", "integer", []any{0, -1, -4, nil}, `column "x": what fills missing values: log1p takes numbers above -1, found -1.6`},
		{"minmax(x)", "double precision", []any{math.MaxFloat64, -math.MaxFloat64}, `column "x": the values are too far apart for minmax`},
		{"minmax(x)", "date", []any{"1/2/2020"}, `column "x", row 1: "1/2/2020" is no date such as`},
		{"minmax(x)", "date", []any{"infinity"}, `column "x", row 1: "infinity" is no date`},
		{"onehot(x, limit=2)", "integer", []any{1, 2, 3}, `table t: column "x" has more than 2 distinct values, the limit of onehot; hash(x, 64) puts them into buckets, and onehot(x, limit=N) raises the limit`},
		{"median(x, limit=2)", "integer", []any{1, 2, 3}, `column "x" has more than 2 distinct values, the limit of median; mean(x) counts none, and median(x, limit=N) raises the limit`},
		{"mean(x)", "integer[]", []any{[]int{1, 2}, []int{1}}, `column "x", row 2: the array has shape [1], that of the first row has shape [2]`},
	} {
		b := rowsOf(t, "x", c.sql, c.values)
		vars := []Variable{resolved(t, c.list, b.Schema)}
		setShapes(vars, b)
		for _, rows := range []int{1, 9} { // one by one, and all at once
			var all Stats
			var err error
			for from := 0; err == nil && from < b.Rows; from += rows {
				collector := NewCollector(vars)
				if err = collector.Add(cut(t, b, from, min(b.Rows, from+rows)), nil, table.Name{Table: "t"}, int64(from)); err == nil {
					if err = all.Merge(collector.Stats(), vars); err != nil {
						err = &table.TableError{Table: table.Name{Table: "t"}, Err: err}
					}
				}
			}
			if err == nil {
				_, err = Learn(vars, all, table.Name{Table: "t"})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %v: %v, want %s", c.list, c.values, err, c.want)
			}
		}
	}
}

// What is learned does not depend on how the rows are parted, nor on the order in which parts merge, nor on coders between.
func TestOrderDoesNotMatter(t *testing.T) {
	const terms = "standardise(mean(n)), minmax(log1p(median(p))), zero(standardise(n)), category(c), index(d, unknown=ignore), median(a), hash(category(c), 5)"
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "rows")
		number := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1e300, -1e-300, 0.1}))
		b := table.NewBatch(table.Schema{
			{Name: "n", Type: table.Float64Type},
			{Name: "p", Type: table.Float32Type},
			{Name: "c", Type: table.TextType},
			{Name: "d", Type: table.NumericType},
			{Name: "a", Type: table.Float64ArrayType},
		})
		for i := range n {
			maybe := func(x any) any {
				if i > 0 && rapid.IntRange(0, 3).Draw(t, "missing") == 0 {
					return nil
				}
				return x
			}
			if err := b.Append(
				maybe(number.Draw(t, "n")), maybe(rapid.Float32Range(0, 1e30).Draw(t, "p")), maybe(rapid.SampledFrom([]string{"", "x", "y y"}).Draw(t, "c")),
				rapid.SampledFrom([]string{"1", "1.0", "1.00", "2"}).Draw(t, "d"), table.Array{Elems: []any{maybe(number.Draw(t, "a")), number.Draw(t, "a")}},
			); err != nil {
				t.Fatal(err)
			}
		}
		learnParts := func(parts int, shuffled bool) string {
			vars := []Variable{resolvedIn(terms, b.Schema)}
			setShapes(vars, b)
			stats := make([]Stats, parts)
			for k := range parts {
				from, to := n*k/parts, n*(k+1)/parts
				collector := NewCollector(vars)
				if err := collector.Add(cutIn(b, from, to), nil, table.Name{Table: "t"}, int64(from)); err != nil {
					t.Fatal(err)
				}
				stats[k] = coded(t, collector.Stats())
			}
			for len(stats) > 1 {
				k := 0
				if shuffled {
					k = rapid.IntRange(0, len(stats)-2).Draw(t, "merged")
					if rapid.Bool().Draw(t, "swapped") {
						stats[k], stats[k+1] = stats[k+1], stats[k]
					}
				}
				var sum Stats
				for _, s := range stats[k : k+2] {
					if err := sum.Merge(s, vars); err != nil {
						t.Fatal(err)
					}
				}
				stats = slices.Concat(stats[:k], []Stats{coded(t, sum)}, stats[k+2:])
			}
			out, err := Learn(vars, stats[0], table.Name{Table: "t"})
			if err != nil {
				return err.Error()
			}
			text, err := Format([]*Variable{&out[0], nil})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		want := learnParts(1, false)
		if got := learnParts(rapid.IntRange(1, n).Draw(t, "parts"), true); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

func resolvedIn(list string, schema table.Schema) Variable {
	l, err := ParseList(list)
	if err != nil {
		panic(err)
	}
	inputs, err := l.Resolve(schema, nil)
	if err != nil {
		panic(err)
	}
	return *inputs[0].Variable
}

func cutIn(b *table.Batch, from, to int) *table.Batch {
	out := table.NewBatch(b.Schema)
	for i := from; i < to; i++ {
		for k := range b.Cols {
			out.Cols[k].AppendFrom(&b.Cols[k], i)
		}
		out.Rows++
	}
	return out
}

// coded is what another process gets.
func coded(t *rapid.T, s Stats) (out Stats) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A merge keeps none of the memory of what is added, which runners may hand over again.
func TestMergeCopies(t *testing.T) {
	b := rowsOf(t, "n", "integer", []any{1, nil, 3}, "c", "text", []any{"a", "b", "c"})
	vars := []Variable{resolved(t, "standardise(median(n)), c", b.Schema)}
	collect := func() Stats {
		c := NewCollector(vars)
		if err := c.Add(b, nil, table.Name{}, 0); err != nil {
			t.Fatal(err)
		}
		return c.Stats()
	}
	added, same := collect(), collect()
	var sum Stats
	for range 3 {
		if err := sum.Merge(added, vars); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprintf("%+v", added), fmt.Sprintf("%+v", same); got != want {
		t.Errorf("what was added became %s, was %s", got, want)
	}
	if n := sum.Columns[0].Numbers[0].N; n != 6 || sum.Columns[0].Missing[0] != 3 || len(sum.Columns[1].Values) != 3 {
		t.Errorf("%d values, %d missing", n, sum.Columns[0].Missing[0])
	}
}

func TestUnknownIsClassesError(t *testing.T) {
	b := rowsOf(t, "c", "text", []any{"a"})
	e, err := NewEncoder(learned(t, "onehot(c)", b, 1), 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Encode(nil, rowsOf(t, "c", "text", []any{"q"}), table.Name{}, 0)
	var unknown *classes.UnknownError
	if !errors.As(err, &unknown) || unknown.Class.Text != "q" {
		t.Errorf("got %v", err)
	}
}

// A step allocates nothing per row.
func BenchmarkEncode(b *testing.B) {
	batch := rowsOf(b, "n", "double precision", make([]any, 0), "c", "text", make([]any, 0))
	for i := range 1000 {
		var n any
		if i%7 > 0 {
			n = float64(i)
		}
		if err := batch.Append(n, fmt.Sprint("category ", i%10)); err != nil {
			b.Fatal(err)
		}
	}
	e, err := NewEncoder(learned(b, "standardise(mean(n)), log1p(median(n)), c", batch, 100), 1)
	if err != nil {
		b.Fatal(err)
	}
	var dst []float32
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = e.Encode(dst, batch, table.Name{}, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}
