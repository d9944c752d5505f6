package features

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// references are what scripts/sklearn-columns writes: tables, lists of terms, and what scikit-learn makes of them.
type references struct {
	Tables []struct {
		Columns []struct {
			Name   string            `json:"name"`
			Type   string            `json:"type"`
			Values []json.RawMessage `json:"values"`
		} `json:"columns"`
		Lists []struct {
			List   string      `json:"list"`
			Matrix [][]float64 `json:"matrix"`
		} `json:"lists"`
	} `json:"tables"`
}

// TestAsScikitLearn compares with scikit-learn: with the tables of testdata, or those of the file that BEAMFIT_SKLEARN_REFERENCES names.
func TestAsScikitLearn(t *testing.T) {
	file := os.Getenv("BEAMFIT_SKLEARN_REFERENCES")
	if file == "" {
		file = "testdata/sklearn.json"
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var refs references
	if err := json.Unmarshal(data, &refs); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, tab := range refs.Tables {
		var schema table.Schema
		for _, c := range tab.Columns {
			schema = append(schema, table.Column{Name: c.Name, Type: table.ParseType(c.Type)})
		}
		b := table.NewBatch(schema)
		b.Rows = len(tab.Columns[0].Values)
		for k, c := range tab.Columns {
			for _, v := range c.Values {
				appendJSON(t, &b.Cols[k], v)
			}
		}
		for _, l := range tab.Lists {
			t.Run(fmt.Sprintf("%d/%s", i, l.List), func(t *testing.T) {
				made := learned(t, l.List, b, 7)
				got := encode(t, made, b)
				if width := made.Width(); width != len(l.Matrix[0]) {
					t.Fatalf("%d numbers per row, scikit-learn has %d", width, len(l.Matrix[0]))
				}
				for row := range l.Matrix {
					for j, want := range l.Matrix[row] {
						x := float64(got[row*made.Width()+j])
						if compared++; !(math.Abs(x-want) <= 1e-6*max(1, math.Abs(want))) {
							t.Fatalf("row %d, number %d: %v, scikit-learn has %v", row, j, x, want)
						}
					}
				}
			})
		}
	}
	if compared < 1000 {
		t.Errorf("%d numbers were compared only", compared)
	}
}

// appendJSON appends a value of a reference.
func appendJSON(t *testing.T, v *table.Vector, value json.RawMessage) {
	t.Helper()
	text := string(value)
	if text == "null" {
		if err := v.Append(nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text[0] == '"' {
		if err := json.Unmarshal(value, &text); err != nil {
			t.Fatal(err)
		}
	} else if v.Type.Kind == table.Numeric {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		text = strconv.FormatFloat(x, 'f', -1, 64)
	}
	if err := v.AppendText(text); err != nil {
		t.Fatal(err)
	}
}

// resolved is the one variable that a list makes of a schema.
func resolved(t testing.TB, list string, schema table.Schema) Variable {
	t.Helper()
	l, err := ParseList(list)
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := l.Resolve(schema, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(inputs) != 1 || inputs[0].Variable == nil {
		t.Fatalf("%s: %+v is not one variable", list, inputs)
	}
	return *inputs[0].Variable
}

// learned is the variable of a list, learned from the rows of a batch that are added in parts of that many.
func learned(t testing.TB, list string, b *table.Batch, rows int) *Variable {
	t.Helper()
	vars := []Variable{resolved(t, list, b.Schema)}
	setShapes(vars, b)
	var all Stats
	for from := 0; from < b.Rows; from += rows {
		c := NewCollector(vars)
		if err := c.Add(cut(t, b, from, min(b.Rows, from+rows)), nil, table.Name{Table: "t"}, int64(from)); err != nil {
			t.Fatal(err)
		}
		if err := all.Merge(c.Stats(), vars); err != nil {
			t.Fatal(err)
		}
	}
	out, err := Learn(vars, all, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if err := out[0].Check(); err != nil {
		t.Fatal(err)
	}
	return &out[0]
}

// setShapes gives array columns the shape of the first row.
func setShapes(vars []Variable, b *table.Batch) {
	for _, v := range vars {
		for i := range v.Columns {
			if c := &v.Columns[i]; c.IsArray() {
				c.Shape = b.Col(c.Name).Shape(0)
			}
		}
	}
}

// cut are some rows of a batch.
func cut(t testing.TB, b *table.Batch, from, to int) *table.Batch {
	t.Helper()
	out := table.NewBatch(b.Schema)
	for i := from; i < to; i++ {
		row := make([]any, len(b.Cols))
		for k := range b.Cols {
			row[k] = b.Cols[k].Value(i)
		}
		if err := out.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// encode are the numbers of all rows, made with what was written as a document and read again.
func encode(t testing.TB, v *Variable, b *table.Batch) []float32 {
	t.Helper()
	text, err := Format([]*Variable{v})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEncoder(again[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Encode(nil, b, table.Name{Table: "t"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
