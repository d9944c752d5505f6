package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"github.com/beamfit/beamfit/pipelines"
)

// Nearly all of a large heap of fit and evaluate is packed rows, which live as long as the job and are quick to mark: with Go's
// rule, which lets the heap double, as much garbage would pile up beside them. A small heap would be collected all the time
// with so few percent alone. So the heap may grow by heapGrowth percent of itself and of heapBase together. This is for the direct
// runner: prism makes so much garbage of its own that it would need three to four times as long.
//
// The graphs and plans of a network of thousands of layers are full of pointers, and slow to mark. So the heap may also grow by
// pointerGrowth percent of what has pointers and exceeds pointerBase.
const (
	heapGrowth    = 5
	heapBase      = 32 << 20
	pointerGrowth = 50
	pointerBase   = 16 << 20
)

// keepHeapSmall sets the growth of the heap for a runner, unless the user has set GOGC, and returns what takes it back.
func keepHeapSmall(runner string) (undo func()) {
	if runner != pipelines.DirectRunner || os.Getenv("GOGC") != "" {
		return func() {}
	}
	base := make([]byte, heapBase) // counts as heap, and takes no memory since nobody touches it
	old := debug.SetGCPercent(heapGrowth)
	r := &heapRule{percent: heapGrowth}
	r.follow()
	return func() {
		r.end()
		debug.SetGCPercent(old)
		runtime.KeepAlive(base)
	}
}

// A heapRule sets the growth of the heap anew after every collection.
type heapRule struct {
	mu      sync.Mutex
	ended   bool
	percent int
}

// follow applies the rule after the next collection, and then again: the collector finds a value that nobody has.
func (r *heapRule) follow() {
	found := &struct{ rule *heapRule }{r}
	runtime.AddCleanup(found, (*heapRule).collected, r)
}

func (r *heapRule) collected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
	metrics.Read(heap)
	if p := growth(heap[0].Value.Uint64(), heap[1].Value.Uint64()); p != r.percent {
		r.percent = p
		debug.SetGCPercent(p)
	}
	r.follow()
}

func (r *heapRule) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// growth is how many percent a heap may grow of which so many bytes have pointers.
func growth(live, pointers uint64) int {
	if pointers <= pointerBase || live == 0 {
		return heapGrowth
	}
	return heapGrowth + int((pointers-pointerBase)*pointerGrowth/live)
}
