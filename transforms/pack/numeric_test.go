package pack

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestNumericLabel(t *testing.T) {
	for _, c := range []struct {
		sql  string
		x    any
		want []float32
		err  string
	}{
		{"smallint", int16(-7), []float32{-7}, ""},
		{"integer", int32(1 << 24), []float32{1 << 24}, ""},
		{"bigint", int64(1<<62 + 1), []float32{1 << 62}, ""},
		{"real", float32(0.1), []float32{0.1}, ""},
		{"double precision", 0.1, []float32{0.1}, ""},
		{"numeric", "0.1000000000000000000000000001", []float32{0.1}, ""},
		{"double precision[]", []float64{1, -2.5}, []float32{1, -2.5}, ""},
		{"numeric[]", []string{"1e3", "-0.5"}, []float32{1000, -0.5}, ""},
		{"integer[]", []int32{3, 4}, []float32{3, 4}, ""},
		{"double precision", nil, nil, `table t, column "y", row 8: the value is NULL`},
		{"double precision", math.NaN(), nil, `table t, column "y", row 8: the value is NaN`},
		{"real", float32(math.Inf(-1)), nil, `table t, column "y", row 8: the value is -Infinity`},
		{"numeric", "NaN", nil, `table t, column "y", row 8: the value is NaN`},
		{"double precision", 1e39, nil, `table t, column "y", row 8: the value, 1e+39, is out of range for real`},
		{"numeric", "1e400", nil, `table t, column "y", row 8: the value, 1e400, is out of range for real`},
		{"real[]", nil, nil, `table t, column "y", row 8: the value is NULL`},
		{"real[]", []float32{1, 2, 3}, nil, `table t, column "y", row 8: the array has shape [3], that of the first row has shape [2]`},
		{"real[]", []float32{1, float32(math.NaN())}, nil, `table t, column "y", row 8: element 2 is NaN`},
		{"double precision[]", []float64{1e39, 1}, nil, `table t, column "y", row 8: element 1, 1e+39, is out of range for real`},
	} {
		kind := table.ParseType(c.sql)
		width := 1
		if kind.Array {
			width = 2
		}
		p := &Plan{Source: table.Name{Table: "t"}, Labels: []Label{{Column: "y", Numeric: true, Size: width, Width: width}}}
		b := table.NewBatch(table.Schema{{Name: "y", Type: kind}})
		if err := b.Append(c.x); err != nil {
			t.Fatal(err)
		}
		row, err := encodeRow(p, b, 7)
		if c.err != "" {
			var at *table.ValueError
			if err == nil || err.Error() != c.err || !errors.As(err, &at) {
				t.Errorf("%s %v: error %v, want %s", c.sql, c.x, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %v: %v", c.sql, c.x, err)
			continue
		}
		var got []float32
		for ; len(row) >= 4; row = row[4:] {
			got = append(got, math.Float32frombits(binary.NativeEndian.Uint32(row)))
		}
		if !slices.Equal(got, c.want) || p.Layout().RowBytes() != 4*width {
			t.Errorf("%s %v: %v, want %v", c.sql, c.x, got, c.want)
		}
	}
}
