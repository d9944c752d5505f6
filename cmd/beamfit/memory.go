package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how many percent the heap of fit and evaluate may grow before garbage is collected. Nearly all of it is
// packed rows, which live as long as the job and are quick to mark: with Go's 100 percent as much garbage would pile up
// beside them.
const heapGrowth = 20

// keepHeapSmall sets heapGrowth, unless the user has set GOGC, and returns what takes it back.
func keepHeapSmall() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	old := debug.SetGCPercent(heapGrowth)
	return func() { debug.SetGCPercent(old) }
}
