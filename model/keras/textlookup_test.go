package keras

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/model/lookup"
)

// ofTextChain is a chain of one layer, on an input of a dtype.
func ofTextChain(dtype, shape, class, args string) string {
	return strings.Replace(chain(shape, class, args), `"name": "in"`, fmt.Sprintf(`"name": "in", "dtype": %q`, dtype), 1)
}

func TestLookups(t *testing.T) {
	empty, minusOne, seven := "", "-1", "7"
	words := []string{"red", "green"}
	for _, tt := range []struct {
		dtype, shape, class, args string
		want                      lookup.Lookup
		out                       []int
	}{
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["red", "green"]`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["[UNK]", "red", "green"], "oov_token": "[UNK]"`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["?", "red", "green"], "oov_token": "?"`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["[UNK]", "red"], "num_oov_indices": 2`, lookup.Lookup{Layer: "StringLookup", Vocabulary: []string{"[UNK]", "red"}, OOV: 2}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["", "[UNK]", "[UNK]", "red", "green"], "num_oov_indices": 2, "mask_token": "", "salt": 7`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 2, Mask: &empty, Salt: []uint64{7, 7}}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["red", "green"], "num_oov_indices": 0, "salt": null`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words}, []int{3}},
		{"string", "[null, 3]", "StringLookup", `"vocabulary": ["red", "green"], "mask_token": "", "output_mode": "count", "salt": [1, 2]`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1, Mask: &empty, MaskIndex: -1}, []int{3}},
		{"string", "[null, 1]", "StringLookup", `"vocabulary": ["red", "green"], "output_mode": "one_hot"`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{3}},
		{"string", "[null, 4]", "StringLookup", `"vocabulary": ["red", "green"], "output_mode": "one_hot"`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{4, 3}},
		{"string", "[null, 4]", "StringLookup", `"vocabulary": ["red", "green"], "output_mode": "multi_hot", "max_tokens": 9, "pad_to_max_tokens": true`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{9}},
		{"string", "[null, 4]", "StringLookup", `"vocabulary": {"class_name": "__numpy__", "config": {"value": ["red", "green"], "dtype": "<U5"}}`, lookup.Lookup{Layer: "StringLookup", Vocabulary: words, OOV: 1}, []int{4}},
		{"string", "[null, 2]", "Hashing", `"num_bins": 5`, lookup.Lookup{Layer: "Hashing", Bins: 5}, []int{2}},
		{"string", "[null, 2]", "Hashing", `"num_bins": 5, "mask_value": "", "salt": [-1, 2], "output_mode": "count", "dtype": "float32"`, lookup.Lookup{Layer: "Hashing", Bins: 5, Mask: &empty, Salt: []uint64{1<<64 - 1, 2}}, []int{5}},
		{"int32", "[null, 2]", "Hashing", `"num_bins": 5, "mask_value": -1, "dtype": "int64"`, lookup.Lookup{Layer: "Hashing", Bins: 5, Numbers: "int32", Mask: &minusOne}, []int{2}},
		{"float32", "[null, 2]", "Hashing", `"num_bins": 5, "mask_value": 7.0`, lookup.Lookup{Layer: "Hashing", Bins: 5, Numbers: "float32", Mask: &seven}, []int{2}},
		{"string", "[null, 1]", "TextVectorization", `"vocabulary": ["red", "green"], "output_sequence_length": 4, "dtype": "string"`, lookup.Lookup{Layer: "TextVectorization", Vocabulary: words, OOV: 1, Mask: &empty, Standardize: "lower_and_strip_punctuation", Split: "whitespace", Length: 4}, []int{4}},
		{"string", "[null]", "TextVectorization", `"vocabulary": ["", "[UNK]", "red", "green"], "output_sequence_length": 4, "standardize": null, "split": "character", "ngrams": 3`, lookup.Lookup{Layer: "TextVectorization", Vocabulary: words, OOV: 1, Mask: &empty, Split: "character", Ngrams: []int{1, 2, 3}, Length: 4}, []int{4}},
		{"string", "[null, 1]", "TextVectorization", `"vocabulary": ["red", "green"], "output_sequence_length": 1, "standardize": "lower", "ngrams": [2, 1], "encoding": "utf-8"`, lookup.Lookup{Layer: "TextVectorization", Vocabulary: words, OOV: 1, Mask: &empty, Standardize: "lower", Split: "whitespace", Ngrams: []int{2, 1}, Length: 1}, []int{1}},
	} {
		t.Run(tt.class+" "+tt.args, func(t *testing.T) {
			s, err := Parse([]byte(ofTextChain(tt.dtype, tt.shape, tt.class, tt.args)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]*lookup.Lookup{&tt.want}, s.Lookups); diff != "" {
				t.Errorf("want (-), found (+):\n%s", diff)
			}
			if out := s.OutputShapes()[0]; !slices.Equal(out, tt.out) {
				t.Errorf("the result has shape %v, want %v", out, tt.out)
			}
		})
	}
}

// TestNumbersNeedNoLookup: an input of numbers has none.
func TestNumbersNeedNoLookup(t *testing.T) {
	s, err := Parse([]byte(chain("[null, 2]", "IntegerLookup", `"vocabulary": [1, 2]`)))
	if err != nil || len(s.Lookups) != 1 || s.Lookups[0] != nil {
		t.Errorf("lookups %v, %v", s.Lookups, err)
	}
}

func TestInverseFrequencies(t *testing.T) {
	for _, tt := range []struct {
		args string
		want []float64
	}{
		{`"vocabulary": ["a", "b"], "idf_weights": [1, 2]`, []float64{1.5, 1, 2}},
		{`"vocabulary": ["[UNK]", "a", "b"], "idf_weights": [0.5, 1, 2]`, []float64{0.5, 1, 2}},
		{`"vocabulary": ["a", "b"], "idf_weights": [1, 2], "num_oov_indices": 0`, []float64{1, 2}},
		{`"vocabulary": ["a", "b"], "idf_weights": [1, 2], "num_oov_indices": 2, "max_tokens": 6, "pad_to_max_tokens": true`, []float64{1.5, 1.5, 1, 2, 0, 0}},
	} {
		s, err := Parse([]byte(ofTextChain("string", "[null, 4]", "StringLookup", tt.args+`, "output_mode": "tf_idf"`)))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := s.Calls[0].Layer.Config.(*TextLookup).IDF(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.args, got, tt.want)
		}
	}
	text := strings.Replace(ofTextChain("string", "[null, 4]", "StringLookup", `"vocabulary": ["a"], "idf_weights": [1], "output_mode": "tf_idf"`), "{", `{"keras_version": "2.15.0", `, 1)
	refused(t, text, `output_mode tf_idf of Keras 2 is not supported`)
}

// TestRefusedTexts: what takes text, and what else may take it.
func TestRefusedTexts(t *testing.T) {
	input := func(name, dtype string) string {
		return fmt.Sprintf(`{"class_name": "InputLayer", "name": %[1]q, "config": {"name": %[1]q, "dtype": %[2]q, "batch_shape": [null, 2]}, "inbound_nodes": []}`, name, dtype)
	}
	layer := func(name, class, args string, from ...string) string {
		return fmt.Sprintf(`{"class_name": %q, "name": %[2]q, "config": {"name": %[2]q, %[3]s}, "inbound_nodes": [[["%[4]s", 0, 0, {}]]]}`, class, name, args, strings.Join(from, `", 0, 0, {}], ["`))
	}
	model := func(out string, layers ...string) string {
		return fmt.Sprintf(`{"class_name": "Functional", "config": {"name": "m", "layers": [%s], "input_layers": [["a", 0, 0]], "output_layers": [%s]}}`, strings.Join(layers, ", "), out)
	}
	words, others := `"vocabulary": ["x", "y"]`, `"vocabulary": ["x", "z"]`
	const one, both = `["p", 0, 0]`, `["p", 0, 0], ["q", 0, 0]`
	for _, tt := range []struct{ name, text, want string }{
		{"two lookups", model(both, input("a", "string"), layer("p", "StringLookup", words, "a"), layer("q", "StringLookup", others, "a")), `layer "q" (StringLookup): takes input "a", of which layer "p" makes other indices; give the model two inputs of that column`},
		{"another layer", model(both, input("a", "string"), layer("p", "StringLookup", words, "a"), layer("q", "Dense", `"units": 2`, "a")), `layer "q" (Dense): takes input "a", of which layer "p" makes indices, and nothing else can take it; give the model two inputs`},
		{"an output", model(`["p", 0, 0], ["a", 0, 0]`, input("a", "string"), layer("p", "StringLookup", words, "a")), `an output takes input "a"`},
		{"no lookup", model(one, input("a", "string"), layer("p", "Dense", `"units": 2`, "a")), `input "a" is one of text (dtype string): a StringLookup, Hashing or TextVectorization must take it`},
		{"scalars", strings.Replace(model(one, input("a", "string"), layer("p", "StringLookup", words, "a")), "[null, 2]", "[null]", 1), `input "a" has the batch dimension only, and must have one more`},
		{"no input", model(`["q", 0, 0]`, input("a", "float32"), layer("p", "Dense", `"units": 2`, "a"), layer("q", "Hashing", `"num_bins": 3`, "p")), `layer "q" (Hashing): takes what other layers made; it must take an input of the model`},
		{"numbers", model(one, input("a", "int64"), layer("p", "StringLookup", words, "a")), `layer "p" (StringLookup): takes text, its input has the dtype int64`},
		{"truth values", model(one, input("a", "bool"), layer("p", "Hashing", `"num_bins": 3`, "a")), `layer "p" (Hashing): an input of the dtype bool is not supported (known: string, `},
		{"a mask of text", model(one, input("a", "int64"), layer("p", "Hashing", `"num_bins": 3, "mask_value": "x"`, "a")), `mask_value must be a number, as the input is one of int64, found "x"`},
		{"half a mask", model(one, input("a", "float32"), layer("p", "Hashing", `"num_bins": 3, "mask_value": 0.5`, "a")), `layer "p" (Hashing): the mask of numbers must be a whole one, found "0.5"`},
		{"in steps", model(one, input("a", "string"), layer("p", "TimeDistributed", `"layer": {"class_name": "StringLookup", "config": {"vocabulary": ["x"]}}`, "a")), `layer "p" (TimeDistributed): layer: StringLookup: is not supported inside another layer`},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, tt.text, tt.want) })
	}
	same := model(both, input("a", "string"), layer("p", "StringLookup", words, "a"), layer("q", "StringLookup", `"vocabulary": ["[UNK]", "x", "y"], "output_mode": "one_hot"`, "a"))
	if s, err := Parse([]byte(same)); err != nil || s.Lookups[0] == nil {
		t.Errorf("two layers that make the same indices: %v", err)
	}
}
