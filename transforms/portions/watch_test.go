package portions

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

type mark struct{}

func (mark) MarshalBinary() ([]byte, error) { return nil, nil }

// A step that watches ends when there is a value, or with the run, and not before.
func TestWatch(t *testing.T) {
	run := bundle.Begin(t.Context(), bundle.Options{})
	box := collect.Box{Run: run.Ref(), Name: "box"}
	watch := &watchFn{Box: box, Key: "done"}
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := watch.ProcessElement(short, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a value: %v", err)
	}
	ended := make(chan error)
	go func() { ended <- watch.ProcessElement(t.Context(), 0) }()
	if err := box.Put(t.Context(), "done", mark{}); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	box.Forget()
	if err := watch.ProcessElement(t.Context(), 1); err != nil {
		t.Errorf("the next element: %v", err)
	}
	_ = run.End()
	if err := (&watchFn{Box: box, Key: "done"}).ProcessElement(t.Context(), 0); !errors.Is(err, bundle.ErrEnded) {
		t.Errorf("after the run: %v", err)
	}
}

// A restarting store cannot be reached for a while, and then has nothing yet.
type restarting struct {
	table.Store
	asked int
	back  func()
}

func (*restarting) Ref() string { return "watchtest:" }

func (s *restarting) Fetch(context.Context, table.Part) (*table.Batch, error) {
	if s.asked++; s.asked < 3 {
		return nil, table.ErrUnavailable
	}
	s.back()
	return nil, table.ErrNotExist
}

// A store that is started again must find the step at work, which would protect nobody for the rest of the pipeline.
func TestWatchRestart(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	run := bundle.Begin(t.Context(), bundle.Options{Store: &restarting{back: stop}})
	defer func() { _ = run.End() }()
	box := collect.Box{Run: run.Ref(), Name: "box", Output: &collect.Output{Ref: "watchtest:"}}
	if err := (&watchFn{Box: box, Key: "done"}).ProcessElement(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
