package runner

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
)

// ended is the end of a job, which many may wait for.
type ended struct {
	done chan struct{}
	err  *error // set before done is closed
}

func newEnded() ended { return ended{make(chan struct{}), new(error)} }

// end is called once.
func (e ended) end(err error) {
	*e.err = err
	close(e.done)
}

func (e ended) over() bool {
	select {
	case <-e.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end of the job or of ctx.
func (e ended) Wait(ctx context.Context) error {
	select {
	case <-e.done:
		return *e.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// counters adds up the counters of all steps.
func counters(r *metrics.Results) map[string]int64 {
	sums := map[string]int64{}
	for _, c := range r.AllMetrics().Counters() {
		sums[c.Namespace()+"/"+c.Name()] += c.Result()
	}
	return sums
}
