package collect

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/table"
)

// Schema is that of values in rows: of a box's table, and the last columns of a table that has more to say of its values.
var Schema = table.Schema{
	{Name: "piece", Type: table.Int32Type},
	{Name: "value", Type: table.BytesType},
}

// pieceBytes is the most bytes of a row: PostgreSQL takes up to 1 GB, in one message.
const pieceBytes = 32 << 20

// Write writes the bytes of a value as rows of a schema that ends with Schema; before is what the columns before it have in each of them. A
// value of no bytes is one row.
func Write(ctx context.Context, w table.Writer, schema table.Schema, value encoding.BinaryMarshaler, before ...any) error {
	data, err := value.MarshalBinary()
	if err != nil {
		return err
	}
	row := slices.Concat(before, []any{0, nil})
	batch := table.NewBatch(schema)
	for piece := 0; piece == 0 || len(data) > 0; piece++ {
		n := min(len(data), pieceBytes)
		row[len(before)], row[len(before)+1] = piece, data[:n]
		batch.Reset()
		if err := batch.Append(row...); err != nil {
			return err
		}
		if err := w.Write(ctx, batch); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Join is the bytes of the values in rows that Write has written, by keys, one for each row; nil: all are of the key "". The rows of a value
// must be in their order. A value of one row is not copied.
func Join(rows *table.Batch, keys []string) (map[string][]byte, error) {
	pieces := map[string][][]byte{}
	numbers, values := rows.Col("piece"), rows.Col("value")
	for i := range rows.Rows {
		for _, v := range rows.Cols {
			if v.IsNull(i) {
				return nil, fmt.Errorf("row %d has NULL", i+1)
			}
		}
		key := ""
		if keys != nil {
			key = keys[i]
		}
		if piece := int(numbers.Int32s[i]); piece != len(pieces[key]) {
			return nil, fmt.Errorf("row %d: piece %d of %s, expected piece %d", i+1, piece, key, len(pieces[key]))
		}
		pieces[key] = append(pieces[key], values.Bytes[i])
	}
	joined := make(map[string][]byte, len(pieces))
	for key, of := range pieces {
		if len(of) == 1 {
			joined[key] = of[0]
		} else {
			joined[key] = bytes.Join(of, nil)
		}
	}
	return joined, nil
}
