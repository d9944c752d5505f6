package layout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/keras"
)

// An Entry is an array of a model and its names in files.
type Entry struct {
	Weight *keras.Weight
	// Index is its place in get_weights.
	Index int
	// Path is the name as Keras 3 has it for a variable: "encoder/dense/kernel", "lstm/lstm_cell/bias".
	Path string
	// Tree is its place in the files of Keras 3: "layers/functional/layers/dense/vars/0".
	Tree string
}

// A Layer is a layer of a model, or a model inside it, as the files of Keras 2 list them.
type Layer struct {
	Name string
	// Entries are in the order of such files: what is trained before what is not.
	Entries []Entry
}

// A Group is what files of Keras 3 have for a layer.
type Group struct {
	Tree string // without "/vars"
	Name string // of the layer
}

// A Layout has the names of all arrays of a model.
type Layout struct {
	Entries []Entry // in the order of get_weights
	Layers  []Layer // all of model.layers, also those without weights, but no inputs
	Groups  []Group // of all layers, and of models inside
}

// Of is the layout of a model.
func Of(spec *keras.Spec) *Layout {
	b := &builder{keras2: spec.BeforeKeras3(), at: map[*keras.Weight]int{}, layout: &Layout{Entries: make([]Entry, len(spec.Weights))}}
	for i, w := range spec.Weights {
		b.at[w] = i
	}
	b.parts(spec.Parts, Inside(""), true)
	return b.layout
}

// treeRoot is the group of the layers of a model.
const treeRoot = "layers"

// Inside is the group of the layers of a model, whose own group is "" where no other model has it.
func Inside(group string) string { return strings.TrimPrefix(group+"/"+treeRoot, "/") }

// Names count the layers of a model by the names that files of Keras 3 have for their classes.
type Names map[string]int

// Group is the group of the next layer, of a class, of a model whose layers are in a group.
func (n Names) Group(layers, class string) string {
	if class == "Model" { // as Keras before 2.3 calls it
		class = "Functional"
	}
	name := snake(class)
	before := n[name]
	n[name]++
	if before > 0 {
		name = fmt.Sprintf("%s_%d", name, before)
	}
	return layers + "/" + name
}

type builder struct {
	layout *Layout
	at     map[*keras.Weight]int
	keras2 bool // tf.keras calls the parts of an attention otherwise
}

// parts names the arrays of the members of a model, whose group is tree, and returns their indexes.
func (b *builder) parts(parts []keras.Part, tree string, top bool) (indexes []int) {
	names := Names{}
	for _, p := range parts {
		group := names.Group(tree, p.Class)
		b.layout.Groups = append(b.layout.Groups, Group{group, p.Name})
		var own []int
		if p.Layer == nil {
			own = b.parts(p.Parts, Inside(group), false)
		} else {
			own = b.layer(p.Layer, group)
		}
		if top {
			b.layout.Layers = append(b.layout.Layers, b.legacy(p.Name, own))
		}
		indexes = append(indexes, own...)
	}
	return indexes
}

// layer names the arrays of a layer.
func (b *builder) layer(l *keras.Layer, group string) (indexes []int) {
	numbers := map[string]int{} // arrays of each part so far
	for _, w := range l.Weights {
		i, ok := b.at[w]
		if !ok {
			continue
		}
		part, path := place(l.Class, l.Config, w.Name)
		if b.keras2 && strings.HasSuffix(part, denseParts) {
			part = "_" + part
		}
		b.layout.Entries[i] = Entry{
			Weight: w, Index: i,
			Path: l.Name + "/" + path,
			Tree: fmt.Sprintf("%s/%svars/%d", group, part, numbers[part]),
		}
		numbers[part]++
		indexes = append(indexes, i)
	}
	return indexes
}

// legacy is a member of a model in the order of Keras 2.
func (b *builder) legacy(name string, indexes []int) Layer {
	out := Layer{Name: name}
	for _, trainable := range []bool{true, false} {
		for _, i := range indexes {
			if e := b.layout.Entries[i]; e.Weight.Trainable == trainable {
				out.Entries = append(out.Entries, e)
			}
		}
	}
	return out
}

// denseParts end the names of the parts of an attention.
const denseParts = "_dense/"

// cells are the layers whose weights belong to a cell inside.
var cells = map[string]bool{"SimpleRNN": true, "LSTM": true, "GRU": true, "ConvLSTM1D": true, "ConvLSTM2D": true, "ConvLSTM3D": true}

// place is where a layer of a class keeps the array of a name: the part of the layer in the tree of Keras 3, "" or with a slash behind, and the name of the
// variable.
func place(class string, config keras.Config, name string) (part, path string) {
	switch c := config.(type) {
	case *keras.Bidirectional:
		for i, d := range c.Parts() {
			if inner, ok := strings.CutPrefix(name, d.Prefix); ok {
				part, path := place(d.Layer.Class(), d.Layer, inner)
				return []string{"forward_layer/", "backward_layer/"}[i] + part, d.Prefix + snake(d.Layer.Class()) + "/" + path
			}
		}
	case *keras.TimeDistributed:
		part, path := place(c.Layer.Class, c.Layer.Config, name)
		return "layer/" + part, path
	case *keras.MultiHeadAttention:
		if projection, _, ok := strings.Cut(name, "/"); ok {
			return strings.TrimPrefix(projection, "attention_") + denseParts, name
		}
	}
	if cells[class] {
		return "cell/", snake(class) + "_cell/" + name
	}
	return "", name
}

// The parts of class names, as Keras cuts them.
var (
	noWord  = regexp.MustCompile(`\W+`)
	capital = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	after   = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snake is the name of a class in the files of Keras 3: Conv2DTranspose is conv2d_transpose.
//
// Source: keras/src/utils/naming.py, to_snake_case.
func snake(class string) string {
	class = noWord.ReplaceAllString(class, "")
	class = capital.ReplaceAllString(class, "${1}_$2")
	return strings.ToLower(after.ReplaceAllString(class, "${1}_$2"))
}

// shapeText is a shape as Python writes it.
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = fmt.Sprint(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// An Array is an array of a file.
type Array struct {
	Name  string
	Shape []int
}

// A MismatchError says what of a file does not fit a model.
type MismatchError struct{ Problems []string }

func (e *MismatchError) Error() string {
	const most = 8
	text := strings.Join(e.Problems[:min(most, len(e.Problems))], "; ")
	if more := len(e.Problems) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return "the weights do not fit the model: " + text
}

// problems collect what does not fit.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &MismatchError{p}
}

// compare finds another shape.
func (p *problems) compare(e Entry, a Array) {
	if !slices.Equal(e.Weight.Shape, a.Shape) {
		p.add("layer %q, weight %s: %q has shape %s, expected %s", e.Weight.Layer, e.Weight.Name, a.Name, shapeText(a.Shape), shapeText(e.Weight.Shape))
	}
}
