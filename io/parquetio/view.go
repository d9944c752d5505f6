package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

// maxViewPages is the most pages that a view has; each takes about 100 bytes of memory.
const maxViewPages = 1 << 22

// A view is a Parquet file as the library can read it: column chunks that are compressed with LZ4, or whose values have an encoding that it
// cannot read (or not in several batches), lie behind the file's end a second time, without compression and with plain values, and
// behind them the metadata that say so. Nothing of that is kept: a page is made when it is read.
type view struct {
	file   *checkedFile
	chunks []*viewChunk // in the order of their places
	end    int64        // of the chunks; the metadata begin there
	footer []byte
}

// A viewChunk is a column chunk of a view.
type viewChunk struct {
	*chunk
	at, size   int64
	data, dict int64 // places of the first data page and of the dictionary; 0: none
	pages      []viewPage
	made       int    // which page is in memory, from 1; 0: none
	page       []byte // its data
	unpacked   []byte // memory for a page without compression
}

// A viewPage is a page of a view.
type viewPage struct {
	at, size int64 // in the view: where the header begins, and the bytes after it
	header   []byte
	from     int64 // where the data are in the file
	h        pageHeader
}

// A chunkKey tells chunks from each other; those without values, which may lie at the same place, are alike.
type chunkKey struct{ start, values int64 }

func (c *chunk) key() chunkKey { return chunkKey{c.start, c.values} }

// needsView reports that the library cannot read a chunk.
func (c *chunk) needsView() bool {
	return c.codec == codecLZ4 || c.codec == codecLZ4Raw || c.encodings&(1<<byteStreamSplit) != 0 || c.countsDeltas()
}

// countsDeltas reports that only its values tell how large a page of the chunk will be.
func (c *chunk) countsDeltas() bool {
	return c.encodings&(1<<deltaBinary) != 0 || c.typ == typeFixed && c.encodings&(1<<deltaByteArray) != 0
}

// becomesPlain reports that the values of a page are made plain.
func (c *chunk) becomesPlain(h pageHeader) bool {
	return h.typ != dictionaryPage && (h.encoding == byteStreamSplit || h.encoding == deltaBinary || c.typ == typeFixed && h.encoding == deltaByteArray)
}

// newView makes the view of a file, nil where it needs none.
func newView(f *checkedFile, meta []byte) (*view, error) {
	v := &view{file: f, end: f.size}
	pages := 0
	for _, c := range f.chunks {
		if !c.needsView() {
			continue
		}
		vc := &viewChunk{chunk: c, at: v.end}
		err := error(nil)
		if c.countsDeltas() { // before its pages are uncompressed
			err = f.once(c)
		}
		if err == nil {
			err = vc.walk(f, &pages)
		}
		if err != nil {
			return nil, fmt.Errorf("column %d, column chunk at byte %d: %w", c.column+1, c.start, err)
		}
		v.end += vc.size
		v.chunks = append(v.chunks, vc)
	}
	if v.chunks == nil {
		return nil, nil
	}
	v.footer = v.metadata(meta)
	v.footer = binary.LittleEndian.AppendUint32(v.footer, uint32(len(v.footer)))
	v.footer = append(v.footer, magic...)
	return v, nil
}

// walk finds the pages of the chunk by their headers.
func (c *viewChunk) walk(f *checkedFile, pages *int) error {
	values := int64(0)
	for at := c.start; values < c.values; {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		h, n, err := f.header(c.chunk, at)
		if err != nil {
			return err
		}
		at += n
		if err := h.check(c.end - at); err != nil {
			return err
		}
		if *pages++; *pages > maxViewPages {
			return fmt.Errorf("more than %d pages", maxViewPages)
		}
		header := append([]byte(nil), f.buffer[:n]...) // which is memory for reading too
		p := viewPage{at: c.at + c.size, size: h.uncompressed, from: at, h: h}
		if c.becomesPlain(h) && h.encoding != byteStreamSplit {
			if !c.countsDeltas() {
				return fmt.Errorf("the page at byte %d has an encoding that the column chunk does not name", at)
			}
			if p.size, err = c.plainSize(f, p); err != nil {
				return fmt.Errorf("the page at byte %d: %w", at, err)
			}
		}
		p.header = plainHeader(header, p.size, c.becomesPlain(h))
		switch {
		case h.typ == dictionaryPage:
			c.dict = p.at
		case c.data == 0:
			c.data = p.at
		}
		if h.typ != dictionaryPage {
			values += h.values
		}
		c.pages = append(c.pages, p)
		c.size += int64(len(p.header)) + p.size
		c.plain = max(c.plain, p.size+h.uncompressed)
		at += h.compressed
	}
	return nil
}

// plainSize is the size of a page of differences once its values are plain.
func (c *viewChunk) plainSize(f *checkedFile, p viewPage) (int64, error) {
	page, values, err := c.unpack(f, p)
	if err != nil {
		return 0, err
	}
	n, err := countDeltas(values)
	if err != nil {
		return 0, err
	}
	size := int64(len(page)-len(values)) + n*c.width
	if n > p.h.values || size > maxPage+maxGrowth*p.h.compressed {
		return 0, fmt.Errorf("%d differences of %d values, %d bytes from %d", n, p.h.values, size, p.h.compressed)
	}
	return size, nil
}

// plainHeader is the header of a page of that size without compression; plain: and with plain values.
func plainHeader(header []byte, size int64, plain bool) []byte {
	const v1, v2 = 5, 8
	var w thriftWriter
	r := &thriftReader{data: header}
	w.begin()
	r.structure(func(id int, typ byte) {
		switch id {
		case 2, 3:
			r.skip(typ)
			w.intField(id, typ, size)
		case 4: // the checksum of the page as it was
			r.skip(typ)
		case v1, v2:
			w.field(id, typ)
			w.begin()
			r.structure(func(field int, typ byte) {
				value := r.raw(typ)
				switch encoding := id == v1 && field == 2 || id == v2 && field == 4; {
				case encoding && plain:
					w.intField(field, typ, 0)
				case id == v2 && field == 7: // whether the page is compressed
				default:
					w.field(field, typ)
					w.out = append(w.out, value...)
				}
			})
			if id == v2 {
				w.field(7, thriftFalse)
			}
			w.end()
		default:
			value := r.raw(typ)
			w.field(id, typ)
			w.out = append(w.out, value...)
		}
	})
	w.end()
	return w.out
}

// metadata is the file's, with the places of the chunks in the view.
func (v *view) metadata(meta []byte) []byte {
	chunks := map[chunkKey]*viewChunk{}
	for _, c := range v.chunks {
		chunks[c.key()] = c
	}
	var w thriftWriter
	r := &thriftReader{data: meta}
	w.begin()
	r.structure(func(id int, typ byte) {
		w.field(id, typ)
		if id != 4 {
			w.out = append(w.out, r.raw(typ)...)
			return
		}
		rewriteList(r, &w, func() {
			rewriteStruct(r, &w, 1, func() {
				rewriteList(r, &w, func() {
					rewriteStruct(r, &w, 3, func() { rewriteChunk(r, &w, chunks) })
				})
			})
		})
	})
	w.end()
	return w.out
}

// rewriteList copies a list of structures, each of which item copies.
func rewriteList(r *thriftReader, w *thriftWriter, item func()) {
	n, before := 0, w.out
	w.out = nil
	r.list(func(byte) {
		n++
		item()
	})
	items := w.out
	w.out = before
	w.list(n, thriftStruct)
	w.out = append(w.out, items...)
}

// rewriteStruct copies a structure, whose field that id has change copies.
func rewriteStruct(r *thriftReader, w *thriftWriter, id int, change func()) {
	w.begin()
	r.structure(func(field int, typ byte) {
		w.field(field, typ)
		if field == id {
			change()
			return
		}
		w.out = append(w.out, r.raw(typ)...)
	})
	w.end()
}

// rewriteChunk copies the metadata of a column chunk, with its place in the view where it has one.
func rewriteChunk(r *thriftReader, w *thriftWriter, chunks map[chunkKey]*viewChunk) {
	old, ahead := new(chunk), *r
	old.read(&ahead)
	c := chunks[old.key()]
	w.begin()
	r.structure(func(id int, typ byte) {
		value := r.raw(typ)
		switch {
		case c == nil:
		case id == 4:
			w.intField(id, typ, codecNone)
			return
		case id == 6 || id == 7:
			w.intField(id, typ, c.size)
			return
		case id == 9:
			w.intField(id, typ, max(c.data, c.at))
			return
		case id == 11:
			if c.dict > 0 {
				w.intField(id, typ, c.dict)
			}
			return
		}
		w.field(id, typ)
		w.out = append(w.out, value...)
	})
	w.end()
}

// size is the number of bytes of the view.
func (v *view) size() int64 { return v.end + int64(len(v.footer)) }

// ReadAt reads what lies behind the file's end.
func (v *view) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) {
		m, err := v.readPart(p[n:], at+int64(n))
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

// readPart reads up to the end of a header, of the data of a page or of the metadata.
func (v *view) readPart(p []byte, at int64) (int, error) {
	if at >= v.end {
		if at >= v.size() {
			return 0, io.EOF
		}
		return copy(p, v.footer[at-v.end:]), nil
	}
	c := v.chunks[sort.Search(len(v.chunks), func(i int) bool { return v.chunks[i].at+v.chunks[i].size > at })]
	if err := v.file.once(c.chunk); err != nil {
		return 0, err
	}
	i := sort.Search(len(c.pages), func(i int) bool { return c.pages[i].at > at }) - 1
	page := &c.pages[i]
	at -= page.at
	if at < int64(len(page.header)) {
		return copy(p, page.header[at:]), nil
	}
	if c.made == 0 {
		if err := v.file.afford(c.chunk); err != nil {
			return 0, err
		}
	}
	if c.made != i+1 {
		if err := c.make(v.file, page); err != nil {
			return 0, fmt.Errorf("column %d, the page at byte %d: %w", c.column+1, page.from, err)
		}
		c.made = i + 1
	}
	return copy(p, c.page[at-int64(len(page.header)):]), nil
}

// unpack reads a page, without compression; values are those of its data that come after the levels.
func (c *viewChunk) unpack(f *checkedFile, p viewPage) (page, values []byte, err error) {
	packed := make([]byte, p.h.compressed)
	if _, err := f.ReaderAtSeeker.ReadAt(packed, p.from); err != nil {
		return nil, nil, err
	}
	if int64(cap(c.unpacked)) < p.h.uncompressed {
		c.unpacked = make([]byte, p.h.uncompressed)
	}
	page = c.unpacked[:p.h.uncompressed]
	copy(page, packed[:p.h.levels])
	if err := c.decompress(page[p.h.levels:], packed[p.h.levels:], p.h); err != nil {
		return nil, nil, err
	}
	values, err = c.valuesOf(p.h, page[p.h.levels:])
	return page, values, err
}

// make makes the data of a page.
func (c *viewChunk) make(f *checkedFile, p *viewPage) error {
	c.made = 0
	page, values, err := c.unpack(f, *p)
	if err != nil {
		return err
	}
	if !c.becomesPlain(p.h) {
		c.page = append(c.page[:0], page...)
		return nil
	}
	c.page = append(c.page[:0], page[:len(page)-len(values)]...)
	switch p.h.encoding {
	case byteStreamSplit:
		c.page, err = appendStreams(c.page, values, c.width)
	case deltaBinary:
		_, c.page, err = appendDeltas(c.page, values, c.width)
	default:
		c.page, err = appendPrefixed(c.page, values, c.width)
	}
	if err == nil && int64(len(c.page)) != p.size {
		err = fmt.Errorf("%d bytes of plain values, expected %d", len(c.page), p.size)
	}
	return err
}

// valuesOf is what comes after the levels in a page without compression; page begins after those of a page of format 2.
func (c *chunk) valuesOf(h pageHeader, page []byte) ([]byte, error) {
	if h.typ != dataPage { // a dictionary has none
		return page, nil
	}
	for range c.levels { // each kind after its length
		if len(page) < 4 {
			return nil, errLevels
		}
		n := binary.LittleEndian.Uint32(page)
		if uint64(n) > uint64(len(page)-4) {
			return nil, errLevels
		}
		page = page[4+n:]
	}
	return page, nil
}

var errLevels = errors.New("its values end too early")

// appendStreams appends values of which the first bytes come first, then the second ones, and so on.
func appendStreams(dst, streams []byte, width int64) ([]byte, error) {
	if width < 1 || int64(len(streams))%width != 0 {
		return dst, fmt.Errorf("%d bytes of values of %d bytes", len(streams), width)
	}
	first, n := len(dst), len(streams)/int(width)
	dst = append(dst, streams...)
	for k := range int(width) {
		for i, b := range streams[k*n : (k+1)*n] {
			dst[first+i*int(width)+k] = b
		}
	}
	return dst, nil
}
