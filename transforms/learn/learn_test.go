package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/features"
)

// A memoryStore is one table that is read in batches of 5 rows.
type memoryStore struct {
	table.Store
	rows *table.Batch
}

func (s *memoryStore) Ref() string { return "learntest:" }

func (s *memoryStore) Read(_ context.Context, p table.Partition, opt table.ReadOptions) (table.Reader, error) {
	schema, err := s.rows.Schema.Select(opt.Columns)
	return &memoryReader{store: s, schema: schema, at: p.FirstRow, end: p.FirstRow + p.Rows}, err
}

type memoryReader struct {
	store   *memoryStore
	schema  table.Schema
	at, end int64
}

func (r *memoryReader) Schema() table.Schema { return r.schema }
func (r *memoryReader) Close() error         { return nil }

func (r *memoryReader) Next(context.Context) (*table.Batch, error) {
	if r.at == r.end {
		return nil, io.EOF
	}
	b := table.NewBatch(r.schema)
	for ; r.at < r.end && b.Rows < 5; r.at++ {
		for k, c := range r.schema {
			b.Cols[k].AppendFrom(r.store.rows.Col(c.Name), int(r.at))
		}
		b.Rows++
	}
	return b, nil
}

var schema = table.Schema{
	{Name: "y", Type: table.NumericType},
	{Name: "n", Type: table.Float64Type},
	{Name: "c", Type: table.TextType},
}

// plan learns the classes of y and c, and from n and c what the list asks for.
func plan(t testing.TB, list string) Plan {
	t.Helper()
	l, err := features.ParseList(list)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := l.Resolve(schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Ref: "learntest:", Source: table.Name{Table: "t"}, Labels: []table.Column{schema[0], schema[2]}, Features: []features.Variable{*inputs[0].Variable}}
}

// find does what the pipeline does: partitions of the rows, joined in the order of the places, each but the last through a coder.
func find(p Plan, rows *table.Batch, parts int, join func(n int) int) (Found, error) {
	run := bundle.Begin(context.Background(), bundle.Options{Store: &memoryStore{rows: rows}})
	defer func() { _ = run.End() }()
	var found []Found
	for i := range parts {
		first, last := int64(rows.Rows*i/parts), int64(rows.Rows*(i+1)/parts)
		f, err := p.read(context.Background(), run, table.Partition{Table: p.Source, FirstRow: first, Rows: last - first})
		if err != nil {
			return f, err
		}
		found = append(found, f)
	}
	joinFn := &joinFn{Run: bundle.Ref{}, Plan: p}
	sum := joinFn.CreateAccumulator()
	for len(found) > 0 {
		k := join(len(found))
		data, err := found[k].MarshalBinary()
		if err != nil {
			return sum, err
		}
		f, err := decodeFound(data)
		if err != nil {
			return sum, err
		}
		if sum, err = joinFn.AddInput(sum, f); err != nil {
			return sum, err
		}
		found = slices.Delete(found, k, k+1)
	}
	return joinFn.ExtractOutput(sum), nil
}

// What is found does not depend on the partitions, nor on the order in which they are joined.
func TestFind(t *testing.T) {
	p := plan(t, "standardise(median(n)), category(c)")
	rapid.Check(t, func(t *rapid.T) {
		rows := table.NewBatch(schema)
		for i := range rapid.IntRange(1, 60).Draw(t, "rows") {
			var n, c any
			if rapid.Bool().Draw(t, "n") || i == 0 {
				n = rapid.Float64Range(-9, 9).Draw(t, "value")
			}
			if rapid.Bool().Draw(t, "c") {
				c = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "category")
			}
			if err := rows.Append(rapid.SampledFrom([]string{"1", "1.0", "2"}).Draw(t, "label"), n, c); err != nil {
				t.Fatal(err)
			}
		}
		tell := func(parts int, join func(n int) int) string {
			f, err := find(p, rows, parts, join)
			if err != nil {
				t.Fatal(err)
			}
			learned, err := features.Learn(p.Features, f.Features, p.Source)
			if err != nil {
				t.Fatal(err)
			}
			text, err := features.Format([]*features.Variable{&learned[0]})
			if err != nil {
				t.Fatal(err)
			}
			for k, set := range f.Labels {
				text += fmt.Sprintf("\n%+v", set.Sorted(p.Labels[k].Type))
			}
			return text
		}
		want := tell(1, func(int) int { return 0 })
		got := tell(rapid.IntRange(1, 9).Draw(t, "parts"), func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "next") })
		if got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}

// Labels are distinct as SQL has it, with their first row; columns are read once each.
func TestLabels(t *testing.T) {
	p := plan(t, "c")
	if got := strings.Join(p.columns(), " "); got != "y c" {
		t.Errorf("reads %s", got)
	}
	rows := table.NewBatch(schema)
	for _, r := range [][]any{{"2.0", 1., "b"}, {"1.50", 1., "a"}, {nil, 1., "b"}, {"1.5", 1., "b"}, {"2", 1., "b"}} {
		if err := rows.Append(r...); err != nil {
			t.Fatal(err)
		}
	}
	f, err := find(p, rows, 2, func(n int) int { return n - 1 })
	if err != nil {
		t.Fatal(err)
	}
	list := f.Labels[0].Sorted(schema[0].Type)
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c, c.Row))
	}
	if want := "NULL 2; \"1.5\" 1; \"2\" 0"; strings.Join(got, "; ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "; "), want)
	}
	if row, err := list[:2].Unknown(list); row != 0 || !errors.As(err, new(*classes.UnknownError)) {
		t.Errorf("row %d, %v", row, err)
	}
}

// More distinct values than the limit are refused where one partition has them, and where all together do.
func TestLimit(t *testing.T) {
	p := plan(t, "onehot(c, limit=3)")
	rows := table.NewBatch(schema)
	for i := range 8 {
		if err := rows.Append("1", 1., fmt.Sprint("category ", i/2)); err != nil {
			t.Fatal(err)
		}
	}
	for _, parts := range []int{1, 4} {
		_, err := find(p, rows, parts, func(int) int { return 0 })
		if err == nil || !strings.Contains(err.Error(), `column "c" has more than 3 distinct values, the limit of onehot`) {
			t.Errorf("%d parts: %v", parts, err)
		}
	}
	rows.Col("n").Float64s[6] = math.NaN()
	p = plan(t, "standardise(n)")
	f, err := find(p, rows, 4, func(n int) int { return n - 1 })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := features.Learn(p.Features, f.Features, p.Source); err == nil || !strings.HasPrefix(err.Error(), `table t, column "n", row 7: the value is missing`) {
		t.Errorf("got %v", err)
	}
}
