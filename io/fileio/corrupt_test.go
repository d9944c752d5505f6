package fileio

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"github.com/beamfit/beamfit/io/fileio/internal/arrowvec"
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
		{`"format":1`, `"format":2`},
		{`"rows":10,"parts"`, `"rows":9,"parts"`},
		{`"rows":10,"offset"`, `"rows":11,"offset"`},
		{`"rows":10,"offset"`, `"rows":9999999999,"offset"`},
		{`"kind":"int64"`, `"kind":"int65"`},
		{`"name":"i"`, `"name":""`},
		{`"offset":`, `"offset":1000000000`},
		{`"offset":`, `"offset":-`},
		{`"bytes":`, `"bytes":9`},
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

// encode writes a batch as the message of a part file.
func encode(t testing.TB, b *table.Batch) (message []byte, dims []int) {
	t.Helper()
	dir := t.TempDir()
	for c := range b.Cols {
		if arrowvec.HasDims(&b.Cols[c]) {
			dims = append(dims, c)
		}
	}
	p, err := createPartFile(disk{}, memory.DefaultAllocator, dir, "k", b.Schema, dims)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.write(b); err != nil {
		t.Fatal(err)
	}
	meta, err := p.finish()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, meta.Name))
	if err != nil {
		t.Fatal(err)
	}
	m := meta.Batches[0]
	return data[m.Offset : m.Offset+m.Bytes], dims
}

// FuzzDecode decodes record batches without the checksum: whatever the bytes are, the result is rows or an error.
func FuzzDecode(f *testing.F) {
	b := mixed(f)
	message, dims := encode(f, b)
	f.Add(message)
	f.Add(message[:len(message)/2])
	f.Add(bytes.Repeat([]byte{0xFF}, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		limit, one := &limitAllocator{mem: memory.NewGoAllocator()}, new(oneMessage)
		r, err := newDecoder(limit, one, arrowSchema(b.Schema, dims))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Release()
		rec, err := decode(r, limit, one, data, b.Rows)
		if err != nil {
			return
		}
		defer rec.Release()
		for c := range b.Schema {
			v := table.Vector{Type: b.Schema[c].Type}
			if err := arrowvec.Read(&v, rec.Column(c), 0, b.Rows); err != nil {
				continue
			}
			for d, of := range dims {
				if of == c {
					err = arrowvec.ReadDims(&v, rec.Column(len(b.Schema)+d), 0, b.Rows)
				}
			}
			if err != nil {
				continue
			}
			if err := arrowvec.Check(&v, b.Rows); err != nil {
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
	f.Add([]byte(`{"format":1,"table":"t","columns":[{"name":"i","type":"bigint[]","kind":"int64[]"}],"rows":2,"parts":[{"key":"p","files":[{"name":"p.arrow","size":900,"dims":[0],"batches":[{"rows":2,"offset":200,"bytes":100}]}]}]}`))
	f.Add([]byte(`{"format":1,"columns":[{"name":"i","type":"x","kind":"other"}],"rows":0,"parts":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, schema, err := parseManifest(data)
		if err != nil {
			return
		}
		total := int64(0)
		for _, p := range m.Parts {
			for _, file := range p.Files {
				arrowSchema(schema, file.Dims)
				head, foot := file.ends()
				if head < 0 || head > foot || foot > file.Size || head > maxHeadBytes || file.Size-foot > maxHeadBytes {
					t.Fatalf("head to %d, foot from %d of %d", head, foot, file.Size)
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
