package lookup

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A kerasCase is what Keras' own layer says about texts: scripts/keras-fixtures/lookups.py.
type kerasCase struct {
	Lookup *Lookup
	Texts  []string
	// Indices has null for a text that Keras refuses.
	Indices []*float64
	// Tokens are the indices of each text, of a layer that cuts it.
	Tokens [][]float32
}

func kerasCases(t *testing.T) map[string]kerasCase {
	t.Helper()
	text, err := os.ReadFile("testdata/keras.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]kerasCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 15 {
		t.Fatalf("%d cases only", len(cases))
	}
	return cases
}

func TestIndicesAreKeras(t *testing.T) {
	for name, c := range kerasCases(t) {
		t.Run(name, func(t *testing.T) {
			if err := c.Lookup.Check(); err != nil {
				t.Fatal(err)
			}
			e := c.Lookup.Encoder()
			var tokens Tokens
			for i, text := range c.Texts {
				if c.Tokens != nil {
					got := slices.Repeat([]float32{-1}, c.Lookup.Width())
					if e.Indices(got, text, &tokens); !slices.Equal(got, c.Tokens[i]) {
						t.Errorf("%q has the indices %v, Keras says %v", text, got, c.Tokens[i])
					}
					continue
				}
				index, err := e.Index(text)
				switch want := c.Indices[i]; {
				case want == nil && err == nil:
					t.Errorf("%q has index %v, Keras refuses it", text, index)
				case want != nil && (err != nil || index != *want):
					t.Errorf("%q has index %v (%v), Keras says %v", text, index, err, *want)
				case err == nil && index >= float64(c.Lookup.Indices()):
					t.Errorf("%q has index %v of %d", text, index, c.Lookup.Indices())
				}
			}
		})
	}
}

func TestJSONGivesTheSame(t *testing.T) {
	var all []*Lookup
	for _, c := range kerasCases(t) {
		all = append(all, c.Lookup)
	}
	for i, l := range all {
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var again Lookup
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatal(err)
		}
		for k, o := range all {
			if same := reflect.DeepEqual(l, o); again.Equal(o) != same || o.Equal(&again) != same || i == k && !same {
				t.Errorf("%s equals %+v: %v", text, o, !same)
			}
		}
	}
}

func TestNumbersAsAnInputTakesThem(t *testing.T) {
	mask := "3"
	for _, c := range []struct {
		dtype, text, same string // "": refused
	}{
		{"int64", "-12.9", "-12"},
		{"int64", "1e3", "1000"},
		{"int64", "007", "7"},
		{"int64", "3.5", "3"},
		{"int64", "9223372036854775807", "9223372036854775807"},
		{"int64", "9223372036854775808", ""},
		{"int32", "2147483648", ""},
		{"uint8", "-1", ""},
		{"uint8", "-0.5", "0"},
		{"float32", "16777217", "16777216"},
		{"float64", "16777217", "16777217"},
		{"float32", "NaN", ""},
		{"float32", "1e30", ""},
		{"float32", "abc", ""},
		{"int64", "", ""},
	} {
		e := (&Lookup{Layer: Hashing, Bins: 1 << 20, Numbers: c.dtype, Mask: &mask}).Encoder()
		index, err := e.Index(c.text)
		if (err != nil) != (c.same == "") {
			t.Errorf("%s %q: %v", c.dtype, c.text, err)
		}
		if err != nil {
			continue
		}
		text := (&Lookup{Layer: Hashing, Bins: 1 << 20, Mask: &mask}).Encoder()
		if want, _ := text.Index(c.same); index != want {
			t.Errorf("%s %q has index %v, %q has %v", c.dtype, c.text, index, c.same, want)
		}
	}
	// A float with something behind the point is not the mask, though it is hashed without it.
	e := (&Lookup{Layer: Hashing, Bins: 1 << 20, Numbers: "float32", Mask: &mask}).Encoder()
	if masked, _ := e.Index("3.0"); masked != 0 {
		t.Errorf("the mask has index %v", masked)
	}
	if index, _ := e.Index("3.5"); index == 0 {
		t.Error("3.5 is the mask 3")
	}
}

// tokens is a TextVectorization that is changed.
func tokens(change func(*Lookup)) Lookup {
	empty := ""
	l := Lookup{Layer: TextVectorization, Vocabulary: []string{"a"}, OOV: 1, Mask: &empty, Split: Whitespace, Length: 3}
	change(&l)
	return l
}

func TestCheckRefuses(t *testing.T) {
	a, half := "a", "0.5"
	for want, l := range map[string]Lookup{
		`layer must be StringLookup, Hashing or TextVectorization, found "Dense"`: {Layer: "Dense"},
		`the vocabulary is empty`:                                                                      {Layer: StringLookup, OOV: 1},
		`vocabulary has "b" twice`:                                                                     {Layer: StringLookup, Vocabulary: []string{"b", "a", "b"}},
		`vocabulary has the mask "a", which is not one of its texts`:                                   {Layer: StringLookup, Vocabulary: []string{"b", "a"}, Mask: &a},
		`num_oov_indices must be from 0 to 16777216, found -1`:                                         {Layer: StringLookup, Vocabulary: []string{"b"}, OOV: -1},
		`num_oov_indices must be from 0 to 16777216, found 922337203`:                                  {Layer: StringLookup, Vocabulary: []string{"b"}, OOV: math.MaxInt64},
		`a StringLookup of 16777217 indices is not supported`:                                          {Layer: StringLookup, Vocabulary: []string{"b"}, OOV: MaxIndices},
		`mask_index must be 0, or -1 beside a mask, found -1`:                                          {Layer: StringLookup, Vocabulary: []string{"b"}, MaskIndex: -1},
		`a StringLookup has no num_bins and no numbers, found 3`:                                       {Layer: StringLookup, Vocabulary: []string{"b"}, Bins: 3},
		`a Hashing of 0 indices is not supported`:                                                      {Layer: Hashing},
		`a Hashing of 16777217 indices is not supported`:                                               {Layer: Hashing, Bins: MaxIndices + 1},
		`salt must be two numbers, found 1`:                                                            {Layer: Hashing, Bins: 3, Salt: []uint64{1}},
		`a Hashing has no vocabulary`:                                                                  {Layer: Hashing, Bins: 3, Vocabulary: []string{"b"}},
		`numbers of dtype "bool" are not supported`:                                                    {Layer: Hashing, Bins: 3, Numbers: "bool"},
		`the mask of numbers must be a whole one, found "0.5"`:                                         {Layer: Hashing, Bins: 3, Numbers: "float32", Mask: &half},
		`a StringLookup has no tokens, found standardize "lower"`:                                      {Layer: StringLookup, Vocabulary: []string{"b"}, Standardize: Lower},
		`a Hashing has no tokens`:                                                                      {Layer: Hashing, Bins: 3, Length: 1},
		`standardize must be lower, strip_punctuation, lower_and_strip_punctuation or none, found "x"`: tokens(func(l *Lookup) { l.Standardize = "x" }),
		`split must be whitespace or character, found ""`:                                              tokens(func(l *Lookup) { l.Split = "" }),
		`output_sequence_length must be from 1 to 1048576, found 0`:                                    tokens(func(l *Lookup) { l.Length = 0 }),
		`ngrams must be from 1 to 16, found 17`:                                                        tokens(func(l *Lookup) { l.Ngrams = []int{1, 17} }),
		`a TextVectorization has one index for tokens that it does not know`:                           tokens(func(l *Lookup) { l.OOV = 2 }),
		`a TextVectorization has a vocabulary and no num_bins`:                                         tokens(func(l *Lookup) { l.Bins = 2 }),
		`a TextVectorization of 16777218 indices`:                                                      tokens(func(l *Lookup) { l.Vocabulary = make([]string, MaxIndices) }),
		`the mask of numbers must be a whole one, found "a"`:                                           {Layer: Hashing, Bins: 3, Numbers: "int64", Mask: &a},
	} {
		if err := l.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, expected %s", l, err, want)
		}
	}
}

func TestUnknownTextIsNamed(t *testing.T) {
	e := (&Lookup{Layer: StringLookup, Vocabulary: []string{"a", "b"}}).Encoder()
	_, err := e.Index(strings.Repeat("é", 1000))
	want := `"` + strings.Repeat("é", 60) + `"... is not in the vocabulary of 2 texts, and the layer has no index for others (num_oov_indices is 0)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, expected %s", err, want)
	}
}

func TestIndexAllocatesNothing(t *testing.T) {
	mask, long := "", strings.Repeat("long ", 50)
	for _, l := range []*Lookup{
		{Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 7, Mask: &mask},
		{Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 7, Salt: []uint64{1, 2}},
		{Layer: Hashing, Bins: 1000},
		{Layer: Hashing, Bins: 1000, Salt: []uint64{1, 2}},
		{Layer: Hashing, Bins: 1000, Numbers: "int64"},
		{Layer: Hashing, Bins: 1000, Numbers: "float32", Salt: []uint64{1, 2}},
	} {
		e, texts := l.Encoder(), []string{"a", "", long}
		if l.Numbers != "" {
			texts = []string{"1", "-8388608", "0"}
		}
		if n := testing.AllocsPerRun(100, func() {
			for _, text := range texts {
				if _, err := e.Index(text); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations", l, n)
		}
	}
}

func TestIndicesAllocateNothing(t *testing.T) {
	mask, long := "", strings.Repeat("Long ü ", 50)
	for _, l := range []*Lookup{
		{Layer: TextVectorization, Vocabulary: []string{"a", "long ü"}, OOV: 1, Mask: &mask, Standardize: LowerStrip, Split: Whitespace, Ngrams: []int{1, 2}, Length: 60},
		{Layer: TextVectorization, Vocabulary: []string{"a", "b"}, OOV: 1, Mask: &mask, Split: Character, Length: 500},
	} {
		e, out := l.Encoder(), make([]float32, l.Width())
		var tokens Tokens
		e.Indices(out, long, &tokens)
		if n := testing.AllocsPerRun(100, func() {
			for _, text := range []string{"a", "", long} {
				e.Indices(out, text, &tokens)
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations", l, n)
		}
	}
}

// FuzzIndices: every text has indices of the vocabulary or of what is not in it, and 0 behind the last one; more room changes none.
func FuzzIndices(f *testing.F) {
	for _, text := range []string{"", "a b", "a\xffb", "\xe6\xbc", "A.B\u00a0b \t漢 a b c", strings.Repeat("x ", 100)} {
		f.Add(text, 3)
	}
	mask := ""
	f.Fuzz(func(t *testing.T, text string, n int) {
		for _, l := range []*Lookup{
			{Standardize: LowerStrip, Split: Whitespace},
			{Standardize: Lower, Split: Character},
			{Standardize: Strip, Split: Whitespace, Ngrams: []int{2, 1}},
			{Split: Character, Ngrams: []int{3}},
		} {
			l.Layer, l.Vocabulary, l.OOV, l.Mask, l.Length = TextVectorization, []string{"a", "b", "a b", "漢"}, 1, &mask, 1+max(n, -n)%50
			if err := l.Check(); err != nil {
				t.Fatal(err)
			}
			out, more := make([]float32, l.Length), make([]float32, l.Length+7)
			var tokens Tokens
			l.Encoder().Indices(out, text, &tokens)
			l.Encoder().Indices(more, text, &tokens)
			if !slices.Equal(out, more[:l.Length]) {
				t.Errorf("%+v: %q has the indices %v, and %v where there is more room", l, text, out, more)
			}
			end := slices.Index(more, 0)
			for i, index := range more {
				if index < 0 || index >= float32(l.Indices()) || index != float32(int(index)) || end >= 0 && i > end && index != 0 {
					t.Errorf("%+v: %q has the indices %v", l, text, more)
				}
			}
		}
	})
}

func FuzzIndex(f *testing.F) {
	for _, text := range []string{"", "a", "-1.5", "9223372036854775808", strings.Repeat("x", 100), "\xff"} {
		f.Add(text)
	}
	mask := "7"
	lookups := []*Lookup{
		{Layer: StringLookup, Vocabulary: []string{"a", "b"}, OOV: 3, Mask: &mask, MaskIndex: -1},
		{Layer: Hashing, Bins: 5, Mask: &mask, Salt: []uint64{1, 2}},
		{Layer: Hashing, Bins: 5, Mask: &mask, Numbers: "float32"},
		{Layer: Hashing, Bins: 2, Mask: &mask, Numbers: "uint8"},
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range lookups {
			if index, err := l.Encoder().Index(text); err == nil && (index < float64(l.MaskIndex) || index >= float64(l.Indices()) || index != math.Trunc(index)) {
				t.Errorf("%+v: %q has index %v", l, text, index)
			}
		}
	})
}
