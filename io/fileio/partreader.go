package fileio

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"

	"github.com/beamfit/beamfit/io/fileio/internal/ipcmeta"
	"github.com/beamfit/beamfit/io/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// maxHeadBytes bounds the schema message, the metadata of a record batch and the footer of a part file.
const maxHeadBytes = 64 << 20

// A partReader reads columns of the record batches of one part file by their places in the manifest.
type partReader struct {
	f      *os.File
	meta   fileMeta
	schema *arrow.Schema
}

// openPart opens a part file and checks all of it but the batches: size, head and foot. The schema in the head is not
// parsed, since reading a damaged one can ask for any amount of memory; the one it was made from is known.
func (d disk) openPart(dir string, meta fileMeta, schema table.Schema) (*partReader, error) {
	path := filepath.Join(dir, meta.Name)
	f, err := d.open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, corrupt(path, "the table's manifest names the file, it is missing")
	}
	if err != nil {
		return nil, err
	}
	p := &partReader{f: f, meta: meta, schema: arrowSchema(schema, meta.Dims)}
	if err := p.check(); err != nil {
		_ = f.Close()
		return nil, err
	}
	return p, nil
}

func (p *partReader) check() error {
	info, err := p.f.Stat()
	if err != nil {
		return oserr.Named(err)
	}
	if info.Size() != p.meta.Size {
		return corrupt(p.f.Name(), "%d bytes; %d were written", info.Size(), p.meta.Size)
	}
	head, foot := p.meta.ends()
	if err := p.segment(make([]byte, head), 0, p.meta.HeadCRC, "head"); err != nil {
		return err
	}
	return p.segment(make([]byte, p.meta.Size-foot), foot, p.meta.FootCRC, "foot")
}

// segment fills data with the bytes of a segment from byte at on and checks them.
func (p *partReader) segment(data []byte, at int64, want uint32, what string) error {
	if _, err := p.f.ReadAt(data, at); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // it was cut meanwhile
			return corrupt(p.f.Name(), "it ends too early")
		}
		return oserr.Named(err)
	}
	if got := crc32.Checksum(data, castagnoli); got != want {
		return corrupt(p.f.Name(), "the %s at byte %d has checksum %08x; it was written with %08x", what, at, got, want)
	}
	return nil
}

// batch reads what a record batch says about its columns.
func (p *partReader) batch(b batchMeta) (*partBatch, error) {
	data := make([]byte, b.Metadata.Bytes)
	if err := p.segment(data, b.Offset, b.Metadata.CRC, "metadata of a record batch"); err != nil {
		return nil, err
	}
	columns, err := parseBatch(data, b, p.schema)
	if err != nil {
		return nil, corrupt(p.f.Name(), "the record batch at byte %d: %w", b.Offset, err)
	}
	return &partBatch{p, b, columns}, nil
}

// parseBatch reads the metadata of a record batch, prefix included, which must agree with the manifest.
func parseBatch(data []byte, b batchMeta, schema *arrow.Schema) ([]ipcmeta.Column, error) {
	size, err := ipcmeta.Prefix(data[:ipcmeta.PrefixBytes])
	if err != nil {
		return nil, err
	}
	data = data[ipcmeta.PrefixBytes:]
	if size != int64(len(data)) {
		return nil, fmt.Errorf("metadata of %d bytes where %d were written", size, len(data))
	}
	batch, err := ipcmeta.Parse(data)
	if err != nil {
		return nil, err
	}
	if batch.Rows != int64(b.Rows) {
		return nil, fmt.Errorf("%d rows; %d were written", batch.Rows, b.Rows)
	}
	columns, err := batch.Columns(schema)
	if err != nil {
		return nil, err
	}
	for i, c := range columns {
		if n := c.End - c.Begin; n != b.Columns[i].Bytes {
			return nil, fmt.Errorf("column %q of %d bytes; %d were written", schema.Field(i).Name, n, b.Columns[i].Bytes)
		}
	}
	return columns, nil
}

func (p *partReader) close() error { return oserr.Named(p.f.Close()) }

// A partBatch is a record batch whose columns are read one by one.
type partBatch struct {
	part    *partReader
	meta    batchMeta
	columns []ipcmeta.Column
}

// column reads a column into memory, which is used again where it is large enough and nil otherwise. It returns the memory
// too, which the column lies in.
func (b *partBatch) column(i int, memory []byte) (arrow.ArrayData, []byte, error) {
	want := b.meta.Columns[i]
	if int64(cap(memory)) < want.Bytes {
		memory = ipcmeta.Memory(want.Bytes)
	}
	memory = memory[:want.Bytes]
	if err := b.part.segment(memory, b.meta.column(i), want.CRC, fmt.Sprintf("column %q", b.part.schema.Field(i).Name)); err != nil {
		return nil, memory, err
	}
	return b.columns[i].Data(memory), memory, nil
}
