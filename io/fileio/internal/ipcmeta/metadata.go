package ipcmeta

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"
)

// PrefixBytes is the length of what comes before the metadata of a message.
const PrefixBytes = 8

const continuation = 0xFFFFFFFF

// Prefix is the length of the metadata that follow the first PrefixBytes bytes of a message.
func Prefix(p []byte) (int64, error) {
	if len(p) != PrefixBytes || binary.LittleEndian.Uint32(p) != continuation {
		return 0, errors.New("no message begins here")
	}
	size := int64(int32(binary.LittleEndian.Uint32(p[4:])))
	if size <= 0 {
		return 0, fmt.Errorf("a message with metadata of %d bytes", size)
	}
	return size, nil
}

// A Batch is what the metadata of a record batch say.
type Batch struct {
	Rows int64
	// Body is the length of the body.
	Body int64

	nodes   []node
	buffers []place
}

// A node describes an array: its length, and how many of its values are NULL.
type node struct{ length, nulls int64 }

// A place is where a buffer is in the body.
type place struct{ offset, length int64 }

// The places of the fields in the virtual tables of Message and RecordBatch.
const (
	messageVersion    = 4
	messageHeaderType = 6
	messageHeader     = 8
	messageBodyLength = 10

	batchLength      = 4
	batchNodes       = 6
	batchBuffers     = 8
	batchCompression = 10
)

const (
	headerRecordBatch = 3     // of the union MessageHeader
	version4          = 3     // of the enum MetadataVersion
	version5          = 4     // the same layout, unions excepted
	structBytes       = 2 * 8 // of a FieldNode and of a Buffer: two int64
)

// Parse reads the metadata of a record batch message, the bytes between the prefix and the body.
func Parse(metadata []byte) (b *Batch, err error) {
	defer func() {
		if x := recover(); x != nil { // the flatbuffers library checks bounds by panicking
			b, err = nil, fmt.Errorf("the metadata of a record batch cannot be read: %v", x)
		}
	}()
	message := flatbuffers.Table{Bytes: metadata, Pos: flatbuffers.GetUOffsetT(metadata)}
	if v := message.GetInt16Slot(messageVersion, 0); v != version4 && v != version5 {
		return nil, fmt.Errorf("metadata of version %d", v+1)
	}
	if h := message.GetByteSlot(messageHeaderType, 0); h != headerRecordBatch {
		return nil, fmt.Errorf("a message of type %d where a record batch (%d) was expected", h, headerRecordBatch)
	}
	at := message.Offset(messageHeader)
	if at == 0 {
		return nil, errors.New("a message without a header")
	}
	var batch flatbuffers.Table
	message.Union(&batch, flatbuffers.UOffsetT(at))
	if batch.Offset(batchCompression) != 0 {
		return nil, errors.New("a compressed record batch")
	}
	b = &Batch{Rows: batch.GetInt64Slot(batchLength, 0), Body: message.GetInt64Slot(messageBodyLength, 0)}
	if b.Rows < 0 || b.Body < 0 {
		return nil, fmt.Errorf("%d rows in a body of %d bytes", b.Rows, b.Body)
	}
	err = pairs(&batch, batchNodes, func(x, y int64) { b.nodes = append(b.nodes, node{x, y}) })
	if err == nil {
		err = pairs(&batch, batchBuffers, func(x, y int64) { b.buffers = append(b.buffers, place{x, y}) })
	}
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// pairs calls each for the structs of two int64 in a vector.
func pairs(t *flatbuffers.Table, slot flatbuffers.VOffsetT, each func(x, y int64)) error {
	at := flatbuffers.UOffsetT(t.Offset(slot))
	if at == 0 {
		return nil
	}
	n, start := t.VectorLen(at), t.Vector(at)
	if int64(start)+int64(n)*structBytes > int64(len(t.Bytes)) {
		return fmt.Errorf("%d nodes or buffers at byte %d of %d", n, start, len(t.Bytes))
	}
	for i := range n {
		p := start + flatbuffers.UOffsetT(i*structBytes)
		each(t.GetInt64(p), t.GetInt64(p+8))
	}
	return nil
}

// check reports nodes and buffers that cannot be.
func (b *Batch) check() error {
	for i, n := range b.nodes {
		if n.length < 0 || n.length > math.MaxInt32 || n.nulls < 0 || n.nulls > n.length {
			return fmt.Errorf("array %d has %d values, %d of them NULL", i, n.length, n.nulls)
		}
	}
	if b.Body%alignment != 0 {
		return fmt.Errorf("a body of %d bytes", b.Body)
	}
	end := int64(0)
	for i, p := range b.buffers {
		if p.offset < end || p.offset%alignment != 0 || p.length < 0 || p.length > b.Body-p.offset {
			return fmt.Errorf("buffer %d has %d bytes at %d of %d, after one that ends at %d", i, p.length, p.offset, b.Body, end)
		}
		end = p.offset + p.length
	}
	return nil
}

// alignment is what the places of all buffers are a multiple of, so that values of 8 bytes can be used where they lie.
const alignment = 8
