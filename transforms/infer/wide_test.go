package infer

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/features"
)

// A textStore is one table of short texts, which it gives as a store does: as many at once as may be, and 65,536 at the most.
type textStore struct {
	table.Store
	writer            predictionWriter
	rows, given, most int
}

func (*textStore) Ref() string { return "infertest:" }

func (s *textStore) Read(_ context.Context, _ table.Partition, opt table.ReadOptions) (table.Reader, error) {
	if s.most = 1 << 16; opt.BatchRows > 0 {
		s.most = min(s.most, opt.BatchRows)
	}
	return textReader{s}, nil
}

func (s *textStore) Append(context.Context, table.Part) (table.Writer, error) {
	return &s.writer, nil
}

// A predictionWriter keeps the predictions of some rows.
type predictionWriter struct {
	largest int // batch
	kept    map[int64][]string
}

func (w *predictionWriter) Write(_ context.Context, b *table.Batch) error {
	w.largest = max(w.largest, b.Rows)
	for i := range b.Rows {
		if row := b.Cols[0].Int64s[i] - 1; w.kept[row] != nil {
			w.kept[row] = append(w.kept[row], fmt.Sprint(b.Cols[2].Strings[i], b.Cols[3].Float64s[i], b.Cols[4].Int32s[i]))
		}
	}
	return nil
}
func (*predictionWriter) Close(context.Context) error { return nil }
func (*predictionWriter) Discard() error              { return nil }

type textReader struct{ s *textStore }

func (textReader) Schema() table.Schema { return table.Schema{{Name: "t", Type: table.TextType}} }
func (textReader) Close() error         { return nil }

func (r textReader) Next(context.Context) (*table.Batch, error) {
	b := table.NewBatch(r.Schema())
	for ; r.s.given < r.s.rows && b.Rows < r.s.most; r.s.given++ {
		if err := b.Append(strings.Repeat("word ", r.s.given%4)); err != nil {
			return nil, err
		}
	}
	if b.Rows == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// What a task has in memory is bounded by bytes, not by rows: of inputs, of outputs, and of predictions. A single row may have more.
func TestWideRows(t *testing.T) {
	for _, c := range []struct{ rows, length, classes, batch, most int }{
		{1 << 16, 3, 2, 1 << 16, 1 << 16},
		{3000, 4000, 2, 1 << 10, 6000},
		{9000, 3, 1000, 1 << 12, 66_000},
		{3, lookup.MaxLength, 100_000, 2, 100_000},
	} {
		empty := ""
		words := &lookup.Lookup{Layer: lookup.TextVectorization, Vocabulary: []string{"word"}, OOV: 1, Mask: &empty, Split: lookup.Whitespace, Length: c.length}
		list, err := features.ParseList("t")
		if err != nil {
			t.Fatal(err)
		}
		inputs, err := list.ResolveFor([]features.ModelInput{{Name: "in", Layer: "layer", Lookup: words}}, textReader{}.Schema(), nil)
		if err != nil {
			t.Fatal(err)
		}
		store := &textStore{rows: c.rows}
		store.writer.kept = map[int64][]string{0: {}, int64(c.rows / 2): {}, int64(c.rows - 1): {}}
		run := bundle.Begin(t.Context(), bundle.Options{Store: store})
		plan := &Plan{
			Ref: "infertest:", ID: RowNumber, Numbered: true, Normalize: 1,
			Features: []Feature{{Column: "t", Shape: []int{c.length}, Variable: inputs[0].Variable, Scale: 1}},
			Outputs:  []Output{{Name: "y", Classes: make([]*string, c.classes)}},
		}
		name := func(i int) string { return fmt.Sprint("class ", i) }
		for i := range plan.Outputs[0].Classes {
			n := name(i)
			plan.Outputs[0].Classes[i] = &n
		}
		row, largest := 0, 0
		counts, err := plan.predict(t.Context(), run, Part{Partition: table.Partition{Rows: int64(c.rows)}}, func(_ context.Context, inputs [][]float32, rows int, outputs [][]float32) error {
			largest = max(largest, rows)
			for i := range rows { // the class with the number of the row is best
				for k, x := range inputs[0][i*c.length:][:3] {
					if (x == 2) != (k < row%4) {
						return fmt.Errorf("row %d has the index %v at %d", row, x, k)
					}
				}
				clear(outputs[0][i*c.classes:][:c.classes])
				outputs[0][i*c.classes+row%c.classes] = 0.5
				row++
			}
			return nil
		})
		if want := (Counts{int64(c.rows), int64(c.rows * c.classes)}); err != nil || counts != want {
			t.Errorf("%+v: %+v, %v", c, counts, err)
		}
		if largest != min(c.batch, c.rows) {
			t.Errorf("%+v: the model predicts %d rows at once", c, largest)
		}
		if store.writer.largest > c.most {
			t.Errorf("%+v: %d predictions are written at once", c, store.writer.largest)
		}
		for at, got := range store.writer.kept {
			best := int(at) % c.classes
			want := []string{fmt.Sprint(name(best), 0.5, 1)}
			for class := range c.classes {
				if class != best {
					want = append(want, fmt.Sprint(name(class), 0., len(want)+1))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: row %d has %d predictions, or others than expected", c, at, len(got))
			}
		}
		if err := run.End(); err != nil {
			t.Error(err)
		}
	}
}
