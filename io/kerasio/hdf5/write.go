package hdf5

import (
	"encoding/binary"
	"io"
	"maps"
	"slices"

	"github.com/beamfit/beamfit/io/kerasio/internal/number"
)

// Sizes of nodes of groups: leaves have 2·leafK names, inner nodes of their B-trees 2·innerK children.
const (
	leafK  = 4
	innerK = 16
	// heapSize is the least size of a global heap.
	heapSize = 4096
)

// Write writes the file.
func (t *Tree) Write(w io.Writer) error {
	l := &writer{at: superblockSize}
	root := l.node(t.root)
	if err := put(w, superblock(root, l.at)); err != nil {
		return err
	}
	for _, b := range l.blocks {
		if err := put(w, b.data); err != nil {
			return err
		}
		if err := number.Write(w, b.values); err != nil {
			return err
		}
		if err := put(w, make([]byte, padding(len(b.data)+4*len(b.values)))); err != nil {
			return err
		}
	}
	return nil
}

func put(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// padding is what fills n bytes up to a multiple of 8.
func padding(n int) int { return (8 - n%8) % 8 }

// A writer gives every block its address.
type writer struct {
	at     uint64
	blocks []block
}

// A block is data, or values in the memory of the caller.
type block struct {
	data   []byte
	values []float32
}

// add places a block and returns its address.
func (l *writer) add(data []byte, values []float32) uint64 {
	at := l.at
	n := len(data) + 4*len(values)
	l.at += uint64(n + padding(n))
	l.blocks = append(l.blocks, block{data, values})
	return at
}

// le appends numbers in little-endian order: uint8, uint16, uint32, uint64, and texts and bytes as they are.
func le(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint16:
			b = binary.LittleEndian.AppendUint16(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case string:
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

// A place is where an object is; a group also has the addresses of its B-tree and its heap.
type place struct{ header, tree, heap uint64 }

const superblockSize = 96

func superblock(root place, end uint64) []byte {
	return le([]byte(Signature),
		uint8(0), uint8(0), uint8(0), uint8(0), uint8(0), uint8(8), uint8(8), uint8(0), // versions; sizes of addresses and lengths
		uint16(leafK), uint16(innerK), uint32(0),
		uint64(0), undefined, end, undefined,
		uint64(0), root.header, uint32(1), uint32(0), root.tree, root.heap)
}

// node places an object and what is below it.
func (l *writer) node(n *node) place {
	if n.array {
		return l.array(n)
	}
	names := slices.Sorted(maps.Keys(n.children))
	headers := make([]uint64, len(names))
	for i, name := range names {
		headers[i] = l.node(n.children[name]).header
	}
	p := l.group(names, headers)
	messages := [][]byte{headerMessage(msgSymbolTable, le(nil, p.tree, p.heap))}
	for _, a := range n.attributes {
		messages = append(messages, headerMessage(msgAttribute, l.attribute(a)))
	}
	p.header = l.add(objectHeader(messages), nil)
	return p
}

func (l *writer) array(n *node) place {
	data, values, kind, size := []byte(nil), n.values, floatType, 4*len(n.values)
	if n.whole {
		for _, v := range integers(n.values) {
			data = le(data, uint64(v))
		}
		values, kind, size = nil, integerType, len(data)
	}
	at := undefined
	if size > 0 {
		at = l.add(data, values)
	}
	return place{header: l.add(objectHeader([][]byte{
		headerMessage(msgDataspace, shapeMessage(n.shape)),
		headerMessage(msgDatatype, kind),
		headerMessage(msgFill, []byte{2, 2, 2, 1, 0, 0, 0, 0}),
		headerMessage(msgLayout, le(nil, uint8(3), uint8(contiguous), at, uint64(size))),
	}), nil)}
}

// msgFill says what elements have that nobody wrote: 0.
const msgFill = 0x05

// Types of the values that are written.
var (
	floatType   = le(nil, uint8(0x11), uint8(0x20), uint8(31), uint8(0), uint32(4), uint16(0), uint16(32), uint8(23), uint8(8), uint8(0), uint8(23), uint32(127))
	integerType = le(nil, uint8(0x10), uint8(8), uint8(0), uint8(0), uint32(8), uint16(0), uint16(64))
	// A text of variable length is a list of bytes in a global heap.
	varText = le(nil, uint8(0x19), uint8(1), uint8(1), uint8(0), uint32(16), fixedText(1))
)

// fixedText is the type of texts of a length, with zeros at their ends.
func fixedText(length int) []byte {
	return le(nil, uint8(0x13), uint8(1), uint8(0), uint8(0), uint32(length))
}

func shapeMessage(shape []int) []byte {
	b := le(nil, uint8(1), uint8(len(shape)), uint8(0), uint8(0), uint32(0))
	for _, d := range shape {
		b = le(b, uint64(d))
	}
	return b
}

// headerMessage is a message of a header, with a multiple of 8 bytes.
func headerMessage(kind uint16, data []byte) []byte {
	size := len(data) + padding(len(data))
	return append(le(nil, kind, uint16(size), uint32(0), data), make([]byte, size-len(data))...)
}

func objectHeader(messages [][]byte) []byte {
	all := slices.Concat(messages...)
	return le(nil, uint8(1), uint8(0), uint16(len(messages)), uint32(1), uint32(len(all)), uint32(0), all)
}

// attribute is the message of an attribute. A single text is of variable length, in a heap, as it may be long.
func (l *writer) attribute(a textAttribute) []byte {
	kind, shape, data := varText, shapeMessage(nil), []byte(nil)
	if a.list {
		size := 1
		for _, text := range a.texts {
			size = max(size, len(text))
		}
		kind, shape = fixedText(size), shapeMessage([]int{len(a.texts)})
		for _, text := range a.texts {
			data = append(le(data, text), make([]byte, size-len(text))...)
		}
	} else {
		text := a.texts[0]
		data = le(nil, uint32(len(text)), l.heap(text), uint32(1))
	}
	padded := func(b []byte) []byte { return append(slices.Clip(b), make([]byte, padding(len(b)))...) }
	name := append([]byte(a.name), 0)
	return le(nil, uint8(1), uint8(0), uint16(len(name)), uint16(len(kind)), uint16(len(shape)), padded(name), padded(kind), padded(shape), data)
}

// heap places a text in a global heap of its own.
func (l *writer) heap(text string) uint64 {
	used := 16 + 16 + len(text) + padding(len(text))
	size := max(heapSize, used)
	b := le(nil, "GCOL", uint32(1), uint64(size), uint16(1), uint16(0), uint32(0), uint64(len(text)), text)
	b = append(b, make([]byte, padding(len(text)))...)
	if free := size - used; free >= 16 {
		b = le(b, uint16(0), uint16(0), uint32(0), uint64(free))
	}
	return l.add(append(b, make([]byte, size-len(b))...), nil)
}

// group places the names of a group, in their order, and the B-tree over them.
func (l *writer) group(names []string, headers []uint64) place {
	heap := make([]byte, 8) // of the empty name
	offsets := make([]uint64, len(names))
	for i, name := range names {
		offsets[i] = uint64(len(heap))
		heap = append(le(heap, name), make([]byte, 8-len(name)%8)...)
	}
	segment := l.add(heap, nil)
	p := place{heap: l.add(le(nil, "HEAP", uint32(0), uint64(len(heap)), uint64(1), segment), nil)}
	var level []child
	for at := 0; at < len(names); at += 2 * leafK {
		n := min(2*leafK, len(names)-at)
		b := le(nil, "SNOD", uint8(1), uint8(0), uint16(n))
		for i := at; i < at+n; i++ {
			b = le(b, offsets[i], headers[i], uint32(0), uint32(0), uint64(0), uint64(0))
		}
		b = append(b, make([]byte, (2*leafK-n)*40)...)
		level = append(level, child{l.add(b, nil), offsets[at+n-1]})
	}
	for height := uint8(0); ; height++ {
		if level = l.level(height, level); len(level) == 1 {
			p.tree = level[0].address
			return p
		}
	}
}

// A child is a node of a B-tree and the largest name below it.
type child struct{ address, last uint64 }

// level places the nodes over children, and returns them.
func (l *writer) level(height uint8, children []child) (nodes []child) {
	const size = 24 + 8*(2*innerK+1) + 8*2*innerK
	count := max(1, (len(children)+2*innerK-1)/(2*innerK))
	before := uint64(0) // the largest name before a node
	for i := range count {
		own := children[min(len(children), i*2*innerK):min(len(children), (i+1)*2*innerK)]
		left, right := undefined, undefined
		if i > 0 {
			left = l.at - size
		}
		if i < count-1 {
			right = l.at + size
		}
		b := le(nil, "TREE", uint8(0), height, uint16(len(own)), left, right, before)
		for _, c := range own {
			b = le(b, c.address, c.last)
			before = c.last
		}
		nodes = append(nodes, child{l.add(append(b, make([]byte, size-len(b))...), nil), before})
	}
	return nodes
}
