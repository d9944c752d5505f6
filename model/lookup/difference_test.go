package lookup

import "testing"

func TestDifference(t *testing.T) {
	empty, dash := "", "-"
	words := &Lookup{Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2, Mask: &empty}
	for want, o := range map[string]*Lookup{
		"": {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2, Mask: &empty},
		"the layer is StringLookup there and Hashing here":            {Layer: Hashing, Bins: 4},
		"num_oov_indices is 2 there and 1 here":                       {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 1, Mask: &empty},
		`the mask is "" there and None here`:                          {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2},
		`the mask is "" there and "-" here`:                           {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2, Mask: &dash},
		"the index of the mask is 0 there and -1 here":                {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2, Mask: &empty, MaskIndex: -1},
		`text 2 of the vocabulary is "b" there and "c" here`:          {Layer: StringLookup, Vocabulary: []string{"a", "c"}, OOV: 2, Mask: &empty},
		"the number of texts in the vocabulary is 2 there and 3 here": {Layer: StringLookup, Vocabulary: []string{"a", "b", "c"}, OOV: 2, Mask: &empty},
		"the salt is [] there and [1 2] here":                         {Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 2, Mask: &empty, Salt: []uint64{1, 2}},
	} {
		if got := words.Difference(o); got != want || (got == "") != words.Equal(o) {
			t.Errorf("%+v: %s, want %s", o, got, want)
		}
	}
	bins := &Lookup{Layer: Hashing, Bins: 4}
	for want, o := range map[string]*Lookup{
		"num_bins is 4 there and 5 here":           {Layer: Hashing, Bins: 5},
		"the dtype is string there and int64 here": {Layer: Hashing, Bins: 4, Numbers: "int64"},
	} {
		if got := bins.Difference(o); got != want {
			t.Errorf("%+v: %s, want %s", o, got, want)
		}
	}
}
