package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	//lint:ignore SA1019 deprecated in favour of prism, but it starts at once and opens no port; every job runs on prism too
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct"
)

// directRunner is Beam's direct runner: one goroutine of this process, without any encoding of elements.
type directRunner struct{ jobs atomic.Int64 }

func openDirect(context.Context, Config) (Runner, error) { return &directRunner{}, nil }

func (*directRunner) Traits() Traits { return Traits{} }

func (*directRunner) Close() error { return nil }

func (r *directRunner) Submit(ctx context.Context, p *beam.Pipeline, name string) (Job, error) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	j := &directJob{ended: newEnded(), id: fmt.Sprintf("direct-%d", r.jobs.Add(1)), cancel: cancel}
	go func() {
		res, err := executeDirect(ctx, p)
		if err == nil {
			j.metrics = res.Metrics()
		} else {
			failed := &JobError{Name: name, ID: j.id, State: "FAILED", Text: err.Error(), Cause: err}
			if errors.Is(context.Cause(ctx), ErrCancelled) {
				failed.State = cancelled
			}
			err = failed
		}
		cancel(nil)
		j.end(err)
	}()
	return j, nil
}

// executeDirect runs p; a panic of a DoFn is an error.
func executeDirect(ctx context.Context, p *beam.Pipeline) (res beam.PipelineResult, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return direct.Execute(ctx, p)
}

type directJob struct {
	ended
	id      string
	cancel  context.CancelCauseFunc
	metrics metrics.Results
}

func (j *directJob) ID() string { return j.id }

func (j *directJob) Counters(context.Context) (map[string]int64, error) {
	if !j.over() {
		return nil, nil
	}
	return counters(&j.metrics), nil
}

// Cancel ends the context of the DoFns.
func (j *directJob) Cancel(context.Context) error {
	j.cancel(ErrCancelled)
	return nil
}
