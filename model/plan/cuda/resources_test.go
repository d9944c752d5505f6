//go:build gpu

package cuda

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
)

// TestCloseWaitsForFree: a device that is closed while the collector gives a memory back waits for that, with the context.
func TestCloseWaitsForFree(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=slowfree") {
		return
	}
	d := New(Options{})
	m, err := d.NewMemory(plan.Sizes{plan.Weights: 8})
	if err != nil {
		t.Fatal(err)
	}
	r := m.(*memory).resources
	freed := make(chan error)
	go func() { freed <- r.free() }() // as the collector does
	for begun := false; !begun; time.Sleep(time.Millisecond) {
		if begun = !r.mu.TryLock(); !begun {
			begun = r.freed
			r.mu.Unlock()
		}
	}
	time.Sleep(50 * time.Millisecond) // it is at the driver's free by now
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if err := <-freed; err != nil {
		t.Errorf("freeing during Close: %v", err)
	}
}

// TestMirror: an arena takes memory of the host where the host touches it, and nowhere else.
func TestMirror(t *testing.T) {
	hosttest.Driver(t)
	d := New(Options{})
	defer d.Close()
	const n = 1 << 24
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := d.NewMemory(plan.Sizes{plan.Weights: 8, plan.Work: n, plan.Shared: 8})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if made := after.TotalAlloc - before.TotalAlloc; made > n/16 {
		t.Errorf("Go allocates %d bytes for an arena of %d", made, 4*n)
	}
	all := m.Host(plan.Ref{Space: plan.Work, Len: n})
	for _, place := range []plan.Ref{{}, {Space: plan.Work, Off: n / 2, Len: 100}} {
		if err := m.Download(place); err != nil {
			t.Fatal(err)
		}
		most := 4 << 20 // pages may be huge ones
		if place.Len == 0 {
			most = 0
		}
		if open := writable(t, all); open > 2*unix.Getpagesize() || open == 0 && place.Len > 0 {
			t.Errorf("%d bytes of the mirror count as memory of the process after a download of %d elements", open, place.Len)
		}
		if found := touched(t, all); found > most || found == 0 && most > 0 {
			t.Errorf("%d bytes of the mirror have memory after a download of %d elements", found, place.Len)
		}
	}
	if v := all[n/2]; v != 0 {
		t.Errorf("a new place downloads as %v", v)
	}
}

// writable is how many bytes of an array's pages can be written, which are those that the system has promised memory for.
func writable(t *testing.T, array []float32) (bytes int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	begin := uint64(uintptr(unsafe.Pointer(&array[0])))
	end := begin + 4*uint64(len(array))
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var can string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &can); err != nil {
			t.Fatal(err)
		}
		if can[1] == 'w' && from < end && to > begin {
			bytes += int(min(to, end) - max(from, begin))
		}
	}
	return bytes
}

// touched is how many bytes of an array have memory.
func touched(t *testing.T, array []float32) (bytes int) {
	t.Helper()
	page := unix.Getpagesize()
	there := make([]byte, 4*len(array)/page)
	if _, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&array[0])), uintptr(page*len(there)), uintptr(unsafe.Pointer(&there[0]))); e != 0 {
		t.Fatal(e)
	}
	for _, b := range there {
		bytes += int(b&1) * page
	}
	return bytes
}

// TestWalks: a program that takes turns between rows with factors and rows without makes what it needs for each once.
func TestWalks(t *testing.T) {
	hosttest.Driver(t)
	d := New(Options{})
	defer d.Close()
	mem, err := d.NewMemory(plan.Sizes{plan.Batch: 8})
	if err != nil {
		t.Fatal(err)
	}
	m := mem.(*memory)
	p, err := d.Bind(&plan.Plan{Batch: 1}, m)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := m.Keep([]int{1}, 1)
	if err != nil || kept == nil {
		t.Fatal(kept, err)
	}
	var made [3]int
	for i := range 9 {
		if err := m.RunSteps(p, &plan.Walk{Rows: kept, Factors: i % 3, Order: []int32{0}, Steps: make([]plan.Step, 1)}); err != nil {
			t.Fatal(err)
		}
		if now := [3]int{len(m.memory), len(m.pinned), len(m.graphs)}; i == 2 {
			made = now
		} else if i > 2 && now != made {
			t.Fatalf("walk %d: %d allocations, %d of pinned memory, %d graphs, want %v as after three", i, now[0], now[1], now[2], made)
		}
	}
}
