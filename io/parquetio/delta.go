package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The encodings that write differences: of integers, of the lengths of texts, and of the lengths of what texts begin and end with; and the
// one that writes the first bytes of all values, then the second ones, and so on.
const (
	deltaBinary     = 5
	deltaLengths    = 6
	deltaByteArray  = 7
	byteStreamSplit = 9
)

// Limits of these encodings; the library asks for memory for as many values as they say.
const (
	maxDeltaValues = 1 << 24
	maxDeltaBlock  = 1 << 20
)

var errDelta = errors.New("its values end too early")

// checkDelta checks the counts in a page of such an encoding; data is the page as it is in the file, checked already.
func checkDelta(c *chunk, h pageHeader, data []byte) error {
	if h.values > maxDeltaValues {
		return fmt.Errorf("%d values as differences", h.values)
	}
	page := make([]byte, h.uncompressed-h.levels)
	if err := c.decompress(page, data[h.levels:], h); err != nil {
		return err
	}
	values, err := c.valuesOf(h, page)
	if err != nil {
		return err
	}
	rest, err := deltaRun(values, h.values)
	if err == nil && h.encoding == deltaByteArray {
		_, err = deltaRun(rest, h.values)
	}
	return err
}

// deltaRun checks one run of differences and returns what comes after it.
func deltaRun(data []byte, most int64) (rest []byte, err error) {
	r := &thriftReader{data: data} // its integers are the same
	block, minis, total := r.uvarint(), r.uvarint(), r.uvarint()
	r.int() // the first value
	if r.err != nil {
		return nil, errDelta
	}
	if block > maxDeltaBlock || minis == 0 || minis > block || total > uint64(most) {
		return nil, fmt.Errorf("%d differences in blocks of %d, each of %d parts, for %d values", total, block, minis, most)
	}
	each := block / minis
	for left := int64(total) - 1; left > 0; {
		r.int() // the least difference
		if uint64(len(r.data)-r.at) < minis {
			return nil, errDelta
		}
		widths := r.data[r.at : r.at+int(minis)]
		r.at += int(minis)
		for _, width := range widths {
			if left <= 0 {
				break
			}
			bytes := uint64(width) * each / 8
			if bytes > uint64(len(r.data)-r.at) {
				return nil, errDelta
			}
			r.at += int(bytes)
			left -= int64(each)
		}
	}
	return r.data[r.at:], nil
}

// countDeltas is the number of values of a run of differences.
func countDeltas(data []byte) (int64, error) {
	r := &thriftReader{data: data}
	r.uvarint()
	r.uvarint()
	n := r.uvarint()
	if r.err != nil || n > maxDeltaValues {
		return 0, errDelta
	}
	return int64(n), nil
}

// appendDeltas appends the values of a run of differences that deltaRun has checked, each of that many bytes, and returns what comes after
// the run.
//
// Source: https://github.com/apache/parquet-format/blob/master/Encodings.md#delta-encoding-delta_binary_packed--5
func appendDeltas(dst, data []byte, width int64) (rest, plain []byte, err error) {
	r := &thriftReader{data: data}
	block, minis, total := r.uvarint(), r.uvarint(), r.uvarint()
	value := r.int()
	if r.err != nil || minis == 0 || block < minis || width != 4 && width != 8 {
		return nil, dst, errDelta
	}
	put := func() {
		if width == 4 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(value))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(value))
		}
	}
	if total > 0 {
		put()
	}
	each := int(block / minis)
	for left := int(total) - 1; left > 0; {
		least := r.int()
		if r.err != nil || uint64(len(data)-r.at) < minis {
			return nil, dst, errDelta
		}
		widths := data[r.at : r.at+int(minis)]
		r.at += int(minis)
		for _, bits := range widths {
			if left <= 0 {
				break
			}
			size := int(bits) * each / 8
			if bits > 64 || size > len(data)-r.at {
				return nil, dst, errDelta
			}
			packed := data[r.at : r.at+size]
			r.at += size
			for k := range min(left, each) {
				value += least + int64(bitsAt(packed, k*int(bits), int(bits)))
				put()
			}
			left -= each
		}
	}
	return data[r.at:], dst, nil
}

// bitsAt is the number of that many bits that begins at a bit, the lowest bits first.
func bitsAt(data []byte, at, bits int) (n uint64) {
	for got := 0; got < bits; {
		take := min(8-at%8, bits-got)
		if at/8 >= len(data) {
			return n
		}
		n |= uint64(data[at/8]>>(at%8)&(1<<take-1)) << got
		got, at = got+take, at+take
	}
	return n
}

// appendPrefixed appends values of a fixed width, of which the lengths of what each begins with like the one before come first, then the
// lengths of the rests, then the rests.
func appendPrefixed(dst, data []byte, width int64) ([]byte, error) {
	data, prefixes, err := appendDeltas(nil, data, 4)
	if err != nil {
		return dst, err
	}
	data, rests, err := appendDeltas(nil, data, 4)
	if err != nil || len(rests) != len(prefixes) {
		return dst, errors.Join(errDelta, err)
	}
	for last := -1; len(prefixes) > 0; prefixes, rests = prefixes[4:], rests[4:] {
		prefix, rest := int64(binary.LittleEndian.Uint32(prefixes)), int64(binary.LittleEndian.Uint32(rests))
		if prefix+rest != width || rest > int64(len(data)) || prefix > 0 && last < 0 {
			return dst, fmt.Errorf("a value of %d and %d bytes where all have %d", prefix, rest, width)
		}
		begin := len(dst)
		dst = append(dst, dst[max(0, last):max(0, last)+int(prefix)]...)
		dst = append(dst, data[:rest]...)
		last, data = begin, data[rest:]
	}
	return dst, nil
}
