package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

func TestFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a[b]*") // names that patterns must not read
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(EnvDir, root)
	living, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(living.Path(), "x"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}

	// What a killed process leaves: a folder and a lock file that nobody holds. One was killed before it made its folder.
	for _, name := range []string{"dead", "early"} {
		if err := os.WriteFile(filepath.Join(root, prefix+name+suffix), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, prefix+"dead", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(root, "beamfit-scratchy")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}

	second, err := New()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{living.path: true, living.path + suffix: true, second.path: true, second.path + suffix: true, foreign: true}
	for path := range list(t, root) {
		if !want[path] {
			t.Errorf("%s was not swept", path)
		}
		delete(want, path)
	}
	for path := range want {
		t.Errorf("%s is gone", path)
	}

	for _, f := range []*Folder{living, second} {
		if err := f.Remove(); err != nil {
			t.Error(err)
		}
	}
	if left := list(t, root); len(left) != 1 || !left[foreign] {
		t.Errorf("left after Remove: %v", left)
	}
}

func list(t *testing.T, root string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, e := range entries {
		out[filepath.Join(root, e.Name())] = true
	}
	return out
}

// TestForeign: what others have put into a folder that all may write to is neither followed nor waited for nor removed.
func TestForeign(t *testing.T) {
	root := t.TempDir()
	t.Setenv(EnvDir, root)
	precious := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Links to a foreign file, within root and out of it: as lock files, in the place of a folder and in a folder.
	if err := os.WriteFile(filepath.Join(root, "inside"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"in": "inside", "out": precious} {
		if err := os.Symlink(target, filepath.Join(root, prefix+name+suffix)); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(root, prefix+name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, prefix+"dead"+suffix), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(precious), filepath.Join(root, prefix+"dead")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, prefix+"pipe"+suffix), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(f.Path()); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := f.Remove(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		precious, filepath.Join(root, "inside"), filepath.Join(root, prefix+"in"), filepath.Join(root, prefix+"out"),
		filepath.Join(root, prefix+"in"+suffix), filepath.Join(root, prefix+"out"+suffix), filepath.Join(root, prefix+"pipe"+suffix),
	} {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, prefix+"dead")); err == nil {
		t.Error("the folder of a dead owner, by now a link, is still there")
	}
}

func TestMissingRoot(t *testing.T) {
	t.Setenv(EnvDir, filepath.Join(t.TempDir(), "missing"))
	if _, err := New(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}

func TestErrorFull(t *testing.T) {
	err := Error(fmt.Errorf("write: %w", syscall.ENOSPC))
	if !errors.Is(err, table.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v is not table.ErrFull", err)
	}
}
