package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

const magic = "PAR1"

// Limits of the metadata: columns, and the memory that the Parquet library takes to hold them.
const (
	maxColumns      = 10_000
	maxFooterMemory = 384 << 20
)

// The keys of the checksums that Writer writes, as 8 hexadecimal digits: of the footer, made with zeros in its own place, and in
// each column chunk of the headers of its pages, one after the other. The pages themselves have Parquet's own in their headers.
const (
	footerKey  = "beamfit.footer.crc32"
	headersKey = "beamfit.page_headers.crc32"
	noDigits   = "00000000"
	// creatorPrefix begins the name of the program that wrote a file, where it has these checksums.
	creatorPrefix = "beamfit, "
)

// The physical types.
const (
	typeInt32  = 1
	typeInt64  = 2
	typeInt96  = 3
	typeFloat  = 4
	typeDouble = 5
	typeBytes  = 6
	typeFixed  = 7
)

// A footer is what is used here of the metadata of a file.
type footer struct {
	columns int     // leaves of the schema
	levels  []int   // of each column, the kinds of levels that its pages have
	widths  []int64 // of each column, the bytes of its values; 0: of different lengths
	meta    []byte
	open    []node
	chunks  []*chunk
	creator string
}

// A chunk is a column chunk: the pages of a column in a row group.
type chunk struct {
	column     int
	start, end int64
	typ, codec int64
	encodings  uint32 // of its pages, a bit for each
	width      int64
	plain      int64 // memory that making its largest page plain takes
	values     int64
	levels     int
	headers    string // checksum of the page headers, "" where the file has none
	checked    bool
	demand     int64 // memory that reading its largest pages takes
}

// readFooter reads and checks the metadata at the end of a file of size bytes.
func readFooter(in io.ReaderAt, size int64) (*footer, error) {
	var tail [8]byte
	if size < int64(len(magic)+len(tail)) {
		return nil, fmt.Errorf("a file of %d bytes", size)
	}
	if _, err := in.ReadAt(tail[:], size-int64(len(tail))); err != nil {
		return nil, err
	}
	if string(tail[4:]) != magic {
		return nil, fmt.Errorf("it ends in %q, not in %s: it is no Parquet file, or encrypted", tail[4:], magic)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > size-int64(len(magic)+len(tail)) || n > maxFooterMemory {
		return nil, fmt.Errorf("metadata of %d bytes in a file of %d", n, size)
	}
	data := make([]byte, n)
	begin := size - int64(len(tail)) - n
	if _, err := in.ReadAt(data, begin); err != nil {
		return nil, err
	}
	f := &footer{meta: data}
	r := &thriftReader{data: data}
	if err := f.read(r); err != nil {
		return nil, err
	}
	return f, f.place(begin)
}

func (f *footer) read(r *thriftReader) error {
	var sum []byte
	r.structure(func(id int, typ byte) {
		switch {
		case id == 2 && r.want(typ, thriftList):
			r.list(func(typ byte) {
				if r.want(typ, thriftStruct) {
					f.readSchemaElement(r)
				}
			})
			f.columns = len(f.levels)
			if f.columns > maxColumns {
				r.err = fmt.Errorf("%d columns, more than %d", f.columns, maxColumns)
			}
		case id == 4 && r.want(typ, thriftList):
			r.list(func(typ byte) {
				if r.want(typ, thriftStruct) {
					r.structure(func(id int, typ byte) { f.readGroup(r, id, typ) })
				}
			})
		case id == 5 && r.want(typ, thriftList):
			readKeyValues(r, footerKey, &sum)
		case id == 6 && r.want(typ, thriftBinary):
			f.creator = string(r.bytes())
		case id == 8:
			r.err = errors.New("it is encrypted")
		default:
			r.skip(typ)
		}
		if r.memory > maxFooterMemory && r.err == nil {
			r.err = fmt.Errorf("metadata that take more than %d bytes of memory", maxFooterMemory)
		}
	})
	if r.err != nil {
		return r.err
	}
	if sum == nil {
		if strings.HasPrefix(f.creator, creatorPrefix) || bytes.Contains(r.data, []byte(footerKey)) {
			return errors.New("the checksum of the metadata is not where it was written")
		}
		return nil
	}
	want := string(sum)
	copy(sum, noDigits)
	if got := digits(crc32.ChecksumIEEE(r.data)); got != want {
		return fmt.Errorf("the metadata have checksum %s; they were written with %s", got, want)
	}
	return nil
}

func digits(crc uint32) string { return fmt.Sprintf("%08x", crc) }

// A node is an element of the schema whose children come next.
type node struct {
	children           int64 // that are still to come
	optional, repeated bool  // it or what it lies in
}

// readSchemaElement reads an element of the schema, which lists a tree from the root on, children after their parent.
func (f *footer) readSchemaElement(r *thriftReader) {
	var n node
	var repetition, physical, length int64
	r.structure(func(id int, typ byte) {
		switch id {
		case 1:
			physical = r.intField(typ, thriftI32)
		case 2:
			length = r.intField(typ, thriftI32)
		case 3:
			repetition = r.intField(typ, thriftI32)
		case 5:
			n.children = r.intField(typ, thriftI32)
		default:
			r.skip(typ)
		}
	})
	const optional, repeated = 1, 2
	if len(f.open) > 0 { // the root has no repetition
		parent := &f.open[len(f.open)-1]
		parent.children--
		n.repeated = parent.repeated || repetition == repeated
		n.optional = parent.optional || repetition == optional || n.repeated
	}
	if n.children > 0 {
		f.open = append(f.open, n)
	} else {
		levels := 0
		for _, there := range []bool{n.optional, n.repeated} {
			if there {
				levels++
			}
		}
		f.levels = append(f.levels, levels)
		f.widths = append(f.widths, valueWidth(physical, length))
	}
	for len(f.open) > 0 && f.open[len(f.open)-1].children == 0 {
		f.open = f.open[:len(f.open)-1]
	}
}

// valueWidth is the number of bytes of the values of a type, 0 where they have different lengths; length is that of a type with a fixed one.
func valueWidth(physical, length int64) int64 {
	switch physical {
	case typeInt32, typeFloat:
		return 4
	case typeInt64, typeDouble:
		return 8
	case typeInt96:
		return 12
	case typeFixed:
		return max(0, length)
	}
	return 0
}

// readKeyValues looks for a key in a list of KeyValue; value stays part of the data.
func readKeyValues(r *thriftReader, key string, value *[]byte) {
	r.list(func(typ byte) {
		if !r.want(typ, thriftStruct) {
			return
		}
		var k, v []byte
		r.structure(func(id int, typ byte) {
			switch {
			case id == 1 && r.want(typ, thriftBinary):
				k = r.bytes()
			case id == 2 && r.want(typ, thriftBinary):
				v = r.bytes()
			default:
				r.skip(typ)
			}
		})
		if bytes.Equal(k, []byte(key)) && len(v) == len(noDigits) {
			*value = v
		}
	})
}

func (f *footer) readGroup(r *thriftReader, id int, typ byte) {
	if id != 1 || !r.want(typ, thriftList) {
		r.skip(typ)
		return
	}
	column := 0
	r.list(func(typ byte) {
		if !r.want(typ, thriftStruct) {
			return
		}
		c := &chunk{column: column, start: -1, end: -1}
		column++
		r.structure(func(id int, typ byte) {
			if id == 3 && r.want(typ, thriftStruct) {
				c.read(r)
				return
			}
			r.skip(typ)
		})
		f.chunks = append(f.chunks, c)
	})
	for i, c := range f.chunks[len(f.chunks)-column:] {
		if i < len(f.levels) {
			c.levels, c.width = f.levels[i], f.widths[i]
		}
	}
	if column != f.columns && r.err == nil {
		r.err = fmt.Errorf("a row group of %d columns in a file of %d", column, f.columns)
	}
}

// read reads the metadata of a column chunk. Its pages begin with the dictionary, if there is one.
func (c *chunk) read(r *thriftReader) {
	var bytes, data, dictionary int64
	var headers []byte
	r.structure(func(id int, typ byte) {
		switch id {
		case 1:
			c.typ = r.intField(typ, thriftI32)
		case 2:
			if r.want(typ, thriftList) {
				r.list(func(typ byte) {
					if e := r.intField(typ, thriftI32); e >= 0 && e < 32 {
						c.encodings |= 1 << e
					}
				})
			}
		case 4:
			c.codec = r.intField(typ, thriftI32)
		case 5:
			c.values = r.intField(typ, thriftI64)
		case 7:
			bytes = r.intField(typ, thriftI64)
		case 8:
			if r.want(typ, thriftList) {
				readKeyValues(r, headersKey, &headers)
			}
		case 9:
			data = r.intField(typ, thriftI64)
		case 11:
			dictionary = r.intField(typ, thriftI64)
		default:
			r.skip(typ)
		}
	})
	c.headers = string(headers)
	c.start = data
	if dictionary > 0 && dictionary < data {
		c.start = dictionary
	}
	if bytes < 0 || c.start < 0 || c.values < 0 || c.start > 1<<62 || bytes > 1<<62 {
		r.fail()
	}
	c.end = c.start + bytes
}

// place sorts the chunks, which must lie before the metadata, none over another.
func (f *footer) place(end int64) error {
	slices.SortFunc(f.chunks, func(a, b *chunk) int {
		if a.start != b.start {
			return int(max(-1, min(1, a.start-b.start)))
		}
		return int(max(-1, min(1, a.end-b.end)))
	})
	at := int64(len(magic))
	// Old versions of parquet-mr did not count the header of the dictionary (PARQUET-816); the reader allows for that too.
	slack := int64(0)
	if strings.HasPrefix(f.creator, "parquet-mr version 1.2.") {
		slack = 100
	}
	for i, c := range f.chunks {
		if c.start == c.end && c.values == 0 {
			continue
		}
		if c.start < at || c.end > end {
			return fmt.Errorf("a column chunk from byte %d to %d, after one that ends at %d, before metadata at %d", c.start, c.end, at, end)
		}
		at = c.end
		if next := end; slack > 0 {
			if i+1 < len(f.chunks) {
				next = f.chunks[i+1].start
			}
			c.end = min(next, c.end+slack)
		}
	}
	return nil
}
