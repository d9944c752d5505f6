package parquetio

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
)

// A columnChunk is a column of a row group, ready to be written.
type columnChunk struct {
	dictionary *page // nil: none
	pages      []page
	encodings  uint32 // of the values of its pages, a bit for each
	entries    int
	stats      statistics
}

// A leaf is what the metadata say of a column in every row group.
type leaf struct {
	path     []string
	physical int64
}

// An assembler writes a Parquet file: row groups, and the metadata at the end.
type assembler struct {
	out    io.Writer
	at     int64 // bytes written
	rows   int64
	groups int
	group  thriftWriter // the row groups so far
	leaves []leaf
	meta   []byte // of a file without rows
}

func (a *assembler) write(p []byte) error {
	n, err := a.out.Write(p)
	a.at += int64(n)
	return err
}

// begin begins a file whose metadata are those of a file without rows.
func (a *assembler) begin(empty []byte) error {
	end := len(empty) - 8
	n := int(binary.LittleEndian.Uint32(empty[end:]))
	if n > end {
		return fmt.Errorf("parquet: metadata of %d bytes in a file of %d", n, len(empty))
	}
	a.meta = empty[end-n : end]
	return a.write([]byte(magic))
}

// add writes a row group.
func (a *assembler) add(columns []columnChunk, rows int) error {
	w, from, size := &a.group, a.at, int64(0)
	w.begin()
	w.field(1, thriftList)
	w.list(len(columns), thriftStruct)
	for i := range columns {
		bytes, err := a.addColumn(&columns[i], a.leaves[i])
		if err != nil {
			return err
		}
		size += bytes
	}
	w.intField(2, thriftI64, size)
	w.intField(3, thriftI64, int64(rows))
	w.intField(5, thriftI64, from)
	w.intField(6, thriftI64, a.at-from)
	if a.groups <= 1<<15-1 { // more cannot be said
		w.intField(7, thriftI16, int64(a.groups))
	}
	w.end()
	a.groups++
	a.rows += int64(rows)
	return nil
}

// addColumn writes a column chunk and its description, and returns its size without compression.
func (a *assembler) addColumn(c *columnChunk, l leaf) (size int64, err error) {
	from := a.at
	var headers uint32
	add := func(p *page) error {
		headers = crc32.Update(headers, crc32.IEEETable, p.header)
		size += int64(len(p.header) + p.raw)
		for _, part := range [][]byte{p.header, p.body[0], p.body[1]} {
			if err := a.write(part); err != nil {
				return err
			}
		}
		return nil
	}
	if c.dictionary != nil {
		if err := add(c.dictionary); err != nil {
			return 0, err
		}
	}
	data := a.at
	for i := range c.pages {
		if err := add(&c.pages[i]); err != nil {
			return 0, err
		}
	}
	w := &a.group
	w.begin()
	w.intField(2, thriftI64, from)
	w.field(3, thriftStruct)
	w.begin()
	w.intField(1, thriftI32, l.physical)
	encodings := c.encodings | 1<<encodingRuns
	w.field(2, thriftList)
	w.list(bits.OnesCount32(encodings), thriftI32)
	for ; encodings != 0; encodings &= encodings - 1 {
		w.int(int64(bits.TrailingZeros32(encodings)))
	}
	w.field(3, thriftList)
	w.list(len(l.path), thriftBinary)
	for _, name := range l.path {
		w.text(name)
	}
	w.intField(4, thriftI32, codecSnappy)
	w.intField(5, thriftI64, int64(c.entries))
	w.intField(6, thriftI64, size)
	w.intField(7, thriftI64, a.at-from)
	w.field(8, thriftList)
	w.list(1, thriftStruct)
	w.keyValue(headersKey, digits(headers))
	w.intField(9, thriftI64, data)
	if c.dictionary != nil {
		w.intField(11, thriftI64, from)
	}
	c.stats.write(w, 12)
	w.end()
	w.end()
	return size, nil
}

// finish writes the metadata.
func (a *assembler) finish() error {
	var w thriftWriter
	r := &thriftReader{data: a.meta}
	sum := 0 // where the checksum is
	w.begin()
	r.structure(func(id int, typ byte) {
		value := r.raw(typ)
		w.field(id, typ)
		switch id {
		case 3:
			w.int(a.rows)
		case 4:
			w.list(a.groups, thriftStruct)
			w.out = append(w.out, a.group.out...)
		case 5:
			list := &thriftReader{data: value}
			n := 0
			var items []byte
			list.list(func(typ byte) {
				n++
				items = append(items, list.raw(typ)...)
			})
			w.list(n+1, thriftStruct)
			w.out = append(w.out, items...)
			w.keyValue(footerKey, noDigits)
			sum = len(w.out) - 1 - len(noDigits)
		case 6:
			w.text(creatorPrefix + string((&thriftReader{data: value}).bytes()))
		default:
			w.out = append(w.out, value...)
		}
	})
	w.end()
	if r.err != nil {
		return r.err
	}
	copy(w.out[sum:], digits(crc32.ChecksumIEEE(w.out)))
	n := len(w.out)
	w.out = binary.LittleEndian.AppendUint32(w.out, uint32(n))
	return a.write(append(w.out, magic...))
}
