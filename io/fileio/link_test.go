package fileio

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// foreignFolder makes a folder that is not the store's, with files that look like what a store removes.
func foreignFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "foreign")
	for _, f := range []string{"a/x", "gen-abcdefghijklmnopqrstuvwxyz/x", "outputs/x", "trash/a/x", "locks/x"} {
		path := filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("precious"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tree is all that is in a folder, with the content of its files.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			out[path] = "folder"
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := tree(t, dir)
	for path, content := range want {
		if got[path] != content {
			t.Errorf("%s is %q; it was %q", path, got[path], content)
		}
		delete(got, path)
	}
	for path := range got {
		t.Errorf("%s is new", path)
	}
}

// TestLinks puts a symbolic link in the place of everything that a store keeps, one by one: each command that meets it is
// refused and names it, and what the link points to stays as it is.
func TestLinks(t *testing.T) {
	for _, name := range []string{
		".beamfit", ".beamfit/outputs", ".beamfit/trash", ".beamfit/locks", ".beamfit/lock", ".beamfit/locks/a",
		".beamfit/catalog.json", ".beamfit/catalog.json.new", "a", "a/gen", "a/gen/table.json", "a/gen/part",
	} {
		for _, inRoot := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := tempStore(t)
				put(t, s, "a", ints(t, 0, 3))
				put(t, s, "b", ints(t, 0, 3))
				path := filepath.Join(s.root, name)
				if gens, _ := filepath.Glob(filepath.Join(s.root, "a/gen-*")); strings.HasPrefix(name, "a/gen") {
					path = filepath.Join(gens[0], strings.TrimPrefix(name, "a/gen"))
				}
				if filepath.Base(path) == "part" {
					parts, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.arrow"))
					path = parts[0]
				}
				foreign := foreignFolder(t)
				target := foreign
				if inRoot {
					target = filepath.Join(s.root, "b")
				}
				if info, err := os.Stat(path); err != nil || !info.IsDir() {
					target = filepath.Join(foreign, "a", "x")
					if inRoot {
						target = filepath.Join(s.root, "b", "x")
						if err := os.WriteFile(target, []byte("precious"), 0o666); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, path); err != nil {
					t.Fatal(err)
				}
				wantForeign, wantB := tree(t, foreign), tree(t, filepath.Join(s.root, "b"))
				next := reopen(t, s.root)
				_, read := get(next, "a", 1, table.ReadOptions{})
				refused := false
				for _, err := range []error{
					read,
					tryPut(next, "a", ints(t, 0, 1)),
					next.Mutate(ctx, named("a"), func(tx table.Tx) error { return tx.Insert(ints(t, 1, 2)) }),
					next.Mutate(ctx, named("a"), table.Tx.Drop),
				} {
					if err != nil && strings.Contains(err.Error(), path) && strings.Contains(err.Error(), "symbolic link") {
						refused = true
					}
				}
				if !refused {
					t.Errorf("no command names the link")
				}
				wantTree(t, foreign, wantForeign)
				wantTree(t, filepath.Join(s.root, "b"), wantB)
			})
		}
	}
}

// TestRootLink: the store's folder itself may be reached through a link.
func TestRootLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	s := reopen(t, filepath.Join(dir, "link"))
	put(t, s, "a", ints(t, 0, 2))
	rows, err := get(reopen(t, filepath.Join(dir, "real")), "a", 1, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, rows, [][]any{{int64(0)}, {int64(1)}})
}

// TestSwappedFolder exchanges folders of a store with links to a foreign folder all the time while tables are written and
// dropped. Commands may fail; nothing in the foreign folder changes.
func TestSwappedFolder(t *testing.T) {
	for _, name := range []string{".beamfit/trash", ".beamfit/outputs", "a"} {
		t.Run(name, func(t *testing.T) {
			s := tempStore(t)
			put(t, s, "a", ints(t, 0, 1))
			foreign := foreignFolder(t)
			want := tree(t, foreign)
			path := filepath.Join(s.root, name)
			stop := make(chan struct{})
			var swapper sync.WaitGroup
			swapper.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					_ = os.Rename(path, path+".aside")
					_ = os.Symlink(foreign, path)
					_ = os.Remove(path)
					_ = os.Rename(path+".aside", path)
				}
			})
			for range 150 {
				next, err := Open(ctx, "file:"+s.root)
				if err != nil {
					t.Fatal(err)
				}
				_ = tryPut(next, "a", ints(t, 0, 1))
				_ = next.Mutate(ctx, named("a"), table.Tx.Drop)
				_ = next.Close()
			}
			close(stop)
			swapper.Wait()
			wantTree(t, foreign, want)
		})
	}
}

// TestPipe: a pipe in the place of a file of the store is refused, not waited for.
func TestPipe(t *testing.T) {
	s := tempStore(t)
	put(t, s, "a", ints(t, 0, 1))
	path := s.control("catalog.json")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := get(s, "a", 1, table.ReadOptions{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v", err)
	}
}
