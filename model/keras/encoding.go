package keras

import (
	"fmt"
	"slices"
)

// Layers that encode numbers as categories. They have no gradient: what comes before them is not trained through them.

// An Encoding is how indices from 0 to Depth-1 leave a layer. Any other index counts for nothing.
type Encoding struct {
	// Mode is "int": as they are; "one_hot": each becomes Depth numbers, of which its own is 1; "multi_hot" and "count": whether and how
	// often each index is in a row, which must be a vector; "tf_idf": the count of each times its number of IDF.
	Mode  string
	Depth int
	idf   inverseFrequency
}

// inverseFrequency are the numbers of tf_idf: the first indices have the mean, then come given ones, and 0 for what is left of the depth.
type inverseFrequency struct {
	first int
	mean  float64
	given []float64
}

// IDF are the numbers of "tf_idf", Depth of them; nil in other modes.
func (e Encoding) IDF() []float64 {
	if e.Mode != "tf_idf" {
		return nil
	}
	all := make([]float64, e.Depth)
	for i := range e.idf.first {
		all[i] = e.idf.mean
	}
	copy(all[e.idf.first:], e.idf.given)
	return all
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
		if err := checkPairs(in, e.Depth); err != nil {
			return nil, err
		}
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
	return &CategoryEncoding{Encoding{Mode: a.oneOf("output_mode", "multi_hot", "one_hot", "count"), Depth: a.positive("num_tokens")}}
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
		a.fail("bin_boundaries is missing: the layer was not adapted, or by tf.keras, which has them in the JSON when it is made anew with " +
			"bin_boundaries=layer.bin_boundaries")
	}
	b := a.numbers("bin_boundaries")
	if a.err == nil && (len(b.shape) != 1 || !slices.IsSorted(b.values)) {
		a.wrong("bin_boundaries", "an increasing list of numbers")
	}
	return &Discretization{Encoding{Mode: a.oneOf("output_mode", "int", "one_hot", "multi_hot", "count"), Depth: len(b.values) + 1}, b.values}
}

func (c *Discretization) outputShape(in []int) ([]int, error) {
	if err := checkPairs(in, len(c.Boundaries)); err != nil {
		return nil, err
	}
	return c.Encoding.outputShape(in)
}

// checkPairs refuses rows of which each element would be compared with too many values.
func checkPairs(in []int, values int) error {
	if n, ok := elements(in, MaxRowElements); !ok || n > MaxRowElements/max(values, 1) {
		return fmt.Errorf("compares the elements of %s with %d values each: more than %d pairs per row", shapeText(in), values, MaxRowElements)
	}
	return nil
}

func (*Discretization) weights([]int) []array { return nil }
