package parquetio

import (
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"

	"github.com/klauspost/compress/s2"

	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// The encodings that are written.
const (
	encodingPlain      = 0
	encodingRuns       = 3 // of levels
	encodingDictionary = 8
)

// A pageWriter makes the pages of a row group. It keeps its memory for the next one.
type pageWriter struct {
	size       int // about that of a page before compression
	levels     levels
	dictionary dictionary
	indices    hybrid
	plain      []byte
	buffers    [][]byte // that pages are in; the first used ones are taken
	used       int
}

// buffer lends memory until the next call of reset.
func (p *pageWriter) buffer() *[]byte {
	if p.used == len(p.buffers) {
		p.buffers = append(p.buffers, nil)
	}
	p.used++
	b := &p.buffers[p.used-1]
	*b = (*b)[:0]
	return b
}

func (p *pageWriter) reset() { p.used = 0 }

// A page is a page as it is in the file.
type page struct {
	header []byte
	body   [2][]byte // one after the other: the levels, and the values
	raw    int       // bytes of the body before compression
}

// column makes the pages of a column: those of the data, and the dictionary that is to come before them, if there is one.
func (p *pageWriter) column(v *table.Vector, depth int) (c columnChunk, err error) {
	p.dictionary.begin(v.Type.Kind)
	for from, to := 0, 0; from < v.Len(); from = to {
		to = p.end(v, from)
		if err := p.levels.of(v, depth, from, to); err != nil {
			return c, err
		}
		page, encoding, err := p.data(v, from, to)
		if err != nil {
			return c, err
		}
		c.pages = append(c.pages, page)
		c.encodings |= 1 << encoding
		c.entries += p.levels.entries
		c.stats.nulls += p.levels.entries - p.levels.values
	}
	if !v.Type.Array {
		c.stats.of(v)
	}
	if d := &p.dictionary; d.values > 0 {
		first := page{raw: len(d.plain)}
		first.body[1] = p.compress(d.plain)
		p.finish(&first, func(w *thriftWriter) {
			w.field(7, thriftStruct)
			w.begin()
			w.intField(1, thriftI32, int64(d.values))
			w.intField(2, thriftI32, encodingPlain)
			w.end()
		}, dictionaryPage)
		c.dictionary = &first
		c.encodings |= 1 << encodingPlain
	}
	return c, nil
}

// end is the row at which the page that begins at row from ends.
func (p *pageWriter) end(v *table.Vector, from int) int {
	width := plainWidth(v.Type.Kind)
	size, i := 0, from
	for ; i < v.Len() && (i == from || size < p.size); i++ {
		size += 2 // for the levels
		first, last := i, i+1
		if v.Type.Array {
			first, last = v.Offsets[i], v.Offsets[i+1]
		}
		if width > 0 {
			size += width * (last - first)
			continue
		}
		for ; first < last; first++ {
			size += plainSize(v, first)
		}
	}
	return i
}

// data makes a data page (format 2) of rows whose levels are made.
func (p *pageWriter) data(v *table.Vector, from, to int) (page, int, error) {
	null := v.Null
	first, last := from, to
	if v.Type.Array {
		null = v.ElemNull
		first, last = v.Offsets[from], v.Offsets[to]
	}
	levels := p.buffer()
	rep := 0
	if v.Type.Array {
		*levels = append(*levels, p.levels.rep.end()...)
		rep = len(*levels)
	}
	*levels = append(*levels, p.levels.def.end()...)
	def := len(*levels) - rep

	encoding := encodingPlain
	var values []byte
	own := true // values are in memory that the next page writes over
	if places, ok := p.dictionary.add(v, null, first, last); ok {
		encoding = encodingDictionary
		width := max(1, bits.Len(uint(p.dictionary.values-1))) // readers differ about 0 bits
		p.indices.begin(uint(width))
		for _, place := range places {
			p.indices.put(place, 1)
		}
		p.plain = append(append(p.plain[:0], byte(width)), p.indices.end()...)
		values = p.plain
	} else if view, ok := plainView(v, null, first, last); ok {
		values, own = view, false
	} else {
		p.plain = appendPlain(p.plain[:0], v, null, first, last)
		values = p.plain
	}
	if len(values)+len(*levels) > math.MaxInt32 {
		return page{}, 0, &arrowvec.RowError{Row: from, Err: fmt.Errorf("values of %d bytes from here on, where a page of a Parquet file has at most %d", len(values), math.MaxInt32)}
	}
	made := page{raw: len(*levels) + len(values)}
	made.body[0] = *levels
	made.body[1] = p.compress(values)
	packed := len(made.body[1]) < len(values)-len(values)/16
	if !packed { // too little saved to read it twice
		if own {
			values = append(made.body[1][:0], values...)
		}
		made.body[1] = values
	}
	p.finish(&made, func(w *thriftWriter) {
		w.field(8, thriftStruct)
		w.begin()
		w.intField(1, thriftI32, int64(p.levels.entries))
		w.intField(2, thriftI32, int64(p.levels.entries-p.levels.values))
		w.intField(3, thriftI32, int64(to-from))
		w.intField(4, thriftI32, int64(encoding))
		w.intField(5, thriftI32, int64(def))
		w.intField(6, thriftI32, int64(rep))
		w.boolField(7, packed)
		w.end()
	}, dataPageV2)
	return made, encoding, nil
}

// compress returns data compressed, in memory that is lent.
func (p *pageWriter) compress(data []byte) []byte {
	b := p.buffer()
	if n := s2.MaxEncodedLen(len(data)); cap(*b) < n {
		*b = make([]byte, 0, n)
	}
	*b = s2.EncodeSnappy((*b)[:cap(*b)], data)
	return *b
}

// finish makes the header of a page, whose own part kind writes.
func (p *pageWriter) finish(made *page, kind func(w *thriftWriter), typ int64) {
	sum := crc32.Update(crc32.ChecksumIEEE(made.body[0]), crc32.IEEETable, made.body[1])
	w := thriftWriter{out: *p.buffer()}
	w.begin()
	w.intField(1, thriftI32, typ)
	w.intField(2, thriftI32, int64(made.raw))
	w.intField(3, thriftI32, int64(len(made.body[0])+len(made.body[1])))
	w.intField(4, thriftI32, int64(int32(sum)))
	kind(&w)
	w.end()
	p.buffers[p.used-1] = w.out
	made.header = w.out
}
