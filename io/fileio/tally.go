package fileio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/fileio/internal/ipcmeta"
)

// castagnoli is the polynomial of all checksums.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A tallyWriter counts what an ipc.FileWriter writes and makes the checksums of its segments: the head, of each batch the
// metadata and the columns, the foot. It finds where a segment ends in the bytes themselves, one piece after the other:
//
//	head       magic and the prefix of the schema message, whose length field says how long the rest is
//	batch      prefix, which says how long the metadata are; metadata, which say how long the columns are; columns
//	foot       begins when beginFoot is called
type tallyWriter struct {
	w      *bufio.Writer
	schema *arrow.Schema
	pos    int64
	crc    uint32 // of the segment so far
	head   uint32 // checksum

	left int64        // bytes to come of the piece
	kept []byte       // the piece so far, where keep is set
	keep bool         // for pieces that say how long the next one is
	next func() error // at the end of the piece

	batch   batchMeta   // being written
	batches []batchMeta // those that are complete
}

const (
	headBytes   = 8 + ipcmeta.PrefixBytes // magic, padded, and the prefix of the schema message
	writeBuffer = 64 << 10
)

// newTallyWriter tallies a file of that schema.
func newTallyWriter(w io.Writer, schema *arrow.Schema) *tallyWriter {
	t := &tallyWriter{w: bufio.NewWriterSize(w, writeBuffer), schema: schema}
	t.piece(headBytes, true, func() error {
		t.piece(int64(binary.LittleEndian.Uint32(t.kept[headBytes-4:])), false, func() error {
			t.head = t.endSegment()
			t.beginBatch()
			return nil
		})
		return nil
	})
	return t
}

// piece says what comes next: a number of bytes, and what to do then.
func (t *tallyWriter) piece(bytes int64, keep bool, next func() error) {
	t.left, t.keep, t.kept, t.next = bytes, keep, t.kept[:0], next
}

func (t *tallyWriter) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err != nil {
		t.pos += int64(n)
		return n, err
	}
	for rest := p; len(rest) > 0; {
		part := rest[:min(int64(len(rest)), t.left)]
		rest = rest[len(part):]
		t.crc = crc32.Update(t.crc, castagnoli, part)
		t.pos += int64(len(part))
		t.left -= int64(len(part))
		if t.keep {
			t.kept = append(t.kept, part...)
		}
		if t.left == 0 {
			if err := t.next(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// Seek tells the position; ipc.FileWriter asks for nothing else.
func (t *tallyWriter) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("fileio: part files are written from front to back")
	}
	return t.pos, nil
}

func (t *tallyWriter) endSegment() (crc uint32) {
	crc, t.crc = t.crc, 0
	return crc
}

func (t *tallyWriter) beginBatch() {
	t.batch = batchMeta{Offset: t.pos}
	t.piece(ipcmeta.PrefixBytes, true, func() error {
		size, err := ipcmeta.Prefix(t.kept)
		t.piece(size, true, t.endMetadata)
		return err
	})
}

func (t *tallyWriter) endMetadata() error {
	b, err := ipcmeta.Parse(t.kept)
	if err != nil {
		return err
	}
	columns, err := b.Columns(t.schema)
	if err != nil {
		return err
	}
	t.batch.Rows = int(b.Rows)
	t.batch.Metadata = segment{t.pos - t.batch.Offset, t.endSegment()}
	t.column(columns)
	return nil
}

// column waits for the end of the first of the columns and then for the others.
func (t *tallyWriter) column(columns []ipcmeta.Column) {
	if len(columns) == 0 {
		t.batches = append(t.batches, t.batch)
		t.beginBatch()
		return
	}
	size := columns[0].End - columns[0].Begin
	end := func() error {
		t.batch.Columns = append(t.batch.Columns, segment{size, t.endSegment()})
		t.column(columns[1:])
		return nil
	}
	if size == 0 {
		_ = end()
		return
	}
	t.piece(size, false, end)
}

// beginFoot begins the last segment.
func (t *tallyWriter) beginFoot() error {
	if t.pos != t.batch.Offset {
		return fmt.Errorf("fileio: %d bytes of a record batch that is not complete", t.pos-t.batch.Offset)
	}
	t.piece(math.MaxInt64, false, nil)
	return nil
}
