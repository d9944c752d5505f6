//go:build unix

package ownerlock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file without a name is seen by nobody, and holds what is written; where the system makes it by taking a name away, what killed processes have left goes.
func TestUnnamed(t *testing.T) {
	for what, newFile := range map[string]func(folder string) (*os.File, error){"of the system": Unnamed, "named at first": namedAtFirst} {
		r, dir := root(t)
		dead, _, err := Create(r, unnamedPrefix, "", 0o600) // as of a process that was killed before it took the name away
		if err != nil {
			t.Fatal(err)
		}
		if err := dead.Close(); err != nil {
			t.Fatal(err)
		}
		living, name, err := Create(r, unnamedPrefix, "", 0o600)
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFile(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("rows"), 10); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		got := make([]byte, 4)
		if _, err := f.ReadAt(got, 10); err != nil || string(got) != "rows" {
			t.Errorf("%s: read %q, %v", what, got, err)
		}
		if left := Names(r, ""); what == "named at first" && len(left) != 1 {
			t.Errorf("%s: it has left %q", what, left)
		}
		SweepUnnamed(r)
		if left := Names(r, ""); len(left) != 1 || left[0] != name {
			t.Errorf("%s: the folder has %q, want %s, whose owner lives", what, left, name)
		}
		if err := errors.Join(f.Close(), living.Close()); err != nil {
			t.Error(err)
		}
		if _, err := newFile(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s in a folder that is not there: %v", what, err)
		}
	}
}

// A shared lock lets other shared ones in, and no exclusive one.
func TestTryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, exclusive := range []bool{false, false, true} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if ok, err := TryLock(f, exclusive); err != nil || ok == exclusive {
			t.Errorf("lock %d, exclusive %t: %t, %v", i, exclusive, ok, err)
		}
	}
}
