package parquetio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/pierrec/lz4/v4"

	"github.com/beamfit/beamfit/io/table"
)

var viewFiles = []string{"lz4", "lz4-2", "split", "split-lz4-2", "delta", "delta-lz4-2", "delta-2"}

func viewFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/view-" + name + ".parquet")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestViews reads files of another program that the library cannot read, with the same rows as one that it can.
func TestViews(t *testing.T) {
	want := contentOf(t, viewFile(t, "plain"))
	if len(want.rows) != 150 || want.rows[149][3] != fmt.Sprint(149*149-1<<40) {
		t.Fatalf("the plain file has %d rows, %q", len(want.rows), want.rows[len(want.rows)-1])
	}
	for _, name := range viewFiles {
		if got := contentOf(t, viewFile(t, name)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: rows %q", name, got.rows)
		}
	}
}

// TestViewDamaged changes each byte of such files, which have checksums of their pages: an error, the same rows, or, where the metadata
// have none, others; never a panic.
func TestViewDamaged(t *testing.T) {
	for _, name := range []string{"split-lz4-2", "delta"} {
		good := viewFile(t, name)
		for i := range good {
			damaged := bytes.Clone(good)
			damaged[i] ^= 1 << (i % 8)
			if _, _, err := read(damaged, memory.DefaultAllocator); err != nil && !strings.Contains(err.Error(), "f.parquet") {
				t.Fatalf("%s, byte %d: error %v", name, i, err)
			}
		}
	}
}

// hadoop is a text as Hadoop's LZ4 writes it, in blocks of that many bytes.
func hadoop(t *testing.T, text []byte, block int) (out []byte) {
	t.Helper()
	for len(text) > 0 {
		part := text[:min(block, len(text))]
		packed := make([]byte, lz4.CompressBlockBound(len(part)))
		n, err := lz4.CompressBlock(part, packed, nil)
		if err != nil || n == 0 {
			t.Fatal(n, err)
		}
		out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(out, uint32(len(part))), uint32(n))
		out = append(out, packed[:n]...)
		text = text[len(part):]
	}
	return out
}

func TestHadoop(t *testing.T) {
	text := []byte(strings.Repeat("some text ", 100))
	for name, src := range map[string][]byte{"blocks": hadoop(t, text, 300), "one block": hadoop(t, text, 1<<20), "no sizes": hadoop(t, text, 1<<20)[8:]} {
		dst := make([]byte, len(text))
		if err := unpackHadoop(dst, src); err != nil || !bytes.Equal(dst, text) {
			t.Errorf("%s: %q, %v", name, dst, err)
		}
		for i := range src { // cut off: an error, no panic
			if err := unpackHadoop(dst, src[:i]); err == nil {
				t.Errorf("%s: %d bytes of %d were read", name, i, len(src))
			}
		}
	}
}

// TestUnsupported names what this package does not know, and does not call it damage.
func TestUnsupported(t *testing.T) {
	plain8 := []liePage{{false, 1, -1, make([]byte, 8)}}
	for want, l := range map[string]lie{
		`column "c0" is compressed with LZO, which is not supported; Snappy`: {typ: typeInt64, codec: codecLZO, pages: plain8},
		`column "c0" is compressed with codec 9`:                             {typ: typeInt64, codec: 9, pages: plain8},
		`column "c0" has an encoding that is not known, number 12`:           {typ: typeInt64, encoding: 12, pages: plain8},
	} {
		_, _, err := read(l.file(), memory.DefaultAllocator)
		if err == nil || errors.Is(err, table.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// FuzzDeltas: what deltaRun takes appendDeltas reads whole, to as many values as it says.
func FuzzDeltas(f *testing.F) {
	f.Add([]byte{128, 1, 4, 3, 2, 1, 2, 0, 0, 0}, true)
	f.Add([]byte{8, 1, 9, 0, 2, 3, 0xFF, 0xFF, 0xFF}, false)
	f.Fuzz(func(t *testing.T, data []byte, wide bool) {
		rest, err := deltaRun(data, 1<<16)
		if err != nil {
			return
		}
		width := int64(4)
		if wide {
			width = 8
		}
		got, plain, err := appendDeltas(nil, data, width)
		n, countErr := countDeltas(data)
		if err != nil || countErr != nil || int64(len(plain)) != n*width || len(got) != len(rest) {
			t.Errorf("%d values in %d bytes, %d left of %d, %v, %v", n, len(plain), len(got), len(rest), err, countErr)
		}
		_, _ = appendPrefixed(nil, data, 4)
	})
}
