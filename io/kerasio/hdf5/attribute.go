package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ErrNoAttribute is the error for an attribute that an object does not have.
var ErrNoAttribute = errors.New("no such attribute")

// Attribute is a text attribute of a group or an array: one text, or a list.
func (f *File) Attribute(path, name string) ([]string, error) {
	o := f.groups[path]
	if a := f.byPath[path]; a != nil {
		o = a.o
	}
	if o == nil {
		return nil, fmt.Errorf("HDF5: /%s: no such object", path)
	}
	texts, err := f.attribute(o, name)
	if err != nil {
		return nil, fmt.Errorf("HDF5: attribute %q of /%s: %w", name, path, err)
	}
	return texts, nil
}

// Texts is a list of texts in an attribute, which Keras writes as name0, name1 and so on where the list is long.
func (f *File) Texts(path, name string) ([]string, error) {
	all, err := f.Attribute(path, name)
	if !errors.Is(err, ErrNoAttribute) {
		return all, err
	}
	for i := 0; ; i++ {
		part, err := f.Attribute(path, name+strconv.Itoa(i))
		if errors.Is(err, ErrNoAttribute) && i > 0 {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
}

// errFound ends a search.
var errFound = errors.New("found")

func (f *File) attribute(o *object, name string) (texts []string, err error) {
	for i := range o.messages {
		switch m := &o.messages[i]; m.kind {
		case msgAttribute:
			if m.shared {
				return nil, errors.New("a shared message is not supported")
			}
			c := f.cursor(m)
			found, err := f.attributeNamed(c, name)
			if err != nil {
				return nil, err
			}
			if found != nil {
				return found.texts()
			}
		case msgAttributeInfo:
			var found *attributeValue
			err := f.denseAttributes(f.cursor(m), func(c *cursor) (err error) {
				if found, err = f.attributeNamed(c, name); err == nil && found != nil {
					return errFound
				}
				return err
			})
			if found != nil {
				return found.texts()
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, ErrNoAttribute
}

// denseAttributes calls fn with the attributes of an object that has many.
func (f *File) denseAttributes(c *cursor, fn func(*cursor) error) error {
	c.skip(1)
	if flags := c.u8(); flags&1 != 0 {
		c.skip(2)
	}
	heap, names := c.address(), c.address()
	if c.err != nil || heap == undefined {
		return c.err
	}
	f.visited = map[uint64]bool{} // of this tree
	return f.dense(heap, names, attributeIndex, 0, fn)
}

// An attributeValue is an attribute that is not read yet.
type attributeValue struct {
	f    *File
	t    Type
	n    int
	data *cursor
}

// attributeNamed is the attribute of a message if that has the name.
func (f *File) attributeNamed(c *cursor, name string) (*attributeValue, error) {
	version := c.u8()
	flags := c.u8()
	names, types, spaces := int(c.u16()), int(c.u16()), int(c.u16())
	if version == 3 {
		c.skip(1)
	}
	part := func(n int) *cursor {
		at := c.at + int64(c.i)
		b := c.take(n)
		if version == 1 {
			c.skip((8 - n%8) % 8)
		}
		return &cursor{f: f, b: b, at: at, err: c.err}
	}
	found := part(names).b
	if c.err != nil {
		return nil, c.err
	}
	if version < 1 || version > 3 {
		return nil, fmt.Errorf("an attribute of version %d is not supported", version)
	}
	if string(bytes.TrimRight(found, "\x00")) != name {
		return nil, nil
	}
	if version > 1 && flags&3 != 0 {
		return nil, errors.New("a shared type is not supported")
	}
	t, err := f.datatype(part(types))
	if err != nil {
		return nil, err
	}
	shape, none, err := f.dataspace(part(spaces))
	if err != nil {
		return nil, err
	}
	n, ok := product(shape)
	if !ok {
		return nil, fmt.Errorf("an array of shape %v", shape)
	}
	if none {
		n = 0
	}
	return &attributeValue{f: f, t: t, n: n, data: c}, nil
}

// texts are the values; an empty list may have any type, as NumPy's has.
func (a *attributeValue) texts() ([]string, error) {
	if a.n == 0 {
		return []string{}, nil
	}
	c := a.data
	if a.n > c.left() {
		return nil, fmt.Errorf("%d values in %d bytes", a.n, c.left())
	}
	var all []string
	for range a.n {
		switch a.t.class {
		case textClass:
			all = append(all, string(bytes.TrimRight(c.take(a.t.size), "\x00")))
		case varTextClass:
			length, address, index := int64(c.u32()), c.address(), c.u32()
			if c.err != nil {
				return nil, c.err
			}
			if length == 0 {
				all = append(all, "")
				continue
			}
			b, err := a.f.global(address, uint16(index))
			if err != nil {
				return nil, err
			}
			if int64(len(b)) < length {
				return nil, fmt.Errorf("a text of %d bytes in %d", length, len(b))
			}
			all = append(all, string(bytes.TrimRight(b[:length], "\x00")))
		default:
			return nil, fmt.Errorf("values of type %s are no texts", a.t)
		}
	}
	return all, c.err
}
