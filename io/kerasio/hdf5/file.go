package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Signature is what a file begins with, but for a user's block before it.
const Signature = "\x89HDF\r\n\x1a\n"

// Bounds of what a file may hold.
const (
	maxObjects = 1 << 19
	maxDepth   = 64
	maxName    = 1 << 16
	maxRank    = 32
	// maxHeader is the most bytes of messages that an object has.
	maxHeader = 1 << 24
)

// undefined is the address of what does not exist.
const undefined = ^uint64(0)

// A File is an open HDF5 file.
type File struct {
	r    io.ReaderAt
	size int64
	base int64
	// offsets and lengths are the sizes of addresses and of lengths in bytes.
	offsets, lengths int

	groups  map[string]*object
	arrays  []*Array
	byPath  map[string]*Array
	visited map[uint64]bool
	objects int
	// work are the bytes of structure read so far, and of the paths of objects.
	work int64
	// inflated are the bytes of chunks read so far.
	inflated int64
}

// Open reads the structure of a file of size bytes: its groups and what arrays there are. Attributes and values are read when they are asked for.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, groups: map[string]*object{}, byPath: map[string]*Array{}, visited: map[uint64]bool{}}
	root, err := f.superblock()
	if err != nil {
		return nil, fmt.Errorf("HDF5: %w", err)
	}
	if err := f.walk("", root, 0); err != nil {
		return nil, fmt.Errorf("HDF5: %w", err)
	}
	if f.groups[""] == nil {
		return nil, errors.New("HDF5: the root is not a group")
	}
	return f, nil
}

// Arrays are all arrays, in the order of the names in each group.
func (f *File) Arrays() []*Array { return f.arrays }

// Array is the array with a path, nil where there is none.
func (f *File) Array(path string) *Array { return f.byPath[path] }

// HasGroup says whether there is a group with a path; that of the root is "".
func (f *File) HasGroup(path string) bool { return f.groups[path] != nil }

// superblock reads where the root is.
func (f *File) superblock() (root uint64, err error) {
	for at := int64(0); ; at = max(512, 2*at) {
		head := make([]byte, 9)
		if at+96 > f.size {
			return 0, errors.New("the file has no superblock")
		}
		if _, err := f.r.ReadAt(head, at); err != nil {
			return 0, err
		}
		if bytes.HasPrefix(head, []byte(Signature)) {
			f.base = at
			return f.superblockOf(int(head[8]))
		}
	}
}

func (f *File) superblockOf(version int) (uint64, error) {
	start := f.base
	b := make([]byte, min(160, f.size-start))
	if _, err := f.r.ReadAt(b, start); err != nil {
		return 0, err
	}
	c := &cursor{f: f, b: b, at: start}
	c.skip(9)
	switch version {
	case 0, 1:
		c.skip(4)
		f.offsets, f.lengths = int(c.u8()), int(c.u8())
		c.skip(1 + 2 + 2 + 4)
		if version == 1 {
			c.skip(4)
		}
	case 2, 3:
		f.offsets, f.lengths = int(c.u8()), int(c.u8())
		c.skip(1)
	default:
		return 0, fmt.Errorf("superblock of version %d is not supported", version)
	}
	for _, n := range []int{f.offsets, f.lengths} {
		if n != 2 && n != 4 && n != 8 {
			return 0, fmt.Errorf("addresses of %d bytes are not supported", n)
		}
	}
	base := c.address()
	c.address() // free space, or the superblock's extension
	end := c.address()
	if version < 2 {
		c.address()    // driver
		c.address()    // name of the root
		f.base = start // for cursors
	}
	root := c.address()
	if c.err != nil {
		return 0, c.err
	}
	if base != 0 && base != undefined && int64(base) != start {
		return 0, fmt.Errorf("base address %d is not supported", base)
	}
	if end > uint64(f.size-start) && end != undefined {
		return 0, fmt.Errorf("the file is cut short: it has %d bytes of %d", f.size-start, end)
	}
	return root, nil
}

// read are n bytes at an address.
func (f *File) read(address uint64, n int64) ([]byte, error) {
	if err := f.within(address, n); err != nil {
		return nil, err
	}
	if err := f.works(n); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", address, err)
	}
	b := make([]byte, n)
	if _, err := f.r.ReadAt(b, f.base+int64(address)); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", address, err)
	}
	return b, nil
}

// works counts n bytes of structure, those of paths included.
func (f *File) works(n int64) error {
	if f.work += n; f.work > 1<<26+4*f.size {
		return errors.New("the structure refers to the same bytes again and again")
	}
	return nil
}

// within says whether n bytes at an address lie in the file.
func (f *File) within(address uint64, n int64) error {
	if n < 0 || address > uint64(f.size-f.base) || uint64(n) > uint64(f.size-f.base)-address {
		return fmt.Errorf("%d bytes at byte %d lie outside the file of %d bytes", n, address, f.size-f.base)
	}
	return nil
}

// block is a cursor on n bytes at an address, which begin with a signature ("": with none).
func (f *File) block(address uint64, n int64, signature string) (*cursor, error) {
	b, err := f.read(address, n)
	if err != nil {
		return nil, err
	}
	c := &cursor{f: f, b: b, at: int64(address)}
	if got := string(c.take(len(signature))); c.err == nil && got != signature {
		c.err = fmt.Errorf("at byte %d: expected %s, found %q", address, signature, got)
	}
	return c, c.err
}

// once fails where a node is met a second time: no file needs that, and a circle would never end.
func (f *File) once(address uint64) error {
	if f.visited[address] {
		return fmt.Errorf("at byte %d: the same node twice", address)
	}
	f.visited[address] = true
	return nil
}

// A cursor takes values from bytes, one after the other; past the end it gives zeros and keeps an error.
type cursor struct {
	f   *File
	b   []byte
	i   int
	at  int64 // address of b
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.b)-c.i {
		c.err = fmt.Errorf("at byte %d: %d bytes are missing", c.at+int64(c.i), n)
		return nil
	}
	b := c.b[c.i : c.i+n : c.i+n]
	c.i += n
	return b
}

func (c *cursor) skip(n int) { c.take(n) }

func (c *cursor) left() int { return len(c.b) - c.i }

// uint is a number of n bytes.
func (c *cursor) uint(n int) uint64 {
	var b [8]byte
	copy(b[:], c.take(n))
	return binary.LittleEndian.Uint64(b[:])
}

func (c *cursor) u8() uint8   { return uint8(c.uint(1)) }
func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }

// address is an address; one of all ones is undefined.
func (c *cursor) address() uint64 {
	v := c.uint(c.f.offsets)
	if c.f.offsets < 8 && v == 1<<(8*c.f.offsets)-1 {
		return undefined
	}
	return v
}

func (c *cursor) length() uint64 { return c.uint(c.f.lengths) }
