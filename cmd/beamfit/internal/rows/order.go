package rows

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"sort"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// OrderBy is src sorted by the named columns, ascending, NULL last; rows that compare equal keep their order. Text sorts by
// its bytes, as PostgreSQL's "C" collation does. All rows are held in memory. Arrays have no order here.
func OrderBy(src Source, columns []string) (Source, error) {
	o := ordered{Source: src}
	schema := src.Schema()
	for _, name := range columns {
		j := schema.Index(name)
		if j < 0 {
			return nil, &table.ColumnError{Column: name, Columns: schema.Names()}
		}
		if schema[j].Type.Array {
			return nil, fmt.Errorf("column %q has type %s; rows cannot be ordered by arrays", name, schema[j].Type)
		}
		o.keys = append(o.keys, j)
	}
	return o, nil
}

type ordered struct {
	Source
	keys []int
}

func (o ordered) Walk(yield func(*table.Batch) error) error {
	all := table.NewBatch(o.Schema())
	err := o.Source.Walk(func(b *table.Batch) error {
		for i := range b.Rows {
			if err := appendRow(all, b, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	order := make([]int, all.Rows)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(x, y int) bool {
		for _, j := range o.keys {
			if c := compare(&all.Cols[j], order[x], order[y]); c != 0 {
				return c < 0
			}
		}
		return false
	})
	sorted := table.NewBatch(o.Schema())
	for _, i := range order {
		if err := appendRow(sorted, all, i); err != nil {
			return err
		}
	}
	if sorted.Rows == 0 {
		return nil
	}
	return yield(sorted)
}

// compare orders rows a and b of a scalar column.
func compare(v *table.Vector, a, b int) int {
	switch an, bn := v.IsNull(a), v.IsNull(b); {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	switch v.Type.Kind {
	case table.Bool:
		return cmp.Compare(bit(v.Bools[a]), bit(v.Bools[b]))
	case table.Int16:
		return cmp.Compare(v.Int16s[a], v.Int16s[b])
	case table.Int32:
		return cmp.Compare(v.Int32s[a], v.Int32s[b])
	case table.Int64:
		return cmp.Compare(v.Int64s[a], v.Int64s[b])
	case table.Float32:
		return compareFloats(float64(v.Float32s[a]), float64(v.Float32s[b]))
	case table.Float64:
		return compareFloats(v.Float64s[a], v.Float64s[b])
	case table.Numeric:
		return compareNumerics(v.Strings[a], v.Strings[b])
	case table.Bytes:
		return bytes.Compare(v.Bytes[a], v.Bytes[b])
	}
	return strings.Compare(v.Strings[a], v.Strings[b])
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareFloats puts NaN after all numbers, as PostgreSQL does.
func compareFloats(a, b float64) int {
	switch an, bn := math.IsNaN(a), math.IsNaN(b); {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	return cmp.Compare(a, b)
}

// compareNumerics orders exact decimal texts; Infinity and NaN come last.
func compareNumerics(a, b string) int {
	x, xok := new(big.Rat).SetString(a)
	y, yok := new(big.Rat).SetString(b)
	if xok && yok {
		return x.Cmp(y)
	}
	return cmp.Compare(special(a, xok), special(b, yok))
}

// special ranks the numerics that are not finite against those that are.
func special(s string, finite bool) int {
	switch {
	case finite:
		return 0
	case s == "-Infinity":
		return -1
	case s == "Infinity":
		return 1
	}
	return 2
}
