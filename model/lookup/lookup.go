package lookup

import (
	"errors"
	"fmt"
	"slices"
)

// The classes of Keras' layers.
const (
	StringLookup      = "StringLookup"
	Hashing           = "Hashing"
	TextVectorization = "TextVectorization"
)

// MaxIndices is the largest number of indices: rows hold them as float32, which has the whole numbers up to 2^24.
const MaxIndices = 1 << 24

// A Lookup says which index a text has, or which indices its tokens have. Its JSON is kept in tables.
type Lookup struct {
	// Layer is the class of the layer.
	Layer string `json:"layer"`

	// Vocabulary are the texts of a StringLookup or the tokens of a TextVectorization, in the order of their indices, without what Keras writes before them.
	Vocabulary []string `json:"vocabulary,omitempty"`
	// OOV is how many indices there are for text that is not in the vocabulary, before those of the vocabulary. One of several is
	// chosen by a hash; where there is none, such a text has no index.
	OOV int `json:"num_oov_indices,omitempty"`

	// Bins is how many indices Hashing has, that of the mask included.
	Bins int `json:"num_bins,omitempty"`
	// Numbers is the dtype of the numbers that Hashing takes in the place of text; "": it takes text.
	Numbers string `json:"numbers,omitempty"`

	// Mask is the text that stands for a value that is missing; nil: none does. Of Numbers it is a whole number in decimal.
	Mask *string `json:"mask,omitempty"`
	// MaskIndex is the index of Mask: 0, before all others, or -1, which counts for nothing.
	MaskIndex int `json:"mask_index,omitempty"`
	// Standardize and Split say what is made of a text and where it is cut into tokens; Ngrams of how many tokens in a row an index is, first all of the first
	// number; nil: of one. Length is how many indices a text has: more are left out, and 0 fills up.
	Standardize string `json:"standardize,omitempty"`
	Split       string `json:"split,omitempty"`
	Ngrams      []int  `json:"ngrams,omitempty"`
	Length      int    `json:"length,omitempty"`

	// Salt is the key of the hash, two numbers: SipHash-2-4 then; nil: FarmHash's fingerprint.
	Salt []uint64 `json:"salt,omitempty"`
}

// Check says whether a Lookup, which may come from a foreign table, is one that an Encoder can be made of.
func (l *Lookup) Check() error {
	if err := l.checkFields(); err != nil {
		return err
	}
	if l.Salt != nil && len(l.Salt) != 2 {
		return fmt.Errorf("salt must be two numbers, found %d", len(l.Salt))
	}
	if n := l.Indices(); n < 1 || n > MaxIndices {
		return fmt.Errorf("a %s of %d indices is not supported: there must be 1 to %d, since rows hold them as float32", l.Layer, n, MaxIndices)
	}
	known := make(map[string]bool, len(l.Vocabulary))
	for _, text := range l.Vocabulary {
		if known[text] {
			return fmt.Errorf("vocabulary has %s twice", short(text))
		}
		known[text] = true
	}
	if l.Mask != nil && known[*l.Mask] {
		return fmt.Errorf("vocabulary has the mask %s, which is not one of its texts", short(*l.Mask))
	}
	return nil
}

// checkFields checks what each class has.
func (l *Lookup) checkFields() error {
	switch l.Layer {
	case StringLookup:
		switch {
		case l.Bins != 0 || l.Numbers != "":
			return fmt.Errorf("a StringLookup has no num_bins and no numbers, found %d and %q", l.Bins, l.Numbers)
		case len(l.Vocabulary) == 0:
			return errors.New("the vocabulary is empty")
		case l.OOV < 0 || l.OOV > MaxIndices:
			return fmt.Errorf("num_oov_indices must be from 0 to %d, found %d", MaxIndices, l.OOV)
		case l.MaskIndex != 0 && (l.MaskIndex != -1 || l.Mask == nil):
			return fmt.Errorf("mask_index must be 0, or -1 beside a mask, found %d", l.MaskIndex)
		}
		return l.checkOneIndex()
	case TextVectorization:
		if l.Bins != 0 || l.Numbers != "" || l.Salt != nil || len(l.Vocabulary) == 0 {
			return fmt.Errorf("a TextVectorization has a vocabulary and no num_bins, numbers or salt, found %d texts, %d, %q and %v",
				len(l.Vocabulary), l.Bins, l.Numbers, l.Salt)
		}
		return l.checkTokens()
	case Hashing:
		switch {
		case l.Vocabulary != nil || l.OOV != 0 || l.MaskIndex != 0:
			return fmt.Errorf("a Hashing has no vocabulary, num_oov_indices or mask_index, found %d texts, %d and %d", len(l.Vocabulary), l.OOV, l.MaskIndex)
		case l.Numbers != "" && !slices.Contains(Dtypes(), l.Numbers):
			return fmt.Errorf("numbers of dtype %q are not supported (known: %v)", l.Numbers, Dtypes())
		case l.Numbers != "" && l.Mask != nil:
			if v, err := dtypes[l.Numbers].parse(*l.Mask); err != nil || !v.whole {
				return fmt.Errorf("the mask of numbers must be a whole one, found %s", short(*l.Mask))
			}
		}
		return l.checkOneIndex()
	}
	return fmt.Errorf("layer must be %s, %s or %s, found %q", StringLookup, Hashing, TextVectorization, l.Layer)
}

// checkOneIndex refuses what only a layer has that cuts text into tokens.
func (l *Lookup) checkOneIndex() error {
	if l.Standardize != "" || l.Split != "" || l.Ngrams != nil || l.Length != 0 {
		return fmt.Errorf("a %s has no tokens, found standardize %q, split %q, ngrams %v and length %d", l.Layer, l.Standardize, l.Split, l.Ngrams, l.Length)
	}
	return nil
}

// Width is how many indices a text has.
func (l *Lookup) Width() int { return max(1, l.Length) }

// Equal says whether two Lookups give every text the same index. nil, which is none, equals nil only.
func (l *Lookup) Equal(o *Lookup) bool {
	if l == nil || o == nil {
		return l == o
	}
	return l.Difference(o) == ""
}

// Indices is how many indices there are: all are below it.
func (l *Lookup) Indices() int {
	if l.Layer == Hashing {
		return l.Bins
	}
	return l.start() + l.OOV + len(l.Vocabulary)
}

// start is the first index that a StringLookup has for text other than the mask.
func (l *Lookup) start() int {
	if l.Mask != nil && l.MaskIndex == 0 {
		return 1
	}
	return 0
}

// shown is how much of a text an error shows.
const shown = 60

// short is a text in quotes, cut where it is long.
func short(text string) string {
	if runes := []rune(text); len(runes) > shown {
		return fmt.Sprintf("%q...", string(runes[:shown]))
	}
	return fmt.Sprintf("%q", text)
}
