package modelfile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/model/weights/layout"
)

// Open opens a file with weights. One that is of no kind that is known is an error of kerasio.ErrUnknown. The JSON has the vocabularies of layers that
// were adapted, wherever the file has them.
func Open(path string) (*kerasio.File, error) {
	f, err := kerasio.Open(path, keras.MaxJSONBytes)
	if err != nil {
		return nil, err
	}
	if err := withVocabularies(f); err != nil {
		return nil, errors.Join(fmt.Errorf("file %s: %w", path, err), f.Close())
	}
	return f, nil
}

// HasWeights says whether there are any in a file: a .keras archive or .h5 of a model without weights has none.
func HasWeights(f *kerasio.File) bool { return len(f.Arrays) > 0 || len(f.Layers) > 0 }

// Weights are the weights of a model in MADlib's byte form, read from a file. A file that does not fit is a *layout.MismatchError.
func Weights(ctx context.Context, f *kerasio.File, spec *keras.Spec) ([]byte, error) {
	data, err := read(ctx, f, spec)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("file %s: %w", f.Path, err)
	}
	return data, err
}

func read(ctx context.Context, f *kerasio.File, spec *keras.Spec) ([]byte, error) {
	if name := turned(f, spec); name != "" {
		return nil, fmt.Errorf("it is of Keras on Theano, whose convolutions turn their kernels around (layer %q): load it in Keras 2.0 to 2.3 on TensorFlow, and save it there", name)
	}
	vector := f.Kind == kerasio.NpyKind && slices.Equal(f.Arrays[0].Shape, []int{spec.NumWeights})
	var arrays []*kerasio.Array
	if !vector {
		var err error
		if arrays, err = match(f, spec); err != nil {
			return nil, err
		}
	}
	// What is compressed has at most 1032 times its size; no file needs the memory of a model that it cannot hold.
	if most := 1032*f.Size + 1<<20; 2*int64(spec.NumWeights) > most {
		return nil, fmt.Errorf("%d bytes cannot hold %d weights", f.Size, spec.NumWeights)
	}
	data := make([]byte, 4*spec.NumWeights)
	if vector {
		return data, f.Arrays[0].Float32s(data)
	}
	for i, w := range spec.Weights {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := arrays[i].Float32s(data[4*w.Offset : 4*(w.Offset+w.Size())]); err != nil {
			return nil, fmt.Errorf("layer %q, weight %s: %w", w.Layer, w.Name, err)
		}
	}
	return data, nil
}

// turned is the first layer whose kernels Keras turns around when it loads a file of Keras on Theano on another backend; "" where there is none.
//
// Source: keras/engine/saving.py of Keras 2.2, preprocess_weights_for_loading.
func turned(f *kerasio.File, spec *keras.Spec) string {
	if f.Backend != "theano" {
		return ""
	}
	for _, l := range spec.Layers {
		name := l.Name
		if c, ok := l.Config.(*keras.TimeDistributed); ok {
			l = c.Layer
		}
		switch l.Class {
		case "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D":
			return name
		}
	}
	return ""
}

// match are the arrays of a file in the order of the weights.
func match(f *kerasio.File, spec *keras.Spec) ([]*kerasio.Array, error) {
	l := layout.Of(spec)
	out := make([]*kerasio.Array, len(spec.Weights))
	if f.Layout == kerasio.Layers {
		listed := make([]layout.Listed, len(f.Layers))
		for i := range f.Layers {
			listed[i] = layout.Listed{Name: f.Layers[i].Name, Arrays: described(f.Layers[i].Arrays)}
		}
		indexes, err := l.Listed(listed)
		if err != nil {
			return nil, err
		}
		for i, at := range indexes {
			out[i] = &f.Layers[at[0]].Arrays[at[1]]
		}
		return out, nil
	}
	arrays, by := f.Arrays, map[kerasio.Layout]func([]layout.Array) ([]int, error){
		kerasio.Tree: l.Tree, kerasio.Named: l.Named, kerasio.Ordered: l.Ordered,
	}[f.Layout]
	if f.Layout == kerasio.Named && f.Order != nil {
		var err error
		if arrays, err = inOrder(f); err != nil {
			return nil, err
		}
		by = l.Ordered
	}
	indexes, err := by(described(arrays))
	if err != nil {
		return nil, err
	}
	for i, at := range indexes {
		out[i] = &arrays[at]
	}
	return out, nil
}

// inOrder are the arrays in the order that the file says.
func inOrder(f *kerasio.File) ([]kerasio.Array, error) {
	if len(f.Order) != len(f.Arrays) {
		return nil, fmt.Errorf("its metadata names %d arrays, there are %d", len(f.Order), len(f.Arrays))
	}
	index := map[string]int{}
	for i, a := range f.Arrays {
		index[a.Name] = i
	}
	out := make([]kerasio.Array, len(f.Order))
	for i, name := range f.Order {
		at, ok := index[name]
		if !ok {
			return nil, errors.New("its metadata does not name every array once")
		}
		delete(index, name)
		out[i] = f.Arrays[at]
	}
	return out, nil
}

func described(arrays []kerasio.Array) []layout.Array {
	out := make([]layout.Array, len(arrays))
	for i, a := range arrays {
		out[i] = layout.Array{Name: a.Name, Shape: a.Shape}
	}
	return out
}
