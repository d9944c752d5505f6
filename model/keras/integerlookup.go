package keras

import "strconv"

// IntegerLookup encodes the place of a whole number in a vocabulary. Numbers that are not in it have an index of their own before the others, or OOV of
// them, by the remainder of a division; with Mode "int" MaskToken has index 0, before that, otherwise it counts for nothing. Numbers of more than 24
// bits are rounded to float32 as all values of rows are.
type IntegerLookup struct {
	Encoding
	// Keys have the indices Indices; those of other numbers begin with Unknown, and there are OOV of them.
	Keys, Indices []float64
	Unknown       float64
	OOV           int
}

// Class is "IntegerLookup".
func (*IntegerLookup) Class() string { return "IntegerLookup" }

// MaxOOV is how many indices there can be for numbers that are not in the vocabulary: a digit behind the remainder of a division by as many is a
// float32 still.
const MaxOOV = 1 << 23

func parseIntegerLookup(a *args) kind {
	e, v := parseVocabulary(a, wordReader[float64]{
		list: func(key string) []float64 {
			n := a.numbers(key)
			if a.err == nil && len(n.shape) != 1 {
				a.wrong(key, "a list of numbers")
			}
			return n.values
		},
		token: func(key string) *float64 {
			if !a.has(key) {
				return nil
			}
			token := a.float(key, 0)
			return &token
		},
		unknown: -1,
	})
	c := &IntegerLookup{Encoding: e, Unknown: float64(v.start), OOV: v.oov}
	if v.oov == 0 {
		a.fail("num_oov_indices must be at least 1: with 0 Keras stops at a number that is not in the vocabulary")
	}
	if v.oov > MaxOOV {
		a.fail("num_oov_indices %d is not supported: there can be at most %d", v.oov, MaxOOV)
	}
	a.absent("salt")
	if method := a.oneOf("oov_method", "floormod", "farmhash"); method == "farmhash" && v.oov > 1 {
		a.fail("oov_method farmhash is not supported; floormod, by the remainder, is")
	}
	if v.mask != nil {
		c.Keys, c.Indices = append(c.Keys, *v.mask), append(c.Indices, float64(v.maskIndex()))
	}
	for i, word := range v.words {
		c.Keys, c.Indices = append(c.Keys, word), append(c.Indices, float64(v.first()+i))
	}
	a.distinctAsFloat32(c.Keys)
	return c
}

// distinctAsFloat32 refuses numbers of a vocabulary that are one where rows hold them.
func (a *args) distinctAsFloat32(keys []float64) {
	known := make(map[float32]float64, len(keys))
	for _, key := range keys {
		if other, ok := known[float32(key)]; ok && other != key {
			whole := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
			a.fail("vocabulary has %s and %s, which are one number as float32, as rows hold them", whole(other), whole(key))
		}
		known[float32(key)] = key
	}
}

func (c *IntegerLookup) outputShape(in []int) ([]int, error) {
	if err := checkPairs(in, len(c.Keys)); err != nil {
		return nil, err
	}
	return c.Encoding.outputShape(in)
}

func (*IntegerLookup) weights([]int) []array { return nil }
