//go:build gpu

package cuda

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"github.com/beamfit/beamfit/model/plan"
)

// TestFullDriver: where the driver finds no memory for what it allocates itself, what nobody works with goes; rows leave some for it; and where there is
// none the error says so, and the device goes on.
func TestFullDriver(t *testing.T) {
	if !inOwnProcess(t, "FAKECUDA=memory=1000000,graphbytes=500000", "GOGC=off") {
		return
	}
	d := New(Options{})
	arena := func() *memory {
		m, err := d.NewMemory(plan.Sizes{plan.Work: 75000})
		if err != nil {
			t.Fatal(err)
		}
		return m.(*memory)
	}
	used := arena()
	walk := func() error {
		p, err := d.Bind(&plan.Plan{Batch: 1}, used)
		if err != nil {
			return err
		}
		rows, err := used.Keep([]int{1}, 1)
		if err != nil || rows == nil {
			return fmt.Errorf("no rows: %w", err)
		}
		return used.RunSteps(p, &plan.Walk{Rows: rows, Order: []int32{0}, Steps: make([]plan.Step, 1)})
	}
	arena() // nobody has it any more, and the collector does not know
	if err := walk(); err != nil {
		t.Errorf("beside a memory that is no longer reachable: %v", err)
	}
	other := arena()
	full := (*plan.MemoryError)(nil)
	if err := walk(); !errors.As(err, &full) || !strings.Contains(err.Error(), "the graph of a step needs memory of the driver's, there is room for ") {
		t.Errorf("beside a memory that somebody works with: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	if err := used.Download(plan.Ref{Space: plan.Work, Len: 10}); err != nil {
		t.Errorf("after the error: %v", err)
	}
	if err := used.gpu.enter(); err != nil {
		t.Fatal(err)
	}
	const room = 100000
	free, _, err := cu.MemInfo()
	if err == nil {
		_, err = used.alloc(int(free-room), "a planted fault") // as if another process had taken it
	}
	used.gpu.leave()
	if err != nil {
		t.Fatal(err)
	}
	for left, want := range map[int]bool{1000000/32 - 2048: false, 1000000/32 + 2048: true} {
		rows, err := used.Keep([]int{1}, (room-left)/4)
		if err != nil || (rows != nil) != want {
			t.Errorf("rows that leave %d bytes are kept: %v, %v", left, rows != nil, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
