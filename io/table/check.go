package table

import "fmt"

// Check reports a batch whose vectors do not hold its rows: one that was filled by hand, and not by Append.
func (b *Batch) Check() error {
	if len(b.Cols) != len(b.Schema) {
		return fmt.Errorf("a batch of %d vectors for %d columns", len(b.Cols), len(b.Schema))
	}
	for i := range b.Cols {
		v, c := &b.Cols[i], b.Schema[i]
		err := v.Check(b.Rows)
		if err == nil && v.Type != c.Type {
			err = fmt.Errorf("a vector of type %s where %s was expected", v.Type, c.Type)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
	}
	return nil
}

// Check reports a vector that does not hold n rows.
func (v *Vector) Check(n int) error {
	if v.Len() != n {
		return fmt.Errorf("%d values in a batch of %d rows", v.Len(), n)
	}
	if v.Null != nil && len(v.Null) != n {
		return fmt.Errorf("%d null marks in a batch of %d rows", len(v.Null), n)
	}
	if !v.Type.Array || n == 0 {
		return nil
	}
	elems := v.elems()
	if v.Offsets[0] != 0 || v.Offsets[n] != elems {
		return fmt.Errorf("array offsets run from %d to %d over %d elements", v.Offsets[0], v.Offsets[n], elems)
	}
	if v.ElemNull != nil && len(v.ElemNull) != elems {
		return fmt.Errorf("%d null marks for %d elements", len(v.ElemNull), elems)
	}
	if v.Dims != nil && len(v.Dims) != n {
		return fmt.Errorf("%d shapes for %d arrays", len(v.Dims), n)
	}
	for i := range n {
		have := v.Offsets[i+1] - v.Offsets[i]
		if have < 0 {
			return fmt.Errorf("array offsets fall at row %d", i+1)
		}
		if v.Dims != nil && have > 0 && elementsIn(v.Dims[i]) != have {
			return fmt.Errorf("%d elements in an array of shape %v at row %d", have, v.Dims[i], i+1)
		}
	}
	return nil
}

// elementsIn is the number of elements of an array of that shape, none without dimensions.
func elementsIn(shape []int) int {
	n := min(1, len(shape))
	for _, d := range shape {
		n *= d
	}
	return n
}
