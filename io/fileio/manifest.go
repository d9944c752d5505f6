package fileio

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"

	"github.com/beamfit/beamfit/io/fileio/internal/ipcmeta"
	"github.com/beamfit/beamfit/io/table"
)

// A manifest describes one generation of a table: its columns, and where its rows are. It is written once, before the
// catalogue names the generation, and never changed. Open snapshots hold its shared lock.
type manifest struct {
	Format  int          `json:"format"`
	Schema  string       `json:"schema,omitempty"`
	Table   string       `json:"table"`
	Columns []columnMeta `json:"columns"`
	Rows    int64        `json:"rows"`
	Parts   []partMeta   `json:"parts"` // sorted by key
}

type columnMeta struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Kind string `json:"kind"`
}

// A partMeta is what one worker wrote under one key.
type partMeta struct {
	Key   string     `json:"key"`
	Files []fileMeta `json:"files"`
}

// A fileMeta describes one Arrow IPC file.
type fileMeta struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	// Dims are the columns whose array shapes the file holds.
	Dims []int `json:"dims,omitempty"`
	// HeadCRC and FootCRC are the checksums of what comes before the first batch and after the last.
	HeadCRC uint32      `json:"head_crc32c"`
	FootCRC uint32      `json:"foot_crc32c"`
	Batches []batchMeta `json:"batches"`
}

// ends are where the first batch begins and the last one ends.
func (f fileMeta) ends() (head, foot int64) {
	return f.Batches[0].Offset, f.Batches[len(f.Batches)-1].end()
}

// A batchMeta is the place of one record batch message in its file: its metadata, prefix included, and its columns, which
// follow each other without gaps, as the batches do.
type batchMeta struct {
	Rows     int       `json:"rows"`
	Offset   int64     `json:"offset"`
	Metadata segment   `json:"metadata"`
	Columns  []segment `json:"columns"` // those of the table, then the shapes of the columns in Dims
}

func (b batchMeta) end() int64 { return b.column(len(b.Columns)) }

// column is where column i begins.
func (b batchMeta) column(i int) int64 {
	at := b.Offset + b.Metadata.Bytes
	for _, c := range b.Columns[:i] {
		at += c.Bytes
	}
	return at
}

// A segment is a range of bytes with their checksum.
type segment struct {
	Bytes int64  `json:"bytes"`
	CRC   uint32 `json:"crc32c"`
}

const (
	manifestFormat = 2
	manifestFile   = "table.json"
)

var kindNames = map[table.Kind]string{
	table.Other: "other", table.Bool: "bool", table.Int16: "int16", table.Int32: "int32", table.Int64: "int64",
	table.Float32: "float32", table.Float64: "float64", table.Numeric: "numeric", table.Text: "text", table.Bytes: "bytes",
}

func kindName(t table.Type) string {
	if t.Array {
		return kindNames[t.Kind] + "[]"
	}
	return kindNames[t.Kind]
}

func columnsOf(schema table.Schema) []columnMeta {
	out := make([]columnMeta, len(schema))
	for i, c := range schema {
		out[i] = columnMeta{c.Name, c.Type.SQL, kindName(c.Type)}
	}
	return out
}

func schemaOf(columns []columnMeta) (table.Schema, error) {
	out := make(table.Schema, len(columns))
	for i, c := range columns {
		t, ok := typeOf(c)
		if !ok {
			return nil, fmt.Errorf("column %q has the unknown kind %q", c.Name, c.Kind)
		}
		out[i] = table.Column{Name: c.Name, Type: t}
	}
	return out, out.Check()
}

func typeOf(c columnMeta) (table.Type, bool) {
	for k := range kindNames {
		for _, array := range []bool{false, true} {
			if t := (table.Type{Kind: k, Array: array, SQL: c.Type}); kindName(t) == c.Kind {
				return t, true
			}
		}
	}
	return table.Type{}, false
}

// rows is the number of rows in a part.
func (p partMeta) rows() (n int64) {
	for _, f := range p.Files {
		for _, b := range f.Batches {
			n += int64(b.Rows)
		}
	}
	return n
}

// loadManifest reads and checks the manifest of a generation, whose checksum the catalogue has.
func (d disk) loadManifest(dir string, sum uint32) (*manifest, table.Schema, error) {
	path := filepath.Join(dir, manifestFile)
	data, err := d.readSmall(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, corrupt(path, "the catalogue names the folder, the file is missing")
	}
	if err != nil {
		return nil, nil, err
	}
	if got := crc32.Checksum(data, castagnoli); got != sum {
		return nil, nil, corrupt(path, "it has checksum %08x; it was written with %08x", got, sum)
	}
	m, schema, err := parseManifest(data)
	if err != nil {
		return nil, nil, corrupt(path, "%w", err)
	}
	return m, schema, nil
}

func parseManifest(data []byte) (*manifest, table.Schema, error) {
	m := new(manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, nil, err
	}
	if m.Format != manifestFormat {
		return nil, nil, fmt.Errorf("format %d; this version of beamfit reads format %d", m.Format, manifestFormat)
	}
	schema, err := schemaOf(m.Columns)
	if err != nil {
		return nil, nil, err
	}
	var rows int64
	for _, p := range m.Parts {
		for _, f := range p.Files {
			if err := f.check(schema); err != nil {
				return nil, nil, fmt.Errorf("part %q: file %q: %w", p.Key, f.Name, err)
			}
		}
		if n := p.rows(); n < 0 || rows > math.MaxInt64-n {
			return nil, nil, fmt.Errorf("part %q: the number of rows overflows", p.Key)
		}
		rows += p.rows()
	}
	if rows != m.Rows {
		return nil, nil, fmt.Errorf("%d rows in the parts, %d in the table", rows, m.Rows)
	}
	return m, schema, nil
}

// check reports a description that cannot be true, so that what it says can be used to ask for memory.
func (f fileMeta) check(schema table.Schema) error {
	if !inside(f.Name) {
		return fmt.Errorf("not the name of a file in the folder")
	}
	for i, c := range f.Dims {
		if c < 0 || c >= len(schema) || !schema[c].Type.Array || i > 0 && c <= f.Dims[i-1] {
			return fmt.Errorf("shapes of the columns %v", f.Dims)
		}
	}
	if len(f.Batches) == 0 {
		return fmt.Errorf("no batches")
	}
	end := f.Batches[0].Offset
	if end < headBytes || end > maxHeadBytes {
		return fmt.Errorf("the first batch is at %d", end)
	}
	for i, b := range f.Batches {
		if b.Rows <= 0 || b.Rows > maxBatchRows || b.Offset != end {
			return fmt.Errorf("batch %d has %d rows at %d, after %d bytes", i, b.Rows, b.Offset, end)
		}
		if b.Metadata.Bytes <= ipcmeta.PrefixBytes || b.Metadata.Bytes > maxHeadBytes {
			return fmt.Errorf("batch %d has metadata of %d bytes", i, b.Metadata.Bytes)
		}
		if len(b.Columns) != len(schema)+len(f.Dims) {
			return fmt.Errorf("batch %d has %d columns of %d", i, len(b.Columns), len(schema)+len(f.Dims))
		}
		end += b.Metadata.Bytes
		for c, column := range b.Columns {
			if column.Bytes < 0 || column.Bytes > f.Size-end {
				return fmt.Errorf("batch %d, column %d: %d bytes at %d of %d", i, c, column.Bytes, end, f.Size)
			}
			end += column.Bytes
		}
	}
	if end > f.Size || f.Size-end > maxHeadBytes {
		return fmt.Errorf("batches up to byte %d in a file of %d", end, f.Size)
	}
	return nil
}
