package infer

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

func texts(ts ...string) []*string {
	out := make([]*string, len(ts))
	for i := range ts {
		if ts[i] != "NULL" {
			out[i] = &ts[i]
		}
	}
	return out
}

// Features are divided in float32, which is not the product with the reciprocal.
func TestInputs(t *testing.T) {
	plan := &Plan{Table: table.Name{Table: "t"}, Normalize: 255, Features: []Feature{{Column: "a", Shape: []int{2}}, {Column: "b", Shape: []int{1, 1}}}}
	b := table.NewBatch(table.Schema{{Name: "b", Type: table.Float32ArrayType}, {Name: "a", Type: table.Float32ArrayType}})
	for i := range 3 {
		x := float32(i)
		if err := b.Append(table.Array{Elems: []any{x}, Shape: []int{1, 1}}, []float32{x + 1, 7}); err != nil {
			t.Fatal(err)
		}
	}
	seven := float32(7) / 255
	want := [][]float32{{1. / 255, seven, 2. / 255, seven, 3. / 255, seven}, {0, 1. / 255, 2. / 255}}
	read, err := plan.newInputs()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // memory is used again
		inputs, err := read.of(b, numbers{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, inputs); d != "" {
			t.Error(d)
		}
	}
	b.Cols[0].Float32s[2] = float32(math.NaN())
	_, err = read.of(b, numbers{first: 100})
	var value *table.ValueError
	if !errors.As(err, &value) || value.Row != 103 || value.Column != "b" {
		t.Errorf("error %v", err)
	}
	plan.Normalize, b.Cols[0].Float32s[2] = 0.1, math.MaxFloat32
	far := "table t, column \"b\", row 103: element 1, 3.4028235e+38, is out of range when it is divided by the normalizing constant"
	if _, err := read.of(b, numbers{first: 100}); err == nil || err.Error() != far {
		t.Errorf("error %v", err)
	}
}

// Rows may have a last dimension of 1 more than the model's input, or less.
func TestFitShapes(t *testing.T) {
	b := table.NewBatch(table.Schema{{Name: "x", Type: table.Float32ArrayType}})
	for _, shape := range [][]int{{2, 1}, {2}} {
		if err := b.Append(table.Array{Elems: []any{float32(1), float32(2)}, Shape: shape}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		input []int
		row   int
		want  []int
	}{
		{[]int{2}, 0, []int{2, 1}},
		{[]int{2, 1}, 1, []int{2}},
		{[]int{2, 2}, 1, []int{2, 2}},
		{[]int{3}, 0, []int{3}},
	} {
		plan := &Plan{Features: []Feature{{Column: "x", Shape: c.input}}}
		plan.FitShapes(b, c.row)
		if d := cmp.Diff(c.want, plan.Features[0].Shape); d != "" {
			t.Errorf("%v: %s", c.input, d)
		}
	}
}

func TestRows(t *testing.T) {
	plan := &Plan{
		ID:      table.Column{Name: "id", Type: table.TextType},
		Outputs: []Output{{Name: "a", Classes: texts("x", "NULL")}, {Name: "b", Classes: texts("p", "q", "r")}},
	}
	ids := &table.Vector{Type: table.TextType}
	for _, id := range []any{"one", nil} {
		if err := ids.Append(id); err != nil {
			t.Fatal(err)
		}
	}
	probs := [][]float32{{0.25, 0.75, 0.5, 0.5}, {0.1, 0.2, 0.7, 1, 0, 0}}
	half := 0.5
	for name, c := range map[string]struct {
		choice Choice
		want   []string
	}{
		"all": {Choice{}, []string{
			"one a NULL 0.75 1", "one a x 0.25 2", "one b r 0.7 1", "one b q 0.2 2", "one b p 0.1 3",
			"NULL a x 0.5 1", "NULL a NULL 0.5 2", "NULL b p 1 1", "NULL b q 0 2", "NULL b r 0 3",
		}},
		"first": {Choice{Top: 1}, []string{"one a NULL 0.75 1", "one b r 0.7 1", "NULL a x 0.5 1", "NULL b p 1 1"}},
		"above": {Choice{Above: &half}, []string{"one a NULL 0.75 1", "one b r 0.7 1", "NULL b p 1 1"}},
		"bare":  {Choice{Top: 1, NoRank: true}, []string{"one a NULL 0.75", "one b r 0.7", "NULL a x 0.5", "NULL b p 1"}},
	} {
		plan.Choice = c.choice
		r := newRows(plan)
		for range 2 { // memory is used again
			if d := cmp.Diff(c.want, lines(r.of(ids, 0, 2, probs))); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

// lines are the rows of a batch of predictions.
func lines(b *table.Batch, _ int) (out []string) {
	for i := range b.Rows {
		line := ""
		for k := range b.Cols {
			text, null := table.FormatValue(&b.Cols[k], i)
			if null {
				text = "NULL"
			}
			if line != "" {
				line += " "
			}
			line += text
		}
		out = append(out, line)
	}
	return out
}

// TestNumbers: outputs that are numbers have one row with the output itself, beside those that have classes.
func TestNumbers(t *testing.T) {
	plan := &Plan{
		ID:      table.Column{Name: "id", Type: table.TextType},
		Outputs: []Output{{Name: "a", Numbers: 1}, {Name: "b", Classes: texts("p", "q")}, {Name: "c", Numbers: 2}},
	}
	ids := &table.Vector{Type: table.TextType}
	if err := ids.Append("one"); err != nil {
		t.Fatal(err)
	}
	outputs := [][]float32{{23.1}, {0.25, 0.75}, {-1e-3, float32(math.NaN())}}
	want := []string{"one a 23.1 NULL 1", "one b q 0.75 1", "one b p 0.25 2", "one c {-0.001,NaN} NULL 1"}
	if d := cmp.Diff(want, lines(newRows(plan).of(ids, 0, 1, outputs))); d != "" {
		t.Error(d)
	}
	plan.Choice = Choice{Top: 1, NoRank: true}
	want = []string{"one a 23.1 NULL", "one b q 0.75", "one c {-0.001,NaN} NULL"}
	if d := cmp.Diff(want, lines(newRows(plan).of(ids, 0, 1, outputs))); d != "" {
		t.Error(d)
	}
	half := 0.5
	for _, c := range []Choice{{Top: 1}, {Above: &half}} {
		if plan.Choice = c; plan.Check() == nil {
			t.Errorf("choice %v of numbers is taken", c)
		}
	}
	for _, c := range []Choice{{}, {Top: 1, NoRank: true}} {
		if plan.Choice = c; plan.Check() != nil {
			t.Errorf("choice %v of numbers is refused: %v", c, plan.Check())
		}
	}
}
