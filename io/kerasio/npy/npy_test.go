package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// file is a .npy file with a header and values.
func file(descr, order, shape string, values []byte) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape)
	head := append([]byte(Magic), 1, 0, 0, 0)
	binary.LittleEndian.PutUint16(head[8:], uint16(len(text)))
	return slices.Concat(head, []byte(text), values)
}

func read(data []byte) ([]float32, []int, error) {
	a, err := One(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	if a.Len() > 1<<16 {
		return nil, nil, fmt.Errorf("%d values", a.Len())
	}
	b := make([]byte, 4*a.Len())
	if err := a.Float32s(b); err != nil {
		return nil, nil, err
	}
	out := make([]float32, a.Len())
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out, a.Shape, nil
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		descr, order, shape string
		values              []byte
		want                []float32
	}{
		{"<f4", "False", "(1, 2)", []byte{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0}, []float32{1, -2.5}},
		{">f8", "False", "()", []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, []float32{1.5}},
		{"<f2", "False", "(3,)", []byte{0, 0x3c, 1, 0, 0, 0xfc}, []float32{1, 1.0 / (1 << 24), float32(math.Inf(-1))}},
		{"|b1", "False", "(2,)", []byte{0, 1}, []float32{0, 1}},
		{"|i1", "False", "(1,)", []byte{0xfe}, []float32{-2}},
		{">u2", "False", "(1,)", []byte{1, 0}, []float32{256}},
		{"<i8", "False", "(1,)", []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []float32{-1}},
		{"|u1", "True", "(2, 3)", []byte{1, 4, 2, 5, 3, 6}, []float32{1, 2, 3, 4, 5, 6}},
		{"|u1", "True", "(2, 2, 2L)", []byte{0, 4, 2, 6, 1, 5, 3, 7}, []float32{0, 1, 2, 3, 4, 5, 6, 7}},
		{"<f4", "False", "(0, 3)", nil, []float32{}},
	} {
		got, _, err := read(file(c.descr, c.order, c.shape, c.values))
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %v, %v; want %v", c.descr, c.shape, got, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"objects":   {file("|O", "False", "(1,)", []byte("\x80\x04")), "pickle"},
		"complex":   {file("<c8", "False", "(1,)", make([]byte, 8)), `type "<c8" are not supported`},
		"cut":       {file("<f4", "False", "(2,)", make([]byte, 7)), "cut short"},
		"too long":  {file("<f4", "False", "(2,)", make([]byte, 9)), "more than its values"},
		"huge":      {file("<f4", "False", "(1099511627776, 1099511627776)", nil), "shape"},
		"no header": {[]byte(Magic), "cut short"},
		"records":   {[]byte(Magic + "\x01\x00\x50\x00{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }              \n"), "records"},
	} {
		if _, _, err := read(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %s", name, err, c.want)
		}
	}
}

func TestArchive(t *testing.T) {
	var out bytes.Buffer
	arrays := []Values{{"arr_0", []int{2, 2}, []float32{1, 2, 3, 4}}, {"b", nil, []float32{5}}, {"c", []int{0}, nil}}
	if err := Write(&out, arrays); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Archive(z)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		b := make([]byte, 4*a.Len())
		if err := a.Float32s(b); err != nil {
			t.Fatal(err)
		}
		if a.Name != arrays[i].Name || !slices.Equal(a.Shape, arrays[i].Shape) || a.Len() != len(arrays[i].Values) {
			t.Errorf("array %d is %q of shape %v", i, a.Name, a.Shape)
		}
		for k, v := range arrays[i].Values {
			if math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:])) != v {
				t.Errorf("%s[%d] differs", a.Name, k)
			}
		}
	}
	// A damaged value is found by the checksum.
	at := bytes.Index(out.Bytes(), []byte{0, 0, 0x40, 0x40})
	out.Bytes()[at] ^= 1
	if err := got[0].Float32s(make([]byte, 16)); err == nil {
		t.Error("damage is not found")
	}
}

func FuzzOne(f *testing.F) {
	f.Add(file("<f4", "False", "(1, 2)", make([]byte, 8)))
	f.Add(file("|u1", "True", "(2, 3)", make([]byte, 6)))
	f.Add(file(">f8", "False", "()", make([]byte, 8)))
	f.Fuzz(func(t *testing.T, data []byte) {
		values, shape, err := read(data)
		n := 1
		for _, d := range shape {
			n *= d
		}
		if err == nil && n != len(values) {
			t.Errorf("%d values of shape %v", len(values), shape)
		}
	})
}
