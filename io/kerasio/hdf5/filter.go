package hdf5

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A filter is a step that the bytes of a chunk went through.
type filter struct {
	id   uint16
	name string
}

// Filters that are undone.
const (
	deflateFilter  = 1
	shuffleFilter  = 2
	fletcherFilter = 3
)

// filterNames are filters that are known but not undone.
var filterNames = map[uint16]string{4: "szip", 5: "nbit", 6: "scale-offset", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32015: "zstd"}

func (f *File) filterList(c *cursor) ([]filter, error) {
	version, n := c.u8(), int(c.u8())
	switch version {
	case 1:
		c.skip(6)
	case 2:
	default:
		return nil, fmt.Errorf("filters of version %d are not supported", version)
	}
	var all []filter
	for range n {
		id := c.u16()
		name := 0
		if version == 1 || id >= 256 {
			name = int(c.u16())
		}
		c.skip(2)
		values := int(c.u16())
		if version == 1 {
			name = (name + 7) &^ 7
		}
		c.skip(name + 4*values)
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		all = append(all, filter{id: id, name: filterNames[id]})
	}
	return all, c.err
}

// mostInflated is how many bytes deflate makes of one at most.
const mostInflated = 1032

// inflate are the size bytes of a chunk of which stored are in the file. mask has a bit for each filter that it did not go through.
func (a *Array) inflate(address, stored uint64, mask uint32, size int) ([]byte, error) {
	if stored > uint64(size)+uint64(size)/8+1<<16 {
		return nil, fmt.Errorf("%d bytes are stored for %d", stored, size)
	}
	if err := a.f.within(address, int64(stored)); err != nil {
		return nil, err
	}
	if a.f.inflated += int64(size); a.f.inflated > 1<<26+mostInflated*a.f.size {
		return nil, errors.New("chunks refer to the same bytes again and again")
	}
	data := make([]byte, stored)
	if _, err := a.f.r.ReadAt(data, a.f.base+int64(address)); err != nil {
		return nil, err
	}
	for i := len(a.filters) - 1; i >= 0; i-- {
		if i < 32 && mask>>i&1 != 0 {
			continue
		}
		var err error
		switch fl := a.filters[i]; fl.id {
		case deflateFilter:
			data, err = unzip(data, size+4)
		case shuffleFilter:
			data = unshuffle(data, a.Type.size)
		case fletcherFilter:
			data, err = unfletcher(data)
		default:
			name := fl.name
			if name == "" {
				name = fmt.Sprint("number ", fl.id)
			}
			err = fmt.Errorf("the filter %s is not supported, only gzip, shuffle and fletcher32", name)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(data) != size {
		return nil, fmt.Errorf("%d bytes, expected %d", len(data), size)
	}
	return data, nil
}

// unzip inflates at most most bytes.
func unzip(data []byte, most int) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, io.LimitReader(r, int64(most)+1)); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if out.Len() > most {
		return nil, fmt.Errorf("gzip: more than %d bytes", most)
	}
	return out.Bytes(), nil
}

// unshuffle brings the bytes of each element together again.
func unshuffle(data []byte, size int) []byte {
	n := len(data) / size
	out := make([]byte, len(data))
	for b := range size {
		for i := range n {
			out[i*size+b] = data[b*n+i]
		}
	}
	copy(out[n*size:], data[n*size:])
	return out
}

// unfletcher checks Fletcher's checksum, in the last four bytes, of the 16-bit words before.
func unfletcher(data []byte) ([]byte, error) {
	if len(data) < 4 {
		return nil, errors.New("fletcher32: no checksum")
	}
	data, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if fletcher32(data) != sum {
		return nil, errors.New("fletcher32: the checksum is wrong, the file is damaged")
	}
	return data, nil
}

// fletcher32 adds up in ones' complement, as HDF5 does: of the two numbers that are 0 there, only a sum of zeros is 0, any other 0xffff.
//
// Source: HDF5, src/H5checksum.c, H5_checksum_fletcher32.
func fletcher32(data []byte) uint32 {
	var a, b uint32
	for i := 0; i < len(data); i += 2 {
		word := uint32(data[i]) << 8
		if i+1 < len(data) {
			word |= uint32(data[i+1])
		}
		a = folded(a + word)
		b = folded(b + a)
	}
	return b<<16 | a
}

// folded is a sum of two 16-bit numbers as one.
func folded(x uint32) uint32 { return x&0xffff + x>>16 }
