package hdf5

import (
	"errors"
	"fmt"
	"math/bits"
)

// Kinds of B-trees of version 2 that index heaps by names.
const (
	nameIndex      = 5 // links
	attributeIndex = 8
)

// A fractal heap holds messages of objects that have many.
type fractal struct {
	f                *File
	address          uint64
	idLength         int
	offset, length   int // bytes of an object's offset and length in its ID
	width            int
	start, most      uint64 // sizes of the first and of the largest direct blocks
	root             uint64
	rows, directRows int // of the root; 0: it is a direct block
}

func (f *File) fractal(address uint64) (*fractal, error) {
	c, err := f.block(address, int64(22+12*f.lengths+3*f.offsets), "FRHP")
	if err != nil {
		return nil, err
	}
	c.skip(1)
	h := &fractal{f: f, address: address, idLength: int(c.u16())}
	if filters := c.u16(); filters != 0 {
		return nil, fmt.Errorf("at byte %d: a heap with filters is not supported", address)
	}
	c.skip(1)
	managed := uint64(c.u32())
	c.skip(f.lengths + f.offsets + f.lengths + f.offsets + 8*f.lengths)
	h.width = int(c.u16())
	h.start, h.most = c.length(), c.length()
	size := int(c.u16())
	c.skip(2)
	h.root, h.rows = c.address(), int(c.u16())
	if c.err != nil {
		return nil, c.err
	}
	if h.width == 0 || h.start == 0 || bits.OnesCount64(h.start) != 1 || bits.OnesCount64(h.most) != 1 || h.most < h.start || h.most > 1<<32 || size > 64 || h.rows > 128 {
		return nil, fmt.Errorf("at byte %d: a heap whose sizes are wrong", address)
	}
	h.offset = (size + 7) / 8
	h.length = (bits.Len64(min(managed, h.most)) + 7) / 8
	h.directRows = bits.Len64(h.most/h.start) + 1
	return h, nil
}

// rowSize is the size of each block in a row of the table.
func (h *fractal) rowSize(row int) uint64 {
	if row < 2 {
		return h.start
	}
	return h.start << (row - 1)
}

// object is the message with an ID.
func (h *fractal) object(id []byte) (*cursor, error) {
	c := &cursor{f: h.f, b: id, at: int64(h.address)}
	switch kind := c.u8() >> 4 & 3; kind {
	case 0:
		offset, length := c.uint(h.offset), c.uint(h.length)
		if c.err != nil {
			return nil, c.err
		}
		return h.managed(offset, int64(length))
	case 2:
		return nil, errors.New("tiny objects in a heap are not supported")
	default:
		return nil, errors.New("huge objects in a heap are not supported")
	}
}

// managed is the message at an offset of the heap.
func (h *fractal) managed(offset uint64, length int64) (*cursor, error) {
	block, rows, start := h.root, h.rows, uint64(0) // start is the offset of block
	for depth := 0; rows > 0; depth++ {
		if depth > maxDepth {
			return nil, fmt.Errorf("at byte %d: a heap without end", h.address)
		}
		at, row, column := start, 0, 0
		for ; row < rows; row++ {
			size := h.rowSize(row)
			if whole := size * uint64(h.width); offset-at < whole {
				column = int((offset - at) / size)
				at += uint64(column) * size
				break
			} else if at+whole < at {
				return nil, fmt.Errorf("at byte %d: a place outside the heap", h.address)
			} else {
				at += whole
			}
		}
		if row == rows {
			return nil, fmt.Errorf("at byte %d: a place outside the heap", h.address)
		}
		head := uint64(5 + h.f.offsets + h.offset)
		c, err := h.f.block(block, int64(head)+int64((row*h.width+column+1)*h.f.offsets), "FHIB")
		if err != nil {
			return nil, err
		}
		c.i = int(head) + (row*h.width+column)*h.f.offsets
		block, start = c.address(), at
		if c.err != nil {
			return nil, c.err
		}
		if row < h.directRows {
			break
		}
		// An indirect block has as many rows as make its size.
		if rows = bits.Len64(h.rowSize(row)/(h.start*uint64(h.width))) + 0; rows < 1 {
			return nil, fmt.Errorf("at byte %d: a heap whose sizes are wrong", h.address)
		}
	}
	return h.f.block(block+(offset-start), length, "")
}

// dense calls fn with every message that a B-tree of version 2 lists, whose records have an ID after before bytes.
func (f *File) dense(heap, tree uint64, kind uint8, before int, fn func(*cursor) error) error {
	h, err := f.fractal(heap)
	if err != nil {
		return err
	}
	return f.tree2(tree, kind, func(record *cursor) error {
		record.skip(before)
		id := record.take(h.idLength)
		if record.err != nil {
			return record.err
		}
		c, err := h.object(id)
		if err != nil {
			return err
		}
		return fn(c)
	})
}

// A tree2 is a B-tree of version 2.
type tree2 struct {
	f              *File
	kind           uint8
	node, record   int
	counts, totals []int // bytes of the numbers of records of a child and of all below it, by the level of the node
	fn             func(*cursor) error
}

// tree2 calls fn with every record.
func (f *File) tree2(address uint64, kind uint8, fn func(*cursor) error) error {
	c, err := f.block(address, int64(18+f.offsets+f.lengths), "BTHD")
	if err != nil {
		return err
	}
	c.skip(1)
	found := c.u8()
	t := &tree2{f: f, kind: kind, node: int(c.u32()), record: int(c.u16()), fn: fn}
	depth := int(c.u16())
	c.skip(2)
	root, n := c.address(), int(c.u16())
	if c.err != nil {
		return c.err
	}
	if found != kind || t.record == 0 || t.node < 16 || t.node > maxHeader || depth > 16 {
		return fmt.Errorf("at byte %d: a B-tree whose sizes are wrong", address)
	}
	if root == undefined {
		return nil
	}
	most := (t.node - 10) / t.record // records of a node of the level below
	all := uint64(most)
	t.counts, t.totals = []int{0}, []int{0}
	for level := 1; level <= depth; level++ {
		count, total := (bits.Len(uint(most))+7)/8, 0
		if level > 1 {
			total = (bits.Len64(all) + 7) / 8
		}
		t.counts, t.totals = append(t.counts, count), append(t.totals, total)
		pointer := f.offsets + count + total
		most = (t.node - 10 - pointer) / (t.record + pointer)
		if most < 1 || all > 1<<40 {
			return fmt.Errorf("at byte %d: a B-tree whose sizes are wrong", address)
		}
		all = uint64(most) + all*uint64(most+1)
	}
	return t.walk(root, n, depth)
}

func (t *tree2) walk(address uint64, n, level int) error {
	if err := t.f.once(address); err != nil {
		return err
	}
	signature := "BTLF"
	if level > 0 {
		signature = "BTIN"
	}
	c, err := t.f.block(address, int64(t.node), signature)
	if err != nil {
		return err
	}
	c.skip(2)
	for range n {
		at := c.i
		record := c.take(t.record)
		if c.err != nil {
			return c.err
		}
		if err := t.fn(&cursor{f: t.f, b: record, at: int64(address) + int64(at)}); err != nil {
			return err
		}
	}
	if level == 0 {
		return nil
	}
	for range n + 1 {
		child, count := c.address(), int(c.uint(t.counts[level]))
		c.skip(t.totals[level])
		if c.err != nil {
			return c.err
		}
		if err := t.walk(child, count, level-1); err != nil {
			return err
		}
	}
	return nil
}

// global is the object of an index in a global heap.
func (f *File) global(address uint64, index uint16) ([]byte, error) {
	c, err := f.block(address, int64(8+f.lengths), "GCOL")
	if err != nil {
		return nil, err
	}
	c.skip(4)
	size := c.length()
	if c.err == nil {
		c.err = f.within(address, int64(size))
	}
	if c.err != nil {
		return nil, c.err
	}
	for at, end := address+uint64(8+f.lengths), address+size; at+uint64(8+f.lengths) <= end; {
		c, err := f.block(at, int64(8+f.lengths), "")
		if err != nil {
			return nil, err
		}
		found := c.u16()
		c.skip(6)
		n := c.length()
		at += uint64(8 + f.lengths)
		if found == 0 {
			break
		}
		if n > end-at {
			return nil, fmt.Errorf("at byte %d: an object outside its heap", at)
		}
		if found == index {
			return f.read(at, int64(n))
		}
		at += (n + 7) &^ 7
	}
	return nil, fmt.Errorf("at byte %d: the heap has no object %d", address, index)
}
