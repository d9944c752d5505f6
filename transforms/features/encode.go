package features

import (
	"fmt"
	"math"
	"slices"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/classes"
	"github.com/beamfit/beamfit/transforms/sqlkey"
)

// An Encoder makes the arrays of a variable that has learned. It is not safe for concurrent use; Another is one for another goroutine.
type Encoder struct {
	columns []columnEncoder
	finder  finder
	width   int
	scale   float32
}

// A columnEncoder writes the numbers of a column.
type columnEncoder struct {
	*Column
	at, size, width int // where the numbers begin in a row's array; values of a row; numbers
	chain           *chain
	coder           *coder  // nil: the column ends as numbers
	reader          *reader // nil: the column is not looked up
	tells           bool    // whether values are missing
}

// NewEncoder makes an encoder of a variable that Check accepts. Every number is multiplied by scale.
func NewEncoder(v *Variable, scale float32) (*Encoder, error) {
	e := &Encoder{scale: scale}
	for i := range v.Columns {
		c := columnEncoder{Column: &v.Columns[i], at: e.width, size: v.Columns[i].Size(), width: v.Columns[i].Width()}
		e.width += c.width
		switch last := c.last(); {
		case last != nil && last.Function == indicator:
			c.tells = true
		case last != nil && last.Function == look:
			c.reader = newReader(last.Lookup, last.Lookup.Encoder())
		case last != nil && functions[function(last.Function)].kind == encodes:
			var err error
			if c.coder, err = newCoder(c.Column); err != nil {
				return nil, fmt.Errorf("column %q: %w", c.Name, err)
			}
		default:
			c.chain = newChain(c.Column)
		}
		e.columns = append(e.columns, c)
	}
	return e, nil
}

// Another is an encoder of the same variable, which shares what may be large: the categories and texts that are known.
func (e *Encoder) Another() *Encoder {
	other := &Encoder{columns: slices.Clone(e.columns), width: e.width, scale: e.scale}
	for i := range other.columns {
		c := &other.columns[i]
		if c.coder != nil {
			coder := *c.coder
			coder.key, c.coder = nil, &coder
		}
		if c.reader != nil {
			c.reader = newReader(c.last().Lookup, c.reader.encoder)
		}
	}
	return other
}

// Width is the number of numbers of a row.
func (e *Encoder) Width() int { return e.width }

// Encode is the numbers of all rows of a batch, rows x Width, in memory that dst may lend. Errors are of the table source, where the batch
// begins with row number firstRow, from 0.
func (e *Encoder) Encode(dst []float32, b *table.Batch, source table.Name, firstRow int64) ([]float32, error) {
	n := b.Rows * e.width
	if cap(dst) < n {
		dst = make([]float32, n)
	}
	dst = dst[:n]
	at, err := e.finder.find(b, len(e.columns), func(i int) string { return e.columns[i].Name })
	if err != nil {
		return nil, table.OfTable(source, err)
	}
	for k := range e.columns {
		c := &e.columns[k]
		if row, err := c.encode(dst, e.width, e.scale, &b.Cols[at[k]], b.Rows); err != nil {
			return nil, &table.ValueError{Table: source, Column: c.Name, Row: firstRow + int64(row) + 1, Err: err}
		}
	}
	return dst, nil
}

// encode writes the numbers of the column into the arrays of stride numbers; row is where an error is.
func (c *columnEncoder) encode(dst []float32, stride int, scale float32, v *table.Vector, rows int) (row int, err error) {
	src := sourceOf(v)
	for i := range rows {
		out := dst[i*stride+c.at:][:c.width]
		first, ok, err := src.elements(i, c.Shape)
		if err != nil {
			return i, err
		}
		if c.reader != nil {
			if err := c.reader.code(out, scale, src, first, ok); err != nil {
				return i, err
			}
			continue
		}
		if c.coder != nil {
			if err := c.code(out, scale, src, i); err != nil {
				return i, err
			}
			continue
		}
		for k := range out {
			missing := !ok || src.missing(first+k)
			if c.tells {
				out[k] = 0
				if missing {
					out[k] = scale
				}
				continue
			}
			x, err := c.number(src, first+k, k, missing)
			if err == nil {
				out[k], err = real(x, scale)
			}
			if err != nil {
				return i, elementError(err, k, c.size)
			}
		}
	}
	return 0, nil
}

// number is a value, element k of an array, after all steps.
func (c *columnEncoder) number(src source, j, k int, missing bool) (float64, error) {
	if missing {
		if c.chain.filled == nil {
			return 0, c.missingError()
		}
		return c.chain.filled[k], nil
	}
	x, err := src.number(j)
	if err == nil && c.chain.log {
		x, err = log(x)
	}
	if c.chain.scale != nil {
		x = (x - c.chain.offset[k]) / c.chain.scale[k]
	}
	return x, err
}

// code writes the numbers of a category.
func (c *columnEncoder) code(out []float32, scale float32, src source, i int) error {
	at, err := c.coder.number(src, i)
	if err != nil {
		return err
	}
	if at < 0 && !c.coder.null && src.missing(i) {
		return c.missingError()
	}
	if c.last().Function == index {
		out[0] = float32(at) * scale
		return nil
	}
	clear(out)
	if at >= 0 {
		out[at] = scale
	}
	return nil
}

// real rounds to float32 and multiplies.
func real(x float64, scale float32) (float32, error) {
	y := float32(x) * scale
	if y-y != 0 {
		return 0, fmt.Errorf("the value becomes %s, which is out of range for real", table.FloatText(x, 64))
	}
	return y, nil
}

// A chain is the steps of a column of numbers, in one: log1p, then (x - offset) / scale. Lists have an entry per element.
type chain struct {
	log           bool
	offset, scale []float64 // nil: they are not scaled
	filled        []float64 // what missing values end as; nil: missing values are an error
}

func newChain(c *Column) *chain {
	ch := &chain{}
	for i := range c.Steps {
		s := &c.Steps[i]
		switch functions[function(s.Function)].kind {
		case fills:
			ch.filled = make([]float64, c.Size())
			copy(ch.filled, s.Fill)
		case changes:
			ch.log = true
			for k, x := range ch.filled {
				ch.filled[k] = math.Log1p(x)
			}
		case scales:
			ch.offset, ch.scale = s.Offset, s.Scale
			for k, x := range ch.filled {
				ch.filled[k] = (x - s.Offset[k]) / s.Scale[k]
			}
		}
	}
	return ch
}

// A coder finds the numbers of categories.
type coder struct {
	numbers map[string]int // by key; nil: hashed
	buckets int
	null    bool // a missing value is a category, or hashed
	ignore  bool // what is no category is no error
	first   int  // the number of the first category
	known   classes.List
	key     []byte
}

func newCoder(c *Column) (*coder, error) {
	last := c.last()
	out := &coder{null: c.has(category), ignore: last.Ignore}
	if len(c.Steps) > 1 && c.Steps[len(c.Steps)-2].Function == hash {
		out.buckets = c.Steps[len(c.Steps)-2].Buckets
		return out, nil
	}
	if last.Function == index && last.Ignore {
		out.first = 1
	}
	var err error
	if out.known, err = classes.Parse(c.typ(), last.Categories); err != nil {
		return nil, err
	}
	out.numbers = make(map[string]int, len(out.known))
	for i, k := range out.known {
		out.numbers[string(k.Key)] = out.first + i
	}
	return out, nil
}

// number is the number of the category of row i: that of the first where none is known (index), -1 (onehot) or an error.
func (c *coder) number(src source, i int) (int, error) {
	missing := src.missing(i)
	if missing && !c.null {
		return -1, nil // an error of the caller's
	}
	c.key = c.key[:0]
	if !missing {
		c.key = sqlkey.Append(c.key, src.v, i)
	}
	if c.buckets > 0 {
		if !missing {
			return bucket(c.key[1:], c.buckets), nil // the key's first byte is the kind
		}
		return bucket(nil, c.buckets), nil
	}
	at, ok := c.numbers[string(c.key)]
	switch {
	case ok:
		return at, nil
	case c.ignore:
		return c.first - 1, nil
	}
	return 0, &classes.UnknownError{Class: classes.At(src.v, i), Known: c.known, Categories: true}
}
