package buffer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// placeColumn is the first column of rows that travel.
const placeColumn = "__place__"

// Encode writes the rows as an Arrow IPC stream of one record batch: a number for every row, which says where it goes, and then the
// buffer's columns.
func (b *Buffer) Encode(places []uint32) ([]byte, error) {
	rows := b.Record()
	defer rows.Release()
	data := array.NewData(arrow.PrimitiveTypes.Uint32, len(places), []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(places))}, nil, 0, 0)
	defer data.Release()
	column := array.NewUint32Data(data)
	defer column.Release()
	rec := array.NewRecord(
		travelling(rows.Schema()),
		append([]arrow.Array{column}, rows.Columns()...), rows.NumRows())
	defer rec.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(rec.Schema()))
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		return nil, fmt.Errorf("buffer: %w", err)
	}
	return out.Bytes(), nil
}

// travelling is the schema of rows with their places.
func travelling(rows *arrow.Schema) *arrow.Schema {
	return arrow.NewSchema(append([]arrow.Field{{Name: placeColumn, Type: arrow.PrimitiveTypes.Uint32}}, rows.Fields()...), nil)
}

// Decode reads what Encode has written of a buffer with that layout. The rows lie in data where they can, so nobody may write to them.
// It is for what travels between the workers of one run; other bytes are an error.
func Decode(l Layout, data []byte) (_ *Buffer, places []uint32, err error) {
	defer func() {
		if v := recover(); v != nil { // Arrow panics on some bytes
			err = fmt.Errorf("buffer: %d bytes are no rows: %v", len(data), v)
		}
	}()
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fmt.Errorf("buffer: %d bytes are no rows: %w", len(data), err)
	}
	defer r.Release()
	empty := New(nil, l, 0)
	defer empty.Release()
	none := empty.Record()
	defer none.Release()
	if want := travelling(none.Schema()); !r.Schema().Equal(want) {
		return nil, nil, fmt.Errorf("buffer: rows with the schema %v, expected %v", r.Schema(), want)
	}
	if !r.Next() {
		return nil, nil, fmt.Errorf("buffer: %d bytes have no record batch: %w", len(data), cmp.Or(r.Err(), io.ErrUnexpectedEOF))
	}
	rec := r.Record()
	places = slices.Clone(rec.Column(0).(*array.Uint32).Uint32Values())
	values := make([]*memory.Buffer, l.Len())
	for i := range values {
		v := rec.Column(i + 1).(*array.FixedSizeList).ListValues().Data().Buffers()[1]
		if v.Len() < len(places)*l.Width(i)*l.Variable(i).Size() {
			return nil, nil, fmt.Errorf("buffer: %d bytes for %d rows of %q", v.Len(), len(places), l.Variable(i).Name)
		}
		v.Retain()
		values[i] = v
	}
	return over(l, len(places), values), places, nil
}
