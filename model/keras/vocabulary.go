package keras

import (
	"fmt"
	"slices"

	"github.com/beamfit/beamfit/model/lookup"
)

// A vocabulary is what IntegerLookup and StringLookup have in common: words, with an index each.
type vocabulary[T comparable] struct {
	words []T
	mask  *T // stands for a value that is missing; nil: none does
	// start is the first index of words that are not in the vocabulary, 1 where the mask has index 0. They have oov indices, and those of the
	// vocabulary follow.
	start, oov int
}

// first is the index of the first word.
func (v *vocabulary[T]) first() int { return v.start + v.oov }

// maskIndex is the index of the mask: 0, or -1, which counts for nothing.
func (v *vocabulary[T]) maskIndex() int { return v.start - 1 }

// A wordReader reads arguments that are words.
type wordReader[T comparable] struct {
	list  func(key string) []T
	token func(key string) *T
	// unknown is oov_token where the JSON has none.
	unknown T
}

// parseVocabulary reads the arguments of a lookup.
//
// Source: keras/src/layers/preprocessing/index_lookup.py.
func parseVocabulary[T comparable](a *args, r wordReader[T]) (Encoding, vocabulary[T]) {
	a.off("sparse", "invert")
	a.skip("vocabulary_dtype", "vocabulary_size", "has_input_vocabulary")
	e := Encoding{Mode: a.oneOf("output_mode", "int", "one_hot", "multi_hot", "count", "tf_idf")}
	v := vocabulary[T]{mask: r.token("mask_token"), oov: a.count("num_oov_indices", 1)}
	if e.Mode == "int" && v.mask != nil {
		v.start = 1
	}
	if !a.has("vocabulary") {
		a.fail("vocabulary is missing: a layer that was adapted has it in its .keras file, and in the JSON when it is made anew with " +
			"vocabulary=layer.get_vocabulary()")
	}
	listed := r.list("vocabulary")
	if a.has("oov_token") {
		r.unknown = *r.token("oov_token")
	}
	tokens := v.first() // a list from get_vocabulary begins with the mask and what stands for unknown words
	withTokens := tokens <= len(listed) && (v.start == 0 || listed[0] == *v.mask) &&
		!slices.ContainsFunc(listed[v.start:tokens], func(w T) bool { return w != r.unknown })
	if v.words = listed; withTokens {
		v.words = listed[tokens:]
	}
	checkWords(a, v)
	e.Depth = tokens + len(v.words)
	if a.has("max_tokens") && e.Depth > a.positive("max_tokens") {
		a.fail("vocabulary has %d words and tokens, more than max_tokens, %d", e.Depth, a.positive("max_tokens"))
	}
	if a.bool("pad_to_max_tokens", false) && e.Mode != "int" {
		e.Depth = a.positive("max_tokens")
	}
	if a.err == nil && e.Depth > lookup.MaxIndices {
		a.fail("%d indices are not supported: there can be at most %d, since rows hold them as float32", e.Depth, lookup.MaxIndices)
	}
	e.idf = a.inverseFrequency(e.Mode, len(listed))
	if !withTokens {
		e.idf.first = tokens
	}
	return e, v
}

// checkWords refuses vocabularies that Keras refuses.
func checkWords[T comparable](a *args, v vocabulary[T]) {
	if len(v.words) == 0 {
		a.fail("vocabulary is empty")
	}
	known := make(map[T]bool, len(v.words))
	for _, w := range v.words {
		if known[w] {
			a.fail("vocabulary has %s twice", show(w))
		}
		known[w] = true
	}
	if v.mask != nil && known[*v.mask] {
		a.fail("vocabulary has the mask_token %s, but not where it begins", show(*v.mask))
	}
}

// inverseFrequency reads the numbers of tf_idf, one for each word that is listed. Where no tokens are, these have the mean.
func (a *args) inverseFrequency(mode string, listed int) inverseFrequency {
	if mode != "tf_idf" {
		a.absent("idf_weights")
		return inverseFrequency{}
	}
	if beforeKeras3(a.version) {
		a.fail("output_mode tf_idf of Keras 2 is not supported: its numbers are weights of the model, which Keras 3 has in the JSON")
	}
	given := a.numbers("idf_weights")
	if a.err == nil && (len(given.shape) != 1 || len(given.values) != listed) {
		a.wrong("idf_weights", fmt.Sprintf("a list of as many numbers as the vocabulary has words, %d", listed))
	}
	idf := inverseFrequency{given: given.values}
	for _, v := range idf.given {
		idf.mean += v / float64(listed)
	}
	return idf
}
