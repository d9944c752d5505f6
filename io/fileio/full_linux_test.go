package fileio

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// smallDisk is a folder on a file system of its own. It needs the right to mount one.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestRunOnAFullDisk: a run whose disk is full hears that it is to stop, and its end is noted.
func TestRunOnAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	s := reopen(t, dir)
	put(t, s, "t", ints(t, 0, 5))
	r, id := recordRun(t, s)
	full := make([]byte, 1<<20)
	if err := os.WriteFile(filepath.Join(dir, "other"), full, 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	if stop, err := r.Beat(t.Context(), table.RunStatus{Iteration: 3}); stop || !errors.Is(err, table.ErrFull) {
		t.Errorf("to stop: %t, %v; want ErrFull", stop, err)
	}
	if err := s.CancelRun(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if stop, err := r.Beat(t.Context(), table.RunStatus{Iteration: 3}); !stop || !errors.Is(err, table.ErrFull) {
		t.Errorf("to stop: %t, %v; want true and ErrFull", stop, err)
	}
	if err := r.End(t.Context(), table.RunStatus{Iteration: 3}, table.RunCancelled, "the disk is full"); err != nil {
		t.Error(err)
	}
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 || runs[0].State != table.RunCancelled || runs[0].Iteration != 3 || runs[0].Message != "the disk is full" {
		t.Errorf("%+v, %v", runs, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestFullDisk writes more than a small file system holds.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
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
