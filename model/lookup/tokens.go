package lookup

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// What a TextVectorization makes of a text before it is cut into tokens; "" leaves it as it is.
const (
	Lower      = "lower"
	Strip      = "strip_punctuation"
	LowerStrip = "lower_and_strip_punctuation"
)

// Where a TextVectorization cuts a text into tokens.
const (
	Whitespace = "whitespace"
	Character  = "character"
)

const (
	// MaxLength is the most indices of a text: those of a row are one array.
	MaxLength = 1 << 20
	// MaxNgram is the most tokens of an n-gram.
	MaxNgram = 16
)

// checkTokens checks what a TextVectorization has beside a vocabulary.
func (l *Lookup) checkTokens() error {
	switch {
	case !slices.Contains([]string{"", Lower, Strip, LowerStrip}, l.Standardize):
		return fmt.Errorf("standardize must be %s, %s, %s or none, found %q", Lower, Strip, LowerStrip, l.Standardize)
	case !slices.Contains([]string{Whitespace, Character}, l.Split):
		return fmt.Errorf("split must be %s or %s, found %q", Whitespace, Character, l.Split)
	case l.Length < 1 || l.Length > MaxLength:
		return fmt.Errorf("output_sequence_length must be from 1 to %d, found %d", MaxLength, l.Length)
	case l.Mask == nil || *l.Mask != "" || l.MaskIndex != 0 || l.OOV != 1:
		return fmt.Errorf("a %s has one index for tokens that it does not know, behind that of the empty mask", TextVectorization)
	}
	for _, n := range l.Ngrams {
		if n < 1 || n > MaxNgram {
			return fmt.Errorf("ngrams must be from 1 to %d, found %d", MaxNgram, n)
		}
	}
	return nil
}

// A tokenizer cuts texts into tokens.
type tokenizer struct {
	lower, strip, characters bool
	ngrams                   []int
}

func newTokenizer(l *Lookup) *tokenizer {
	t := &tokenizer{
		lower: l.Standardize == Lower || l.Standardize == LowerStrip, strip: l.Standardize == Strip || l.Standardize == LowerStrip,
		characters: l.Split == Character, ngrams: l.Ngrams,
	}
	if t.ngrams == nil {
		t.ngrams = []int{1}
	}
	return t
}

// Tokens is memory for the tokens of one text after the other. The zero Tokens is ready.
type Tokens struct {
	text []byte // the tokens, with a blank between them: what an n-gram is, too
	ends []int  // where each ends
}

// Indices writes the indices of the tokens of a text: the first len(out) of them, and 0 where there are fewer. It is for a TextVectorization, which has
// an index for every text.
//
// Source: keras/src/layers/preprocessing/text_vectorization.py.
func (e *Encoder) Indices(out []float32, text string, tokens *Tokens) {
	tokens.cut(e.tokenizer, text, len(out)+MaxNgram)
	n := 0
	for _, size := range e.tokenizer.ngrams {
		start := 0
		for i := size - 1; i < len(tokens.ends) && n < len(out); i++ {
			index, ok := e.known[string(tokens.text[start:tokens.ends[i]])]
			if !ok {
				index = float64(e.first)
			}
			out[n] = float32(index)
			n++
			start = tokens.ends[i-size+1] + 1
		}
	}
	clear(out[n:])
}

// cut finds the first tokens of a text, at most so many: an n-gram begins with each of them but for the last ones.
//
// Source: TensorFlow's string_lower_op (without an encoding: of ASCII), string_split_op (without a separator) and unicode_ops.
func (t *Tokens) cut(by *tokenizer, text string, most int) {
	t.text, t.ends = t.text[:0], t.ends[:0]
	start := 0 // of the token at hand
	end := func() {
		t.ends = append(t.ends, len(t.text))
		t.text = append(t.text, ' ')
		start = len(t.text)
	}
	for i := 0; i < len(text) && len(t.ends) < most; {
		c, size := text[i], 1
		if by.characters && c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRuneInString(text[i:])
			t.text = utf8.AppendRune(t.text, r)
			end()
			i += size
			continue
		}
		i++
		switch {
		case by.strip && punctuation[c]:
		case !by.characters && white[c]:
			if len(t.text) > start {
				end()
			}
		default:
			if by.lower && 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if t.text = append(t.text, c); by.characters {
				end()
			}
		}
	}
	if len(t.text) > start && len(t.ends) < most {
		end()
	}
}

// white are the bytes that stand between words, punctuation those that are stripped.
var white, punctuation = bytesIn("\t\n\v\f\r "), bytesIn("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")

func bytesIn(text string) (in [256]bool) {
	for _, c := range []byte(text) {
		in[c] = true
	}
	return in
}
