package hdf5

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Tree is a file to write: groups, arrays and attributes.
type Tree struct {
	root *node
}

// A node is a group, or an array if it has values.
type node struct {
	children   map[string]*node
	attributes []textAttribute
	array      bool
	shape      []int
	values     []float32
	whole      bool // values are written as int64
}

type textAttribute struct {
	name  string
	texts []string
	list  bool
}

// NewTree is a file without anything but its root.
func NewTree() *Tree { return &Tree{&node{children: map[string]*node{}}} }

// Group makes a group and those above it, where they are not there yet.
func (t *Tree) Group(path string) error {
	_, err := t.group(path)
	return err
}

func (t *Tree) group(path string) (*node, error) {
	n := t.root
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			continue
		}
		child := n.children[part]
		if child == nil {
			child = &node{children: map[string]*node{}}
			n.children[part] = child
		}
		if child.array {
			return nil, fmt.Errorf("HDF5: %s: a part of it is an array", path)
		}
		n = child
	}
	return n, nil
}

// Array adds an array of float32 values, row-major; with whole they are written as int64.
func (t *Tree) Array(path string, shape []int, values []float32, whole bool) error {
	group, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		group, name = path[:i], path[i+1:]
	}
	n, err := t.group(group)
	if err != nil {
		return err
	}
	if name == "" || n.children[name] != nil {
		return fmt.Errorf("HDF5: %s: two objects have the name", path)
	}
	n.children[name] = &node{array: true, shape: shape, values: values, whole: whole}
	return nil
}

// Text gives a group, which is made if need be, a text attribute.
func (t *Tree) Text(path, name, text string) error {
	n, err := t.group(path)
	if err == nil {
		n.attributes = append(n.attributes, textAttribute{name, []string{text}, false})
	}
	return err
}

// maxTexts is the most bytes of one list of texts: a part of a header has less than 64 KB.
const maxTexts = 64000

// Texts gives a group a list of texts as an attribute. One that is too long for a header is divided among name0, name1 and so on, as Keras
// does. No text may be longer than 64000 bytes.
func (t *Tree) Texts(path, name string, texts []string) error {
	n, err := t.group(path)
	if err != nil {
		return err
	}
	size := 1
	for _, text := range texts {
		size = max(size, len(text))
	}
	if size > maxTexts {
		return fmt.Errorf("HDF5: attribute %q of %s: a text of %d bytes", name, path, size)
	}
	most := maxTexts / size
	if len(texts) <= most {
		n.attributes = append(n.attributes, textAttribute{name, texts, true})
		return nil
	}
	i := 0
	for part := range slices.Chunk(texts, most) {
		n.attributes = append(n.attributes, textAttribute{fmt.Sprint(name, i), part, true})
		i++
	}
	return nil
}

// integers are float32 values as int64.
func integers(values []float32) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = int64(math.Round(float64(v)))
	}
	return out
}
