package hdf5

import (
	"errors"
	"fmt"
)

// Types of messages.
const (
	msgDataspace     = 0x01
	msgLinkInfo      = 0x02
	msgDatatype      = 0x03
	msgLink          = 0x06
	msgExternal      = 0x07
	msgLayout        = 0x08
	msgFilters       = 0x0b
	msgAttribute     = 0x0c
	msgContinuation  = 0x10
	msgSymbolTable   = 0x11
	msgAttributeInfo = 0x15
)

// A message is a part of an object's header.
type message struct {
	kind   uint16
	shared bool
	data   []byte
	at     int64
}

// An object is what a header says.
type object struct {
	path     string
	messages []message
}

// find is the first message of a kind, nil where there is none.
func (o *object) find(kind uint16) *message {
	for i := range o.messages {
		if o.messages[i].kind == kind {
			return &o.messages[i]
		}
	}
	return nil
}

// cursor reads a message.
func (f *File) cursor(m *message) *cursor { return &cursor{f: f, b: m.data, at: m.at} }

// object reads the header at an address.
func (f *File) object(address uint64) (*object, error) {
	head, err := f.read(address, 4)
	if err != nil {
		return nil, err
	}
	h := &header{f: f, o: &object{}}
	if string(head) == "OHDR" {
		err = h.version2(address)
	} else {
		err = h.version1(address)
	}
	return h.o, err
}

// A header is read block by block.
type header struct {
	f     *File
	o     *object
	total int64
	// more are the places of further blocks.
	more []span
	// creation says that messages of version 2 have their order of creation.
	creation bool
}

type span struct {
	address uint64
	length  int64
}

func (h *header) add(n int64) error {
	if h.total += n; h.total > maxHeader {
		return errors.New("an object's header is larger than 16 MB")
	}
	return nil
}

func (h *header) version1(address uint64) error {
	c, err := h.f.block(address, 16, "")
	if err != nil {
		return err
	}
	if version := c.u8(); version != 1 {
		return fmt.Errorf("at byte %d: expected the header of an object, found version %d", address, version)
	}
	c.skip(1 + 2 + 4)
	h.more = []span{{address + 16, int64(c.u32())}}
	for i := 0; i < len(h.more); i++ {
		s := h.more[i]
		if err := h.add(s.length + 8); err != nil {
			return err
		}
		c, err := h.f.block(s.address, s.length, "")
		if err != nil {
			return err
		}
		for c.left() >= 8 && c.err == nil {
			kind, size, flags := c.u16(), c.u16(), c.u8()
			c.skip(3)
			if err := h.message(kind, flags, c, int(size)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *header) version2(address uint64) error {
	c, err := h.f.block(address, min(64, h.f.size-h.f.base-int64(address)), "OHDR")
	if err != nil {
		return err
	}
	version, flags := c.u8(), c.u8()
	if version != 2 {
		return fmt.Errorf("at byte %d: object header of version %d is not supported", address, version)
	}
	if flags&0x20 != 0 {
		c.skip(16)
	}
	if flags&0x10 != 0 {
		c.skip(4)
	}
	size := c.uint(1 << (flags & 3))
	if c.err != nil {
		return c.err
	}
	if size > maxHeader {
		return errors.New("an object's header is larger than 16 MB")
	}
	h.creation = flags&4 != 0
	first, err := h.f.block(address+uint64(c.i), int64(size), "")
	if err != nil {
		return err
	}
	if err := h.messages2(first); err != nil {
		return err
	}
	for i := 0; i < len(h.more); i++ {
		s := h.more[i]
		if s.length < 8 {
			return fmt.Errorf("at byte %d: a block of %d bytes", s.address, s.length)
		}
		if err := h.add(s.length); err != nil {
			return err
		}
		c, err := h.f.block(s.address, s.length-4, "OCHK")
		if err != nil {
			return err
		}
		if err := h.messages2(c); err != nil {
			return err
		}
	}
	return nil
}

func (h *header) messages2(c *cursor) error {
	least := 4
	if h.creation {
		least = 6
	}
	for c.left() >= least && c.err == nil {
		kind, size, flags := c.u8(), c.u16(), c.u8()
		if h.creation {
			c.skip(2)
		}
		if err := h.message(uint16(kind), flags, c, int(size)); err != nil {
			return err
		}
	}
	return c.err
}

// message takes a message of size bytes.
func (h *header) message(kind uint16, flags uint8, c *cursor, size int) error {
	at := c.at + int64(c.i)
	data := c.take(size)
	if c.err != nil {
		return c.err
	}
	m := message{kind: kind, shared: flags&2 != 0, data: data, at: at}
	if kind == msgContinuation {
		c := h.f.cursor(&m)
		s := span{c.address(), int64(c.length())}
		if c.err == nil {
			c.err = h.f.within(s.address, s.length)
		}
		h.more = append(h.more, s)
		return c.err
	}
	switch kind {
	case msgDataspace, msgLinkInfo, msgDatatype, msgLink, msgExternal, msgLayout, msgFilters, msgAttribute, msgSymbolTable, msgAttributeInfo:
		h.o.messages = append(h.o.messages, m)
	}
	return nil
}

// walk reads the object at an address and what is below it.
func (f *File) walk(path string, address uint64, depth int) error {
	fail := func(err error) error { return fmt.Errorf("/%s: %w", path, err) }
	if f.objects++; f.objects > maxObjects {
		return fmt.Errorf("more than %d objects", maxObjects)
	}
	if depth > maxDepth {
		return fail(fmt.Errorf("groups nest more than %d levels", maxDepth))
	}
	if err := f.works(int64(len(path))); err != nil {
		return fmt.Errorf("groups and their names: %w", err)
	}
	o, err := f.object(address)
	if err != nil {
		return fail(err)
	}
	o.path = path
	if o.find(msgLayout) != nil || o.find(msgDataspace) != nil {
		a, err := f.array(o)
		if err != nil {
			return fail(err)
		}
		f.arrays = append(f.arrays, a)
		f.byPath[path] = a
		return nil
	}
	if o.find(msgDatatype) != nil { // a named type
		return nil
	}
	if err := f.once(address); err != nil {
		return fail(err)
	}
	f.groups[path] = o
	links, err := f.links(o)
	if err != nil {
		return fail(err)
	}
	for _, l := range links {
		child := l.name
		if path != "" {
			child = path + "/" + l.name
		}
		if err := f.walk(child, l.address, depth+1); err != nil {
			return err
		}
	}
	return nil
}
