package parquetio

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestOtherReaders lets pyarrow and DuckDB read what Writer writes: all types, with NULLs, in several row groups of several pages; dictionaries
// that are kept, never begun, and given up in the middle.
func TestOtherReaders(t *testing.T) {
	python := os.Getenv("BEAMFIT_KERAS_PYTHON")
	if python == "" {
		t.Skip("BEAMFIT_KERAS_PYTHON is not set: the Python that scripts/keras-python prints")
	}
	if out, err := exec.Command(python, "-c", "import pyarrow, duckdb").CombinedOutput(); err != nil {
		t.Skipf("%s has no pyarrow or no DuckDB: %s", python, out)
	}
	schema := table.Schema{
		{Name: "number", Type: table.Int64Type},
		{Name: "small", Type: table.Int16Type},
		{Name: "few", Type: table.TextType},
		{Name: "turns", Type: table.TextType},
		{Name: "x", Type: table.Float32ArrayType},
		{Name: "zeros", Type: table.Float64Type},
		{Name: "yes", Type: table.BoolType},
		{Name: "raw", Type: table.BytesType},
		{Name: "square", Type: table.Int32ArrayType},
		{Name: "texts", Type: table.TextArrayType},
		{Name: "exact", Type: table.NumericType},
		{Name: "none", Type: table.Float64Type},
		{Name: "same", Type: table.TextType},
	}
	b := table.NewBatch(schema)
	want := map[string][]any{}
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range 15_000 {
		elems := []any{float32(rng.NormFloat64()), nil, float32(i)}
		turns := fmt.Sprint("value ", i%9)
		if i > 9_000 {
			turns = fmt.Sprint("value ", i)
		}
		row := []any{
			int64(i), int16(i%300 - 150), fmt.Sprint("w", i%7), turns,
			table.Array{Elems: elems[:i%4], Shape: []int{i % 4}},
			[]float64{math.NaN(), math.Copysign(0, -1), 0, 1.5, -2}[rng.IntN(5)], i%3 == 0, fmt.Append(nil, rng.Uint64()),
			table.Array{Elems: []any{int32(i), int32(1), int32(2), nil}, Shape: []int{2, 2}},
			table.Array{Elems: []any{"a", strings.Repeat("ü", i%5)}, Shape: []int{2}},
			fmt.Sprintf("%d.50", i), nil, "s",
		}
		if i%13 == 5 {
			row[i/13%len(row)] = nil
		}
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
		for c, x := range row {
			want[schema[c].Name] = append(want[schema[c].Name], asJSON(x))
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "f.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(f, schema)
	if err != nil {
		t.Fatal(err)
	}
	w.limit, w.page, w.pending.pages.size = 1<<20, 20<<10, 20<<10
	if err := errors.Join(w.Write(ctx, b), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".json", data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "testdata/read_back.py", path, path+".json").CombinedOutput()
	if got, want := strings.TrimSpace(string(out)), "few same small square texts turns zeros"; err != nil || got != want {
		t.Errorf("%v, dictionaries of %s; want %s", err, got, want)
	}
}

// asJSON is a value as read_back.py has it.
func asJSON(x any) any {
	switch x := x.(type) {
	case table.Array:
		if len(x.Shape) == 2 {
			return [2][]any{x.Elems[:2], x.Elems[2:]}
		}
		out := []any{}
		for _, e := range x.Elems {
			out = append(out, asJSON(e))
		}
		return out
	case float32:
		return float64(x)
	case float64:
		if math.IsNaN(x) {
			return "NaN"
		}
	case []byte:
		return hex.EncodeToString(x)
	}
	return x
}
