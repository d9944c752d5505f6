package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/beamfit/beamfit/io/table"
)

// numeric appends the number or the array of numbers in row i, rounded to float32.
func numeric(dst []byte, v *table.Vector, i int, l Label) ([]byte, error) {
	first, last := i, i+1
	if v.Type.Array {
		shape := l.Shape
		if shape == nil {
			shape = []int{l.Size}
		}
		var err error
		if first, last, err = v.Shaped(i, shape, likeFirst); err != nil {
			return nil, err
		}
	} else if v.IsNull(i) {
		return nil, &table.NullError{}
	}
	for j := first; j < last; j++ {
		x := number(v, j)
		if x-x != 0 {
			what := "the value"
			if v.Type.Array {
				what = fmt.Sprintf("element %d", j-first+1)
			}
			text := v.ElemText(j)
			if f, err := strconv.ParseFloat(text, 64); err == nil && f-f != 0 {
				return nil, fmt.Errorf("%s is %s", what, text)
			}
			return nil, fmt.Errorf("%s, %s, is out of range for real", what, text)
		}
		if l.Weight && x < 0 {
			return nil, fmt.Errorf("the weight is %s, expected a number of at least 0", v.ElemText(j))
		}
		dst = binary.NativeEndian.AppendUint32(dst, math.Float32bits(x))
	}
	return dst, nil
}

// number is element j as float32; what float32 cannot hold is infinite.
func number(v *table.Vector, j int) float32 {
	switch v.Type.Kind {
	case table.Int16:
		return float32(v.Int16s[j])
	case table.Int32:
		return float32(v.Int32s[j])
	case table.Int64:
		return float32(v.Int64s[j])
	case table.Float32:
		return v.Float32s[j]
	case table.Float64:
		return float32(v.Float64s[j])
	}
	x, _ := strconv.ParseFloat(v.Strings[j], 32) // out of range: infinite
	return float32(x)
}
