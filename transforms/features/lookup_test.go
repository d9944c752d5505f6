package features

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
)

var (
	cities = &lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"Bonn", "Łódź", "x y"}, OOV: 1}
	closed = &lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"a", "b"}}
	noText = ""
	words  = &lookup.Lookup{Layer: lookup.TextVectorization, Vocabulary: []string{"bonn", "y"}, OOV: 1, Mask: &noText, Standardize: lookup.LowerStrip, Split: lookup.Whitespace, Length: 3}
	hashed = &lookup.Lookup{Layer: lookup.Hashing, Bins: 1000, Numbers: "int64"}
)

// lookedUp is the variable of a list for an input that takes text.
func lookedUp(t testing.TB, l *lookup.Lookup, list string, b *table.Batch) (*Variable, error) {
	t.Helper()
	parsed, err := ParseList(list)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := parsed.ResolveFor([]ModelInput{{Name: "in", Layer: "layer", Lookup: l}}, b.Schema, nil)
	if err != nil {
		return nil, err
	}
	vars := []Variable{*inputs[0].Variable}
	setShapes(vars, b)
	return &vars[0], vars[0].Check()
}

// Text becomes the layer's index, whatever type it has; so do the digits of numbers where the layer takes these.
func TestLookups(t *testing.T) {
	mask := "-"
	digits := hashed.Encoder()
	bin := func(text string) float32 {
		index, err := digits.Index(text)
		if err != nil {
			t.Fatal(err)
		}
		return float32(index)
	}
	for _, c := range []struct {
		lookup *lookup.Lookup
		sql    string
		values []any
		want   []float32
	}{
		{cities, "text", []any{"Łódź", "Rome", "Bonn", ""}, []float32{2, 0, 1, 0}},
		{cities, "character varying", []any{"x y", "x y "}, []float32{3, 0}},
		{cities, "character(9)", []any{"Bonn     ", "x y"}, []float32{1, 3}},
		{cities, "mood", []any{"Bonn"}, []float32{1}},
		{closed, "text", []any{"b", "a"}, []float32{1, 0}},
		{&lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"a"}, OOV: 1, Mask: &mask}, "text", []any{"-", "b", "a"}, []float32{0, 1, 2}},
		{&lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: []string{"a"}, Mask: &mask, MaskIndex: -1}, "text", []any{"-", "a"}, []float32{-1, 0}},
		{cities, "text[]", []any{[]string{"Bonn", "Rome"}, []string{"x y", "Łódź"}}, []float32{1, 0, 3, 2}},
		{cities, "text[]", []any{table.Array{Elems: []any{"Bonn", "?", "x y", "Bonn"}, Shape: []int{2, 2}}}, []float32{1, 0, 3, 1}},
		{words, "text", []any{"Bonn, x y!", "x  bonn x y", ""}, []float32{2, 1, 3, 1, 2, 1, 0, 0, 0}},
		{hashed, "bigint", []any{int64(1) << 62, int64(-7)}, []float32{bin("4611686018427387904"), bin("-7")}},
		{hashed, "smallint", []any{12}, []float32{bin("12")}},
		{hashed, "integer[]", []any{[]int{1, -2}}, []float32{bin("1"), bin("-2")}},
		{hashed, "double precision", []any{3., -1e15}, []float32{bin("3"), bin("-1000000000000000")}},
		{hashed, "real", []any{float32(1 << 20)}, []float32{bin("1048576")}},
		{hashed, "numeric", []any{"12"}, []float32{bin("12")}},
	} {
		b := rowsOf(t, "x", c.sql, c.values)
		v, err := lookedUp(t, c.lookup, "x", b)
		if err != nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		if got := encode(t, v, b); !slices.Equal(got, c.want) {
			t.Errorf("%v of %s: %v, want %v", c.values, c.sql, got, c.want)
		}
		if n := v.Columns[0].Numbers(); n != c.lookup.Indices() || !v.Columns[0].IsIndex() || Learns([]Variable{*v}) {
			t.Errorf("%d numbers", n)
		}
		// What a summary keeps makes the same numbers.
		text, err := Format([]*Variable{v})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil || !again[0].Equal(v) {
			t.Fatalf("%s: %v", text, err)
		}
		if got := encode(t, again[0], b); !slices.Equal(got, c.want) {
			t.Errorf("%s makes %v, want %v", text, got, c.want)
		}
	}
}

// TestTokensOfArrays: a layer that cuts texts takes one of a row.
func TestTokensOfArrays(t *testing.T) {
	_, err := lookedUp(t, words, "x", rowsOf(t, "x", "text[]", []any{[]string{"a"}}))
	if want := `column "x" has type text[]; the layer TextVectorization takes one text of a row`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	v, err := lookedUp(t, words, "x", rowsOf(t, "x", "text", []any{"a"}))
	if err != nil || !slices.Equal(v.Shape(), []int{3}) {
		t.Errorf("shape %v, %v", v.Shape(), err)
	}
}

// The rows' arrays keep their shape where they are the variable.
func TestLookupShape(t *testing.T) {
	b := rowsOf(t, "x", "text[]", []any{table.Array{Elems: []any{"a", "b"}, Shape: []int{2, 1}}}, "y", "text", []any{"b"})
	for list, want := range map[string][]int{"x": {2, 1}, "y": {1}, "[y, y]": {2}, "[x, y]": {3}} {
		v, err := lookedUp(t, closed, list, b)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Shape(); !slices.Equal(got, want) || v.Width() != len(encode(t, v, b)) {
			t.Errorf("%s has shape %v, want %v", list, got, want)
		}
	}
}

func TestLookupRefuses(t *testing.T) {
	for _, c := range []struct {
		lookup *lookup.Lookup
		sql    string
		value  any
		want   string
	}{
		{cities, "text", nil, `table t, column "x", row 8: the value is missing (NULL or NaN), and the model's layer has no number for it`},
		{cities, "text[]", []any{"Bonn", nil}, `table t, column "x", row 8: element 2: the value is missing`},
		{closed, "text", "c", `table t, column "x", row 8: "c" is not in the vocabulary of 2 texts`},
		{closed, "text[]", []any{"b", "c"}, `table t, column "x", row 8: element 2: "c" is not in the vocabulary`},
		{hashed, "real", float32(1e30), `table t, column "x", row 8: `},
		{words, "text", nil, `table t, column "x", row 8: the value is missing`},
		{hashed, "bigint", nil, `table t, column "x", row 8: the value is missing`},
	} {
		b := rowsOf(t, "x", c.sql, []any{c.value})
		v, err := lookedUp(t, c.lookup, "x", b)
		if err != nil {
			t.Fatal(err)
		}
		e, err := NewEncoder(v, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Encode(nil, b, table.Name{Table: "t"}, 7)
		if value := (*table.ValueError)(nil); !errors.As(err, &value) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v of %s: %v, want %s", c.value, c.sql, err, c.want)
		}
	}
	// A missing value is found by the pass that learns of other columns, too.
	b := rowsOf(t, "x", "text", []any{"a", nil})
	v, err := lookedUp(t, closed, "x", b)
	if err != nil {
		t.Fatal(err)
	}
	c := NewCollector([]Variable{*v})
	if err := c.Add(b, nil, table.Name{Table: "t"}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Learn([]Variable{*v}, c.Stats(), table.Name{Table: "t"}); err == nil || !strings.Contains(err.Error(), `row 2: the value is missing (NULL or NaN), and the model's layer`) {
		t.Errorf("got %v", err)
	}
}

// modelInputs are one of text, one of whole numbers that are looked up, and one of numbers.
var modelInputs = []ModelInput{
	{Name: "town", Layer: "look", Lookup: cities}, {Name: "code", Layer: "hash", Lookup: hashed}, {Name: "rest"},
}

func TestResolveFor(t *testing.T) {
	resolve := func(text string, model []ModelInput) (string, error) {
		l, err := ParseList(text)
		if err != nil {
			return "", err
		}
		inputs, err := l.ResolveFor(model, passengers, []string{"label"})
		var out []string
		for _, in := range inputs {
			if in.Variable == nil {
				out = append(out, in.Label+" = "+in.Array.Name)
				continue
			}
			how := ""
			if found := in.Variable.LookedUp(); found != nil {
				how = " by " + found.Layer
			}
			out = append(out, in.Variable.String()+how)
		}
		return strings.Join(out, "; "), err
	}
	for text, want := range map[string]string{
		"sex, id, age":                 "[sex] AS sex by StringLookup; [id] AS id by Hashing; [age] AS age",
		"words, id, image":             "[words] AS words by StringLookup; [id] AS id by Hashing; image = image",
		"[sex], [id], [age, sex]":      "[sex] AS features by StringLookup; [id] AS features_2 by Hashing; [age, onehot(sex)] AS features_3",
		"[sex, sex], image, mean(age)": "[sex, sex] AS features by StringLookup; [image] AS image by Hashing; [mean(age)] AS age",
		`sex, id, "Fare per day"`:      `[sex] AS sex by StringLookup; [id] AS id by Hashing; ["Fare per day"] AS "Fare per day"`,
	} {
		if got, err := resolve(text, modelInputs); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	// For one input a list without brackets is what it is without a model.
	for text, want := range map[string]string{"age, id": "[age, id] AS features", "image": "image = image"} {
		if got, err := resolve(text, modelInputs[2:]); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"sex, id":              `the model has the inputs town, code, rest, the list has 2 variables: sex, id`,
		"[sex, age], id":       `the model has the inputs town, code, rest, the list has 2 variables: [sex, age], id`,
		"onehot(sex), id, age": `input "town" of the model takes text by its layer "look" (StringLookup): found onehot(sex), expected the column sex itself`,
		"age, id, age":         `input "town" of the model takes text by its layer "look" (StringLookup): column "age" has type`,
		"day, id, age":         `column "day" has type date; the layer StringLookup takes text`,
		"alive, id, age":       `column "alive" has type boolean; the layer StringLookup takes text`,
		"sex, sex, age":        `column "sex" has type text; the layer Hashing takes numbers (int64)`,
		"sex, id, sex, age":    `the list has 4 variables: sex, id, sex, age`,
		"lookup(sex), id, age": `unknown function "lookup"`,
		"label, id, age":       `column "label" is a label or a weight`,
	} {
		if got, err := resolve(text, modelInputs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

// Rows of other tables may have another type of text, and no other.
func TestLookupMatch(t *testing.T) {
	v, err := lookedUp(t, cities, "x", rowsOf(t, "x", "text", []any{"a"}))
	if err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]string{
		"character(3)": "", "mood": "",
		"integer": `column "x" has type integer; the layer StringLookup takes text`,
		"text[]":  `column "x" has type text[], but type text where`,
	} {
		err := v.Match(table.Schema{{Name: "x", Type: table.ParseType(sql)}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", sql, err, want)
		}
	}
}

// Looking up allocates nothing per row, and other encoders of the variable share the vocabulary.
func TestLookupAllocatesNothing(t *testing.T) {
	many := &lookup.Lookup{Layer: lookup.StringLookup, OOV: 3}
	batch := rowsOf(t, "x", "text", []any{}, "y", "character", []any{}, "z", "bigint", []any{})
	for i := range 1000 {
		many.Vocabulary = append(many.Vocabulary, fmt.Sprint("word ", i))
		if err := batch.Append(fmt.Sprint("word ", 2*i), "word 7   ", int64(i)<<40); err != nil {
			t.Fatal(err)
		}
	}
	step := func(name, sql string, l *lookup.Lookup) Column {
		return Column{Name: name, Type: sql, Steps: []Step{{Function: look, Lookup: l}}}
	}
	v := &Variable{Name: "v", Columns: []Column{step("x", "text", many), step("y", "character", many), step("z", "bigint", hashed)}}
	first, err := NewEncoder(v, 1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := first.Encode(nil, batch, table.Name{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := first.Another()
	if e.columns[0].reader.encoder != first.columns[0].reader.encoder || e.columns[2].reader == first.columns[2].reader {
		t.Error("another encoder shares not the vocabulary alone")
	}
	dst := make([]float32, len(want))
	n := testing.AllocsPerRun(10, func() {
		if dst, err = e.Encode(dst, batch, table.Name{}, 0); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations for 1000 rows", n)
	}
	if !slices.Equal(dst, want) {
		t.Error("another encoder makes other numbers")
	}
}

// A description of foreign tables is checked as a whole.
func TestLookupDocumentRefuses(t *testing.T) {
	const document = `{"version":1,"variables":[{"name":"f","columns":[{"column":"x","type":"text","steps":[{"function":"lookup",` +
		`"lookup":{"layer":"StringLookup","vocabulary":["a","b"],"num_oov_indices":1}}]}]}]}`
	if _, err := Parse(document); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"a","b"`, `"a","a"`, `vocabulary has "a" twice`},
		{`"layer":"StringLookup"`, `"layer":"Lookup"`, `layer must be StringLookup, Hashing or TextVectorization, found "Lookup"`},
		{`"layer"`, `"class"`, "unknown field"},
		{`"type":"text"`, `"type":"integer"`, `column "x" has type integer; the layer StringLookup takes text`},
		{`"type":"text"`, `"type":"text[]"`, "type text[] does not go with shape []"},
		{`"function":"lookup"`, `"function":"onehot"`, "onehot: only lookup has the lookup of a layer, and needs it"},
		{`,"lookup":{"layer":"StringLookup","vocabulary":["a","b"],"num_oov_indices":1}`, ``, "lookup: only lookup has"},
		{`"steps":[`, `"steps":[{"function":"category"},`, "lookup of category(x): takes the column itself"},
	} {
		text := strings.Replace(document, c.from, c.to, 1)
		if text == document {
			t.Fatalf("%s is not in the document", c.from)
		}
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: %v, want %s", c.from, c.to, err, c.want)
		}
	}
}
