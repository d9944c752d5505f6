package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestGrowth(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		live, pointers uint64
		want           int
	}{
		{0, 0, 5},
		{40 * mb, 6 * mb, 5},
		{2000 * mb, 16 * mb, 5}, // packed rows
		{132 * mb, 100 * mb, 36},
		{2000 * mb, 116 * mb, 7},
	} {
		if got := growth(tt.live, tt.pointers); got != tt.want {
			t.Errorf("%d MB with %d MB of pointers may grow by %d %%, want %d", tt.live/mb, tt.pointers/mb, got, tt.want)
		}
	}
}

// TestKeepHeapSmall: the growth follows a heap full of pointers, and is what it was in the end.
func TestKeepHeapSmall(t *testing.T) {
	t.Setenv("GOGC", "")
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	before := percent()
	undo := keepHeapSmall("direct")
	if p := percent(); p != heapGrowth {
		t.Errorf("growth of %d %%, want %d", p, heapGrowth)
	}
	pointers := make([][]*int, 64)
	for i := range pointers {
		pointers[i] = make([]*int, 1<<17) // 1 MB
	}
	for deadline := time.Now().Add(10 * time.Second); percent() == heapGrowth; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("growth of %d %% for %d MB of pointers", heapGrowth, len(pointers))
		}
		runtime.GC()
	}
	runtime.KeepAlive(pointers)
	undo()
	if p := percent(); p != before {
		t.Errorf("growth of %d %% in the end, want %d", p, before)
	}
}
