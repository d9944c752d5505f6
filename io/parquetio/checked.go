package parquetio

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sort"

	"github.com/apache/arrow/go/v15/parquet"
)

// Limits of pages, for files that grow without end.
const (
	// A page may have maxPage bytes, and maxGrowth more for each byte that it has in the file.
	maxPage   = 64 << 20
	maxGrowth = 64
	// All pages that have been read may have maxTotal bytes, and maxTotalGrowth more for each byte of the file; all rows too.
	maxTotal       = 1 << 30
	maxTotalGrowth = 256
	maxHeader      = 16 << 20
)

// A checkedFile is a Parquet file whose column chunks are checked before the first byte of them is read: the headers and
// checksums of all pages. The pages of a chunk are read twice thereby, the second time from the system's memory.
type checkedFile struct {
	parquet.ReaderAtSeeker
	ctx     context.Context
	size    int64
	chunks  []*chunk // in the order of their places
	current []*chunk // of each column, the one read last
	pages   int64    // bytes of the pages so far
	buffer  []byte
	view    *view // nil: the library can read the file as it is
}

func newCheckedFile(ctx context.Context, in parquet.ReaderAtSeeker) (*checkedFile, error) {
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	f, err := readFooter(in, size)
	if err != nil {
		return nil, err
	}
	c := &checkedFile{
		ReaderAtSeeker: in, ctx: ctx, size: size, chunks: f.chunks, current: make([]*chunk, f.columns), buffer: make([]byte, 64<<10),
	}
	c.view, err = newView(c, f.meta)
	return c, err
}

// Seek is asked for the size of the file.
func (f *checkedFile) Seek(offset int64, whence int) (int64, error) {
	if f.view != nil && whence == io.SeekEnd {
		return f.view.size() + offset, nil
	}
	return f.ReaderAtSeeker.Seek(offset, whence)
}

func (f *checkedFile) ReadAt(p []byte, at int64) (int, error) {
	if f.view != nil && at >= f.size {
		n, err := f.view.ReadAt(p, at)
		if err != nil && !errors.Is(err, io.EOF) {
			panic(err) // the library may take an error of reading for the end of the file
		}
		return n, err
	}
	i := sort.Search(len(f.chunks), func(i int) bool { return f.chunks[i].end > at })
	if i < len(f.chunks) && at+int64(len(p)) > f.chunks[i].start {
		if err := f.once(f.chunks[i]); err != nil {
			panic(err)
		}
	}
	return f.ReaderAtSeeker.ReadAt(p, at)
}

// once checks a chunk unless that is done.
func (f *checkedFile) once(c *chunk) error {
	if c.checked {
		return nil
	}
	if err := f.check(c); err != nil {
		return fmt.Errorf("column %d, column chunk at byte %d: %w", c.column+1, c.start, err)
	}
	c.checked = true
	return nil
}

// check reads through the pages of a chunk.
func (f *checkedFile) check(c *chunk) error {
	headers := crc32.NewIEEE()
	var values, dictionary, data int64
	at := c.start
	for values < c.values {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		h, n, err := f.header(c, at)
		if err != nil {
			return err
		}
		_, _ = headers.Write(f.buffer[:n])
		at += n
		if err := h.check(c.end - at); err != nil {
			return err
		}
		if err := f.page(c, h, at); err != nil {
			return fmt.Errorf("the page at byte %d: %w", at, err)
		}
		at += h.compressed
		if h.typ == dictionaryPage {
			dictionary = max(dictionary, h.uncompressed+h.values*sliceMemory)
		} else {
			values += h.values
			data = max(data, h.uncompressed+h.compressed)
		}
		if f.pages += h.uncompressed; f.pages > f.most() {
			return fmt.Errorf("pages of %d bytes in a file of %d", f.pages, f.size)
		}
	}
	if values != c.values {
		return fmt.Errorf("its pages have %d values, it has %d", values, c.values)
	}
	if c.headers != "" && (at != c.end || digits(headers.Sum32()) != c.headers) {
		return fmt.Errorf("the headers of its pages have checksum %08x; they were written with %s", headers.Sum32(), c.headers)
	}
	c.demand = dictionary + data
	return f.afford(c)
}

// most is the number of bytes that all pages or all rows may have.
func (f *checkedFile) most() int64 { return maxTotal + maxTotalGrowth*f.size }

// afford adds up what the pages in use take.
func (f *checkedFile) afford(c *chunk) error {
	f.current[c.column] = c
	all := int64(0)
	for _, c := range f.current {
		if c != nil {
			all += c.demand + c.plain
		}
	}
	if most := memoryFor(f.size); all > most {
		return fmt.Errorf("pages that take %d bytes of memory at the same time, more than %d", all, most)
	}
	return nil
}

// header reads the header of the page at byte at, which is left in f.buffer, and returns its length.
func (f *checkedFile) header(c *chunk, at int64) (h pageHeader, n int64, err error) {
	for size := int64(512); ; size *= 4 {
		size = min(size, c.end-at, maxHeader)
		if size <= 0 {
			return h, 0, errors.New("its pages end before its values")
		}
		if int64(len(f.buffer)) < size {
			f.buffer = make([]byte, size)
		}
		if _, err := f.ReaderAtSeeker.ReadAt(f.buffer[:size], at); err != nil {
			return h, 0, err
		}
		r := &thriftReader{data: f.buffer[:size]}
		h = readPageHeader(r)
		if r.err == nil {
			return h, int64(r.at), nil
		}
		if size == min(c.end-at, maxHeader) {
			return h, 0, fmt.Errorf("the page header at byte %d: %w", at, r.err)
		}
	}
}

// page checks what is in a page.
func (f *checkedFile) page(c *chunk, h pageHeader, at int64) error {
	if h.typ == dictionaryPage && h.values*c.leastWidth() > h.uncompressed {
		return fmt.Errorf("a dictionary of %d values in %d bytes", h.values, h.uncompressed)
	}
	in := io.NewSectionReader(f.ReaderAtSeeker, at, h.compressed)
	if h.summed {
		sum := crc32.NewIEEE()
		if _, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{in}, f.scratch()); err != nil {
			return err
		}
		if sum.Sum32() != h.crc {
			return fmt.Errorf("it has checksum %08x; it was written with %08x", sum.Sum32(), h.crc)
		}
	}
	size := h.uncompressed - h.levels
	packed := io.NewSectionReader(f.ReaderAtSeeker, at+h.levels, h.compressed-h.levels)
	if h.plain || c.codec == codecNone {
		if packed.Size() != size {
			return fmt.Errorf("%d bytes without compression where there are %d", size, packed.Size())
		}
	} else if err := checkCompressed(c.codec, packed, size); err != nil {
		return err
	}
	if h.typ == dictionaryPage || h.encoding < deltaBinary || h.encoding > deltaByteArray {
		return nil
	}
	data := make([]byte, h.compressed)
	if _, err := f.ReaderAtSeeker.ReadAt(data, at); err != nil {
		return err
	}
	return checkDelta(c, h, data)
}

// scratch is memory for reading; the header in f.buffer is no longer needed.
func (f *checkedFile) scratch() []byte {
	if len(f.buffer) < 64<<10 {
		f.buffer = make([]byte, 64<<10)
	}
	return f.buffer
}

// sliceMemory is what the library takes for a value of a dictionary, beside its bytes.
const sliceMemory = 24

// leastWidth is the least number of bytes of a value in a dictionary.
func (c *chunk) leastWidth() int64 {
	if c.typ == typeBytes { // the length
		return 4
	}
	return max(1, c.width)
}
