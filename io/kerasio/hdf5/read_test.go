package hdf5

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// h5py is a file that h5py has written, see scripts/keras-fixtures/files.py.
func h5py(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".h5.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestForms reads arrays of all kinds, whose values are 0, 1, 2 and so on.
func TestForms(t *testing.T) {
	for name, want := range map[string]int{"forms": 172, "latest": 169} {
		f := open(t, h5py(t, name))
		if n := len(f.Arrays()); n != want {
			t.Errorf("%s: %d arrays, want %d", name, n, want)
		}
		for _, a := range f.Arrays() {
			for i, v := range floats(t, a) {
				if want := float32(i); v != want && a.Path != "negative" || a.Path == "negative" && v != -1-want {
					t.Fatalf("%s: %s[%d] is %g", name, a.Path, i, v)
				}
			}
		}
		if texts, err := f.Attribute("", "long"); err != nil || len(texts) != 1 || texts[0] != strings.Repeat("é", 40000) {
			t.Errorf("%s: a long attribute: %d texts, %v", name, len(texts), err)
		}
		if texts, err := f.Texts("", "list"); err != nil || strings.Join(texts, ",") != "a,bc" {
			t.Errorf("%s: a list: %v, %v", name, texts, err)
		}
		if texts, err := f.Attribute("many", "a29"); err != nil || len(texts) != 1 || texts[0] != strings.Repeat("x", 29) {
			t.Errorf("%s: one of many attributes: %v, %v", name, texts, err)
		}
	}
}

// TestChunkOfAPart: a chunk that is the only one must hold the whole array.
func TestChunkOfAPart(t *testing.T) {
	for _, a := range open(t, h5py(t, "latest")).Arrays() {
		if a.Path != "whole" {
			continue
		}
		if a.layout.index != "single" {
			t.Fatalf("its chunks are found by %q", a.layout.index)
		}
		a.Shape[0], a.size = 2*a.Shape[0], 2*a.size
		if err := a.Float32s(make([]byte, 4*a.size)); err == nil || !strings.Contains(err.Error(), "1155 values of 2310 are in the file") {
			t.Errorf("error %v", err)
		}
		return
	}
	t.Error("there is no such array")
}

// TestFlippedBytes: no change of one byte makes reading fail otherwise than with an error.
func TestFlippedBytes(t *testing.T) {
	data := written(t, sample(t, 3))
	for at := 0; at < len(data); at += 1 + at/500 {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			old := data[at]
			data[at] = v
			readAll(data)
			data[at] = old
		}
	}
}

// readAll reads all that can be read of a file.
func readAll(data []byte) {
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return
	}
	for _, a := range f.Arrays() {
		if a.Len() < 1<<16 {
			_ = a.Float32s(make([]byte, 4*a.Len()))
		}
	}
	for _, name := range []string{"model_config", "layer_names", "long", "a29"} {
		_, _ = f.Texts("", name)
		_, _ = f.Attribute("many", name)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(h5py(f, "forms"))
	f.Add(h5py(f, "latest"))
	for _, name := range []string{"gzip", "checked", "half", "big", "latest"} {
		f.Add(h5py(f, "seed_"+name))
	}
	f.Add(written(f, sample(f, 3)))
	f.Fuzz(func(t *testing.T, data []byte) { readAll(data) })
}
