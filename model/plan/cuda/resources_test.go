//go:build gpu

package cuda

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/model/plan"
	"github.com/beamfit/beamfit/model/plan/cuda/hosttest"
)

// TestCloseWaitsForFree: a device that is closed while the collector gives a memory back waits for that, with the context.
func TestCloseWaitsForFree(t *testing.T) {
	hosttest.Driver(t)
	if os.Getenv("BEAMFIT_AGAIN") == "" {
		if out := again(t, "FAKECUDA=slowfree"); !strings.Contains(out, "all as it should be") {
			t.Error(out)
		}
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
	if !t.Failed() {
		fmt.Println("all as it should be")
	}
}
