package lookup

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// A dtype is what an input of numbers takes.
type dtype struct {
	name  string
	float bool
	// bits are those of a float.
	bits int
	// least and most are the whole numbers that can be hashed.
	least, most int64
}

// dtypes are those of numbers that Hashing takes.
var dtypes = table(
	dtype{"float32", true, 32, math.MinInt64, math.MaxInt64},
	dtype{"float64", true, 64, math.MinInt64, math.MaxInt64},
	dtype{"int8", false, 64, math.MinInt8, math.MaxInt8},
	dtype{"int16", false, 64, math.MinInt16, math.MaxInt16},
	dtype{"int32", false, 64, math.MinInt32, math.MaxInt32},
	dtype{"int64", false, 64, math.MinInt64, math.MaxInt64},
	dtype{"uint8", false, 64, 0, math.MaxUint8},
	dtype{"uint16", false, 64, 0, math.MaxUint16},
	dtype{"uint32", false, 64, 0, math.MaxUint32},
	dtype{"uint64", false, 64, 0, math.MaxInt64},
)

func table(all ...dtype) map[string]*dtype {
	named := map[string]*dtype{}
	for i := range all {
		named[all[i].name] = &all[i]
	}
	return named
}

// Dtypes are the dtypes of numbers that Hashing takes.
func Dtypes() []string { return slices.Sorted(maps.Keys(dtypes)) }

// A value is a number as Hashing reads it.
type value struct {
	integer int64
	whole   bool // nothing was behind the point
}

// parse reads a number as an input of the dtype takes it: one of floats rounds, one of whole numbers leaves out what is behind the point.
func (d *dtype) parse(text string) (value, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	v := value{n, true}
	if d.float || err != nil {
		f, err := strconv.ParseFloat(text, d.bits)
		if err != nil || math.IsNaN(f) || f < math.MinInt64 || f >= math.MaxInt64 {
			return value{}, fmt.Errorf("%s is no number of %s that can be hashed", short(text), d.name)
		}
		v = value{int64(f), !d.float || f == math.Trunc(f)}
	}
	if v.integer < d.least || v.integer > d.most {
		return value{}, fmt.Errorf("%s is no number of %s that can be hashed: these are %d to %d", short(text), d.name, d.least, d.most)
	}
	return v, nil
}
