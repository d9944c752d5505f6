package pgio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
)

const (
	// batchBytes is about the size on the wire of a batch whose rows the store chooses.
	batchBytes = 2 << 20
	// defaultBatchRows bounds such a batch for narrow rows.
	defaultBatchRows = 1 << 16
)

// copySignature begins a binary COPY; flags and the length of an extension follow.
var copySignature = []byte("PGCOPY\n\xff\r\n\x00")

const copyHeaderLen = 11 + 4 + 4

// errCut means that bytes are missing behind those at hand.
var errCut = errors.New("the binary COPY data ends inside a row")

// A rowError is a value that cannot be used, in row number row of the partition, counted from 0.
type rowError struct {
	row    int64
	column string
	err    error
}

func (e *rowError) Error() string {
	return fmt.Sprintf("column %q, row %d: %v", e.column, e.row+1, e.err)
}
func (e *rowError) Unwrap() error { return e.err }

// copyDecoder is the io.Writer that a binary COPY is sent to. It decodes fields into batches as they come: nothing promises that a message ends with
// a row, and what is left of one waits for the next. A value of wideBytes or more is put together where the batch keeps it.
type copyDecoder struct {
	plan    readPlan
	maxRows int // per batch, where it is below defaultBatchRows; 0: nobody asks for less
	pick    *picked
	// next takes a finished batch (nil at the start) and returns one to fill.
	next func(*table.Batch) (*table.Batch, error)

	batch  *table.Batch
	bytes  int
	rows   int64
	rest   []byte // of a field or of what stands between rows
	header bool   // seen
	inRow  bool   // a row has begun: its field number column comes next
	wanted bool   // that row is
	column int
	wide   []byte // a value of type bytea, as far as it has come; its capacity is its length
	ended  bool   // the trailer was seen
}

const (
	// wideBytes is the length from which a value that has not come whole is given its own memory.
	wideBytes = 1 << 18
	// maxField is the longest value that PostgreSQL has.
	maxField = 1 << 30
)

// Write takes the next bytes of the stream.
func (d *copyDecoder) Write(p []byte) (int, error) {
	data := p
	if cap(d.wide) > 0 {
		n := min(len(data), cap(d.wide)-len(d.wide))
		d.wide = append(d.wide, data[:n]...)
		data = data[n:]
		if len(d.wide) == cap(d.wide) {
			value := d.wide
			d.wide = nil
			if err := d.endField(value, keptDecoder{}); err != nil {
				return 0, err
			}
		}
	}
	if len(d.rest) > 0 {
		d.rest = append(d.rest, data...)
		data = d.rest
	}
	left, err := d.consume(data)
	if err != nil {
		return 0, err
	}
	if len(d.rest) == 0 || len(left) < len(d.rest) { // else it lies where it is: a long value would be moved onto itself with every piece of it
		d.rest = append(d.rest[:0], left...)
	}
	return len(p), nil
}

// consume decodes all whole fields and returns what is left.
func (d *copyDecoder) consume(data []byte) ([]byte, error) {
	if !d.header {
		if len(data) < copyHeaderLen {
			return data, nil
		}
		if !bytes.HasPrefix(data, copySignature) {
			return nil, errors.New("the server sent no binary COPY data")
		}
		extension := int(binary.BigEndian.Uint32(data[15:]))
		if len(data)-copyHeaderLen < extension {
			return data, nil
		}
		data = data[copyHeaderLen+extension:]
		d.header = true
	}
	for len(data) > 0 {
		if d.ended {
			return nil, errors.New("binary COPY data goes on behind its end")
		}
		if !d.inRow {
			if len(data) < 2 {
				return data, nil
			}
			if err := d.beginRow(int(int16(binary.BigEndian.Uint16(data)))); err != nil {
				return nil, err
			}
			data = data[2:]
			continue
		}
		if len(data) < 4 {
			return data, nil
		}
		size := int(int32(binary.BigEndian.Uint32(data)))
		if size < -1 || size > maxField {
			return nil, fmt.Errorf("a field of length %d", size)
		}
		var value []byte // NULL
		switch come := data[4:]; {
		case size < 0:
			data = come
		case size <= len(come):
			value, data = come[:size:size], come[size:]
		case size >= wideBytes && d.plan.schema[d.column].Type == table.BytesType:
			d.wide = append(make([]byte, 0, size), come...)
			return nil, nil
		default:
			return data, nil
		}
		if err := d.endField(value, d.plan.columns[d.column]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// beginRow begins a row of so many fields, -1 for the trailer.
func (d *copyDecoder) beginRow(fields int) error {
	if fields == -1 {
		d.ended = true
		return nil
	}
	if fields != len(d.plan.columns) {
		return fmt.Errorf("a row of %d fields, expected %d", fields, len(d.plan.columns))
	}
	if d.wanted = d.pick.next(); d.wanted {
		if err := d.room(); err != nil {
			return err
		}
	}
	d.column, d.inRow = 0, true
	if fields == 0 {
		return d.endRow()
	}
	return nil
}

// endField decodes the value of the column that comes next, nil for NULL, and ends the row with the last one.
func (d *copyDecoder) endField(value []byte, as decoder) error {
	if d.wanted {
		d.bytes += 4 + len(value)
		v := &d.batch.Cols[d.column]
		if value == nil {
			v.AppendNull()
		} else if err := as.append(v, value); err != nil {
			return &rowError{row: d.rows, column: d.plan.schema[d.column].Name, err: err}
		}
	}
	if d.column++; d.column < len(d.plan.columns) {
		return nil
	}
	return d.endRow()
}

// endRow ends a row, and hands the batch over when no row that comes is wanted any more.
func (d *copyDecoder) endRow() (err error) {
	d.inRow = false
	if !d.wanted {
		return nil
	}
	d.batch.Rows++
	d.rows++
	if d.pick.done() {
		d.batch, err = d.next(d.batch)
		d.bytes = 0
	}
	return err
}

// fields decodes a row of a query's result, whose values in binary form are those of a binary COPY; nil is NULL.
func (d *copyDecoder) fields(values [][]byte) error {
	if err := d.beginRow(len(values)); err != nil {
		return err
	}
	for i, value := range values {
		if err := d.endField(value, d.plan.columns[i]); err != nil {
			return err
		}
	}
	return nil
}

// room makes sure that there is a batch which is not full.
func (d *copyDecoder) room() error {
	if d.batch != nil && !d.batchFull() {
		return nil
	}
	b, err := d.next(d.batch)
	if err != nil {
		return err
	}
	d.batch, d.bytes = b, 0
	return nil
}

func (d *copyDecoder) batchFull() bool {
	most := defaultBatchRows
	if d.maxRows > 0 {
		most = min(most, d.maxRows)
	}
	return d.bytes >= batchBytes || d.batch.Rows >= most
}

// finish hands the last batch over when the stream has ended.
func (d *copyDecoder) finish() (err error) {
	if !d.ended {
		return errCut
	}
	if d.batch == nil || d.batch.Rows == 0 {
		return nil
	}
	d.batch, err = d.next(d.batch)
	return err
}
