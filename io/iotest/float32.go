package iotest

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// The expected numbers are those of PostgreSQL's casts: nearest float32, ties to even; NaN and infinities stay.
var conversions = []struct {
	typ  table.Type
	in   []any
	want []float32
}{
	{table.Int16Type, []any{int16(-32768), int16(0), int16(255)}, []float32{-32768, 0, 255}},
	{table.Int32Type, []any{int32(16777217), int32(16777219), int32(math.MinInt32), int32(math.MaxInt32)}, []float32{16777216, 16777220, -2147483648, 2147483648}},
	{table.Int64Type, []any{int64(math.MaxInt64), int64(1)<<53 + 1, int64(9007199791611905)}, []float32{9223372036854775807, 9007199254740992, 9007200328482816}},
	{table.Float32Type, []any{float32(0.1), float32(math.NaN()), float32(math.Inf(-1)), float32(math.SmallestNonzeroFloat32)}, []float32{0.1, float32(math.NaN()), float32(math.Inf(-1)), math.SmallestNonzeroFloat32}},
	{table.Float64Type, []any{0.1, 16777217.0, 3.4028235e38, math.Inf(1), math.NaN(), math.Copysign(0, -1), 1e-45}, []float32{0.1, 16777216, math.MaxFloat32, float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32}},
	{
		table.NumericType,
		[]any{
			"0", "0.1", "-0.10", "123456789.123456789", "16777217", "16777219", "1e2", "NaN", "12345678901234567890123456789012345678",
			// halfway between two floats, and just above it: rounding twice, through float64, would lose the difference
			"1.000000059604644775390625", "1.000000059604644775390625000000000000000000000001",
			"0.000000000000000000000000000000000000000000001", "340282346638528859811704183484516925440",
			"10000", "100000000", "0.0001", "99999999.9999", "0.00000001",
		},
		[]float32{
			0, 0.1, -0.1, 123456792, 16777216, 16777220, 100, float32(math.NaN()), 1.2345678e37,
			1, 1.00000012,
			math.SmallestNonzeroFloat32, math.MaxFloat32,
			10000, 1e8, 0.0001, 1e8, 1e-8,
		},
	},
}

var float32Cases = []testCase{
	{"conversions", func(t *testing.T, site Site) {
		s := site.open(t)
		for _, c := range conversions {
			t.Run(c.typ.SQL, func(t *testing.T) {
				name := named("f_" + strings.ReplaceAll(c.typ.SQL, " ", "_"))
				schema := columns("id", table.Int32Type, "x", c.typ.ArrayOf())
				withNull := append([]any{nil}, c.in...)
				write(t, s, name, schema,
					[]any{int32(0), table.Array{Elems: c.in}},
					[]any{int32(1), nil},
					[]any{int32(2), table.Array{}},
					[]any{int32(3), table.Array{Elems: withNull}},
					[]any{int32(4), table.Array{Elems: withNull, Shape: []int{1, len(withNull)}}},
				)
				got, rows := readAll(t, s, name, 1, table.ReadOptions{Columns: []string{"x", "id"}, Float32: []string{"x"}})
				wantSchema(t, got, columns("x", table.Float32ArrayType, "id", table.Int32Type))
				want := make([]any, len(c.want))
				for i, f := range c.want {
					want[i] = f
				}
				wantNull := append([]any{nil}, want...)
				wantRows(t, rows, [][]any{
					{table.Array{Elems: want, Shape: []int{len(want)}}, int32(0)},
					{nil, int32(1)},
					{table.Array{Elems: []any{}, Shape: []int{}}, int32(2)},
					{table.Array{Elems: wantNull, Shape: []int{len(wantNull)}}, int32(3)},
					{table.Array{Elems: wantNull, Shape: []int{1, len(wantNull)}}, int32(4)},
				})
			})
		}
	}},
	{"out of range", func(t *testing.T, site Site) {
		s := site.open(t)
		for i, c := range []struct {
			typ table.Type
			bad any
		}{
			{table.Float64Type, 3.5e38},
			{table.Float64Type, -math.MaxFloat64},
			{table.Float64Type, 1e-46},
			{table.NumericType, "340282356779733661637539395458142568448"},
			{table.NumericType, "-1" + strings.Repeat("0", 300)},
			{table.NumericType, "0." + strings.Repeat("0", 60) + "1"},
		} {
			name := named("range_" + string(rune('a'+i)))
			schema := columns("x", c.typ.ArrayOf())
			good := any(1.5)
			if c.typ.Kind == table.Numeric {
				good = "1.5"
			}
			write(t, s, name, schema, []any{table.Array{Elems: []any{good}}}, []any{nil}, []any{table.Array{Elems: []any{good, c.bad}}})
			ctx := testContext(t)
			snap, err := s.Snapshot(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			parts, err := snap.Partitions(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = readPartition(ctx, s, parts[0], table.ReadOptions{Float32: []string{"x"}})
			wantValueError(t, err, name, "x", 3)
			if err := snap.Close(); err != nil {
				t.Error(err)
			}
		}
	}},
	{"columns that are no arrays of numbers", func(t *testing.T, site Site) {
		s := site.open(t)
		schema := columns("x", table.Float64Type, "t", table.TextArrayType, "b", table.BoolType.ArrayOf(), "a", table.Float64ArrayType)
		write(t, s, named("f"), schema, []any{1.0, []string{"a"}, []bool{true}, []float64{1}})
		ctx := testContext(t)
		snap, err := s.Snapshot(ctx, named("f"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = snap.Close() }()
		parts, err := snap.Partitions(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []table.ReadOptions{
			{Float32: []string{"x"}}, {Float32: []string{"t"}}, {Float32: []string{"b"}}, {Float32: []string{"nothing"}}, {Columns: []string{"x"}, Float32: []string{"a"}},
		} {
			if _, _, err := readPartition(ctx, s, parts[0], bad); err == nil || !strings.Contains(err.Error(), bad.Float32[0]) {
				t.Errorf("float32 of %q: got error %v, want one that names the column", bad.Float32, err)
			}
		}
	}},
}

// wantValueError fails unless err is a *table.ValueError at that place.
func wantValueError(t *testing.T, err error, name table.Name, column string, row int64) {
	t.Helper()
	var ve *table.ValueError
	if !errors.As(err, &ve) {
		t.Fatalf("got error %v, want a *table.ValueError", err)
	}
	if ve.Table.Table != name.Table || ve.Column != column || ve.Row != row {
		t.Errorf("the error is about table %s, column %q, row %d; want %s, %q, %d", ve.Table, ve.Column, ve.Row, name, column, row)
	}
}
