package hdf5

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/io/kerasio/internal/number"
)

// A class is what kind of values a type has, besides numbers.
type class uint8

const (
	otherClass   class = iota
	textClass          // of fixed length
	varTextClass       // of variable length
	opaqueClass
)

// A Type is the type of an array's elements or of an attribute.
type Type struct {
	number number.Type // its Kind is None where values are no numbers
	class  class
	size   int
	name   string
}

func (t Type) String() string { return t.name }

// Numeric says whether values of the type can be read as float32.
func (t Type) Numeric() bool { return t.number.Kind != number.None }

// classNames are the classes of HDF5 that are not read.
var classNames = []string{
	2: "time", 4: "bit field", 5: "opaque", 6: "compound", 7: "reference", 9: "list of variable length", 10: "array",
}

// datatype reads a type.
func (f *File) datatype(c *cursor) (Type, error) {
	head := c.u8()
	flags := uint32(c.uint(3))
	size := c.u32()
	if c.err != nil {
		return Type{}, c.err
	}
	t := Type{size: int(size)}
	if size == 0 || size > 1<<20 {
		return t, fmt.Errorf("a type of %d bytes is not supported", size)
	}
	big := flags&1 != 0
	switch class := head & 15; class {
	case 0:
		t.integer(size, flags&8 != 0, big, c)
	case 1:
		t.float(size, flags, big, c)
	case 3:
		t.class, t.name = textClass, "text"
	case 5:
		t.class, t.name = opaqueClass, "opaque"
	case 8: // an enumeration, as h5py writes booleans
		return f.datatype(c)
	case 9:
		if flags&15 == 1 {
			t.class, t.name = varTextClass, "text"
			break
		}
		fallthrough
	default:
		t.name = "unknown"
		if int(class) < len(classNames) && classNames[class] != "" {
			t.name = classNames[class]
		}
	}
	return t, c.err
}

func (t *Type) integer(size uint32, signed, big bool, c *cursor) {
	n := number.Type{Kind: number.Uint, Size: int(size), Big: big}
	if signed {
		n.Kind = number.Int
	}
	t.name = n.String()
	if offset, bits := c.u16(), c.u16(); offset == 0 && uint32(bits) == 8*size && size <= 8 && size&(size-1) == 0 {
		t.number = n
	}
}

// float takes IEEE's forms and bfloat16.
func (t *Type) float(size, flags uint32, big bool, c *cursor) {
	offset, bits := c.u16(), c.u16()
	form := [4]uint8{c.u8(), c.u8(), c.u8(), c.u8()}
	n := number.Type{Kind: number.Float, Size: int(size), Big: big}
	switch {
	case offset != 0 || uint32(bits) != 8*size || flags&0x40 != 0:
		n.Kind = number.None
	case size == 2 && form == [4]uint8{10, 5, 0, 10}, size == 4 && form == [4]uint8{23, 8, 0, 23}, size == 8 && form == [4]uint8{52, 11, 0, 52}:
	case size == 2 && form == [4]uint8{7, 8, 0, 7}:
		n.Kind = number.Bfloat
	default:
		n.Kind = number.None
	}
	if t.number, t.name = n, n.String(); n.Kind == number.None {
		t.name = fmt.Sprintf("float%d of an unknown form", 8*size)
	}
}

// dataspace reads a shape; none is one without elements (HDF5: null).
func (f *File) dataspace(c *cursor) (shape []int, none bool, err error) {
	version, rank, flags := c.u8(), int(c.u8()), c.u8()
	switch version {
	case 1:
		c.skip(5)
	case 2:
		none = c.u8() == 2
	default:
		if c.err == nil {
			c.err = fmt.Errorf("a shape of version %d is not supported", version)
		}
	}
	if rank > maxRank {
		return nil, false, fmt.Errorf("an array of %d dimensions", rank)
	}
	_ = flags // of the largest sizes, which follow
	for range rank {
		d := c.length()
		if d > math.MaxInt32*64 {
			return nil, false, fmt.Errorf("a dimension of %d", d)
		}
		shape = append(shape, int(d))
	}
	return shape, none, c.err
}

// product is the number of elements of a shape; ok is false where it is above 2⁴⁰.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d == 0 {
			return 0, true
		}
	}
	for _, d := range shape {
		if d > (1<<40)/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}
