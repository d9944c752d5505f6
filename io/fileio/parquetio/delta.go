package parquetio

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/parquet/compress"
)

// The encodings that write differences: of integers, of the lengths of texts, and of the lengths of what texts begin and end with.
const (
	deltaBinary    = 5
	deltaLengths   = 6
	deltaByteArray = 7
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
	values := data[h.levels:]
	if !h.plain && c.codec != codecNone {
		codec, err := compress.GetCodec(compress.Compression(c.codec))
		if err != nil {
			return err
		}
		if values = make([]byte, h.uncompressed-h.levels); len(values) > 0 {
			values = codec.Decode(values, data[h.levels:])
		}
	}
	if h.typ == dataPage { // the levels come first, each kind after its length
		for range c.levels {
			if len(values) < 4 {
				return errDelta
			}
			n := binary.LittleEndian.Uint32(values)
			if uint64(n) > uint64(len(values)-4) {
				return errDelta
			}
			values = values[4+n:]
		}
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
