// Package npy reads and writes NumPy's files of one array (.npy) and of several in a zip archive (.npz).
//
// Arrays of floats (16, 32, 64 bits), integers and booleans are read, in either byte order and in C's or Fortran's order of elements,
// from archives with and without compression. Arrays of objects are pickles, which can run code: they are refused. Headers are bounded, and no
// values are held but in the caller's memory (a second time for Fortran's order). Archives with checksums that are
// wrong are refused. Errors name the array. float32 arrays are written as np.savez writes them.
//
// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npy

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/kerasio/internal/number"
)

// Magic is what a file of one array begins with.
const Magic = "\x93NUMPY"

// maxHeader is the most bytes of a header; NumPy's have some 100.
const maxHeader = 1 << 16

// An Array is an array of a file.
type Array struct {
	Name  string // in the archive, without .npy; "" in a file of one array
	Shape []int

	kind    number.Type
	fortran bool
	size    int
	open    func() (io.ReadCloser, error) // at the beginning of the file of the array
}

// Len is the number of elements.
func (a *Array) Len() int { return a.size }

// One is the array of a .npy file.
func One(r io.ReaderAt, size int64) (*Array, error) {
	a := &Array{open: func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(r, 0, size)), nil }}
	return a, a.describe()
}

// Archive are the arrays of a .npz file, in its order.
func Archive(z *zip.Reader) ([]*Array, error) {
	var all []*Array
	names := map[string]bool{}
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("%q in the archive is no array of NumPy", f.Name)
		}
		if names[name] {
			return nil, fmt.Errorf("two arrays are called %q", name)
		}
		names[name] = true
		a := &Array{Name: name, open: f.Open}
		if err := a.describe(); err != nil {
			return nil, fmt.Errorf("array %q: %w", name, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// describe reads the header.
func (a *Array) describe() error {
	r, err := a.open()
	if err != nil {
		return err
	}
	defer r.Close()
	return a.header(r)
}

// The literal of a header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
var (
	descrPattern   = regexp.MustCompile(`'descr'\s*:\s*'([^']*)'`)
	fortranPattern = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	shapePattern   = regexp.MustCompile(`'shape'\s*:\s*\(([0-9, L]*)\)`)
)

func (a *Array) header(r io.Reader) error {
	head := make([]byte, 10)
	if _, err := io.ReadFull(r, head); err != nil {
		return cut(err)
	}
	if string(head[:6]) != Magic {
		return errors.New("it is no array of NumPy")
	}
	size := int(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 { // the length has four bytes
		more := make([]byte, 2)
		if _, err := io.ReadFull(r, more); err != nil {
			return cut(err)
		}
		size |= int(binary.LittleEndian.Uint16(more)) << 16
	}
	if size > maxHeader {
		return fmt.Errorf("a header of %d bytes", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return cut(err)
	}
	descr, order, shape := descrPattern.FindSubmatch(text), fortranPattern.FindSubmatch(text), shapePattern.FindSubmatch(text)
	if order == nil || shape == nil {
		return fmt.Errorf("the header %.100q is not understood", text)
	}
	if descr == nil {
		return errors.New("arrays of records are not supported")
	}
	var err error
	if a.kind, err = typeOf(string(descr[1])); err != nil {
		return err
	}
	a.fortran = string(order[1]) == "True"
	a.Shape, a.size = nil, 1
	for part := range strings.SplitSeq(string(shape[1]), ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L")
		if part == "" {
			continue
		}
		d, err := strconv.Atoi(part)
		if err != nil || len(a.Shape) == 32 {
			return fmt.Errorf("shape (%s)", shape[1])
		}
		a.Shape = append(a.Shape, d)
		if a.size != 0 && d > (1<<40)/a.size {
			return fmt.Errorf("shape (%s)", shape[1])
		}
		a.size *= d
	}
	return nil
}

// typeOf reads a type string such as <f4.
func typeOf(descr string) (number.Type, error) {
	t := number.Type{Big: strings.HasPrefix(descr, ">")}
	kinds := map[string]number.Kind{"f": number.Float, "i": number.Int, "u": number.Uint, "b": number.Uint}
	if len(descr) == 3 {
		t.Kind, t.Size = kinds[descr[1:2]], int(descr[2]-'0')
	}
	ok := t.Size == 1 && t.Kind != number.Float || t.Size == 2 || t.Size == 4 || t.Size == 8
	switch {
	case strings.Contains(descr, "O"):
		return t, errors.New("it holds objects, which are a pickle of Python: that can run code and is never read")
	case t.Kind == number.None || !ok:
		return t, fmt.Errorf("values of type %q are not supported", descr)
	}
	return t, nil
}

// Float32s reads all values as float32 into dst, row-major, in little-endian order, 4 bytes each.
func (a *Array) Float32s(dst []byte) error {
	if err := a.float32s(dst); err != nil {
		if a.Name != "" {
			return fmt.Errorf("array %q: %w", a.Name, err)
		}
		return err
	}
	return nil
}

func (a *Array) float32s(dst []byte) error {
	if len(dst) != 4*a.size {
		return fmt.Errorf("%d values, expected %d", a.size, len(dst)/4)
	}
	r, err := a.open()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := a.header(r); err != nil {
		return err
	}
	into := dst
	if a.fortran && len(a.Shape) > 1 {
		into = make([]byte, len(dst))
	}
	if err := a.kind.Read(r, into); err != nil {
		return cut(err)
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); err != nil || n > 0 { // the end of an archive's file is where its checksum is compared
		return errors.Join(err, errors.New("there is more than its values"))
	}
	if a.fortran && len(a.Shape) > 1 {
		a.rowMajor(dst, into)
	}
	return nil
}

// rowMajor turns Fortran's order, whose first index is the fastest, into C's.
func (a *Array) rowMajor(dst, src []byte) {
	strides := make([]int, len(a.Shape)) // of src
	n := 1
	for i, d := range a.Shape {
		strides[i] = n
		n *= d
	}
	at := make([]int, len(a.Shape))
	from := 0
	for to := 0; to < a.size; to++ {
		copy(dst[4*to:4*to+4], src[4*from:])
		for i := len(at) - 1; i >= 0; i-- {
			at[i]++
			from += strides[i]
			if at[i] < a.Shape[i] {
				break
			}
			from -= at[i] * strides[i]
			at[i] = 0
		}
	}
}

// cut says what the end of a file in the middle of something is.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file is cut short")
	}
	return err
}

// A Values is an array to write.
type Values struct {
	Name   string
	Shape  []int
	Values []float32 // row-major
}

// Write writes an archive of arrays, without compression.
func Write(w io.Writer, arrays []Values) error {
	z := zip.NewWriter(w)
	for _, a := range arrays {
		f, err := z.CreateHeader(&zip.FileHeader{Name: a.Name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := f.Write(header(a.Shape)); err != nil {
			return err
		}
		if err := number.Write(f, a.Values); err != nil {
			return err
		}
	}
	return z.Close()
}

// header is that of a float32 array, with spaces up to a multiple of 64 bytes.
func header(shape []int) []byte {
	var dims strings.Builder
	for i, d := range shape {
		if i > 0 {
			dims.WriteByte(' ')
		}
		dims.WriteString(strconv.Itoa(d) + ",")
	}
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", dims.String())
	pad := 64 - (10+len(text)+1)%64
	text += strings.Repeat(" ", pad%64) + "\n"
	head := append([]byte(Magic), 1, 0, 0, 0)
	binary.LittleEndian.PutUint16(head[8:], uint16(min(len(text), math.MaxUint16)))
	return append(head, text...)
}
