package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// An assembler makes one Parquet file of several with one schema, row group by row group, and gives the pages the checksums
// that the library cannot write.
type assembler struct {
	out    io.Writer
	at     int64 // bytes written
	rows   int64
	groups int
	group  thriftWriter // the row groups so far
	meta   []byte       // of the first file
}

func (a *assembler) write(p []byte) error {
	n, err := a.out.Write(p)
	a.at += int64(n)
	return err
}

// add writes the row groups of a file.
func (a *assembler) add(file []byte) error {
	if a.at == 0 {
		if err := a.write([]byte(magic)); err != nil {
			return err
		}
	}
	end := len(file) - 8
	if end < len(magic) {
		return fmt.Errorf("parquet: a file of %d bytes", len(file))
	}
	n := int(binary.LittleEndian.Uint32(file[end:]))
	if n > end {
		return fmt.Errorf("parquet: metadata of %d bytes in a file of %d", n, len(file))
	}
	meta := file[end-n : end]
	if a.meta == nil {
		a.meta = append([]byte(nil), meta...)
	}
	var failed error
	r := &thriftReader{data: meta}
	r.structure(func(id int, typ byte) {
		switch id {
		case 3:
			a.rows += r.intField(typ, thriftI64)
		case 4:
			r.list(func(byte) {
				if failed == nil {
					failed = a.addGroup(r, file)
				}
			})
		default:
			r.skip(typ)
		}
	})
	if r.err != nil {
		return r.err
	}
	return failed
}

// addGroup writes the chunks of a row group and its description.
func (a *assembler) addGroup(r *thriftReader, file []byte) (err error) {
	w, from, size := &a.group, a.at, int64(0)
	w.begin()
	r.structure(func(id int, typ byte) {
		switch id {
		case 1:
			var columns thriftWriter
			n := 0
			r.list(func(byte) {
				n++
				bytes, e := a.addColumn(r, &columns, file)
				size += bytes
				if err == nil {
					err = e
				}
			})
			w.field(id, typ)
			w.list(n, thriftStruct)
			w.out = append(w.out, columns.out...)
		case 2:
			r.skip(typ)
			w.intField(id, typ, size)
		case 5:
			r.skip(typ)
			w.intField(id, typ, from)
		case 6:
			r.skip(typ)
			w.intField(id, typ, a.at-from)
		case 7:
			r.skip(typ)
			w.intField(id, typ, int64(a.groups))
		default:
			value := r.raw(typ)
			w.field(id, typ)
			w.out = append(w.out, value...)
		}
	})
	w.end()
	a.groups++
	return err
}

// addColumn writes a column chunk and its description, and returns its size without compression.
func (a *assembler) addColumn(r *thriftReader, w *thriftWriter, file []byte) (size int64, err error) {
	from := a.at
	w.begin()
	r.structure(func(id int, typ byte) {
		switch id {
		case 2:
			r.skip(typ)
			w.intField(id, typ, from)
		case 3:
			w.field(id, typ)
			size, err = a.addChunk(r, w, file)
		default:
			value := r.raw(typ)
			w.field(id, typ)
			w.out = append(w.out, value...)
		}
	})
	w.end()
	return size, err
}

func (a *assembler) addChunk(r *thriftReader, w *thriftWriter, file []byte) (size int64, err error) {
	c, ahead := &chunk{}, *r
	c.read(&ahead)
	if ahead.err != nil || c.end > int64(len(file)) {
		return 0, fmt.Errorf("parquet: a column chunk to byte %d of %d", c.end, len(file))
	}
	from := a.at
	pages, err := a.addPages(file[c.start:c.end])
	if err != nil {
		return 0, err
	}
	w.begin()
	r.structure(func(id int, typ byte) {
		value := r.raw(typ)
		v := (&thriftReader{data: value}).int
		switch id {
		case 6:
			size = v() + pages.grown
			w.intField(id, typ, size)
		case 7:
			w.intField(id, typ, a.at-from)
			w.field(8, thriftList) // the library writes none
			w.list(1, thriftStruct)
			w.keyValue(headersKey, digits(pages.headers))
		case 9:
			w.intField(id, typ, pages.data)
		case 11:
			w.intField(id, typ, from)
		default:
			w.field(id, typ)
			w.out = append(w.out, value...)
		}
	})
	w.end()
	return size, nil
}

// written is what was written of a chunk.
type written struct {
	headers uint32 // checksum of the headers
	data    int64  // where the first data page is
	grown   int64  // bytes that the headers have become longer by
}

// addPages writes the pages of a chunk, each with its checksum.
func (a *assembler) addPages(pages []byte) (out written, err error) {
	for len(pages) > 0 {
		r := &thriftReader{data: pages}
		h := readPageHeader(r)
		end := int64(r.at) + h.compressed
		if err := errors.Join(r.err, h.check(int64(len(pages)-r.at))); err != nil {
			return out, fmt.Errorf("parquet: a page that cannot be read back: %w", err)
		}
		if out.data == 0 && h.typ != dictionaryPage {
			out.data = a.at
		}
		header := withChecksum(pages[:r.at], crc32.ChecksumIEEE(pages[r.at:end]))
		out.headers = crc32.Update(out.headers, crc32.IEEETable, header)
		out.grown += int64(len(header) - r.at)
		if err := a.write(header); err != nil {
			return out, err
		}
		if err := a.write(pages[r.at:end]); err != nil {
			return out, err
		}
		pages = pages[end:]
	}
	return out, nil
}

// withChecksum puts the checksum of its page into a header.
func withChecksum(header []byte, crc uint32) []byte {
	var w thriftWriter
	r := &thriftReader{data: header}
	w.begin()
	r.structure(func(id int, typ byte) {
		value := r.raw(typ)
		w.field(id, typ)
		w.out = append(w.out, value...)
		if id == 3 {
			w.intField(4, thriftI32, int64(int32(crc)))
		}
	})
	w.end()
	return w.out
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
	copy(w.out[sum:], digits(crc32.ChecksumIEEE(w.out)))
	n := len(w.out)
	w.out = binary.LittleEndian.AppendUint32(w.out, uint32(n))
	return a.write(append(w.out, magic...))
}
