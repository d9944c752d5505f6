package collect

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// rows is a table.Writer that keeps what is written.
type rows struct {
	table.Writer
	batch *table.Batch
}

func (r *rows) Write(_ context.Context, b *table.Batch) error {
	for i := range b.Rows {
		row := []any{b.Cols[0].Strings[i], int(b.Cols[1].Int32s[i]), bytes.Clone(b.Cols[2].Bytes[i])}
		if err := r.batch.Append(row...); err != nil {
			return err
		}
	}
	return nil
}

type value []byte

func (v value) MarshalBinary() ([]byte, error) { return v, nil }

// What Write cuts Join puts together, whatever the length; rows that are missing or in another order are errors.
func TestPieces(t *testing.T) {
	schema := append(table.Schema{{Name: "key", Type: table.TextType}}, Schema...)
	w := &rows{batch: table.NewBatch(schema)}
	large := make(value, 2*pieceBytes+5)
	for i := range large {
		large[i] = byte(i >> 10)
	}
	values := map[string]value{"none": {}, "small": value("abc"), "one": large[:pieceBytes], "large": large}
	for _, key := range []string{"none", "small", "one", "large"} {
		if err := Write(t.Context(), w, schema, values[key], key); err != nil {
			t.Fatal(err)
		}
	}
	keys := w.batch.Col("key").Strings
	got, err := Join(w.batch, keys)
	if err != nil || len(got) != len(values) || w.batch.Rows != 6 {
		t.Fatalf("%d values of %d rows, %v", len(got), w.batch.Rows, err)
	}
	for key, want := range values {
		if !bytes.Equal(got[key], want) {
			t.Errorf("%s: other bytes", key)
		}
	}
	if _, err := Join(w.batch, nil); err == nil || !strings.Contains(err.Error(), "row 2: piece 0 of , expected piece 1") {
		t.Errorf("values of one key: error %v", err)
	}
	numbers := w.batch.Col("piece").Int32s
	numbers[4], numbers[5] = numbers[5], numbers[4]
	if _, err := Join(w.batch, keys); err == nil || !strings.Contains(err.Error(), "row 5: piece 2 of large, expected piece 1") {
		t.Errorf("another order: error %v", err)
	}
}
