package keras

import (
	"fmt"
	"slices"
)

// Layers that encode numbers as categories. They have no gradient: what comes before them is not trained through them.

// An Encoding is how indices from 0 to Depth-1 leave a layer. Any other index counts for nothing.
type Encoding struct {
	// Mode is "int": as they are; "one_hot": each becomes Depth numbers, of which its own is 1; "multi_hot" and "count": whether and how
	// often each index is in a row, which must be a vector.
	Mode  string
	Depth int
}

// outputShape is the shape of the encoded indices.
//
// Source: keras/src/utils/numerical_utils.py, encode_categorical_inputs.
func (e Encoding) outputShape(in []int) ([]int, error) {
	switch {
	case e.Mode == "int":
		return slices.Clone(in), nil
	case e.Mode == "one_hot" && in[len(in)-1] == 1:
		in = in[:len(in)-1]
	case e.Mode != "one_hot" && len(in) > 1: // the shape that Keras computes for images is not the one that it declares
		return nil, fmt.Errorf("output_mode %s expects vectors, found an input of shape %s", e.Mode, shapeText(in))
	case e.Mode != "one_hot":
		in = nil
	}
	out := append(slices.Clone(in), e.Depth)
	if _, ok := elements(out, MaxRowElements); !ok {
		return nil, fmt.Errorf("%d categories of every element of the input are too many: the result would be %s", e.Depth, shapeText(out))
	}
	return out, nil
}

// CategoryEncoding encodes whole numbers from 0 to Depth-1.
type CategoryEncoding struct{ Encoding }

// Class is "CategoryEncoding".
func (*CategoryEncoding) Class() string { return "CategoryEncoding" }

func parseCategoryEncoding(a *args) kind {
	a.off("sparse")
	return &CategoryEncoding{Encoding{a.oneOf("output_mode", "multi_hot", "one_hot", "count"), a.positive("num_tokens")}}
}

func (*CategoryEncoding) weights([]int) []array { return nil }

// Discretization encodes the number of boundaries that an element is not below.
type Discretization struct {
	Encoding
	Boundaries []float64 // increasing
}

// Class is "Discretization".
func (*Discretization) Class() string { return "Discretization" }

func parseDiscretization(a *args) kind {
	a.off("sparse")
	a.skip("num_bins", "epsilon") // of adapt
	if !a.has("bin_boundaries") {
		a.fail("bin_boundaries is missing: the layer was not adapted")
	}
	b := a.numbers("bin_boundaries")
	if a.err == nil && (len(b.shape) != 1 || !slices.IsSorted(b.values)) {
		a.wrong("bin_boundaries", "an increasing list of numbers")
	}
	return &Discretization{Encoding{a.oneOf("output_mode", "int", "one_hot", "multi_hot", "count"), len(b.values) + 1}, b.values}
}

func (*Discretization) weights([]int) []array { return nil }

// IntegerLookup encodes the place of a whole number in a vocabulary. Numbers that are not in it have an index of their own before the others;
// with Mode "int" MaskToken has index 0, before that, otherwise it counts for nothing. Numbers of more than 24 bits are rounded to float32 as all
// values of rows are.
type IntegerLookup struct {
	Encoding
	// Keys have the indices Indices; those of other numbers is Unknown.
	Keys, Indices []float64
	Unknown       float64
}

// Class is "IntegerLookup".
func (*IntegerLookup) Class() string { return "IntegerLookup" }

// parseIntegerLookup follows keras/src/layers/preprocessing/index_lookup.py.
func parseIntegerLookup(a *args) kind {
	a.off("sparse", "invert")
	a.absent("idf_weights", "salt")
	a.skip("vocabulary_dtype", "vocabulary_size", "has_input_vocabulary", "oov_method")
	c := &IntegerLookup{Encoding: Encoding{Mode: a.oneOf("output_mode", "int", "one_hot", "multi_hot", "count")}}
	if a.has("num_oov_indices") && a.positive("num_oov_indices") != 1 {
		a.fail("num_oov_indices must be 1: that of hashed numbers is not supported")
	}
	if !a.has("vocabulary") {
		a.fail("vocabulary is missing: an adapted layer writes it into the JSON when it is made anew with vocabulary=layer.get_vocabulary()")
	}
	vocabulary := a.numbers("vocabulary").values
	oov := a.float("oov_token", -1)
	if c.Mode == "int" && a.has("mask_token") {
		c.Keys, c.Indices, c.Unknown = append(c.Keys, a.float("mask_token", 0)), append(c.Indices, 0), 1
	}
	if a.has("mask_token") && c.Mode != "int" {
		c.Keys, c.Indices = append(c.Keys, a.float("mask_token", 0)), append(c.Indices, -1)
	}
	special := slices.Clone(c.Keys[:int(c.Unknown)])
	special = append(special, oov) // a list from get_vocabulary begins with the mask and what stands for unknown numbers
	if len(vocabulary) >= len(special) && slices.Equal(vocabulary[:len(special)], special) {
		vocabulary = vocabulary[len(special):]
	}
	known := map[float64]bool{}
	for i, v := range vocabulary {
		if known[v] {
			a.fail("vocabulary has %v twice", v)
		}
		known[v] = true
		c.Keys, c.Indices = append(c.Keys, v), append(c.Indices, c.Unknown+1+float64(i))
	}
	c.Depth = int(c.Unknown) + 1 + len(vocabulary)
	if a.bool("pad_to_max_tokens", false) && c.Mode != "int" {
		c.Depth = a.positive("max_tokens")
	}
	a.skip("max_tokens")
	return c
}

func (*IntegerLookup) weights([]int) []array { return nil }
