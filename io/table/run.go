package table

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// A Run is what a store keeps of a command at work, and of one that has ended. A user sees the runs of the store that are the
// user's own, and those of others where the store lets others read them.
type Run struct {
	ID string // NewRunID
	// Command and Args are those of the program, without secrets, so that it can be called again: fit, and what follows.
	Command string
	Args    []string
	Runner  string // the Beam runner
	Host    string
	Process int
	Version string // of the program
	Resumes string // the ID of the run that this one goes on with; "": none
	RunStatus

	// What follows is the store's.

	// Owner is the role or the user that has recorded the run, and Mine tells whether that is who asks now and nobody else can have
	// changed what is above.
	Owner string
	Mine  bool
	State RunState
	// Message is the error of a run that has failed.
	Message string
	// Heartbeat is when the process last said that it lives; Ended is zero while it is at work.
	Started, Heartbeat, Ended time.Time
}

// A RunStatus says how far a run is.
type RunStatus struct {
	// Job is what the engine calls the job that it works on now; "": there is none, or no engine.
	Job string
	// Stage is what is being done; Done and Total count Unit. Total is 0 where unknown.
	Stage, Unit string
	Done, Total int64
	// Fit only: the iteration that has ended last, and the training loss that was computed last; nil: none yet.
	Iteration, Iterations int
	Loss                  *float64
	// Stopping: the run was told to stop, by a signal for instance. Where its process ends before End, it is cancelled and has not died.
	Stopping bool
}

// A RunState says whether a run is at work.
type RunState string

// The states of a run.
const (
	RunRunning    RunState = "running"
	RunCancelling RunState = "cancelling" // asked to stop, and not at its end yet
	RunDone       RunState = "done"
	RunFailed     RunState = "failed"
	RunCancelled  RunState = "cancelled"
	RunDied       RunState = "died" // its process ended without a word
)

// AtWork reports whether the process of a run in that state lives.
func (s RunState) AtWork() bool { return s == RunRunning || s == RunCancelling }

// A RunRecord is the row of a run that is at work. It is safe for concurrent use.
type RunRecord interface {
	// Beat notes how far the run is and that its process lives. It tells whether somebody has asked the run to stop. What has
	// failed, as with a lost connection, may succeed at the next time.
	Beat(ctx context.Context, s RunStatus) (cancel bool, err error)
	// End notes how the run has ended: done, failed or cancelled. message is the error of a run that has failed. Nothing can be noted
	// after it.
	End(ctx context.Context, s RunStatus, state RunState, message string) error
	// Forget removes the row, of a run that did nothing.
	Forget(ctx context.Context) error
}

// Runs that have ended are kept for RunsKept, and no more than MaxRuns of them. Every Record removes the others.
const (
	RunsKept = 30 * 24 * time.Hour
	MaxRuns  = 1000
)

// NewRunID draws the ID of a run, 8 letters and digits.
func NewRunID() string { return strings.ToLower(rand.Text()[:runIDLength]) }

const runIDLength = 8

var runID = regexp.MustCompile(`^[a-z2-7]{8}$`)

// IsRunID reports whether a text is an ID that NewRunID may have drawn.
func IsRunID(text string) bool { return runID.MatchString(text) }

// Check reports a run that cannot be recorded in any store.
func (r Run) Check() error {
	if !IsRunID(r.ID) {
		return fmt.Errorf("run %q: expected an ID of %d letters and digits", r.ID, runIDLength)
	}
	if r.Command == "" {
		return fmt.Errorf("run %s: the command is empty", r.ID)
	}
	for _, arg := range append([]string{r.Command, r.Runner, r.Host, r.Version, r.Resumes}, r.Args...) {
		if err := checkText(arg); err != nil {
			return fmt.Errorf("run %s: %q %w", r.ID, arg, err)
		}
	}
	return nil
}

// maxRunText bounds texts that others than the caller make: errors, and the names of jobs.
const maxRunText = 2000

// RunText is a text as a row of a run can hold it.
func RunText(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) <= maxRunText {
		return text
	}
	cut := maxRunText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

// NewRunState is the state of a run as its row and its owner tell it: one whose process is gone has died, or, if it was told to stop,
// has stopped.
func NewRunState(written RunState, cancel, lives bool) RunState {
	switch {
	case written != RunRunning:
		return written
	case lives && cancel:
		return RunCancelling
	case lives:
		return RunRunning
	case cancel:
		return RunCancelled
	}
	return RunDied
}

var errRunEnded = errors.New("has ended")

// RunEnded is the error of what needs a run at work.
func RunEnded(id string) error { return fmt.Errorf("run %s %w", id, errRunEnded) }

// NoRun is the error of a run that is not there; it is ErrNotExist.
func NoRun(id string) error { return fmt.Errorf("run %s %w", id, ErrNotExist) }
