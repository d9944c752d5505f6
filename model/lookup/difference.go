package lookup

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Difference says what is the first thing in which o is not as l is, for an error that is about l; "": they are Equal.
func (l *Lookup) Difference(o *Lookup) string {
	differ := func(what, mine, other string) string {
		return fmt.Sprintf("%s is %s there and %s here", what, mine, other)
	}
	number := func(what string, mine, other int) string { return differ(what, fmt.Sprint(mine), fmt.Sprint(other)) }
	switch {
	case l.Layer != o.Layer:
		return differ("the layer", l.Layer, o.Layer)
	case l.Bins != o.Bins:
		return number("num_bins", l.Bins, o.Bins)
	case l.OOV != o.OOV:
		return number("num_oov_indices", l.OOV, o.OOV)
	case l.Numbers != o.Numbers:
		return differ("the dtype", cmp.Or(l.Numbers, "string"), cmp.Or(o.Numbers, "string"))
	case maskText(l.Mask) != maskText(o.Mask):
		return differ("the mask", maskText(l.Mask), maskText(o.Mask))
	case l.MaskIndex != o.MaskIndex:
		return number("the index of the mask", l.MaskIndex, o.MaskIndex)
	case l.Standardize != o.Standardize:
		return differ("standardize", cmp.Or(l.Standardize, "None"), cmp.Or(o.Standardize, "None"))
	case l.Split != o.Split:
		return differ("split", l.Split, o.Split)
	case !slices.Equal(l.Ngrams, o.Ngrams):
		return differ("ngrams", fmt.Sprint(l.Ngrams), fmt.Sprint(o.Ngrams))
	case l.Length != o.Length:
		return number("output_sequence_length", l.Length, o.Length)
	case !slices.Equal(l.Salt, o.Salt):
		return differ("the salt", fmt.Sprint(l.Salt), fmt.Sprint(o.Salt))
	}
	for i := range min(len(l.Vocabulary), len(o.Vocabulary)) {
		if l.Vocabulary[i] != o.Vocabulary[i] {
			return differ(fmt.Sprintf("text %d of the vocabulary", i+1), short(l.Vocabulary[i]), short(o.Vocabulary[i]))
		}
	}
	if len(l.Vocabulary) != len(o.Vocabulary) {
		return number("the number of texts in the vocabulary", len(l.Vocabulary), len(o.Vocabulary))
	}
	return ""
}

func maskText(mask *string) string {
	if mask == nil {
		return "None"
	}
	return strconv.Quote(*mask)
}
