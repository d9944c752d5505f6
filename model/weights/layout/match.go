package layout

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Tree finds the arrays of a file of Keras 3. The result has for each weight the index of its array.
func (l *Layout) Tree(arrays []Array) ([]int, error) {
	index := map[string]int{}
	for i, a := range arrays {
		index[a.Name] = i
	}
	match := make([]int, len(l.Entries))
	taken := make([]bool, len(arrays))
	var p problems
	for k, e := range l.Entries {
		at, ok := find(index, e.Tree)
		if !ok {
			p.add("layer %q, weight %s: the file has no %q", e.Weight.Layer, e.Weight.Name, e.Tree)
			continue
		}
		match[k], taken[at] = at, true
		p.compare(e, arrays[at])
	}
	for i, a := range arrays {
		if !taken[i] && ofLayer(a.Name) {
			p.add("%q of shape %s is no weight of the model", a.Name, shapeText(a.Shape))
		}
	}
	return match, p.err()
}

// find looks for the names that versions of Keras have for a place.
func find(index map[string]int, tree string) (int, bool) {
	for _, name := range Places(tree) {
		if at, ok := index[name]; ok {
			return at, true
		}
	}
	return 0, false
}

// Places are the names that versions of Keras have for a place.
func Places(tree string) []string {
	other := tree
	if i := strings.LastIndex(tree, denseParts); i >= 0 { // tf.keras has a "_" in front
		k := strings.LastIndexByte(tree[:i], '/') + 1
		if tree[k] == '_' {
			other = tree[:k] + tree[k+1:]
		} else {
			other = tree[:k] + "_" + tree[k:]
		}
	}
	var all []string
	for _, name := range []string{tree, other} {
		for _, root := range []string{treeRoot, "_layer_checkpoint_dependencies"} {
			all = append(all, rooted(name, root))
		}
	}
	return all
}

// rooted has another name for the groups of layers.
func rooted(tree, root string) string {
	if root == treeRoot {
		return tree
	}
	parts := strings.Split(tree, "/")
	for i, p := range parts {
		if p == treeRoot {
			parts[i] = root
		}
	}
	return strings.Join(parts, "/")
}

// IDFName is the name of the array that a layer has for tf_idf, which is no weight: its numbers are in the JSON.
const IDFName = "vars/idf_weights"

// ofLayer says whether an array is a weight of a layer: others are of optimizers, metrics and generators of random numbers, or are known from the JSON.
func ofLayer(name string) bool {
	if !strings.HasPrefix(name, treeRoot+"/") && !strings.HasPrefix(name, "_layer_checkpoint_dependencies/") {
		return false
	}
	return !strings.Contains(name, "seed_generator") && !strings.Contains(name, "random_generator") && !strings.HasSuffix(name, "/"+IDFName)
}

// A Listed is a layer with weights of a file of Keras 2.
type Listed struct {
	Name   string
	Arrays []Array
}

// Listed finds the arrays of a file of Keras 2: layers by name if all are there, else by their order. The result has for each weight the indexes of its
// layer and of its array there.
func (l *Layout) Listed(file []Listed) ([][2]int, error) {
	var layers []Layer
	for _, layer := range l.Layers {
		if len(layer.Entries) > 0 {
			layers = append(layers, layer)
		}
	}
	index := map[string]int{}
	for i, f := range file {
		index[f.Name] = i
	}
	order := make([]int, len(layers)) // for each layer its index in the file
	var p problems
	for i, layer := range layers {
		at, ok := index[layer.Name]
		if !ok {
			p.add("layer %q is not in the file", layer.Name)
		}
		order[i] = at
	}
	switch {
	case len(p) == 0:
		for _, f := range file {
			if !slices.ContainsFunc(layers, func(l Layer) bool { return l.Name == f.Name }) {
				p.add("layer %q of the file is none of the model's", f.Name)
			}
		}
	case len(file) == len(layers): // as Keras does, whatever the names
		p = nil
		for i := range order {
			order[i] = i
		}
	default:
		p = append(problems{fmt.Sprintf("the file has %d layers with weights, the model %d", len(file), len(layers))}, p...)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	match := make([][2]int, len(l.Entries))
	for i, layer := range layers {
		f := file[order[i]]
		if len(f.Arrays) != len(layer.Entries) {
			p.add("layer %q has %d weights, in the file %d (layer %q)", layer.Name, len(layer.Entries), len(f.Arrays), f.Name)
			continue
		}
		for k, e := range ordered(layer, f.Arrays) {
			p.compare(e, f.Arrays[k])
			match[e.Index] = [2]int{order[i], k}
		}
	}
	return match, p.err()
}

// ordered are the entries of a layer in the order of the file's arrays: that of Keras 2, or that of get_weights where the names say so.
func ordered(layer Layer, arrays []Array) []Entry {
	if agree(layer, layer.Entries, arrays) {
		return layer.Entries
	}
	other := slices.Clone(layer.Entries)
	slices.SortFunc(other, func(a, b Entry) int { return a.Index - b.Index })
	if agree(layer, other, arrays) {
		return other
	}
	return layer.Entries
}

// agree says whether the names of the file's arrays are those of the entries.
func agree(layer Layer, entries []Entry, arrays []Array) bool {
	for i, e := range entries {
		inner := strings.TrimPrefix(e.Path, layer.Name+"/")
		if name := plain(arrays[i].Name); name != inner && !strings.HasSuffix(name, "/"+inner) {
			return false
		}
	}
	return true
}

// plain is the name of a variable without TensorFlow's ":0", and with slashes between its parts.
func plain(name string) string {
	name = strings.TrimSuffix(name, ":0")
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, ".", "/")
	}
	return strings.Trim(name, "/")
}

// Named finds arrays by the names of variables: Path, the names that this program shows for them, a place of Keras 3, each also with the name of
// the model in front or of another layer in it, as that inside a TimeDistributed, or with several names in front, those of the scopes that a layer was
// made in; and ends of Path that no other weight has, since Keras leaves the names of models and of wrappers out now and then. The only weight of a layer may
// have the name that Keras gives to one without.
func (l *Layout) Named(arrays []Array) ([]int, error) {
	index, ends := map[string]int{}, map[string]int{}
	count := map[string]int{} // of the weights of a layer
	for _, e := range l.Entries {
		count[path.Dir(e.Path)]++
	}
	keep := func(index map[string]int, name string, i int) {
		if at, ok := index[name]; ok && at != i {
			i = -1 // two weights could be meant
		}
		index[name] = i
	}
	for i, e := range l.Entries {
		for _, name := range []string{e.Path, e.Weight.Layer + "/" + e.Weight.Name, e.Tree} {
			keep(index, name, i)
		}
		if layer := path.Dir(e.Path); count[layer] == 1 {
			keep(index, layer+"/"+unnamed, i)
		}
		for end := e.Path; strings.Contains(end, "/"); _, end, _ = strings.Cut(end, "/") {
			keep(ends, end, i)
		}
	}
	find := func(name string) (at int, ok bool) {
		if at, ok = index[name]; ok {
			return at, true
		}
		parts := strings.Split(name, "/")
		for i := range min(len(parts)-1, maxParts) {
			if at, ok = index[strings.Join(slices.Delete(slices.Clone(parts), i, i+1), "/")]; ok {
				return at, true
			}
		}
		if at, ok = ends[name]; ok {
			return at, true
		}
		for i := 2; i < min(len(parts)-1, maxParts); i++ {
			if at, ok = index[strings.Join(parts[i:], "/")]; ok {
				return at, true
			}
		}
		return 0, false
	}
	match := make([]int, len(l.Entries))
	for i := range match {
		match[i] = -1
	}
	var p problems
	for i, a := range arrays {
		at, ok := find(numbered.ReplaceAllString(plain(a.Name), "/"+unnamed))
		switch {
		case !ok:
			p.add("%q of shape %s is no weight of the model", a.Name, shapeText(a.Shape))
		case at < 0:
			p.add("%q may be one of several weights", a.Name)
		case match[at] >= 0:
			p.add("%q and %q are the same weight", arrays[match[at]].Name, a.Name)
		default:
			match[at] = i
			p.compare(l.Entries[at], a)
		}
	}
	for i, e := range l.Entries {
		if match[i] < 0 {
			p.add("layer %q, weight %s: the file has no %q", e.Weight.Layer, e.Weight.Name, e.Path)
		}
	}
	return match, p.err()
}

// unnamed is what Keras calls a variable that its layer gives no name; from the second of a model on it adds a number.
const unnamed = "variable"

var numbered = regexp.MustCompile("/" + unnamed + `_\d+$`)

// maxParts is how many parts of a name one is left out of.
const maxParts = 16

// Ordered takes arrays in the order of get_weights.
func (l *Layout) Ordered(arrays []Array) ([]int, error) {
	var p problems
	if len(arrays) != len(l.Entries) {
		p.add("the file has %d arrays, get_weights %d", len(arrays), len(l.Entries))
	}
	match := make([]int, len(l.Entries))
	for i, e := range l.Entries {
		if match[i] = i; i < len(arrays) {
			p.compare(e, arrays[i])
		}
	}
	return match, p.err()
}
