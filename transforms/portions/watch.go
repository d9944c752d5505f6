package portions

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
	"github.com/beamfit/beamfit/transforms/collect"
)

func init() {
	beam.RegisterType(reflect.TypeFor[watchersFn]())
	beam.RegisterType(reflect.TypeFor[watchFn]())
}

// Watch adds a step that is at work in all workers until there is a value in a box, which the pipeline leaves behind the steps that portions go through. A TaskManager that
// has more for a worker than that takes at the moment waits, and never hears that the worker has died meanwhile (Beam's runner, 2.70); of a step that it has nothing more for it
// does, and the steps begin again. Those are begun again together that get something from one another, so it is made of a collection that the watched steps begin with.
func Watch(s beam.Scope, box collect.Box, key string, from beam.PCollection) {
	s = s.Scope("portions.Watch")
	beam.ParDo0(s, &watchFn{Box: box, Key: key}, beam.Reshuffle(s, beam.ParDo(s, &watchersFn{}, from)))
}

// watchersFn makes elements for watchFn: at least one for every task.
type watchersFn struct{}

const watchers = 256

func (*watchersFn) ProcessElement(_ beam.T, emit func(int)) {
	for i := range watchers {
		emit(i)
	}
}

// watchFn waits for a value. Whatever keeps it from looking is for the steps that do the work to tell.
type watchFn struct {
	Box  collect.Box
	Key  string
	done bool
}

// watchEvery is how often a worker looks, and watchPatience how long it does so in vain: a store that comes back must find the step at work, and without
// one the pipeline fails, which the step must not outlast.
const (
	watchEvery    = 250 * time.Millisecond
	watchPatience = time.Minute
)

func (f *watchFn) ProcessElement(ctx context.Context, _ int) error {
	if f.done {
		return nil
	}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	run := bundle.Of(f.Box.Run)
	answered := time.Now()
	for {
		there, err := f.Box.Has(ctx, f.Key)
		if !errors.Is(err, table.ErrUnavailable) {
			answered = time.Now()
		}
		if f.done = there || time.Since(answered) > watchPatience; f.done {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-run.Context().Done():
			return run.Err()
		}
	}
}
