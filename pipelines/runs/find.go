package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// A Source tells of runs: every store does.
type Source interface {
	Runs(ctx context.Context) ([]table.Run, error)
	Ref() string
}

// Find is the run of that ID, or of that beginning of one, where it is the only one.
func Find(ctx context.Context, store Source, id string) (table.Run, error) {
	all, err := store.Runs(ctx)
	if err != nil {
		return table.Run{}, err
	}
	var found []table.Run
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
		if id != "" && strings.HasPrefix(r.ID, id) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return table.Run{}, fmt.Errorf("%w among your runs in %s", table.NoRun(id), store.Ref())
	case 1:
		return found[0], nil
	}
	return table.Run{}, fmt.Errorf("run %s: %d runs begin so; the last are %s and %s", id, len(found), found[0].ID, found[1].ID)
}

// lookEvery is how often Follow looks at a run.
const lookEvery = 500 * time.Millisecond

// patience is how long Follow bears with a store that cannot be reached.
const patience = 2 * time.Minute

// Follow calls tell with a run as it is, and again whenever it has changed, until it has ended. It returns how it has ended. A store that
// cannot be reached for moments is borne with.
func Follow(ctx context.Context, store Source, id string, tell func(table.Run)) (table.Run, error) {
	heard := time.Now()
	var last table.Run
	for first := true; ; first = false {
		run, err := Find(ctx, store, id)
		switch {
		case err == nil:
			heard = time.Now()
			if first || changed(last, run) {
				tell(run)
			}
			if last = run; !run.State.AtWork() {
				return run, nil
			}
		case first || !errors.Is(err, table.ErrUnavailable) || time.Since(heard) > patience:
			return last, err
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return last, context.Cause(ctx)
		}
	}
}

// changed tells whether there is more to say of a run than that it lives.
func changed(a, b table.Run) bool {
	return a.State != b.State || a.Job != b.Job || a.Stage != b.Stage || a.Done != b.Done || a.Iteration != b.Iteration
}
