package hdf5

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestLongPaths: names of groups are part of the path of every array in them.
func TestLongPaths(t *testing.T) {
	tree := NewTree()
	deep := strings.TrimSuffix(strings.Repeat(strings.Repeat("n", 60000)+"/", 20), "/")
	for i := range 200 {
		if err := tree.Array(fmt.Sprintf("%s/%d", deep, i), nil, []float32{1}, false); err != nil {
			t.Fatal(err)
		}
	}
	data := written(t, tree)
	if _, err := Open(bytes.NewReader(data), int64(len(data))); err == nil || !strings.Contains(err.Error(), "groups and their names: ") {
		t.Errorf("paths of 240 MB in a file of %d bytes: %v", len(data), err)
	}
}

// TestChunksOfTheSameBytes: a chunk that is read again and again is work without an end.
func TestChunksOfTheSameBytes(t *testing.T) {
	f := open(t, h5py(t, "seed_gzip"))
	f.inflated = 1<<26 + mostInflated*f.size - 1000
	for range 1000 {
		for _, a := range f.Arrays() {
			err := a.Float32s(make([]byte, 4*a.Len()))
			if err == nil {
				continue
			}
			if !strings.Contains(err.Error(), "again and again") {
				t.Error(err)
			}
			return
		}
	}
	t.Error("there is no end")
}

// TestFletcher has HDF5's sums: that of 0xffff is not the one of 0.
func TestFletcher(t *testing.T) {
	for data, want := range map[string]uint32{
		"": 0, "\x00\x00": 0, "\xff\xff": 0xffffffff, "\xff\xff\x00\x00": 0xffffffff, "\x00\x01\xff\xfe": 0x0001ffff, "\x01": 0x01000100, "\x00\x01\x00\x02": 0x00040003,
	} {
		if got := fletcher32([]byte(data)); got != want {
			t.Errorf("%q: %08x, want %08x", data, got, want)
		}
	}
}
