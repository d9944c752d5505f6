package fileio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/beamfit/beamfit/io/table"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for url, root := range map[string]string{
		"file:data":              filepath.Join(dir, "data"),
		"file:./a b/../ü":        filepath.Join(dir, "ü"),
		"file:" + dir:            dir,
		"file://" + dir + "/x/":  filepath.Join(dir, "x"),
		"file:50%25":             filepath.Join(dir, "50%25"),
		"file:" + dir + "/a;b?c": filepath.Join(dir, "a;b?c"),
	} {
		s, err := Open(ctx, url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if s.Ref() != "file:"+root {
			t.Errorf("%s: ref %s, want file:%s", url, s.Ref(), root)
		}
		if _, err := os.Lstat(root); (err == nil) != (root == dir) {
			t.Errorf("%s: opening it has made %s", url, root)
		}
		if err := s.Mutate(ctx, named("t"), func(table.Tx) error { return nil }); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"file:", "file://", "file://host/x", "data", "postgres://x", "file:a\x00b"} {
		if _, err := Open(ctx, url); !errors.Is(err, table.ErrURL) {
			t.Errorf("%s: got error %v, want ErrURL", url, err)
		}
	}
	if err := os.WriteFile("plain", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"file:plain", "file:plain/sub"} {
		if _, err := Open(ctx, url); err == nil || errors.Is(err, table.ErrUnavailable) || !strings.Contains(err.Error(), "not a folder") {
			t.Errorf("%s: got error %v, want that it is not a folder", url, err)
		}
	}
}

func TestFolderNames(t *testing.T) {
	long := strings.Repeat("Ü", 63)
	for n, want := range map[table.Name]string{
		{Table: "iris"}:                      "iris",
		{Schema: "lab", Table: "iris"}:       "lab.iris",
		{Table: "lab.iris"}:                  "lab%2Eiris",
		{Table: "Iris"}:                      "%49ris",
		{Table: "-x"}:                        "%2Dx",
		{Table: `a"b c/..`}:                  "a%22b%20c%2F%2E%2E",
		{Table: "."}:                         "%2E",
		{Schema: long, Table: long + "_mod"}: strings.Repeat("%C3%9C", 24) + "%C3~" + "",
	} {
		got := folderOf(n)
		if n.Schema == long {
			got = got[:len(want)]
		}
		if got != want || len(folderOf(n)) > longestFolder {
			t.Errorf("%v: %s, want %s", n, folderOf(n), want)
		}
	}
	if folderOf(table.Name{Schema: long, Table: long + "a"}) == folderOf(table.Name{Schema: long, Table: long + "b"}) {
		t.Error("two long names have one folder")
	}
	rapid.Check(t, func(t *rapid.T) {
		a := table.Name{Schema: rapid.String().Draw(t, "schema"), Table: rapid.String().Draw(t, "table")}
		b := table.Name{Schema: rapid.String().Draw(t, "schema"), Table: rapid.String().Draw(t, "table")}
		if a != b && strings.EqualFold(folderOf(a), folderOf(b)) {
			t.Fatalf("%v and %v have the folder %s", a, b, folderOf(a))
		}
		if a.Table != "" && !inside(folderOf(a)) {
			t.Fatalf("%v has the folder %q", a, folderOf(a))
		}
	})
}

// TestSegments writes arrays whose shapes need a column only later, over several batches, and reads them in all cuts.
func TestSegments(t *testing.T) {
	schema := table.Schema{{Name: "i", Type: table.Int64Type}, {Name: "x", Type: table.Float32ArrayType}, {Name: "y", Type: table.TextArrayType}, {Name: "x.dims", Type: table.TextType}}
	big := make([]float32, batchBytes/16)
	var batches []*table.Batch
	var want [][]any
	for i := range 24 {
		var x, y any = big, []string{"a"}
		row := []any{i, []int{len(big)}, big[0], big[1], "{a}"}
		if i >= 9 {
			x = table.Array{Elems: []any{float32(i), nil, float32(3), float32(4)}, Shape: []int{2, 2}}
			row[1], row[2], row[3] = []int{2, 2}, i, nil
		}
		if i >= 17 {
			y = table.Array{Elems: []any{"a", "b"}, Shape: []int{1, 2}}
			row[4] = "{{a,b}}"
		}
		batches = append(batches, batchOf(t, schema, []any{int64(i), x, y, "s"}))
		want = append(want, row)
	}
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	s := tempStore(t)
	s.mem = mem
	if err := tryPut(s, "t", batches...); err != nil {
		t.Fatal(err)
	}
	manifest, parts := files(t, s, "t")
	data, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := parseManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	largest := int64(0)
	for _, f := range m.Parts[0].Files {
		for _, b := range f.Batches {
			largest = max(largest, b.end()-b.Offset)
		}
	}
	if len(parts) < 2 || len(m.Parts) != 1 || largest > batchBytes*3/2 {
		t.Errorf("%d files in %d parts, the largest batch has %d bytes", len(parts), len(m.Parts), largest)
	}
	for _, n := range []int{1, 2, 5, 7, 24} {
		i := 0
		eachBatch(t, s, "t", n, table.ReadOptions{BatchRows: n % 4}, func(b *table.Batch) {
			for row := range b.Rows {
				x, y := &b.Cols[1], &b.Cols[2]
				got := fmt.Sprint(b.Cols[0].Int64s[row], x.Shape(row), x.Elem(x.Offsets[row]), x.Elem(x.Offsets[row]+1), table.FormatArray(y, row))
				if want := fmt.Sprint(want[i]...); got != want {
					t.Fatalf("%d partitions, row %d: got %s, want %s", n, i+1, got, want)
				}
				i++
			}
		})
		if i != len(want) {
			t.Errorf("%d partitions: %d rows", n, i)
		}
	}
	mem.AssertSize(t, 0)
}

// TestReleased: errors on the way leave no Arrow memory behind.
func TestReleased(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	s := tempStore(t)
	s.mem = mem
	put(t, s, "t", mixed(t))
	if _, err := get(s, "t", 3, table.ReadOptions{Float32: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	put(t, s, "u", batchOf(t, table.Schema{{Name: "x", Type: table.Float64ArrayType}}, []any{[]float64{1}}, []any{[]float64{1e300}}))
	var bad *table.ValueError
	if _, err := get(s, "u", 1, table.ReadOptions{Float32: []string{"x"}}); !errors.As(err, &bad) || bad.Row != 2 {
		t.Fatal(err)
	}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec("v", intSchema)}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.Write(ctx, ints(t, 0, maxBatchRows)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Discard(), out.Abort(ctx), s.Close()); err != nil {
		t.Fatal(err)
	}
	mem.AssertSize(t, 0)
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

// TestPartitions checks the cuts of tables of any size.
func TestPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.Int64Range(0, 1<<62).Draw(t, "rows")
		if rapid.Bool().Draw(t, "small") {
			rows %= 50
		}
		n := &snapshot{id: process + "/test", info: table.Info{Rows: rows}}
		open.Store(n.id, true)
		defer open.Delete(n.id)
		count := rapid.IntRange(1, 64).Draw(t, "n")
		parts, err := n.Partitions(ctx, count)
		if err != nil {
			t.Fatal(err)
		}
		next := int64(0)
		for _, p := range parts {
			if p.FirstRow != next || p.Rows < max(1, rows/int64(count)) || p.Rows > rows/int64(count)+1 {
				t.Fatalf("%d rows in %d parts: %+v", rows, count, parts)
			}
			next += p.Rows
		}
		if next != rows || int64(len(parts)) != min(rows, int64(count)) {
			t.Fatalf("%d parts cover %d of %d rows", len(parts), next, rows)
		}
	})
}

// TestForeignTokens: partitions that this store did not make are refused.
func TestForeignTokens(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 10))
	snap, err := s.Snapshot(ctx, named("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *table.Partition){
		"no token":       func(p *table.Partition) { p.Token = "" },
		"other folder":   func(p *table.Partition) { p.Token = strings.Replace(p.Token, `"folder":"t"`, `"folder":"../t"`, 1) },
		"no generation":  func(p *table.Partition) { p.Token = strings.Replace(p.Token, "gen-", "gen-x", 1) },
		"too many rows":  func(p *table.Partition) { p.Rows++ },
		"negative":       func(p *table.Partition) { p.FirstRow = -1 },
		"overflow":       func(p *table.Partition) { p.FirstRow = 1 << 62; p.Rows = 1 << 62 },
		"other snapshot": func(p *table.Partition) { p.Token = strings.Replace(p.Token, process+"/", process+"/x", 1) },
	} {
		p := parts[0]
		change(&p)
		if _, err := getPart(s, p, table.ReadOptions{}); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// TestSnapshotOutlivesReplacement: a reader goes on after its table was replaced twice, and the old files go when it ends.
func TestSnapshotOutlivesReplacement(t *testing.T) {
	s, other := tempStore(t), (*Store)(nil)
	put(t, s, "t", ints(t, 0, 2))
	other = reopen(t, s.root)
	snap, err := s.Snapshot(ctx, named("t"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := snap.Partitions(ctx, 2)
	if err != nil {
		t.Fatal(err)
	}
	put(t, other, "t", ints(t, 5, 6))
	put(t, other, "t", ints(t, 6, 7))
	r, err := other.Read(ctx, parts[1], table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := r.Next(ctx) // a reader that is open holds the files, too
	if err != nil || b.Cols[0].Int64s[0] != 1 {
		t.Errorf("%v, %v", b, err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, other, "t", ints(t, 7, 8))
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	// The same in a process that does not know that the snapshot is closed.
	parts[0].Token = strings.Replace(parts[0].Token, process, newID(), 1)
	if _, err := getPart(other, parts[0], table.ReadOptions{}); !errors.Is(err, errGone) {
		t.Errorf("got error %v, want errGone", err)
	}
}

// TestReadOnly reads a store whose lock file cannot be made, as in a folder mounted for reading.
func TestReadOnly(t *testing.T) {
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 2))
	if err := os.Remove(s.control("lock")); err != nil {
		t.Fatal(err)
	}
	rows, err := get(s, "t", 1, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, rows, [][]any{{int64(0)}, {int64(1)}})
	if s.disk.exists(s.control("lock")) {
		t.Error("reading has made a lock file")
	}
}

// TestManyWriters lets goroutines and stores replace, change and read the same tables.
func TestManyWriters(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := tempStore(t)
	put(t, s, "a", ints(t, 0, 1))
	put(t, s, "b", ints(t, 0, 1))
	var wg sync.WaitGroup
	for w := range 4 {
		st := reopen(t, s.root)
		wg.Go(func() {
			for i := range 6 {
				out, err := st.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec("a", intSchema), spec("b", intSchema)}})
				if err != nil {
					t.Error(err)
					return
				}
				for k := range 2 {
					if err := writePart(st, table.Part{Output: out.ID(), Table: k, Key: "k"}, ints(t, 10*w+i, 10*w+i+1)); err != nil {
						t.Error(err)
					}
				}
				if i%3 == 2 {
					err = out.Abort(ctx)
				} else {
					err = out.Commit(ctx)
				}
				if err == nil {
					err = st.Mutate(ctx, named("c"), func(tx table.Tx) error {
						if tx.Schema() == nil {
							if err := tx.Create(intSchema); err != nil {
								return err
							}
						}
						return tx.Insert(ints(t, i, i+1))
					})
				}
				if err != nil {
					t.Error(err)
				}
				if _, err := get(st, "a", 3, table.ReadOptions{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	a, err := get(s, "a", 1, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := get(s, "b", 1, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, a, b)
	if rows, err := get(s, "c", 1, table.ReadOptions{}); err != nil || len(rows) != 24 {
		t.Errorf("%d rows were inserted, %v", len(rows), err)
	}
	if left := leftovers(t, s); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
}

const childRoot = "BEAMFIT_FILEIO_CHILD"

// TestKill kills a process that keeps replacing two tables with equal rows and changing a third, at ten moments.
func TestKill(t *testing.T) {
	if root := os.Getenv(childRoot); root != "" {
		s := reopen(t, root)
		for i := 0; ; i++ {
			jobs := []func(t *testing.T, s *Store) error{jobs["output"].run, jobs["insert"].run}
			if err := jobs[i%2](t, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := tempStore(t)
	put(t, s, "a", ints(t, 1, 3))
	put(t, s, "b", ints(t, 3, 4))
	for i := range 10 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), childRoot+"="+s.root)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		before, err := os.Stat(s.control("catalog.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Wait until the child is at work, then a little, differently each time.
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
			if now, err := os.Stat(s.control("catalog.json")); err == nil && !os.SameFile(before, now) {
				break
			}
		}
		time.Sleep(time.Duration(i*700) * time.Microsecond)
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err == nil {
			t.Fatalf("the child ended by itself: %s", said.String())
		}
		next := reopen(t, s.root)
		if got := state(t, next); !strings.HasPrefix(got, "[[1] [2]") || !strings.HasSuffix(got, " [[3]]") {
			t.Fatalf("kill %d: %s", i, got)
		}
		put(t, next, "c", ints(t, 0, 1))
		if left := leftovers(t, next); len(left) > 0 {
			t.Fatalf("kill %d: left over: %q", i, left)
		}
	}
}

// TestLockEnds: waiting for the store's lock ends with the context.
func TestLockEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := tempStore(t)
	put(t, s, "t", ints(t, 0, 1))
	l, err := s.disk.take(ctx, s.control("lock"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.release()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := s.Lookup(short, named("t")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v", err)
	}
}
