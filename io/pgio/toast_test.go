package pgio

import (
	"bytes"
	"context"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestToast: large values are compressed with LZ4 where the server has it and its settings do not say otherwise.
func TestToast(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	want := "lz4"
	err := admin.QueryRow(ctx, `SELECT 'lz4' FROM pg_settings
		WHERE name = 'default_toast_compression' AND source = 'default' AND 'lz4' = ANY (enumvals)`).Scan(&want)
	if err != nil {
		t.Skip("the server has no LZ4, or a setting of its own")
	}
	s := openStore(t, storeURL)
	schema := table.Schema{{Name: "b", Type: table.BytesType}}
	value := bytes.Repeat([]byte{1, 2, 3, 4}, 1<<16)
	err = s.Mutate(ctx, tableNamed("large"), func(tx table.Tx) error {
		if err := tx.Create(schema); err != nil {
			return err
		}
		b := table.NewBatch(schema)
		if err := b.Append(value); err != nil {
			return err
		}
		return tx.Insert(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	var got string
	var size int
	if err := admin.QueryRow(ctx, "SELECT pg_column_compression(b), pg_column_size(b) FROM large").Scan(&got, &size); err != nil {
		t.Fatal(err)
	}
	if got != want || size > len(value)/10 {
		t.Errorf("%s, %d bytes of %d", got, size, len(value))
	}
}
