package hdf5

import (
	"errors"
	"fmt"
	"io"

	"github.com/beamfit/beamfit/io/kerasio/internal/number"
)

// An Array is an array of a file (HDF5: dataset).
type Array struct {
	Path  string
	Shape []int
	Type  Type

	f        *File
	o        *object
	size     int // elements
	layout   layout
	filters  []filter
	external bool
}

// Kinds of layouts.
const (
	compact    = 0
	contiguous = 1
	chunked    = 2
	virtual    = 3
)

// A layout says where values are.
type layout struct {
	kind    uint8
	data    []byte // compact
	address uint64
	length  uint64
	chunk   []int // the shape of a chunk
	// index of chunks: "": a B-tree of version 1; "single": one chunk of length bytes, with the filters that mask leaves out; or what is not supported.
	index string
	mask  uint32
}

// array is what an object's header says of an array.
func (f *File) array(o *object) (*Array, error) {
	a := &Array{Path: o.path, f: f, o: o, external: o.find(msgExternal) != nil}
	space, kind, place := o.find(msgDataspace), o.find(msgDatatype), o.find(msgLayout)
	if space == nil || kind == nil || place == nil {
		return nil, errors.New("an array without shape, type or place")
	}
	if space.shared || kind.shared || place.shared {
		return nil, errors.New("a shared message is not supported")
	}
	var err error
	var none bool
	if a.Shape, none, err = f.dataspace(f.cursor(space)); err != nil {
		return nil, err
	}
	if a.Type, err = f.datatype(f.cursor(kind)); err != nil {
		return nil, err
	}
	size, ok := product(a.Shape)
	if !ok {
		return nil, fmt.Errorf("an array of shape %v", a.Shape)
	}
	if a.size = size; none {
		a.size = 0
	}
	if a.Type.class == opaqueClass && a.Type.size == 2 { // as h5py writes bfloat16
		if text, err := f.attribute(o, "dtype"); err == nil && len(text) == 1 && text[0] == "bfloat16" {
			a.Type.number, a.Type.name = number.Type{Kind: number.Bfloat, Size: 2}, "bfloat16"
		}
	}
	if a.layout, err = f.layout(f.cursor(place), len(a.Shape)); err != nil {
		return nil, err
	}
	if m := o.find(msgFilters); m != nil {
		if m.shared {
			return nil, errors.New("a shared message is not supported")
		}
		a.filters, err = f.filterList(f.cursor(m))
	}
	return a, err
}

func (f *File) layout(c *cursor, rank int) (l layout, err error) {
	version := c.u8()
	switch version {
	case 1, 2:
		n := int(c.u8())
		l.kind = c.u8()
		c.skip(5)
		if l.kind != compact {
			l.address = c.address()
		}
		if n > maxRank+1 {
			return l, fmt.Errorf("an array of %d dimensions", n)
		}
		var dims []int
		for range n {
			dims = append(dims, int(c.u32()))
		}
		switch l.kind {
		case compact:
			l.data = c.take(int(c.u32()))
		case contiguous:
			l.length = undefined
		case chunked:
			if n != rank+1 {
				return l, fmt.Errorf("chunks of %d dimensions, expected %d", n-1, rank)
			}
			l.chunk = dims[:rank]
		}
	case 3, 4:
		switch l.kind = c.u8(); {
		case l.kind == compact:
			l.data = c.take(int(c.u16()))
		case l.kind == contiguous:
			l.address, l.length = c.address(), c.length()
		case l.kind == chunked && version == 3:
			n := int(c.u8())
			l.address = c.address()
			if n != rank+1 {
				return l, fmt.Errorf("chunks of %d dimensions, expected %d", n-1, rank)
			}
			for range rank {
				l.chunk = append(l.chunk, int(c.u32()))
			}
		case l.kind == chunked:
			l.chunks4(c, rank)
		}
	default:
		return l, fmt.Errorf("a layout of version %d is not supported", version)
	}
	return l, c.err
}

// chunks4 reads how the files of "latest" versions chunk.
func (l *layout) chunks4(c *cursor, rank int) {
	flags, n, size := c.u8(), int(c.u8()), int(c.u8())
	if n != rank+1 || size == 0 || size > 8 {
		if c.err == nil {
			c.err = fmt.Errorf("chunks of %d dimensions, expected %d", n-1, rank)
		}
		return
	}
	for range rank {
		l.chunk = append(l.chunk, int(min(c.uint(size), 1<<40)))
	}
	c.skip(size)
	switch kind := c.u8(); kind {
	case 1:
		l.index = "single"
		l.length = undefined
		if flags&2 != 0 {
			l.length, l.mask = c.length(), c.u32()
		}
		l.address = c.address()
	case 2:
		l.index = "an implicit index"
	case 3:
		l.index = "a fixed array"
	case 4:
		l.index = "an extensible array"
	default:
		l.index = "a B-tree of version 2"
	}
}

// Len is the number of elements.
func (a *Array) Len() int { return a.size }

// Float32s reads all values as float32 into dst, which has 4 bytes per element, in little-endian order. Integers and float64 are rounded.
func (a *Array) Float32s(dst []byte) error {
	if err := a.float32s(dst); err != nil {
		return fmt.Errorf("HDF5: /%s: %w", a.Path, err)
	}
	return nil
}

func (a *Array) float32s(dst []byte) error {
	switch {
	case !a.Type.Numeric():
		return fmt.Errorf("values of type %s are no numbers", a.Type)
	case a.external:
		return errors.New("its values are in another file, which is never opened")
	case len(dst) != 4*a.size:
		return fmt.Errorf("%d values, expected %d", a.size, len(dst)/4)
	case a.size == 0:
		return nil
	}
	l := a.layout
	switch l.kind {
	case compact:
		if len(l.data) != a.size*a.Type.size {
			return fmt.Errorf("%d bytes of values, expected %d", len(l.data), a.size*a.Type.size)
		}
		a.Type.number.Float32s(dst, l.data)
		return nil
	case contiguous:
		return a.contiguous(dst)
	case chunked:
		return a.chunks(dst)
	case virtual:
		return errors.New("its values are in other files (virtual), which are never opened")
	}
	return fmt.Errorf("a layout of kind %d is not supported", l.kind)
}

func (a *Array) contiguous(dst []byte) error {
	l := a.layout
	if l.address == undefined { // nothing was written
		clear(dst)
		return nil
	}
	whole := int64(a.size) * int64(a.Type.size)
	if l.length != undefined && l.length != uint64(whole) {
		return fmt.Errorf("%d bytes of values, expected %d", l.length, whole)
	}
	if err := a.f.within(l.address, whole); err != nil {
		return err
	}
	return a.Type.number.Read(io.NewSectionReader(a.f.r, a.f.base+int64(l.address), whole), dst)
}

// chunks reads the chunks of an array.
func (a *Array) chunks(dst []byte) error {
	l := a.layout
	if l.index != "" && l.index != "single" {
		return fmt.Errorf("its chunks are found by %s, as files of libver='latest' have it, which is not supported; h5repack --high=0 (or h5py without libver) writes the older form", l.index)
	}
	if l.address == undefined {
		clear(dst)
		return nil
	}
	cells := a.Type.size
	for _, d := range l.chunk { // a chunk may be larger than the array, but not without measure
		if d <= 0 || d > max(1<<20, 16*a.size*a.Type.size)/cells {
			return fmt.Errorf("chunks of shape %v", l.chunk)
		}
		cells *= d
	}
	filled := 0
	whole := func() error {
		if filled < a.size {
			return fmt.Errorf("%d values of %d are in the file; the others would be a fill value, which weights have none of", filled, a.size)
		}
		return nil
	}
	put := func(place []int, stored uint64, mask uint32, address uint64) error {
		data, err := a.inflate(address, stored, mask, cells)
		if err != nil {
			return fmt.Errorf("chunk at %v, byte %d: %w", place, address, err)
		}
		filled += a.copyChunk(dst, data, place)
		return nil
	}
	if l.index == "single" {
		stored := l.length
		if stored == undefined {
			stored = uint64(cells)
		}
		if err := put(make([]int, len(l.chunk)), stored, l.mask, l.address); err != nil {
			return err
		}
		return whole()
	}
	clear(dst)
	seen := map[string]bool{}
	a.f.visited = map[uint64]bool{} // of this index
	err := a.f.tree1(l.address, 1, 8+8*(len(l.chunk)+1), -1, func(key *cursor, child uint64) error {
		stored, mask := uint64(key.u32()), key.u32()
		place := make([]int, len(l.chunk))
		for i := range place {
			at := key.uint(8)
			if at >= uint64(a.Shape[i]) || at%uint64(l.chunk[i]) != 0 {
				return fmt.Errorf("a chunk at %d of dimension %d, which has %d in chunks of %d", at, i, a.Shape[i], l.chunk[i])
			}
			place[i] = int(at)
		}
		if key.err != nil {
			return key.err
		}
		if at := fmt.Sprint(place); seen[at] {
			return fmt.Errorf("the chunk at %v is there twice", place)
		} else {
			seen[at] = true
		}
		return put(place, stored, mask, child)
	})
	if err != nil {
		return err
	}
	return whole()
}

// copyChunk copies what of a chunk lies in the array, and returns the number of elements.
func (a *Array) copyChunk(dst, data []byte, place []int) (n int) {
	chunk, rank := a.layout.chunk, len(a.layout.chunk)
	if rank == 0 {
		a.Type.number.Float32s(dst[:4], data[:a.Type.size])
		return 1
	}
	last := rank - 1
	run := min(chunk[last], a.Shape[last]-place[last])
	in := make([]int, rank) // place in the chunk
	for {
		from, to := 0, 0
		for i := range rank {
			from = from*chunk[i] + in[i]
			to = to*a.Shape[i] + place[i] + in[i]
		}
		a.Type.number.Float32s(dst[4*to:4*(to+run)], data[from*a.Type.size:(from+run)*a.Type.size])
		n += run
		i := last - 1
		for ; i >= 0; i-- {
			if in[i]++; in[i] < chunk[i] && place[i]+in[i] < a.Shape[i] {
				break
			}
			in[i] = 0
		}
		if i < 0 {
			return n
		}
	}
}
