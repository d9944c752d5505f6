package fileio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/fileio/internal/oserr"
	"github.com/beamfit/beamfit/io/table"
)

// maxHeadBytes bounds the schema message and the footer of a part file.
const maxHeadBytes = 64 << 20

// A partReader reads record batches of one part file by their places in the manifest.
type partReader struct {
	f       *os.File
	meta    fileMeta
	limit   *limitAllocator
	message *oneMessage
	decoder *ipc.Reader
}

// openPart opens a part file and checks all of it but the batches: size, head and foot. The schema in the head is not
// parsed, since reading a damaged one can ask for any amount of memory; the one it was made from is known.
func openPart(mem memory.Allocator, dir string, meta fileMeta, schema table.Schema) (*partReader, error) {
	path := filepath.Join(dir, meta.Name)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, corrupt(path, "the table's manifest names the file, it is missing")
	}
	if err != nil {
		return nil, oserr.Named(err)
	}
	p := &partReader{f: f, meta: meta, limit: &limitAllocator{mem: mem}, message: new(oneMessage)}
	if err = p.check(); err == nil {
		p.decoder, err = newDecoder(p.limit, p.message, arrowSchema(schema, meta.Dims))
	}
	if err != nil {
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
	if err := p.checkSegment("head", 0, head, p.meta.HeadCRC); err != nil {
		return err
	}
	return p.checkSegment("foot", foot, p.meta.Size, p.meta.FootCRC)
}

func (p *partReader) checkSegment(what string, from, to int64, want uint32) error {
	data := make([]byte, to-from)
	if _, err := p.f.ReadAt(data, from); err != nil {
		return p.failed(err)
	}
	if got := crc32.Checksum(data, castagnoli); got != want {
		return corrupt(p.f.Name(), "the %s has checksum %08x; it was written with %08x", what, got, want)
	}
	return nil
}

// failed is an error of reading: an end that comes too early means that the file was cut meanwhile.
func (p *partReader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corrupt(p.f.Name(), "it ends too early")
	}
	return oserr.Named(err)
}

// record reads a record batch. buf is memory to read into, which is returned to be used again. The record must be released
// and does not point into buf.
func (p *partReader) record(b batchMeta, buf []byte) (arrow.Record, []byte, error) {
	if int64(cap(buf)) < b.Bytes {
		buf = make([]byte, b.Bytes)
	}
	buf = buf[:b.Bytes]
	if _, err := p.f.ReadAt(buf, b.Offset); err != nil {
		return nil, buf, p.failed(err)
	}
	if got := crc32.Checksum(buf, castagnoli); got != b.CRC {
		return nil, buf, corrupt(p.f.Name(), "the record batch at byte %d has checksum %08x; it was written with %08x", b.Offset, got, b.CRC)
	}
	record, err := decode(p.decoder, p.limit, p.message, buf, b.Rows)
	if err != nil {
		return nil, buf, corrupt(p.f.Name(), "the record batch at byte %d: %w", b.Offset, err)
	}
	return record, buf, nil
}

func (p *partReader) close() error {
	p.decoder.Release()
	return oserr.Named(p.f.Close())
}

// newDecoder makes an Arrow reader of record batches of that schema, which come as message's next.
func newDecoder(limit *limitAllocator, message *oneMessage, schema *arrow.Schema) (*ipc.Reader, error) {
	var stream bytes.Buffer
	if err := ipc.NewWriter(&stream, ipc.WithSchema(schema)).Close(); err != nil {
		return nil, err
	}
	if err := message.set(stream.Bytes()); err != nil {
		return nil, err
	}
	return ipc.NewReaderFromMessageReader(message, ipc.WithAllocator(limit))
}

// decode turns the bytes of a record batch message into a record of that many rows. Arrow's reader panics on bytes that
// make no sense, and asks for as much memory as they say; both end in an error.
func decode(r *ipc.Reader, limit *limitAllocator, message *oneMessage, data []byte, rows int) (record arrow.Record, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("it cannot be read: %v", x)
		}
	}()
	if err := message.set(data); err != nil {
		return nil, err
	}
	limit.left = 2*len(data) + 4096*r.Schema().NumFields()
	if !r.Next() {
		if err := r.Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("it is empty")
	}
	record = r.Record()
	if record.NumRows() != int64(rows) {
		return nil, fmt.Errorf("%d rows; %d were written", record.NumRows(), rows)
	}
	for i, c := range record.Columns() {
		if c.Len() != rows {
			return nil, fmt.Errorf("column %d has %d rows of %d", i, c.Len(), rows)
		}
	}
	record.Retain()
	return record, nil
}

// oneMessage is an ipc.MessageReader of messages that are already in memory, one at a time.
type oneMessage struct{ next *ipc.Message }

// set makes the next message from the bytes of one encapsulated message: continuation mark, length of the metadata,
// metadata, body.
func (m *oneMessage) set(data []byte) error {
	if len(data) < messagePrefix || binary.LittleEndian.Uint32(data) != 0xFFFFFFFF {
		return errors.New("no message begins here")
	}
	size := int64(int32(binary.LittleEndian.Uint32(data[4:])))
	if size <= 0 || size > int64(len(data)-messagePrefix) {
		return fmt.Errorf("metadata of %d bytes in a message of %d", size, len(data))
	}
	meta, body := data[messagePrefix:messagePrefix+size], data[messagePrefix+size:]
	m.next = ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(body))
	return nil
}

func (m *oneMessage) Message() (*ipc.Message, error) {
	if m.next == nil {
		return nil, io.EOF
	}
	next := m.next
	m.next = nil
	return next, nil
}

func (*oneMessage) Retain()  {}
func (*oneMessage) Release() {}

// A limitAllocator panics when more memory is asked for than a message of its size can need, where the Go allocator
// would end the process.
type limitAllocator struct {
	mem  memory.Allocator
	left int
}

func (a *limitAllocator) take(n int) {
	if n < 0 || n > a.left {
		panic(fmt.Errorf("%d bytes of memory asked for", n))
	}
	a.left -= n
}

func (a *limitAllocator) Allocate(size int) []byte {
	a.take(size)
	return a.mem.Allocate(size)
}

func (a *limitAllocator) Reallocate(size int, b []byte) []byte {
	a.take(max(0, size-len(b)))
	return a.mem.Reallocate(size, b)
}

func (a *limitAllocator) Free(b []byte) { a.mem.Free(b) }
