package tables

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// Class values are written as PostgreSQL casts them to text.
func TestClassTexts(t *testing.T) {
	for _, c := range []struct {
		kind  table.Type
		value any
		want  string
	}{
		{table.TextType, []any{nil, "a", "It's", `b\`, "", nil}, `(NULL, "a", "It's", "b\\", "", NULL)`},
		{table.BoolType, []bool{false, true}, `("false", "true")`},
		{table.Int64Type, []int64{-1, 1 << 40}, `("-1", "1099511627776")`},
		{table.Float64Type, []float64{2, 0.1, 1e20}, `("2", "0.1", "1e+20")`},
		{table.Float32Type, []float32{0.1, 1e6}, `("0.1", "1e+06")`},
		{table.NumericType, []string{"1.50"}, `("1.50")`},
		{table.ParseType("date"), []string{"2021-02-01"}, `("2021-02-01")`},
		{table.TextType, []string{}, `()`},
		{table.TextType, nil, `not known`},
	} {
		v := table.Vector{Type: c.kind.ArrayOf()}
		if err := v.Append(c.value); err != nil {
			t.Fatal(err)
		}
		of := Variable{Classes: &v}
		if c.value == nil {
			of.Classes = nil
		}
		if got := listTexts(of.ClassTexts()); got != c.want {
			t.Errorf("%s: %s, want %s", c.kind, got, c.want)
		}
	}
}

// listTexts writes texts in quotes and NULL without.
func listTexts(texts []*string) string {
	if texts == nil {
		return "not known"
	}
	out := make([]string, len(texts))
	for i, t := range texts {
		if out[i] = "NULL"; t != nil {
			out[i] = strconv.Quote(*t)
		}
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func TestColumnOf(t *testing.T) {
	for label, want := range map[string]string{
		"class_text": "class_text", "Label": "label", `"My Label"`: "My Label", `"a""b"`: `a"b`, "a, b": "a, b", `half"`: `half"`,
	} {
		if got := columnOf(label); got != want {
			t.Errorf("%s is column %s, want %s", label, got, want)
		}
	}
	v := Variable{label: "Label", Column: "label"}
	v.resolve(table.Schema{{Name: "Label"}})
	if v.Column != "Label" {
		t.Error("a column of the very name is not found")
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2021, 2, 1, 15, 58, 43, 760568000, time.UTC)
	for d, want := range map[time.Duration]string{0: "2021-02-01 15:58:43.760568", -568 * time.Microsecond: "2021-02-01 15:58:43.76", -760568 * time.Microsecond: "2021-02-01 15:58:43"} {
		if got := timestamp(at.Add(d)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The page shows 0.7900390625 for 193 weights.
func TestModelSize(t *testing.T) {
	if got := modelSize(193); got != 0.7900390625 {
		t.Error(got)
	}
}

// A summary where no dependent variable has class values has one NULL column, for the first, of its own type.
func TestSummaryOfArrays(t *testing.T) {
	m := ModelSummary{Variables: Variables{Dependents: []Variable{{label: "a", Column: "a", Kind: "integer[]"}, {label: "b", Column: "b", Kind: "smallint[]"}}}}
	s := m.Schema()
	if n := len(s); n != 35 || s[34].Name != "a_class_values" || s[34].Type.SQL != "integer[]" {
		t.Errorf("%d columns, the last is %v", n, s[n-1])
	}
	if b, err := m.Row(); err != nil || !b.Cols[34].IsNull(0) {
		t.Error(err)
	}
}

func TestReadVariablesRefuses(t *testing.T) {
	schema := table.Schema{
		{Name: "normalizing_const", Type: table.Float32Type},
		{Name: "dependent_vartype", Type: table.TextArrayType},
		{Name: "dependent_varname", Type: table.TextArrayType},
		{Name: "independent_varname", Type: table.TextArrayType},
	}
	good := []any{float32(1), []string{"text"}, []string{"y"}, []string{"x"}}
	for _, c := range []struct {
		column int
		value  any
		want   string
	}{
		{0, nil, `column "normalizing_const", row 1: the value is NULL`},
		{0, float32(0), `column "normalizing_const", row 1: the normalizing constant must be a positive number that real can hold, found 0`},
		{1, []string{"a", "b"}, `2 entries for 1 dependent variable`},
		{2, nil, `column "dependent_varname", row 1: the value is NULL`},
		{3, []string{}, `column "independent_varname" names no variable`},
		{3, []any{nil}, `column "independent_varname", row 1: element 1 is NULL`},
	} {
		row := append([]any{}, good...)
		row[c.column] = c.value
		b := table.NewBatch(schema)
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
		_, err := ReadVariables(b, table.Name{Table: "t_summary"})
		if err == nil || !strings.Contains(err.Error(), "t_summary") {
			t.Errorf("error %v", err)
		}
		says(t, err, c.want)
	}
}

func TestLabelTypes(t *testing.T) {
	for _, c := range []struct {
		column any
		want   string
	}{
		{[]string{"numeric", "class"}, ""},
		{[]string{"numeric"}, ""},
		{[]string{"number"}, `column "label_type", row 1: label type "number" is not known`},
		{[]string{"class", "class", "class"}, "found 3 for 2 dependent variables"},
		{nil, `column "label_type", row 1: the value is NULL`},
	} {
		schema := table.Schema{{Name: labelTypeColumn, Type: table.TextArrayType}}
		b := table.NewBatch(schema)
		if err := b.Append(c.column); err != nil {
			t.Fatal(err)
		}
		vs := Variables{Dependents: make([]Variable, 2)}
		err := vs.readLabelTypes(b, table.Name{Table: "t_summary"})
		if c.want == "" {
			if err != nil || !vs.Dependents[0].Numeric {
				t.Errorf("%v: %v, error %v", c.column, vs.numeric(), err)
			}
			continue
		}
		says(t, err, c.want)
	}
	a := Variables{Dependents: []Variable{{Column: "y", Numeric: true}}}
	b := Variables{Dependents: []Variable{{Column: "z"}}}
	want := []string{"the labels of y in the training table are of type numeric, those of z in the test table of type class"}
	if d := cmp.Diff(want, a.Compare("the training table", b, "the test table")); d != "" {
		t.Error(d)
	}
}

// says checks that an error says all of that.
func says(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v does not say %q", err, p)
		}
	}
}
