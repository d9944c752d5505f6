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
	// batchRows bounds such a batch for narrow rows.
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

// copyDecoder is the io.Writer that a binary COPY is sent to. It decodes rows into batches as they come. The server sends
// a row per message, but nothing promises it: what is left of a message waits for the next one.
type copyDecoder struct {
	plan    readPlan
	maxRows int // per batch; 0: the decoder chooses
	pick    *picked
	// next takes a finished batch (nil at the start) and returns one to fill.
	next func(*table.Batch) (*table.Batch, error)

	batch  *table.Batch
	bytes  int
	rows   int64
	rest   []byte
	header bool // seen
	ended  bool // the trailer was seen
}

// Write takes the next bytes of the stream.
func (d *copyDecoder) Write(p []byte) (int, error) {
	data := p
	if len(d.rest) > 0 {
		d.rest = append(d.rest, p...)
		data = d.rest
	}
	left, err := d.consume(data)
	if err != nil {
		return 0, err
	}
	d.rest = append(d.rest[:0], left...)
	return len(p), nil
}

// consume decodes all whole rows and returns what is left.
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
		size, err := rowSize(data, len(d.plan.columns))
		switch {
		case errors.Is(err, errCut):
			return data, nil
		case err != nil:
			return nil, err
		case size == 0:
			d.ended = true
			data = data[2:]
			continue
		}
		if err := d.row(data[:size]); err != nil {
			return nil, err
		}
		data = data[size:]
	}
	return data, nil
}

// rowSize is the length of the row that data begins with, 0 for the trailer, errCut when it is not all there.
func rowSize(data []byte, columns int) (int, error) {
	if len(data) < 2 {
		return 0, errCut
	}
	fields := int(int16(binary.BigEndian.Uint16(data)))
	if fields == -1 {
		return 0, nil
	}
	if fields != columns {
		return 0, fmt.Errorf("a row of %d fields, expected %d", fields, columns)
	}
	at := 2
	for range columns {
		if len(data)-at < 4 {
			return 0, errCut
		}
		n := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		if n < -1 {
			return 0, fmt.Errorf("a field of length %d", n)
		}
		if n > 0 {
			if len(data)-at < n {
				return 0, errCut
			}
			at += n
		}
	}
	return at, nil
}

// row decodes one whole row.
func (d *copyDecoder) row(data []byte) error {
	if !d.pick.next() {
		return nil
	}
	if err := d.room(); err != nil {
		return err
	}
	at := 2
	for i := range d.plan.columns {
		n := int(int32(binary.BigEndian.Uint32(data[at:])))
		at += 4
		if n < 0 {
			d.batch.Cols[i].AppendNull()
			continue
		}
		if err := d.field(i, data[at:at+n]); err != nil {
			return err
		}
		at += n
	}
	d.endRow(len(data))
	return d.handOver()
}

// fields decodes a row of a query's result, whose values in binary form are those of a binary COPY; nil is NULL.
func (d *copyDecoder) fields(values [][]byte) error {
	if len(values) != len(d.plan.columns) {
		return fmt.Errorf("a row of %d fields, expected %d", len(values), len(d.plan.columns))
	}
	if !d.pick.next() {
		return nil
	}
	if err := d.room(); err != nil {
		return err
	}
	size := 0
	for i, value := range values {
		size += 4 + len(value)
		if value == nil {
			d.batch.Cols[i].AppendNull()
			continue
		}
		if err := d.field(i, value); err != nil {
			return err
		}
	}
	d.endRow(size)
	return d.handOver()
}

// handOver hands the batch over when no row that comes is wanted any more.
func (d *copyDecoder) handOver() (err error) {
	if d.pick.done() {
		d.batch, err = d.next(d.batch)
		d.bytes = 0
	}
	return err
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

func (d *copyDecoder) field(i int, data []byte) error {
	if err := d.plan.columns[i].append(&d.batch.Cols[i], data); err != nil {
		return &rowError{row: d.rows, column: d.plan.schema[i].Name, err: err}
	}
	return nil
}

func (d *copyDecoder) endRow(bytes int) {
	d.batch.Rows++
	d.bytes += bytes
	d.rows++
}

func (d *copyDecoder) batchFull() bool {
	if d.maxRows > 0 {
		return d.batch.Rows >= d.maxRows
	}
	return d.bytes >= batchBytes || d.batch.Rows >= defaultBatchRows
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
