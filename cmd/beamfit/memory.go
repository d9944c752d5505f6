package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Nearly all of a large heap of fit and evaluate is packed rows, which live as long as the job and are quick to mark: with Go's
// rule, which lets the heap double, as much garbage would pile up beside them. A small heap would be collected all the time
// with so few percent alone. So the heap may grow by heapGrowth percent of itself and of heapBase together. This is for the direct
// runner: prism makes so much garbage of its own that it would need three to four times as long.
const (
	heapGrowth = 5
	heapBase   = 32 << 20
)

// keepHeapSmall sets the growth of the heap for a runner, unless the user has set GOGC, and returns what takes it back.
func keepHeapSmall(runner string) (undo func()) {
	if runner != "direct" || os.Getenv("GOGC") != "" {
		return func() {}
	}
	base := make([]byte, heapBase) // counts as heap, and takes no memory since nobody touches it
	old := debug.SetGCPercent(heapGrowth)
	return func() {
		debug.SetGCPercent(old)
		runtime.KeepAlive(base)
	}
}
