package cpu

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/beamfit/beamfit/model/plan"
)

// TestHugePages: the whole large pages in a device's memory have the advice, as the system's list of mappings tells.
func TestHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage/enabled"); err != nil {
		t.Skip("the system has no transparent large pages")
	}
	var sizes plan.Sizes
	sizes[plan.Weights] = 4 * hugePage / 4
	m, err := Device{}.NewMemory(sizes)
	if err != nil {
		t.Fatal(err)
	}
	x := m.Host(plan.Ref{Space: plan.Weights, Len: sizes[plan.Weights]})
	middle := uintptr(unsafe.Pointer(&x[len(x)/2]))
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	inside := false
	for _, line := range strings.Split(string(maps), "\n") {
		var from, to uintptr
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from <= middle && middle < to
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok && inside {
			if !strings.Contains(flags+" ", " hg ") {
				t.Errorf("the mapping of the memory has the flags%s, hg is missing", flags)
			}
			return
		}
	}
	t.Error("no mapping has the memory")
}

// TestHugePagesOfSmallMemory: memory without a whole large page is left alone.
func TestHugePagesOfSmallMemory(t *testing.T) {
	hugePages(nil)
	for _, n := range []int{1, 1000, hugePage / 4} {
		x := make([]float32, n)
		x[n-1] = 1
		hugePages(x)
		if x[n-1] != 1 {
			t.Errorf("%d elements: the memory changed", n)
		}
	}
}
