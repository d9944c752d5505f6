package parquetio

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/table"
)

// groups is a file of several row groups, pages and encodings.
func groups(t testing.TB) []byte {
	t.Helper()
	schema := table.Schema{
		{Name: "id", Type: table.Int64Type},
		{Name: "few", Type: table.TextType},
		{Name: "x", Type: table.Float32ArrayType},
		{Name: "b", Type: table.BoolType},
		{Name: "y", Type: table.BytesType},
		{Name: "n", Type: table.NumericType},
	}
	b := table.NewBatch(schema)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		row := []any{int64(i), fmt.Sprint(i % 7), []float32{rng.Float32(), rng.Float32()}, i%3 == 0, fmt.Append(nil, rng.Uint64()), fmt.Sprint(rng.IntN(99))}
		if i%11 == 0 {
			row[i/11%6] = nil
		}
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	w, err := NewWriter(&out, schema)
	if err != nil {
		t.Fatal(err)
	}
	w.limit = 4 << 10
	if err := errors.Join(w.Write(ctx, b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// content is what a file holds: its columns, types and rows.
type content struct {
	schema table.Schema
	rows   [][]string
}

func contentOf(t testing.TB, data []byte) content {
	t.Helper()
	schema, rows, err := read(data, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	return content{schema, rows}
}

// wantSameOrError reads a damaged file: it must not be read as a good one with another content.
func wantSameOrError(t testing.TB, damaged []byte, want content, what string) (refused bool) {
	t.Helper()
	schema, rows, err := read(damaged, memory.NewGoAllocator())
	switch {
	case errors.Is(err, table.ErrCorrupt):
		return true
	case err != nil:
		t.Errorf("%s: %v, which is not table.ErrCorrupt", what, err)
	case !reflect.DeepEqual(content{schema, rows}, want):
		t.Errorf("%s: read as a good file with another content", what)
	}
	return false
}

// TestFlipped changes bytes of files that Writer made, in one bit and in all.
func TestFlipped(t *testing.T) {
	for name, good := range map[string][]byte{"sample": sample(t), "groups": groups(t)} {
		want, tried, refused := contentOf(t, good), 0, 0
		damaged := bytes.Clone(good)
		for i := range good {
			if i < len(good)-2000 && i%(1+len(good)/1000) != 0 {
				continue // all of the end, and a thousand of the rest
			}
			tried += 2
			for _, mask := range []byte{1 << (i % 8), 0xFF} {
				damaged[i] ^= mask
				if wantSameOrError(t, damaged, want, fmt.Sprintf("%s, byte %d of %d, changed by %02x", name, i, len(good), mask)) {
					refused++
				}
				damaged[i] = good[i]
			}
		}
		if tried-refused > 2*len(magic) { // nobody reads the four bytes at the beginning
			t.Errorf("%s: %d of %d damaged files refused", name, refused, tried)
		}
	}
}

// TestForeignChecksums changes every byte of the pages of a file that another program wrote with checksums.
func TestForeignChecksums(t *testing.T) {
	good, err := os.ReadFile("testdata/summed.parquet")
	if err != nil {
		t.Fatal(err)
	}
	if want := contentOf(t, good); len(want.rows) != 400 || !reflect.DeepEqual(want.rows[14], []string{"14", "2", "text 14", "c", "{14,15}"}) {
		t.Errorf("%d rows, %q", len(want.rows), want.rows[14])
	}
	pages := 0
	eachPage(t, good, func(h pageHeader, at int64) {
		pages++
		if !h.summed {
			t.Fatalf("the page at byte %d has no checksum", at)
		}
		for i := at; i < at+h.compressed; i += 3 {
			damaged := bytes.Clone(good)
			damaged[i] ^= 1 << (i % 8)
			if _, _, err := read(damaged, memory.NewGoAllocator()); !errors.Is(err, table.ErrCorrupt) {
				t.Errorf("byte %d changed: %v", i, err)
			}
		}
	})
	if pages < 10 {
		t.Errorf("%d pages", pages)
	}
}

// eachPage calls fn for every page of a file.
func eachPage(t *testing.T, data []byte, fn func(h pageHeader, at int64)) {
	t.Helper()
	f, err := newCheckedFile(ctx, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.chunks {
		for at := c.start; at < c.end; {
			h, n, err := f.header(c, at)
			if err != nil {
				t.Fatal(err)
			}
			fn(h, at+n)
			at += n + h.compressed
		}
	}
}

// TestChecksums: every page that Writer writes has Parquet's checksum.
func TestChecksums(t *testing.T) {
	data := groups(t)
	pages := 0
	eachPage(t, data, func(h pageHeader, at int64) {
		pages++
		if !h.summed {
			t.Errorf("the page at byte %d has no checksum", at)
		}
	})
	if pages < 30 {
		t.Errorf("%d pages", pages)
	}
}

// TestDelta reads files of another program with the encodings that write differences.
func TestDelta(t *testing.T) {
	for _, name := range []string{"testdata/delta1.parquet", "testdata/delta2.parquet"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := contentOf(t, data)
		for i, row := range got.rows {
			if text := fmt.Sprint("text ", i); !reflect.DeepEqual(row, []string{fmt.Sprint(i), text, text, fmt.Sprint("{x", i, "}")}) {
				t.Fatalf("%s, row %d: %q", name, i, row)
			}
		}
		if len(got.rows) != 400 {
			t.Errorf("%s: %d rows", name, len(got.rows))
		}
	}
}
