package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/beamfit/beamfit/model/lookup"
)

// A TextLookup is a StringLookup, Hashing or TextVectorization: a layer that makes indices of text, and encodes them. Rows hold numbers, so the model takes the indices,
// and the Lookup of the input says how text becomes these (Spec.Lookups).
type TextLookup struct {
	Encoding
	lookup lookup.Lookup
	// maskValue is that of a Hashing: a text, or a number where the input is one of numbers.
	maskValue any
	// one says that the layer encodes one text of a row only.
	one bool
}

// Class is that of the layer.
func (c *TextLookup) Class() string { return c.lookup.Layer }

func (*TextLookup) weights([]int) []array { return nil }

func (c *TextLookup) outputShape(in []int) ([]int, error) {
	if c.lookup.Layer == lookup.TextVectorization {
		if in[len(in)-1] != 1 || len(in) > 1 {
			return nil, fmt.Errorf("takes one text of a row, found an input of shape %s", shapeText(in))
		}
		return []int{c.lookup.Length}, nil
	}
	out, err := c.Encoding.outputShape(in)
	if err == nil && c.one && in[len(in)-1] != 1 {
		return nil, fmt.Errorf("output_mode one_hot of %s in a row is not supported: Keras 3 gives the shape %s and declares (%d)", shapeText(in), shapeText(out), c.Depth)
	}
	return out, err
}

func parseStringLookup(a *args) kind {
	if encoding := a.string("encoding", "utf-8"); encoding != "utf-8" {
		a.fail("encoding %q is not supported, only utf-8", encoding)
	}
	a.skip("oov_method") // of numbers
	e, v := parseVocabulary(a, wordReader[string]{
		list: a.texts,
		token: func(key string) *string {
			if !a.has(key) {
				return nil
			}
			token := a.string(key, "")
			return &token
		},
		unknown: "[UNK]",
	})
	c := &TextLookup{Encoding: e, lookup: lookup.Lookup{Layer: lookup.StringLookup, Vocabulary: v.words, OOV: v.oov, Mask: v.mask}}
	if v.mask != nil {
		c.lookup.MaskIndex = v.maskIndex()
	}
	if salt := a.salt(); v.oov > 1 {
		c.lookup.Salt = salt
	}
	a.checkLookup(&c.lookup)
	return c
}

func parseHashing(a *args) kind {
	a.off("sparse")
	bins := a.positive("num_bins")
	c := &TextLookup{
		Encoding: Encoding{Mode: a.oneOf("output_mode", "int", "one_hot", "multi_hot", "count"), Depth: bins},
		lookup:   lookup.Lookup{Layer: lookup.Hashing, Bins: bins, Salt: a.salt()},
	}
	c.maskValue, _ = a.get("mask_value")
	c.one = c.Mode == "one_hot" && !beforeKeras3(a.version)
	a.checkLookup(&c.lookup)
	return c
}

// of is the Lookup for an input of a dtype; "" where the JSON says none.
func (c *TextLookup) of(dtype string) (*lookup.Lookup, error) {
	l := c.lookup
	switch {
	case dtype == "string" || dtype == "":
	case l.Layer != lookup.Hashing:
		return nil, fmt.Errorf("takes text, its input has the dtype %s (Input(..., dtype=\"string\") is one of text)", dtype)
	case !slices.Contains(lookup.Dtypes(), dtype):
		return nil, fmt.Errorf("an input of the dtype %s is not supported (known: string, %v)", dtype, lookup.Dtypes())
	default:
		l.Numbers = dtype
	}
	switch mask := c.maskValue.(type) {
	case nil:
	case string:
		if l.Numbers != "" {
			return nil, fmt.Errorf("mask_value must be a number, as the input is one of %s, found %s", dtype, show(mask))
		}
		l.Mask = &mask
	case json.Number:
		if l.Numbers == "" {
			return nil, fmt.Errorf("mask_value must be a text, as the input is one of text, found %s", show(mask))
		}
		text := mask.String()
		if _, err := mask.Int64(); err != nil { // it may be 7.0
			f, _ := mask.Float64()
			text = strconv.FormatFloat(f, 'f', -1, 64)
		}
		l.Mask = &text
	default:
		return nil, fmt.Errorf("mask_value must be a text or a number, found %s", show(mask))
	}
	return &l, l.Check()
}

// checkLookup refuses what cannot be a Lookup.
func (a *args) checkLookup(l *lookup.Lookup) {
	if a.err == nil {
		a.err = l.Check()
	}
}

// salt reads one number, which counts twice, or two; nil where none is given. Negative ones are those of two's complement.
func (a *args) salt() []uint64 {
	v, ok := a.get("salt")
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v, v}
	}
	var salt []uint64
	for _, e := range list {
		number, _ := e.(json.Number)
		n, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil || len(list) != 2 {
			a.wrong("salt", "an integer of 64 bits, or two")
			return nil
		}
		salt = append(salt, uint64(n))
	}
	return salt
}

// texts reads a list of texts, which Keras 3 may write as {"class_name": "__numpy__", "config": {"value": ...}}.
func (a *args) texts(key string) []string {
	v, ok := a.get(key)
	if !ok {
		return nil
	}
	list, ok := arrayValue(v).([]any)
	texts := make([]string, len(list))
	for i, e := range list {
		text, isText := e.(string)
		texts[i], ok = text, ok && isText
	}
	if !ok {
		a.wrong(key, "a list of texts")
		return nil
	}
	return texts
}

// lookups finds the text that the model takes. An input of text goes into layers that make indices of it, which all must make the same ones.
func (b *builder) lookups(inputs []input) error {
	s := b.spec
	s.Lookups = make([]*lookup.Lookup, len(inputs))
	takers := make([]*Layer, len(inputs))
	for _, c := range s.Calls {
		config, ok := c.Layer.Config.(*TextLookup)
		if !ok {
			continue
		}
		i := slices.Index(s.Inputs, c.Inputs[0])
		if i < 0 {
			return c.Layer.wrap(errors.New("takes what other layers made; it must take an input of the model, since indices are made of text before the model sees it"))
		}
		l, err := config.of(inputs[i].dtype)
		if err != nil {
			return c.Layer.wrap(err)
		}
		if s.Lookups[i] != nil && !s.Lookups[i].Equal(l) {
			return c.Layer.wrap(fmt.Errorf("takes input %q, of which layer %q makes other indices; give the model two inputs of that column", inputs[i].Name, takers[i].Name))
		}
		s.Lookups[i], takers[i] = l, c.Layer
	}
	for i, in := range inputs {
		l := s.Lookups[i]
		switch {
		case l != nil && l.Layer == lookup.TextVectorization:
			s.Tensors[s.Inputs[i]].Shape = []int{l.Length} // what rows hold
		case in.scalar:
			return fmt.Errorf("input %q has the batch dimension only, and must have one more", in.Name)
		case l == nil && in.dtype == "string":
			return fmt.Errorf("input %q is one of text (dtype string): a StringLookup, Hashing or TextVectorization must take it", in.Name)
		}
	}
	return b.onlyLookups(takers)
}

// onlyLookups refuses layers that take what takers make indices of: to them it would be numbers.
func (b *builder) onlyLookups(takers []*Layer) error {
	s := b.spec
	of := map[int]*Layer{} // by the tensors of inputs
	for i, l := range takers {
		if l != nil {
			of[s.Inputs[i]] = l
		}
	}
	problem := func(tensor int) error {
		return fmt.Errorf("takes input %q, of which layer %q makes indices, and nothing else can take it; give the model two inputs", s.Tensors[tensor].Name, of[tensor].Name)
	}
	for _, c := range s.Calls {
		if _, ok := c.Layer.Config.(*TextLookup); ok {
			continue
		}
		for _, t := range c.Inputs {
			if of[t] != nil {
				return c.Layer.wrap(problem(t))
			}
		}
	}
	for _, t := range s.Outputs {
		if of[t] != nil {
			return fmt.Errorf("an output %w", problem(t))
		}
	}
	return nil
}
