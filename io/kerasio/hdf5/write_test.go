package hdf5

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// written is a tree as a file.
func written(t testing.TB, tree *Tree) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := tree.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func open(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func floats(t testing.TB, a *Array) []float32 {
	t.Helper()
	b := make([]byte, 4*a.Len())
	if err := a.Float32s(b); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, a.Len())
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

// sample has groups of many sizes, so that B-trees have one, two and three levels.
func sample(t testing.TB, sizes ...int) *Tree {
	tree := NewTree()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range sizes {
		group := fmt.Sprint("group", n)
		check(tree.Group(group))
		for i := range n {
			check(tree.Array(fmt.Sprintf("%s/array_%d", group, i), []int{1, 2}, []float32{float32(i), -1.5}, false))
		}
	}
	check(tree.Array("scalar", nil, []float32{3}, false))
	check(tree.Array("count", nil, []float32{7}, true))
	check(tree.Array("empty", []int{0, 3}, nil, false))
	check(tree.Text("", "model_config", strings.Repeat("é{}", 50000)))
	check(tree.Text("deep/er", "name", ""))
	check(tree.Texts("", "none", nil))
	check(tree.Texts("", "layer_names", []string{"a", "", "häuser"}))
	return tree
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	sizes := []int{0, 1, 8, 9, 256, 257, 8300}
	f := open(t, written(t, sample(t, sizes...)))
	for _, n := range sizes {
		if !f.HasGroup(fmt.Sprint("group", n)) {
			t.Errorf("there is no group of %d", n)
		}
		for i := range n {
			a := f.Array(fmt.Sprintf("group%d/array_%d", n, i))
			if a == nil {
				t.Fatalf("group of %d has no array %d", n, i)
			}
			if got := floats(t, a); !slices.Equal(got, []float32{float32(i), -1.5}) || !slices.Equal(a.Shape, []int{1, 2}) {
				t.Fatalf("group of %d, array %d: %v of shape %v", n, i, got, a.Shape)
			}
		}
	}
	for path, want := range map[string][]float32{"scalar": {3}, "count": {7}, "empty": {}} {
		if got := floats(t, f.Array(path)); !slices.Equal(got, want) {
			t.Errorf("%s is %v", path, got)
		}
	}
	if kind := f.Array("count").Type.String(); kind != "int64" {
		t.Errorf("count is %s", kind)
	}
	for _, c := range []struct {
		path, name string
		want       []string
	}{
		{"", "model_config", []string{strings.Repeat("é{}", 50000)}},
		{"deep/er", "name", []string{""}},
		{"", "none", []string{}},
		{"", "layer_names", []string{"a", "", "häuser"}},
	} {
		if got, err := f.Attribute(c.path, c.name); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("attribute %s of /%s: %.40q, %v", c.name, c.path, got, err)
		}
	}
	if _, err := f.Attribute("", "other"); err == nil {
		t.Error("an attribute that does not exist was found")
	}
}

// TestLongLists: a list of names that is larger than a header is divided.
func TestLongLists(t *testing.T) {
	tree := NewTree()
	var names []string
	for i := range 4000 {
		names = append(names, fmt.Sprintf("a_layer_with_a_long_name_%05d", i))
	}
	if err := tree.Texts("", "layer_names", names); err != nil {
		t.Fatal(err)
	}
	f := open(t, written(t, tree))
	if got, err := f.Texts("", "layer_names"); err != nil || !slices.Equal(got, names) {
		t.Errorf("%d names, %v", len(got), err)
	}
	if _, err := f.Attribute("", "layer_names0"); err != nil {
		t.Error(err)
	}
	if err := tree.Texts("", "x", []string{strings.Repeat("x", 1<<16)}); err == nil {
		t.Error("a name of 64 KB was taken")
	}
}

func TestTwoObjectsOfOneName(t *testing.T) {
	tree := NewTree()
	for _, path := range []string{"a/b", "a"} {
		if err := tree.Array(path, nil, []float32{1}, false); (err != nil) != (path == "a") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := tree.Array("a/b/c", nil, []float32{1}, false); err == nil {
		t.Error("an array in an array")
	}
}

// TestDamage: a file that is cut anywhere is refused.
func TestDamage(t *testing.T) {
	data := written(t, sample(t, 3, 40))
	for _, n := range []int{0, 1, 8, 95, 96, 500, len(data) - 1} {
		if _, err := Open(bytes.NewReader(data[:n]), int64(n)); err == nil {
			t.Errorf("a file cut to %d bytes is read", n)
		}
	}
}
