package keras

import (
	"slices"

	"github.com/beamfit/beamfit/model/lookup"
)

// parseTextVectorization reads a layer that cuts a text into tokens and gives their indices, as many for every text: rows hold them.
//
// Source: keras/src/layers/preprocessing/text_vectorization.py.
func parseTextVectorization(a *args) kind {
	a.off("ragged")
	if encoding := a.string("encoding", "utf-8"); encoding != "utf-8" {
		a.fail("encoding %q is not supported, only utf-8", encoding)
	}
	if mode := a.string("output_mode", "int"); mode != "int" {
		a.fail("output_mode %q is not supported, only int: a text has any number of tokens, and rows hold as many numbers each", mode)
	}
	if !a.has("output_sequence_length") {
		a.fail("output_sequence_length is missing: rows hold as many numbers each")
	}
	empty := ""
	e, v := parseVocabulary(a, wordReader[string]{
		list:    a.texts,
		token:   func(string) *string { return &empty },
		unknown: "[UNK]",
	})
	c := &TextLookup{Encoding: e, lookup: lookup.Lookup{
		Layer: lookup.TextVectorization, Vocabulary: v.words, OOV: v.oov, Mask: v.mask,
		Standardize: a.orNone("standardize", lookup.LowerStrip, lookup.Lower, lookup.Strip),
		Split:       a.oneOf("split", lookup.Whitespace, lookup.Character),
		Ngrams:      a.ngrams(),
		Length:      a.positive("output_sequence_length"),
	}}
	if _, given := a.obj["split"]; given && !a.has("split") {
		a.fail("split None is not supported: a StringLookup has the index of a whole text")
	}
	a.checkLookup(&c.lookup)
	return c
}

// orNone reads a text that must be one of the allowed ones, the first of which is the default, or null, which is "".
func (a *args) orNone(key string, allowed ...string) string {
	if v, given := a.obj[key]; given && v == nil {
		return ""
	}
	if a.err == nil && a.has(key) {
		if _, text := a.obj[key].(string); !text {
			a.fail("%s is a function of its own (found %s), which is never executed", key, objectName(a.obj[key]))
		}
	}
	return a.oneOf(key, allowed...)
}

// ngrams reads of how many tokens in a row an index is: a list, or up to a number; nil: of one.
func (a *args) ngrams() []int {
	v, given := a.get("ngrams")
	if !given {
		return nil
	}
	var all []int
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			a.wrong("ngrams", "null, an integer or a list of some")
		}
		all = a.ints("ngrams")
	} else {
		for n := range min(a.positive("ngrams"), lookup.MaxNgram+1) {
			all = append(all, n+1)
		}
	}
	if slices.Equal(all, []int{1}) {
		return nil
	}
	return all
}
