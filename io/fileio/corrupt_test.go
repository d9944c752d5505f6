package fileio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/fileio/internal/ipcmeta"
	"github.com/beamfit/beamfit/io/fileio/internal/nofollow"
	"github.com/beamfit/beamfit/io/internal/arrowvec"
	"github.com/beamfit/beamfit/io/table"
)

// files are the paths of a table's manifest and part files.
func files(t testing.TB, s *Store, name string) (manifest string, parts []string) {
	t.Helper()
	c, err := s.loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	e, ok := c.find(named(name))
	if !ok {
		t.Fatalf("no table %s", name)
	}
	parts, err = filepath.Glob(filepath.Join(s.generation(e), "*.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(s.generation(e), manifestFile), parts
}

// damage changes a file for the time of fn.
func damage(t *testing.T, path string, change func(data []byte) []byte, fn func()) {
	t.Helper()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(bytes.Clone(good)), 0o666); err != nil {
		t.Fatal(err)
	}
	fn()
	if err := os.WriteFile(path, good, 0o666); err != nil {
		t.Fatal(err)
	}
}

func wantCorrupt(t *testing.T, s *Store, name, path, what string) {
	t.Helper()
	_, err := get(s, name, 1, table.ReadOptions{})
	if !errors.Is(err, table.ErrCorrupt) || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: got error %v, want ErrCorrupt about %s", what, err, path)
	}
}

// TestDamagedPart changes every byte of a part file, cuts it everywhere, and puts other files in its place.
func TestDamagedPart(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", mixed(t))
	put(t, s, "other", ints(t, 0, 10))
	_, parts := files(t, s, "t")
	_, others := files(t, s, "other")
	if len(parts) != 1 {
		t.Fatalf("%d part files", len(parts))
	}
	path := parts[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		damage(t, path, func(d []byte) []byte { d[i] ^= 0x41; return d }, func() { wantCorrupt(t, s, "t", path, "a changed byte") })
	}
	for n := 0; n < len(data); n += 13 {
		damage(t, path, func(d []byte) []byte { return d[:n] }, func() { wantCorrupt(t, s, "t", path, "a cut file") })
	}
	damage(t, path, func(d []byte) []byte { return append(d, 0) }, func() { wantCorrupt(t, s, "t", path, "a longer file") })
	damage(t, path, func([]byte) []byte {
		other, err := os.ReadFile(others[0])
		if err != nil {
			t.Fatal(err)
		}
		return other
	}, func() { wantCorrupt(t, s, "t", path, "a foreign file") })
	if err := os.Rename(path, path+"x"); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, s, "t", path, "a missing file")
}

// TestDamagedManifest changes every byte of a manifest.
func TestDamagedManifest(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 10))
	path, _ := files(t, s, "t")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		damage(t, path, func(d []byte) []byte { d[i] ^= 1; return d }, func() { wantCorrupt(t, s, "t", path, "a changed byte") })
	}
	damage(t, path, func(d []byte) []byte { return d[:len(d)/2] }, func() { wantCorrupt(t, s, "t", path, "a cut file") })
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantCorrupt(t, s, "t", path, "no manifest")
}

// TestWrongManifest: manifests that are complete but cannot be true.
func TestWrongManifest(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 10))
	path, _ := files(t, s, "t")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"format":2`, `"format":1`},
		{`"format":2`, `"format":3`},
		{`"rows":10,"parts"`, `"rows":9,"parts"`},
		{`"rows":10,"offset"`, `"rows":11,"offset"`},
		{`"rows":10,"offset"`, `"rows":9999999999,"offset"`},
		{`"kind":"int64"`, `"kind":"int65"`},
		{`"name":"i"`, `"name":""`},
		{`"offset":`, `"offset":1000000000`},
		{`"offset":`, `"offset":-`},
		{`"metadata":{"bytes":`, `"metadata":{"bytes":9`},
		{`"metadata":{"bytes":`, `"metadata":{"bytes":-`},
		{`"metadata":`, `"metadata":{"bytes":8},"x":`},
		{`"columns":[{"bytes":`, `"columns":[{"bytes":9`},
		{`"columns":[{"bytes":`, `"columns":[{"bytes":-`},
		{`"columns":[{"bytes":`, `"columns":[{"bytes":0},{"bytes":`},
		{`"columns":[{"bytes":`, `"columns":[],"x":[{"bytes":`},
		{`"name":"p-`, `"name":"../p-`},
		{`"size":`, `"size":1000000000`},
		{`"head_crc32c"`, `"dims":[0],"head_crc32c"`},
		{`"batches":[`, `"batches":[],"x":[`},
		{`{`, ``},
	} {
		text := strings.Replace(string(data), change[0], change[1], 1)
		if text == string(data) {
			t.Fatalf("%s is not in %s", change[0], data)
		}
		if _, _, err := parseManifest([]byte(text)); err == nil {
			t.Errorf("%s for %s was taken", change[1], change[0])
		}
	}
}

func TestDamagedCatalog(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 1))
	path := s.control("catalog.json")
	for _, text := range []string{"", "{}", `{"format":9}`, `{"format":1,"tables":[{"table":"t","folder":"..","generation":"gen-x"}]}`, `{"format":1,"tables":[{"table":""}]}`} {
		damage(t, path, func([]byte) []byte { return []byte(text) }, func() {
			wantCorrupt(t, s, "t", path, text)
			if err := tryPut(s, "u", ints(t, 0, 1)); !errors.Is(err, table.ErrCorrupt) {
				t.Errorf("%s: wrote, error %v", text, err)
			}
		})
	}
	// Without a catalogue the tables must not be taken for leftovers.
	if err := os.Rename(path, path+".bak"); err != nil {
		t.Fatal(err)
	}
	fresh := reopen(t, s.root)
	wantCorrupt(t, fresh, "t", path, "no catalogue")
	if err := tryPut(fresh, "u", ints(t, 0, 1)); !errors.Is(err, table.ErrCorrupt) {
		t.Errorf("wrote without a catalogue: %v", err)
	}
	if err := os.Rename(path+".bak", path); err != nil {
		t.Fatal(err)
	}
	rows, err := get(s, "t", 1, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, rows, [][]any{{int64(0)}})
}

// TestEveryByteOfTheCatalog changes each byte in several ways: the tables are the same, or the catalogue is refused.
func TestEveryByteOfTheCatalog(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 1))
	put(t, s, "u", ints(t, 5, 6))
	path := s.control("catalog.json")
	intact, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range intact {
		for _, change := range []byte{1, 2, 0x20, 0x80} {
			damaged := bytes.Clone(intact)
			damaged[i] ^= change
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			names, err := s.List(ctx)
			switch {
			case errors.Is(err, table.ErrCorrupt) && strings.Contains(err.Error(), path):
				refused++
			case err != nil:
				t.Errorf("byte %d xor %#x: got error %v, want ErrCorrupt with the path", i, change, err)
			case len(names) != 2 || names[0] != named("t") || names[1] != named("u"):
				t.Errorf("byte %d xor %#x: the tables are %v", i, change, names)
			}
		}
	}
	if refused < 3*len(intact) {
		t.Errorf("%d damages of %d bytes were refused", refused, len(intact))
	}
}

// TestOldCatalog: a catalogue without a checksum, as format 1 had, is read, and gets one when it is next written.
func TestOldCatalog(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 1))
	path := s.control("catalog.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	delete(c, "crc32c")
	write := func(format int) {
		c["format"] = format
		data, err := json.Marshal(c)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(2)
	wantCorrupt(t, s, "t", path, "format 2 without a checksum")
	write(1)
	put(t, s, "u", ints(t, 0, 1))
	if _, err := s.Lookup(ctx, named("t")); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), `"crc32c"`) {
		t.Errorf("%s, %v", data, err)
	}
}

// TestRemovedByHand: a person may remove a table's folder to be rid of the table.
func TestRemovedByHand(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 1))
	put(t, s, "u", ints(t, 0, 1))
	if err := os.RemoveAll(filepath.Join(s.root, "t")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(ctx, named("t")); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("lookup: %v", err)
	}
	names, err := s.List(ctx)
	if err != nil || len(names) != 1 || names[0].Table != "u" {
		t.Errorf("list: %v, %v", names, err)
	}
	put(t, s, "t", ints(t, 5, 6))
}

// encode writes a batch as the only one of a part file.
func encode(t testing.TB, b *table.Batch) (message []byte, meta fileMeta) {
	t.Helper()
	dir := t.TempDir()
	var dims []int
	for c := range b.Cols {
		if arrowvec.HasDims(&b.Cols[c]) {
			dims = append(dims, c)
		}
	}
	p, err := createPartFile(disk{root: nofollow.Root(dir)}, memory.DefaultAllocator, dir, "k", b.Schema, dims)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.write(b); err != nil {
		t.Fatal(err)
	}
	if meta, err = p.finish(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, meta.Name))
	if err != nil {
		t.Fatal(err)
	}
	m := meta.Batches[0]
	return data[m.Offset:m.end()], meta
}

// TestMetadataDisagree: metadata that are good by themselves but are not what the manifest says.
func TestMetadataDisagree(t *testing.T) {
	b := mixed(t)
	message, meta := encode(t, b)
	good, schema := meta.Batches[0], arrowSchema(b.Schema, meta.Dims)
	data := message[:good.Metadata.Bytes]
	if _, err := parseBatch(data, good, schema); err != nil {
		t.Fatal(err)
	}
	rows, columns := good, good
	rows.Rows++
	columns.Columns = slices.Clone(good.Columns)
	columns.Columns[1].Bytes -= 8
	columns.Columns[2].Bytes += 8
	other := bytes.Clone(data)
	other[4] += 8
	for want, c := range map[string]struct {
		data   []byte
		batch  batchMeta
		schema *arrow.Schema
	}{
		"3 rows; 4 were written":                                            {data, rows, schema},
		`column "b" of 16 bytes; 8 were written`:                            {data, columns, schema},
		"more than the 7 columns have":                                      {data, good, arrowSchema(b.Schema, nil)},
		fmt.Sprintf("where %d were written", len(data)-ipcmeta.PrefixBytes): {other, good, schema},
		"no message begins here":                                            {bytes.Repeat([]byte{1}, len(data)), good, schema},
	} {
		if _, err := parseBatch(c.data, c.batch, c.schema); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

// FuzzDecode reads record batches without the checksums: whatever the bytes are, the result is rows or an error.
func FuzzDecode(f *testing.F) {
	b := mixed(f)
	message, meta := encode(f, b)
	batch, schema := meta.Batches[0], arrowSchema(b.Schema, meta.Dims)
	f.Add(message)
	f.Add(bytes.Repeat([]byte{0xFF}, len(message)))
	for i := range message {
		damaged := bytes.Clone(message)
		damaged[i] ^= 0x81
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		data := make([]byte, len(message)) // the lengths are the manifest's word, which has a checksum
		copy(data, bytes)
		columns, err := parseBatch(data[:batch.Metadata.Bytes], batch, schema)
		if err != nil {
			return
		}
		column := func(i int) arrow.ArrayData {
			from := batch.column(i) - batch.Offset
			memory := ipcmeta.Memory(batch.Columns[i].Bytes)
			copy(memory, data[from:])
			return columns[i].Data(memory)
		}
		for c := range b.Schema {
			v := table.Vector{Type: b.Schema[c].Type}
			if err := arrowvec.Read(&v, column(c), 0, b.Rows); err != nil {
				continue
			}
			if d := slices.Index(meta.Dims, c); d >= 0 {
				if err := arrowvec.ReadDims(&v, column(len(b.Schema)+d), 0, b.Rows); err != nil {
					continue
				}
			}
			if err := v.Check(b.Rows); err != nil {
				t.Fatalf("column %d: %v", c, err)
			}
			for i := range b.Rows {
				table.FormatValue(&v, i)
			}
		}
	})
}

// FuzzManifest reads manifests: one that is accepted can be used without a check.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":2,"table":"t","columns":[{"name":"i","type":"bigint[]","kind":"int64[]"}],"rows":2,"parts":[{"key":"p","files":[{"name":"p.arrow","size":900,"dims":[0],"batches":[{"rows":2,"offset":200,"metadata":{"bytes":60},"columns":[{"bytes":40},{"bytes":16}]}]}]}]}`))
	f.Add([]byte(`{"format":2,"columns":[{"name":"i","type":"x","kind":"other"}],"rows":0,"parts":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, schema, err := parseManifest(data)
		if err != nil {
			return
		}
		total := int64(0)
		for _, p := range m.Parts {
			for _, file := range p.Files {
				head, foot := file.ends()
				if head < 0 || head > foot || foot > file.Size || head > maxHeadBytes || file.Size-foot > maxHeadBytes {
					t.Fatalf("head to %d, foot from %d of %d", head, foot, file.Size)
				}
				for _, b := range file.Batches {
					if len(b.Columns) != arrowSchema(schema, file.Dims).NumFields() || b.Metadata.Bytes < ipcmeta.PrefixBytes || b.end() > foot {
						t.Fatalf("a batch of %d columns to %d", len(b.Columns), b.end())
					}
				}
			}
			total += p.rows()
		}
		if total != m.Rows || total < 0 {
			t.Fatalf("%d rows, %d in the parts", m.Rows, total)
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}

// TestOtherReaders: part files are plain Arrow IPC files.
func TestOtherReaders(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", mixed(t))
	_, parts := files(t, s, "t")
	data, err := os.ReadFile(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := ipc.NewFileReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rec, err := r.Record(0)
	if err != nil {
		t.Fatal(err)
	}
	if r.NumRecords() != 1 || rec.NumRows() != 3 {
		t.Errorf("%d batches, %d rows", r.NumRecords(), rec.NumRows())
	}
	names := []string{}
	for _, f := range r.Schema().Fields() {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "i b s y n x t x.dims" {
		t.Errorf("fields %s", got)
	}
	f := r.Schema().Field(5)
	if i := f.Metadata.FindKey(arrowvec.MetaType); i < 0 || f.Metadata.Values()[i] != "double precision[]" {
		t.Errorf("metadata %v", f.Metadata)
	}
}
