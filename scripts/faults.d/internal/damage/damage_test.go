package damage

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var content = []byte("a file with bytes that are not zero, and some that are: \x00\x00\x00.")

func write(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEveryWayDamages(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		path := write(t)
		d, err := File(rand.New(rand.NewPCG(seed, 0)), path)
		if err != nil {
			t.Fatal(err)
		}
		seen[d.Way] = true
		now, err := os.ReadFile(path)
		if gone := errors.Is(err, fs.ErrNotExist); gone != (d.Way == "removed") || err != nil && !gone {
			t.Errorf("%v: %v", d, err)
		}
		if bytes.Equal(now, content) {
			t.Errorf("%v: nothing has changed", d)
		}
		if undone, err := d.Undo(); !undone || err != nil {
			t.Errorf("%v: undone %v, %v", d, undone, err)
		}
		if now, err = os.ReadFile(path); err != nil || !bytes.Equal(now, content) {
			t.Errorf("%v, undone: %q, %v", d, now, err)
		}
	}
	for _, w := range ways {
		if !seen[w.name] {
			t.Errorf("%s was never drawn", w.name)
		}
	}
}

func TestUndoLeavesWhatOthersWrote(t *testing.T) {
	for seed := range uint64(50) {
		path := write(t)
		d, err := File(rand.New(rand.NewPCG(seed, 0)), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		if undone, err := d.Undo(); undone || err != nil {
			t.Errorf("%v: undone %v, %v", d, undone, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != "new" {
			t.Errorf("%v: %q, %v", d, now, err)
		}
	}
}

func TestAnEmptyFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := File(rand.New(rand.NewPCG(1, 0)), path); err == nil {
		t.Error("an empty file was damaged")
	}
}
