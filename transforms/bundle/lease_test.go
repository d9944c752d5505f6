package bundle

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// leased is a store of outputs that are owned until somebody says so.
type leased struct {
	table.Store
	mu    sync.Mutex
	owned bool
	err   error
}

func (s *leased) Owned(context.Context, string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owned, s.err
}

func (s *leased) set(owned bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owned, s.err = owned, err
}

// A worker's tasks stop, and what it keeps is forgotten, when the lease has ended; a store that does not answer ends nothing.
func TestLease(t *testing.T) {
	store := &leased{owned: true}
	table.Register("leasetest", table.Opener{
		Open:   func(context.Context, string, table.OpenOptions) (table.Store, error) { return store, nil },
		Redact: func(url string) (string, error) { return url, nil },
	})
	ref := Ref{ID: "elsewhere-leased", Lease: &Lease{Ref: "leasetest:x", Output: "o"}}
	if ended(t.Context(), *ref.Lease) {
		t.Error("a lease has ended that is held")
	}
	store.set(false, table.ErrUnavailable)
	if ended(t.Context(), *ref.Lease) {
		t.Error("a store that does not answer ended a lease")
	}
	store.set(true, nil)
	run := Of(ref)
	if _, err := Once(t.Context(), run, "rows", func(context.Context) (int, error) { return 1, nil }); err != nil {
		t.Fatal(err)
	}
	var tasks Tasks[int]
	err := tasks.Go(t.Context(), ref, func(ctx context.Context) (int, error) {
		store.set(false, nil)
		<-ctx.Done()
		return 0, context.Cause(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tasks.Finish(nil); !errors.Is(err, ErrEnded) {
		t.Errorf("Finish returned %v, want %v", err, ErrEnded)
	}
	_ = run.End() // waits for the one that follows the lease
	if Of(ref) == run {
		t.Error("the run is remembered")
	}
	runs.mu.Lock()
	again := runs.byID[ref.ID]
	runs.mu.Unlock()
	_ = again.End() // for the leak test
}

// The first error of a bundle stops the others, in a worker of another process too.
func TestForeignBundleStops(t *testing.T) {
	var tasks Tasks[int]
	want := errors.New("broken")
	ran := 0
	for i := range 20 {
		err := tasks.Go(t.Context(), Ref{ID: "elsewhere-broken", Workers: 1}, func(context.Context) (int, error) {
			ran++
			if i == 0 {
				return 0, want
			}
			return i, nil
		})
		if err != nil {
			break
		}
	}
	if err := tasks.Finish(nil); !errors.Is(err, want) {
		t.Errorf("Finish returned %v", err)
	}
	if ran > 2 {
		t.Errorf("%d tasks ran after the first had failed", ran-1)
	}
	if err := tasks.Go(t.Context(), Ref{ID: "elsewhere-broken"}, func(context.Context) (int, error) { return 7, nil }); err != nil {
		t.Fatal(err)
	}
	var got []int
	if err := tasks.Finish(func(x int) { got = append(got, x) }); err != nil || len(got) != 1 {
		t.Errorf("the next bundle: %v, %v", got, err)
	}
}
