package bundle

import (
	"context"
	"errors"
	"testing"
)

// So many tasks read at a time, whoever waits stops with its context, and workers keep to the bound whatever their CPUs.
func TestReading(t *testing.T) {
	r := newRun(t.Context(), Ref{Connections: 2, Workers: 8, MostWorkers: 3})
	if cap(r.slots) != 3 {
		t.Errorf("%d workers", cap(r.slots))
	}
	var ends []func()
	for range 2 {
		end, err := r.Reading(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Reading(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a third one: %v", err)
	}
	ends[0]()
	if _, err := r.Reading(t.Context()); err != nil {
		t.Error(err)
	}
}
