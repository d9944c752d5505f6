package parquetio

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v15/parquet/compress"
	"github.com/pierrec/lz4/v4"
)

// decompress fills dst with the compressed part of a page.
func (c *chunk) decompress(dst, src []byte, h pageHeader) error {
	switch {
	case h.plain || c.codec == codecNone:
		if copy(dst, src) != len(dst) || len(src) != len(dst) {
			return fmt.Errorf("%d bytes without compression where there are %d", len(dst), len(src))
		}
		return nil
	case len(dst) == 0:
		return nil
	case c.codec == codecLZ4Raw:
		return unpackLZ4(dst, src)
	case c.codec == codecLZ4:
		return unpackHadoop(dst, src)
	}
	codec, err := compress.GetCodec(compress.Compression(c.codec))
	if err != nil {
		return err
	}
	return guard(func() error { // damaged input makes the library panic
		if out := codec.Decode(dst, src); len(out) != len(dst) || &out[0] != &dst[0] && copy(dst, out) != len(dst) {
			return fmt.Errorf("%d bytes, not %d", len(out), len(dst))
		}
		return nil
	})
}

func unpackLZ4(dst, src []byte) error {
	n, err := lz4.UncompressBlock(src, dst)
	if err == nil && n != len(dst) {
		err = fmt.Errorf("%d bytes, not %d", n, len(dst))
	}
	return err
}

// unpackHadoop reads the blocks of Hadoop's codec, each after its size and its compressed size; some programs wrote one block
// without them.
func unpackHadoop(dst, src []byte) error {
	to, from := dst, src
	for len(to) > 0 {
		if len(from) < 8 {
			return unpackLZ4(dst, src)
		}
		size, packed := binary.BigEndian.Uint32(from), binary.BigEndian.Uint32(from[4:])
		from = from[8:]
		if uint64(size) > uint64(len(to)) || uint64(packed) > uint64(len(from)) || size == 0 || unpackLZ4(to[:size], from[:packed]) != nil {
			return unpackLZ4(dst, src)
		}
		to, from = to[size:], from[packed:]
	}
	return nil
}
