package outcomes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/fileio"
	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/curve"
)

// A stored is a store with tables.
type stored struct {
	*testing.T
	table.Store
}

func newStore(t *testing.T) stored {
	t.Helper()
	s, err := fileio.Open(context.Background(), "file:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return stored{t, s}
}

// write makes a table of columns, as "id integer", with rows.
func (s stored) write(name string, columns []string, rows ...[]any) {
	s.Helper()
	var schema table.Schema
	for _, c := range columns {
		column, kind, _ := strings.Cut(c, " ")
		schema = append(schema, table.Column{Name: column, Type: table.ParseType(kind)})
	}
	b := table.NewBatch(schema)
	for _, r := range rows {
		if err := b.Append(r...); err != nil {
			s.Fatal(err)
		}
	}
	ctx := context.Background()
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: table.Name{Table: name}, Schema: schema, Ordered: true}}})
	if err != nil {
		s.Fatal(err)
	}
	if b.Rows > 0 {
		w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "0"})
		if err != nil {
			s.Fatal(err)
		}
		if err := errors.Join(w.Write(ctx, b), w.Close(ctx)); err != nil {
			s.Fatal(err)
		}
	}
	if err := out.Commit(ctx); err != nil {
		s.Fatal(err)
	}
}

// Columns of tables that predict writes.
var (
	ranked   = []string{"id integer", "class_name text", "class_value text", "prob double precision", "rank integer"}
	response = ranked[:4]
	truthIDs = []string{"id bigint", "class_text text"}
)

func (s stored) read(truth string) (*All, error) {
	return Read(context.Background(), s.Store, table.Name{Table: "p"}, Column{table.Name{Table: "t"}, truth})
}

// all are the rows of curves, by class.
func all(o *All) (map[string][]curve.Row, error) {
	rows := map[string][]curve.Row{}
	err := o.EachClass(func(name string, of []curve.Row) error {
		rows[name] = of
		return nil
	})
	return rows, err
}

func TestTwoClasses(t *testing.T) {
	s := newStore(t)
	s.write("t", truthIDs, []any{3, "no"}, []any{1, "yes"}, []any{2, "no"}, []any{9, "yes"})
	s.write("p", ranked,
		[]any{1, "class_text", "yes", 0.75, 1}, []any{1, "class_text", "no", 0.25, 2},
		[]any{2, "class_text", "yes", 0.5, 1}, []any{2, "class_text", "no", 0.5, 2},
		[]any{3, "class_text", "no", 1., 1}, []any{3, "class_text", "yes", 0., 2})
	o, err := s.read("class_text")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"no", "yes"}, o.Classes); d != "" || o.Rows() != 3 || o.Unpredicted != 1 || o.Variable != "class_text" {
		t.Errorf("%s, %d rows, %d not predicted, of %s", d, o.Rows(), o.Unpredicted, o.Variable)
	}
	if d := cmp.Diff([][]int64{{1, 1}, {0, 1}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
	rows, err := all(o)
	if d := cmp.Diff(map[string][]curve.Row{"yes": {{Score: 0.75, Positive: true}, {Score: 0.5}, {Score: 0}}}, rows); d != "" || err != nil {
		t.Error(d, err)
	}
}

// TestClassesByValue: classes are equal where SQL says so, and one that the model does not know, NULL here, has a row in the matrix and no curve.
func TestClassesByValue(t *testing.T) {
	s := newStore(t)
	s.write("t", []string{"id integer", "y numeric"}, []any{1, "1.0"}, []any{2, "10"}, []any{3, nil}, []any{4, "2"})
	var rows [][]any
	for id := 1; id <= 4; id++ {
		for k, class := range []string{"1", "2", "10"} {
			rows = append(rows, []any{id, "y", class, float64(k+id) / 10, k + 1})
		}
	}
	s.write("p", ranked, rows...)
	o, err := s.read("y")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"NULL", "1", "2", "10"}, shorter(o.Classes)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]int64{{0, 1, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
	curves, err := all(o)
	if err != nil || len(curves) != 3 || curves["10"][1] != (curve.Row{Score: float64(float32(0.4)), Positive: true}) {
		t.Errorf("%v, %v", curves, err)
	}
}

// TestPadding: a model of more units than classes predicts NULL for each of the others.
func TestPadding(t *testing.T) {
	s := newStore(t)
	s.write("t", truthIDs, []any{1, "yes"}, []any{2, "no"})
	rows := func(id int, first, second string, best any) [][]any {
		return [][]any{
			{id, "class_text", best, 0.5, 1},
			{id, "class_text", first, 0.25, 2},
			{id, "class_text", second, 0.15, 3},
			{id, "class_text", nil, 0.08, 4},
			{id, "class_text", nil, 0.02, 5},
		}
	}
	s.write("p", ranked, append(rows(1, "yes", "no", nil)[1:], rows(2, "no", "yes", nil)[1:]...)...)
	o, err := s.read("class_text")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"no", "yes"}, o.Classes); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]int64{{1, 0}, {0, 1}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
	curves, err := all(o)
	if d := cmp.Diff(map[string][]curve.Row{"yes": {{Score: float64(float32(0.25)), Positive: true}, {Score: float64(float32(0.15))}}}, curves); d != "" || err != nil {
		t.Error(d, err)
	}

	s = newStore(t) // the padding may be the most probable
	s.write("t", truthIDs, []any{1, "yes"}, []any{2, "no"})
	s.write("p", ranked, append(rows(1, "yes", "no", nil), rows(2, "no", "yes", nil)[1:]...)...)
	if o, err = s.read("class_text"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"NULL", "no", "yes"}, o.Classes); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]int64{{0, 0, 0}, {0, 1, 0}, {1, 0, 0}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
}

// shorter writes 1.0 as 1.
func shorter(texts []string) []string {
	for i := range texts {
		texts[i] = strings.TrimSuffix(texts[i], ".0")
	}
	return texts
}

func TestRowNumbersAndVariables(t *testing.T) {
	s := newStore(t)
	s.write("t", []string{"x integer", "b text"}, []any{7, "u"}, []any{8, "v"}, []any{9, "u"})
	columns := append([]string{"row_number bigint"}, response[1:]...)
	s.write("p", columns,
		[]any{1, "a", "5", 1., 1}[:4], []any{1, "b", "u", 0.9}, []any{2, "b", "u", 0.6}, []any{3, "b", "u", 0.7})
	o, err := s.read("b")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]int64{{2, 0}, {1, 0}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
	if _, err := s.read("x"); err == nil || err.Error() != `predictions: table p: has predictions for several variables, ["a" "b"]; the column of the truth must have the name of one of them, found "x"` {
		t.Error(err)
	}
}

// TestIdsCalledRank: the column of the id is none of ranks, whatever its name.
func TestIdsCalledRank(t *testing.T) {
	s := newStore(t)
	s.write("t", []string{"rank text", "c text"}, []any{"x", "a"}, []any{"y", "b"})
	s.write("p", append([]string{"rank text"}, response[1:]...), []any{"x", "c", "a", 0.9}, []any{"y", "c", "a", 0.6})
	o, err := s.read("c")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]int64{{1, 0}, {1, 0}}, o.Confusion().Counts); d != "" {
		t.Error(d)
	}
}

func TestResponsesHaveNoCurve(t *testing.T) {
	s := newStore(t)
	s.write("t", truthIDs, []any{1, "a"}, []any{2, "b"})
	s.write("p", response, []any{1, "class_text", "a", 0.9}, []any{2, "class_text", "b", 0.6})
	o, err := s.read("class_text")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := all(o); !errors.Is(err, ErrNoProbabilities) {
		t.Error(err)
	}
}

func TestTablesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		name        string
		truth       []string
		truths      [][]any
		predictions []string
		rows        [][]any
		want        string
	}{
		{"an id without a row", truthIDs, [][]any{{1, "a"}}, response, [][]any{{1, "c", "a", 1.}, {2, "c", "a", 1.}}, `predictions: table p, column "id", row 2: the id 2 is not in table t`},
		{"an id twice", truthIDs, [][]any{{1, "a"}, {1, "b"}}, response, [][]any{{1, "c", "a", 1.}}, `truth table: table t, column "id", row 2: the id 1 is there twice`},
		{"two predictions of a rank", truthIDs, [][]any{{1, "a"}}, ranked, [][]any{{1, "c", "a", .5, 1}, {1, "c", "b", .5, 1}}, `predictions: table p, column "id", row 2: the id 1 is there more than once`},
		{"a class twice", truthIDs, [][]any{{1, "a"}}, ranked, [][]any{{1, "c", "a", .5, 1}, {1, "c", "a", .5, 2}}, `predictions: table p, column "id", row 2: the id 1 is there more than once`},
		{"an id that is NULL", truthIDs, [][]any{{nil, "a"}}, response, [][]any{{1, "c", "a", 1.}}, `truth table: table t, column "id", row 1: the id is NULL, so that the row cannot be found`},
		{"numbers", truthIDs, [][]any{{1, "a"}}, response, [][]any{{1, "c", "1.5", nil}}, `predictions: table p, column "prob", row 1: is NULL: the predictions for "c" are numbers and no classes`},
		{"no rows", truthIDs, [][]any{{1, "a"}}, response, nil, `predictions: table p: has no rows`},
		{"another table", truthIDs, [][]any{{1, "a"}}, truthIDs, nil, `predictions: table p: column "class_name" does not exist; the columns are id, class_text; predict writes it`},
		{"a truth without the id", []string{"class_text text"}, [][]any{{"a"}}, response, [][]any{{1, "c", "a", 1.}}, `truth table: table t: column "id" does not exist; the columns are class_text`},
		{"an id of another type", []string{"id text", "class_text text"}, [][]any{{"1", "a"}}, response, [][]any{{1, "c", "a", 1.}}, `truth table: table t: column "id" has type text, which is not compared with the integer of the predictions`},
		{"an array", []string{"id integer", "class_text integer[]"}, nil, response, [][]any{{1, "c", "a", 1.}}, `truth table: table t: column "class_text" has type integer[]; the class of a row is one value`},
		{"classes of another type", []string{"id integer", "class_text integer"}, [][]any{{1, 5}}, response, [][]any{{1, "c", "a", 1.}}, `predictions: table p, column "class_value", row 1: the class a is no value of column "class_text" of table t, which has type integer: `},
		{
			"a row number too many",
			[]string{"class_text text"},
			[][]any{{"a"}},
			append([]string{"row_number bigint"}, response[1:]...),
			[][]any{{1, "c", "a", 1.}, {2, "c", "a", 1.}},
			`predictions: table p, column "row_number", row 2: row 2 is not in table t, which has 1`,
		},
	} {
		s := newStore(t)
		s.write("t", c.truth, c.truths...)
		s.write("p", c.predictions, c.rows...)
		if _, err := s.read("class_text"); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	s := newStore(t)
	if _, err := s.read("x"); !errors.Is(err, table.ErrNotExist) {
		t.Error(err)
	}
}

// TestMany rows: every row has its own prediction, whatever the order of both tables.
func TestMany(t *testing.T) {
	s := newStore(t)
	const n = 5000
	var truths, predicted [][]any
	for i := range n {
		truths = append(truths, []any{i, fmt.Sprint("c", i%7)})
		id := (i * 1237) % n
		for k := range 7 {
			p := 0.05
			if k == id%7 {
				p = 0.7
			}
			predicted = append(predicted, []any{id, "class_text", fmt.Sprint("c", k), p, 1 + (k-id%7+7)%7})
		}
	}
	s.write("t", truthIDs, truths...)
	s.write("p", ranked, predicted...)
	o, err := s.read("class_text")
	if err != nil {
		t.Fatal(err)
	}
	if right, rows := o.Confusion().Total(); right != n || rows != n {
		t.Errorf("%d of %d right", right, rows)
	}
	curves, err := all(o)
	if err != nil || len(curves) != 7 {
		t.Fatal(len(curves), err)
	}
	for name, rows := range curves {
		if c, err := curve.ROC(rows); err != nil || c.Area != 1 {
			t.Errorf("%s: %v, %v", name, c.Area, err)
		}
	}
}
