package features

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/beamfit/beamfit/io/table"
)

// documentVersion is the version of the form of a document.
const documentVersion = 1

// A document is what summaries keep: JSON that says which independent variables are made from columns, and how.
//
//	{"version": 1, "variables": [null, {"name": "features", "columns": [{"column": "age", "type": "bigint",
//	  "steps": [{"function": "mean", "fill": [29.7]}, {"function": "standardise", "offset": [29.7], "scale": [13.0]}]}]}]}
//
// There is an entry for each independent variable; null is one that is a column of arrays itself. Numbers are the shortest texts that
// read back to the same float64.
type document struct {
	Version   int         `json:"version"`
	Variables []*Variable `json:"variables"`
}

// Format is the document of variables; nil stands for a column of arrays.
func Format(variables []*Variable) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(document{documentVersion, variables}); err != nil {
		return "", err
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}

// Parse reads a document, which may be foreign bytes.
func Parse(text string) ([]*Variable, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	var d document
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("the description of feature columns cannot be read: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("the description of feature columns has more behind its end")
	}
	if d.Version != documentVersion {
		return nil, fmt.Errorf("the description of feature columns has version %d; this version of beamfit reads version %d", d.Version, documentVersion)
	}
	for _, v := range d.Variables {
		if v != nil {
			if err := v.Check(); err != nil {
				return nil, fmt.Errorf("feature columns of %q: %w", v.Name, err)
			}
		}
	}
	return d.Variables, nil
}

// Check reports a variable that no list and no rows can have led to.
func (v *Variable) Check() error {
	if err := (table.Name{Table: v.Name}).Check(); err != nil {
		return err
	}
	if len(v.Columns) == 0 {
		return errors.New("there are no columns")
	}
	width := 0
	for i := range v.Columns {
		c := &v.Columns[i]
		if err := c.check(); err != nil {
			return err
		}
		if err := c.checkLearned(); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		if width += c.Width(); width > maxWidth {
			return errTooWide
		}
	}
	return nil
}

// maxWidth is the most numbers of a row. A buffer has far less room.
const maxWidth = math.MaxInt32 / 4

var errTooWide = fmt.Errorf("a row would have more than %d numbers", maxWidth)

// checkLearned reports lists that the steps cannot have learned.
func (c *Column) checkLearned() error {
	if c.typ().Array != (c.Shape != nil) {
		return fmt.Errorf("type %s does not go with shape %v", c.Type, c.Shape)
	}
	size := 1
	for _, d := range c.Shape {
		if d < 1 || d > maxWidth/size {
			return fmt.Errorf("shape %v is none of arrays", c.Shape)
		}
		size *= d
	}
	for i, s := range c.Steps {
		want := map[*[]float64]int{}
		afterHash := i > 0 && c.Steps[i-1].Function == hash
		switch s.Function {
		case mean, median:
			want[&s.Fill] = size
		case standardise, minMax:
			want[&s.Offset], want[&s.Scale] = size, size
		}
		for _, list := range []*[]float64{&s.Fill, &s.Offset, &s.Scale} {
			if len(*list) != want[list] {
				return fmt.Errorf("%s has learned %d numbers for %d values", s.Function, len(*list), want[list])
			}
			for _, x := range *list {
				if x-x != 0 || list == &s.Scale && x <= 0 {
					return fmt.Errorf("%s cannot have learned %v", s.Function, x)
				}
			}
		}
		if s.Lookup != nil {
			if err := s.Lookup.Check(); err != nil {
				return fmt.Errorf("%s: %w", s.Function, err)
			}
		}
		learnsCategories := functions[function(s.Function)].kind == encodes && !afterHash
		if (len(s.Categories) > 0) != learnsCategories || len(s.Categories) > maxLimit {
			return fmt.Errorf("%s has learned %d categories", s.Function, len(s.Categories))
		}
		if learnsCategories {
			if _, err := newCoder(c); err != nil {
				return err
			}
		}
	}
	return nil
}
