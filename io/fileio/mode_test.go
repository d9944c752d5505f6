package fileio

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// use makes, changes and keeps tables, and leaves an output open, so that every kind of file is there.
func use(t *testing.T, s *Store) {
	t.Helper()
	put(t, s, "a", ints(t, 0, 1))
	if err := s.Mutate(ctx, named("a"), func(tx table.Tx) error { return tx.Insert(ints(t, 1, 2)) }); err != nil {
		t.Fatal(err)
	}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec("b", intSchema)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := writePart(s, table.Part{Output: out.ID(), Key: "p"}, ints(t, 0, 1)); err != nil {
		t.Fatal(err)
	}
}

func wantModes(t *testing.T, root string, folder, file os.FileMode) {
	t.Helper()
	n := 0
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		want := file
		if info.IsDir() {
			want = folder
		} else {
			n++
		}
		if got := info.Mode() & (os.ModePerm | os.ModeSetgid); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 7 {
		t.Errorf("%d files", n)
	}
}

func setUmask(t *testing.T, mask int) {
	old := syscall.Umask(mask)
	t.Cleanup(func() { syscall.Umask(old) })
}

func TestModes(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o277} {
		dir := filepath.Join(t.TempDir(), "deep")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		setUmask(t, mask)
		private := reopen(t, filepath.Join(dir, "private"))
		use(t, private)
		wantModes(t, private.root, 0o700, 0o600)

		shared := filepath.Join(dir, "shared")
		if err := makeShared(ctx, "file:"+shared); err != nil {
			t.Fatal(err)
		}
		if err := makeShared(ctx, "file:"+shared); err != nil {
			t.Errorf("once more: %v", err)
		}
		use(t, reopen(t, shared))
		wantModes(t, shared, 0o770|os.ModeSetgid, 0o660)

		err := makeShared(ctx, "file:"+private.root)
		if err == nil || !strings.Contains(err.Error(), private.root+"/.beamfit has mode 0700; a shared one has 0770") {
			t.Errorf("a private store made shared: %v", err)
		}
	}
}

// TestOldModes: a store that is there keeps its modes.
func TestOldModes(t *testing.T) {
	setUmask(t, 0o077)
	root := t.TempDir()
	for _, dir := range []string{"", ".beamfit", ".beamfit/outputs", ".beamfit/trash", ".beamfit/locks"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	use(t, reopen(t, root))
	wantModes(t, root, 0o755, 0o644)
}
