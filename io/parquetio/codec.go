package parquetio

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
)

// The codecs.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecLZO    = 3
	codecBrotli = 4
	codecLZ4    = 5 // in Hadoop's blocks
	codecZstd   = 6
	codecLZ4Raw = 7
)

// codecNames are the names of the codecs that are not supported.
var codecNames = map[int64]string{codecLZO: "LZO"}

// supported reports a codec or an encoding that cannot be read.
func (c *chunk) supported() error {
	switch c.codec {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecLZ4, codecZstd, codecLZ4Raw:
	default:
		return fmt.Errorf("is compressed with %s, which is not supported; Snappy, gzip, Brotli, Zstandard and LZ4 are", cmp.Or(codecNames[c.codec], fmt.Sprint("codec ", c.codec)))
	}
	const known = 1<<0 | 1<<2 | 1<<3 | 1<<4 | 1<<deltaBinary | 1<<deltaLengths | 1<<deltaByteArray | 1<<8 | 1<<byteStreamSplit
	if odd := c.encodings &^ known; odd != 0 {
		return fmt.Errorf("has an encoding that is not known, number %d", bits.TrailingZeros32(odd))
	}
	return nil
}

// checkCompressed reports a page that does not have size bytes when it is uncompressed, where the library would ask for as
// much memory as the page wants: Snappy and Zstandard write the size, and the others stop at the size of the page.
func checkCompressed(codec int64, in *io.SectionReader, size int64) error {
	var err error
	got := int64(size)
	switch {
	case codec == codecSnappy:
		got, err = snappySize(in)
	case codec == codecZstd:
		got, err = zstdSize(in, size)
	case size == 0 && in.Size() > 64: // the library does not stop where the page has no bytes
		err = fmt.Errorf("an empty page in %d bytes", in.Size())
	}
	if err != nil {
		return err
	}
	if got != size {
		return fmt.Errorf("%d compressed bytes, not %d", got, size)
	}
	return nil
}

func snappySize(in *io.SectionReader) (int64, error) {
	var head [10]byte
	n, err := in.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if n == 0 {
		return 0, nil
	}
	size, err := snappy.DecodedLen(head[:n])
	return int64(size), err
}

// zstdFrame is the size that a frame states; false where it states none or is not alone.
func zstdFrame(in *io.SectionReader) (size int64, ok bool) {
	var head [zstd.HeaderMaxSize]byte
	n, err := in.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, false
	}
	var h zstd.Header
	if h.Decode(head[:n]) != nil || !h.HasFCS || h.Skippable || h.FrameContentSize > 1<<31 {
		return 0, false
	}
	const last, typ, runLength = 1, 3, 1
	for at, block := int64(h.HeaderSize), uint32(0); block&last == 0; {
		if _, err := in.ReadAt(head[:3], at); err != nil {
			return 0, false
		}
		block = uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16
		if block>>1&typ == runLength {
			at += 3 + 1
		} else {
			at += 3 + int64(block>>3)
		}
		if block&last != 0 && h.HasCheckSum {
			at += 4
		}
		ok = at == in.Size()
	}
	return int64(h.FrameContentSize), ok
}

// zstdSize counts what the frames hold: from the header of a frame that is alone and says so, else by uncompressing them.
func zstdSize(in *io.SectionReader, most int64) (int64, error) {
	if size, ok := zstdFrame(in); ok || in.Size() == 0 {
		return size, nil
	}
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxPage))
	if err != nil {
		return 0, err
	}
	defer d.Close()
	return io.Copy(io.Discard, io.LimitReader(d, most+1))
}
