package hdf5

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A link names an object of a group.
type link struct {
	name    string
	address uint64
}

// links are those of a group, by name.
func (f *File) links(o *object) ([]link, error) {
	var all []link
	add := func(l link) error {
		if l.name == "" || l.name == "." || strings.ContainsAny(l.name, "/\x00") {
			return fmt.Errorf("%q is no name of an object", l.name)
		}
		if all = append(all, l); len(all) > maxObjects {
			return fmt.Errorf("more than %d objects", maxObjects)
		}
		return nil
	}
	for i := range o.messages {
		m := &o.messages[i]
		var err error
		switch {
		case m.kind == msgSymbolTable:
			c := f.cursor(m)
			tree, heap := c.address(), c.address()
			if err = c.err; err == nil {
				err = f.symbolTable(tree, heap, add)
			}
		case m.kind == msgLink:
			var l link
			if l, err = f.link(f.cursor(m)); err == nil {
				err = add(l)
			}
		case m.kind == msgLinkInfo:
			err = f.denseLinks(f.cursor(m), add)
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b link) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(all); i++ {
		if all[i].name == all[i-1].name {
			return nil, fmt.Errorf("two objects are called %q", all[i].name)
		}
	}
	return all, nil
}

// symbolTable gives the links of a group of the old form.
func (f *File) symbolTable(tree, heapAt uint64, add func(link) error) error {
	head, err := f.block(heapAt, int64(8+2*f.lengths+f.offsets), "HEAP")
	if err != nil {
		return err
	}
	head.skip(4)
	size := head.length()
	head.length()
	segment := head.address()
	if head.err != nil {
		return head.err
	}
	heap, err := f.read(segment, int64(size))
	if err != nil {
		return fmt.Errorf("names: %w", err)
	}
	return f.tree1(tree, 0, f.lengths, -1, func(_ *cursor, child uint64) error {
		c, err := f.block(child, 8, "SNOD")
		if err != nil {
			return err
		}
		c.skip(2)
		n, entry := int(c.u16()), 2*f.offsets+24
		if c, err = f.block(child+8, int64(n*entry), ""); err != nil {
			return err
		}
		for range n {
			name, address := c.address(), c.address()
			kind := c.u32()
			c.skip(20)
			if kind == 2 {
				return fmt.Errorf("at byte %d: soft links are not supported", child)
			}
			if name >= uint64(len(heap)) {
				return fmt.Errorf("at byte %d: a name lies outside its heap", child)
			}
			text := heap[name:min(uint64(len(heap)), name+maxName)]
			end := bytes.IndexByte(text, 0)
			if end < 0 {
				return fmt.Errorf("at byte %d: a name without end", child)
			}
			if err := add(link{string(text[:end]), address}); err != nil {
				return err
			}
		}
		return c.err
	})
}

// tree1 calls leaf with the key and the child of every entry of a B-tree of version 1, of a kind and with keys of a size. level is that of
// the node; -1: any.
func (f *File) tree1(address uint64, kind uint8, key, level int, leaf func(key *cursor, child uint64) error) error {
	if address == undefined {
		return nil
	}
	if err := f.once(address); err != nil {
		return err
	}
	c, err := f.block(address, int64(8+2*f.offsets), "TREE")
	if err != nil {
		return err
	}
	found, height, n := c.u8(), int(c.u8()), int(c.u16())
	if found != kind {
		return fmt.Errorf("at byte %d: a B-tree of kind %d, expected %d", address, found, kind)
	}
	if level >= 0 && height != level || height > maxDepth {
		return fmt.Errorf("at byte %d: a node of level %d, expected %d", address, height, level)
	}
	if c, err = f.block(address+uint64(8+2*f.offsets), int64(n*(key+f.offsets)), ""); err != nil {
		return err
	}
	for range n {
		k := &cursor{f: f, b: c.take(key), at: int64(address)}
		child := c.address()
		if c.err != nil {
			return c.err
		}
		if height > 0 {
			err = f.tree1(child, kind, key, height-1, leaf)
		} else {
			err = leaf(k, child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Kinds of links.
const (
	hardLink     = 0
	softLink     = 1
	externalLink = 64
)

// link reads a link message.
func (f *File) link(c *cursor) (link, error) {
	if version := c.u8(); version != 1 && c.err == nil {
		return link{}, fmt.Errorf("a link of version %d is not supported", version)
	}
	flags := c.u8()
	kind := uint8(hardLink)
	if flags&8 != 0 {
		kind = c.u8()
	}
	if flags&4 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	n := c.uint(1 << (flags & 3))
	if n > maxName {
		return link{}, fmt.Errorf("a name of %d bytes", n)
	}
	l := link{name: string(c.take(int(n)))}
	switch kind {
	case hardLink:
		l.address = c.address()
	case softLink:
		return link{}, fmt.Errorf("%q is a soft link, which is not supported", l.name)
	case externalLink:
		return link{}, fmt.Errorf("%q is a link to another file, which is never followed", l.name)
	default:
		return link{}, fmt.Errorf("%q is a link of kind %d, which is not supported", l.name, kind)
	}
	return l, c.err
}

// denseLinks gives the links of a group that has many, in a heap.
func (f *File) denseLinks(c *cursor, add func(link) error) error {
	c.skip(1)
	if flags := c.u8(); flags&1 != 0 {
		c.skip(8)
	}
	heap, names := c.address(), c.address()
	if c.err != nil || heap == undefined {
		return c.err
	}
	return f.dense(heap, names, nameIndex, 4, func(c *cursor) error {
		l, err := f.link(c)
		if err != nil {
			return err
		}
		return add(l)
	})
}
