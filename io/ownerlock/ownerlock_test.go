//go:build unix

package ownerlock

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func root(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	r, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r, dir
}

func sweep(r *os.Root) (names []string) {
	Sweep(r, "a-", ".b", func(name string) { names = append(names, name) })
	slices.Sort(names)
	return names
}

func TestOwner(t *testing.T) {
	r, dir := root(t)
	f, name, err := Create(r, "a-", ".b", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(name, "a-") || !strings.HasSuffix(name, ".b") {
		t.Errorf("%s: %v, %v", name, info.Mode(), err)
	}
	if got := sweep(r); got != nil {
		t.Errorf("the owner lives, and %q are swept", got)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"a-without suffix", "without prefix.b"} {
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(r, "a-", ".b", func(found string) {
		if found != name {
			t.Errorf("%s is swept", found)
		}
		if got := sweep(r); got != nil {
			t.Errorf("%q are swept twice at once", got)
		}
	})
	if got := sweep(r); !slices.Equal(got, []string{name}) {
		t.Errorf("%q are swept, expected %s", got, name)
	}
}

// TestForeign: what somebody else has put into the folder is neither followed nor waited for nor swept.
func TestForeign(t *testing.T) {
	r, dir := root(t)
	precious := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "inside"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"a-in.b": "inside", "a-out.b": precious} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "a-folder.b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a-pipe.b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		foreign := filepath.Join(dir, "a-foreign.b")
		if err := os.WriteFile(foreign, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(foreign, 65534, -1); err != nil {
			t.Fatal(err)
		}
	}
	if got := sweep(r); got != nil {
		t.Errorf("%q are swept", got)
	}
}

// Lock waits for the one who has the lock.
func TestLock(t *testing.T) {
	r, _ := root(t)
	first, err := Lock(r, "turn")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		second, err := Lock(r, "turn")
		if err == nil {
			err = second.Close()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("a second lock while the first is held: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}
