package runs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/pipelines"
)

// ErrCancelled is the cause of the context of a run that somebody has cancelled.
var ErrCancelled = errors.New("cancelled by request")

const (
	// beginTimeout bounds how long a command waits for its row.
	beginTimeout = 5 * time.Second
	// beatEvery is how often the row is brought up to date, and looked at for a request to stop.
	beatEvery = time.Second
	// beatTimeout bounds what is written of a run at work, endTimeout what is written at its end, which somebody waits for.
	beatTimeout = 10 * time.Second
	endTimeout  = 3 * time.Second
)

// A Run is a command at work, and its row. It is safe for concurrent use.
type Run struct {
	id     string
	row    table.RunRecord // nil: it is not recorded
	why    error           // why it is not
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed by End
	idle   sync.WaitGroup

	mu     sync.Mutex
	status table.RunStatus
}

// Begin records a run that begins. The context that it returns ends when the run is to stop.
func Begin(ctx context.Context, store table.Store, run table.Run) (*Run, context.Context) {
	r := &Run{ended: make(chan struct{})}
	beginning, stop := context.WithTimeout(ctx, beginTimeout)
	r.row, r.why = store.Record(beginning, run)
	if stop(); errors.Is(r.why, context.DeadlineExceeded) && ctx.Err() == nil {
		r.why = fmt.Errorf("%s: %w: no answer in %v", store.Ref(), table.ErrUnavailable, beginTimeout)
	}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	if r.why == nil {
		r.id = run.ID
		r.idle.Go(r.keep)
	}
	return r, r.ctx
}

// ID is the run's, "" where it is not recorded.
func (r *Run) ID() string { return r.id }

// Unrecorded is why the run is not recorded; nil: it is.
func (r *Run) Unrecorded() error { return r.why }

// Progress takes an event of a job of the run. A note says nothing of how far it is.
func (r *Run) Progress(e pipelines.Event) {
	if e.Note != "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.status
	s.Stage, s.Unit, s.Done, s.Total = e.Stage, e.Unit, e.Done, e.Total
	if i := e.Iteration; i != nil {
		s.Iteration, s.Iterations = i.Iteration, i.Iterations
		if i.Scored {
			loss := i.TrainingLoss
			s.Loss = &loss
		}
	}
}

// Submitted takes the name that an engine has given to a pipeline of the run.
func (r *Run) Submitted(job string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Job = job
}

// now is how far the run is.
func (r *Run) now() table.RunStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Stopping = r.ctx.Err() != nil
	return r.status
}

// keep brings the row up to date until the run ends. That the context ends is written at once: the process may not live much longer.
func (r *Run) keep() {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for done := r.ctx.Done(); ; {
		select {
		case <-r.ended:
			return
		case <-ticker.C:
		case <-done:
			done = nil
		}
		// The next beat tries again what fails, so that there is nobody to tell. A row that cannot be written may say all the same that the run is
		// to stop.
		if r.beat() {
			r.cancel(ErrCancelled)
		}
	}
}

func (r *Run) beat() (stop bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), beatTimeout)
	defer cancel()
	go func() {
		select {
		case <-r.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	stop, _ = r.row.Beat(ctx, r.now())
	return stop
}

// End notes how the run ended: with err, or well. It must be called, once.
func (r *Run) End(err error) {
	r.end(func(ctx context.Context) error {
		state, message := table.RunDone, ""
		switch {
		case err == nil:
		case r.ctx.Err() != nil:
			state = table.RunCancelled
		default:
			state, message = table.RunFailed, err.Error()
		}
		return r.row.End(ctx, r.now(), state, message)
	})
}

// Forget removes the row of a run that did nothing. It is called instead of End.
func (r *Run) Forget() { r.end(func(ctx context.Context) error { return r.row.Forget(ctx) }) }

func (r *Run) end(write func(context.Context) error) {
	defer r.cancel(nil)
	if r.row == nil {
		return
	}
	close(r.ended)
	r.idle.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	_ = write(ctx) // the run is what it is; a row without an end is one of a process that died
}
