package bundle

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

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
	if newRun(t.Context(), ref).hasEnded(*ref.Lease) {
		t.Error("a lease has ended that is held")
	}
	store.set(false, table.ErrUnavailable)
	if newRun(t.Context(), ref).hasEnded(*ref.Lease) {
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

// A worker works with a store only where it finds the lease of the run: at the same path there may be another folder.
func TestLeaseIsFound(t *testing.T) {
	store := new(leased)
	opt := table.OpenOptions{StallTimeout: 7 * time.Second}
	table.Register("leasefound", table.Opener{
		Open: func(_ context.Context, _ string, got table.OpenOptions) (table.Store, error) {
			if got != opt {
				t.Errorf("opened with %+v, want %+v as where the run began", got, opt)
			}
			return store, nil
		},
		Redact: func(url string) (string, error) { return url, nil },
	})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	run := newRun(t.Context(), Ref{ID: "elsewhere-found", StoreOptions: opt, Lease: &Lease{Ref: "leasefound:x", Output: "o"}})
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "the worker on " + host + " does not see the run in leasefound:x: either the run has ended"},
		{table.ErrNotExist, "the worker on " + host + " does not see the run in leasefound:x: does not exist"},
	} {
		store.set(false, c.err)
		if s, err := run.Connect(t.Context(), "leasefound:x"); err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a store without the lease: %v, %v, want %q", s, err, c.want)
		}
	}
	store.set(false, table.ErrUnavailable)
	if _, err := run.Connect(t.Context(), "leasefound:x"); err != nil {
		t.Errorf("a store that does not answer: %v", err)
	}
	store.set(false, nil)
	if _, err := run.Connect(t.Context(), "leasefound:other"); err != nil {
		t.Errorf("another store than that of the lease: %v", err)
	}
	for _, owned := range []bool{true, false} { // once it was found
		store.set(owned, nil)
		if s, err := run.Connect(t.Context(), "leasefound:x"); err != nil || s != table.Store(store) {
			t.Errorf("owned: %t: %v, %v", owned, s, err)
		}
	}
}

// addressed is a store with an address.
type addressed struct {
	table.Store
	ref string
}

func (s *addressed) Ref() string { return s.ref }

// Runs of one process that have a store each under one address work with their own.
func TestStoresOfOneAddress(t *testing.T) {
	first, second := &addressed{ref: "here:x"}, &addressed{ref: "here:x"}
	a, b := Begin(t.Context(), Options{Store: first}), Begin(t.Context(), Options{Store: second})
	defer a.End()
	defer b.End()
	for _, c := range []struct {
		run  *Run
		want table.Store
	}{{a, first}, {b, second}, {a, first}} {
		if got, err := Of(c.run.Ref()).Connect(t.Context(), "here:x"); err != nil || got != c.want {
			t.Errorf("got %p, %v, want %p", got, err, c.want)
		}
	}
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
