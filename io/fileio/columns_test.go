package fileio

import (
	"bytes"
	"hash/crc32"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestSegmentsCover: the segments of a part file are all of it, one after the other, each with its checksum.
func TestSegmentsCover(t *testing.T) {
	s := tempStore(t)
	rows := mixed(t)
	for range maxBatchRows { // two batches
		if err := rows.Append(int32(7), true, "text", []byte("bytes"), "1e3", []float64{1, 2}, []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "t", rows)
	manifest, parts := files(t, s, "t")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	m, schema, err := parseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	f := m.Parts[0].Files[0]
	head, foot := f.ends()
	at := int64(0)
	check := func(what string, end int64, crc uint32) {
		if got := crc32.Checksum(data[at:end], castagnoli); got != crc {
			t.Errorf("%s, bytes %d to %d: checksum %08x, want %08x", what, at, end, got, crc)
		}
		at = end
	}
	check("head", head, f.HeadCRC)
	for _, b := range f.Batches {
		if len(b.Columns) != len(schema)+1 {
			t.Errorf("%d columns", len(b.Columns))
		}
		check("metadata", at+b.Metadata.Bytes, b.Metadata.CRC)
		for _, c := range b.Columns {
			check("column", at+c.Bytes, c.CRC)
		}
	}
	if at != foot || len(f.Batches) < 2 || len(parts) != 1 {
		t.Errorf("%d batches end at %d, the foot begins at %d", len(f.Batches), at, foot)
	}
	check("foot", int64(len(data)), f.FootCRC)
}

// TestReadsWantedColumnsOnly damages each column: who reads it gets an error, who reads the others gets their values.
func TestReadsWantedColumnsOnly(t *testing.T) {
	s := tempStore(t)
	b := mixed(t)
	put(t, s, "t", b)
	manifest, parts := files(t, s, "t")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := parseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	f := m.Parts[0].Files[0]
	batch := f.Batches[0]
	for i, segment := range batch.Columns {
		damaged := i
		if i >= len(b.Schema) {
			damaged = f.Dims[i-len(b.Schema)]
		}
		change := func(d []byte) []byte { d[batch.column(i)+segment.Bytes-1] ^= 1; return d }
		damage(t, parts[0], change, func() {
			for c, column := range b.Schema {
				rows, err := get(s, "t", 1, table.ReadOptions{Columns: []string{column.Name}})
				if (err != nil) != (c == damaged) {
					t.Errorf("segment %d damaged: column %s gave %v, %v", i, column.Name, rows, err)
				}
			}
		})
	}
}

// TestBytesStay: values of type bytea are the memory that was read, which the batches that follow leave alone.
func TestBytesStay(t *testing.T) {
	s := tempStore(t)
	schema := table.Schema{{Name: "x", Type: table.BytesType}, {Name: "i", Type: table.Int32Type}}
	var batches []*table.Batch
	for i := range 3 {
		batches = append(batches, batchOf(t, schema, []any{bytes.Repeat([]byte{byte(i)}, batchBytes), i}))
	}
	if err := tryPut(s, "t", batches...); err != nil {
		t.Fatal(err)
	}
	var kept [][]byte
	eachBatch(t, s, "t", 1, table.ReadOptions{}, func(b *table.Batch) { kept = append(kept, b.Cols[0].Bytes...) })
	for i, x := range kept {
		if !bytes.Equal(x, batches[i].Cols[0].Bytes[0]) {
			t.Errorf("value %d has changed", i)
		}
	}
	if len(kept) != len(batches) {
		t.Errorf("%d values", len(kept))
	}
}

// TestWorkedExample: the manifest in the package comment is that of the table it names.
func TestWorkedExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	s := tempStore(t)
	schema := table.Schema{{Name: "id", Type: table.Int32Type}, {Name: "attributes", Type: table.NumericType.ArrayOf()}}
	put(t, s, "iris", batchOf(t, schema, []any{1, []string{"5.1", "3.5"}}, []any{2, nil}))
	path, _ := files(t, s, "iris")
	manifest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dense := func(text []byte) string {
		text = regexp.MustCompile(`(?m)^//|\s`).ReplaceAll(text, nil)
		return string(regexp.MustCompile(`"p-.*?\.arrow"`).ReplaceAll(text, []byte(`"p.arrow"`)))
	}
	if want := dense(manifest); !strings.Contains(dense(doc), want) {
		t.Errorf("doc.go does not have the manifest %s", want)
	}
}
