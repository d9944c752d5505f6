package fileio

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestFullDisk writes more than a small file system holds. It needs the right to mount one.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	s := reopen(t, dir)
	put(t, s, "t", ints(t, 0, 5))
	for range 2 {
		err := tryPut(s, "u", ints(t, 0, 60_000), ints(t, 0, 60_000))
		if !errors.Is(err, table.ErrFull) || !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "table u") {
			t.Fatalf("got error %v, want ErrFull about %s", err, dir)
		}
		if left := leftovers(t, s); len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
	}
	if rows, err := get(s, "t", 1, table.ReadOptions{}); err != nil || len(rows) != 5 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	put(t, s, "u", ints(t, 0, 1000))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
