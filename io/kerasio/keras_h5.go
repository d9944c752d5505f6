package kerasio

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/kerasio/hdf5"
)

// Names in the HDF5 files of Keras.
const (
	ConfigAttribute  = "model_config"
	VersionAttribute = "keras_version"
	BackendAttribute = "backend"
	LayersAttribute  = "layer_names"
	NamesAttribute   = "weight_names"
	WeightsGroup     = "model_weights"
	// treeRoot begins the names of arrays in the layout Tree, oldTreeRoot in that of tf.keras 2.12.
	treeRoot    = "layers"
	oldTreeRoot = "_layer_checkpoint_dependencies"
)

// hdf5 reads a file of Keras.
func (f *File) hdf5(r io.ReaderAt, size, maxJSON int64) error {
	h, err := hdf5.Open(r, size)
	if err != nil {
		return err
	}
	root := ""
	if h.HasGroup(WeightsGroup) {
		root = WeightsGroup
	}
	f.Backend = stated(h, root, BackendAttribute)
	if texts, err := h.Attribute("", ConfigAttribute); err == nil {
		if len(texts) != 1 || int64(len(texts[0])) > maxJSON {
			return fmt.Errorf("attribute %q is not one text of at most %d bytes", ConfigAttribute, maxJSON)
		}
		version := stated(h, root, VersionAttribute)
		f.Config = withVersion(withModules([]byte(texts[0]), version), version)
	} else if !errors.Is(err, hdf5.ErrNoAttribute) {
		return err
	}
	names, err := h.Texts(root, LayersAttribute)
	switch {
	case err == nil:
		f.Layout = Layers
		return f.layers(h, root, names)
	case !errors.Is(err, hdf5.ErrNoAttribute):
		return err
	case h.HasGroup(treeRoot), h.HasGroup(oldTreeRoot):
		f.Layout = Tree
		for _, a := range h.Arrays() {
			f.Arrays = append(f.Arrays, Array{a.Path, a.Shape, a.Float32s})
		}
		return nil
	case f.Config != nil || f.Kind == KerasKind:
		return nil // of a model without weights
	}
	without := fmt.Sprintf("it is an HDF5 file, but not of Keras: it has neither layer_names nor a group %q", treeRoot)
	if len(h.Arrays()) == 0 {
		return fmt.Errorf("%s, and no arrays: writing it may have failed", without)
	}
	tops := map[string]bool{}
	for _, a := range h.Arrays() {
		top, _, _ := strings.Cut(a.Path, "/")
		tops[top] = true
	}
	found := slices.Sorted(maps.Keys(tops))
	if len(found) > 5 {
		found = append(found[:5], "...")
	}
	return fmt.Errorf("%s, but %s", without, strings.Join(found, ", "))
}

// stated is an attribute that files of models have at the top, and files of weights at their root; "" where neither has it.
func stated(h *hdf5.File, root, name string) (value string) {
	for _, group := range []string{"", root} {
		if v, err := h.Attribute(group, name); err == nil && len(v) == 1 {
			value = v[0]
		}
	}
	return value
}

// layers reads the lists of Keras 2.
func (f *File) layers(h *hdf5.File, root string, names []string) error {
	for _, name := range names {
		group := join(root, name)
		weights, err := h.Texts(group, NamesAttribute)
		if errors.Is(err, hdf5.ErrNoAttribute) {
			return fmt.Errorf("layer %q has no %s", name, NamesAttribute)
		}
		if err != nil {
			return err
		}
		if len(weights) == 0 {
			continue
		}
		l := Layer{Name: name}
		for _, w := range weights {
			a := h.Array(join(group, w))
			if a == nil {
				return fmt.Errorf("layer %q: the weight %q is missing", name, w)
			}
			l.Arrays = append(l.Arrays, Array{w, a.Shape, a.Float32s})
		}
		f.Layers = append(f.Layers, l)
	}
	return nil
}

func join(group, name string) string {
	name = strings.Trim(name, "/")
	if group == "" {
		return name
	}
	return group + "/" + name
}
