package parquetio

import "fmt"

// The types of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// A pageHeader is what the header of a page says.
type pageHeader struct {
	typ                      int64
	uncompressed, compressed int64 // bytes of the page, without the header
	summed                   bool  // crc is there
	crc                      uint32
	values                   int64
	encoding                 int64
	levels                   int64 // bytes of the levels of a page of format 2, which are not compressed
	plain                    bool  // a page of format 2 that is not compressed
}

// readPageHeader reads a header, which ends before r.at.
func readPageHeader(r *thriftReader) (h pageHeader) {
	h.typ, h.uncompressed, h.compressed, h.values = -1, -1, -1, -1
	r.structure(func(id int, typ byte) {
		switch id {
		case 1:
			h.typ = r.intField(typ, thriftI32)
		case 2:
			h.uncompressed = r.intField(typ, thriftI32)
		case 3:
			h.compressed = r.intField(typ, thriftI32)
		case 4:
			h.summed, h.crc = true, uint32(r.intField(typ, thriftI32))
		case 5, 7, 8:
			if r.want(typ, thriftStruct) {
				r.structure(func(field int, typ byte) { h.read(r, id, field, typ) })
			}
		default:
			r.skip(typ)
		}
	})
	return h
}

// read reads a field of the part of the header that belongs to the type of page.
func (h *pageHeader) read(r *thriftReader, part, field int, typ byte) {
	const v2 = 8
	switch {
	case field == 1:
		h.values = r.intField(typ, thriftI32)
	case field == 2 && part != v2, field == 4 && part == v2:
		h.encoding = r.intField(typ, thriftI32)
	case (field == 5 || field == 6) && part == v2:
		n := r.intField(typ, thriftI32)
		if n < 0 {
			r.fail()
		}
		h.levels += n
	case field == 7 && part == v2:
		h.plain = typ == thriftFalse
	default:
		r.skip(typ)
	}
}

// check reports a header that cannot be true. left are the bytes of the chunk after it.
func (h pageHeader) check(left int64) error {
	switch {
	case h.compressed < 0 || h.uncompressed < 0:
		return fmt.Errorf("a page of %d bytes, %d uncompressed", h.compressed, h.uncompressed)
	case h.compressed > left:
		return fmt.Errorf("a page of %d bytes where the column chunk has %d more", h.compressed, left)
	case h.typ != dataPage && h.typ != dictionaryPage && h.typ != dataPageV2:
		return fmt.Errorf("a page of the unknown type %d", h.typ)
	case h.values < 0:
		return fmt.Errorf("a page of %d values", h.values)
	case h.levels > min(h.compressed, h.uncompressed):
		return fmt.Errorf("a page of %d bytes, %d of them levels", h.compressed, h.levels)
	case h.uncompressed > maxPage+maxGrowth*h.compressed:
		return fmt.Errorf("a page that grows from %d to %d bytes", h.compressed, h.uncompressed)
	}
	return nil
}
