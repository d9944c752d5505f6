package runner

import (
	"fmt"
	"strings"
)

// A JobError is the failure of a job.
type JobError struct {
	Name  string // as Submit was told
	ID    string // the runner's
	State string // Beam's name of the state that the job ended in: FAILED, CANCELLED, ...
	// Text is all that the runner says of it: of a DoFn's error it has the text, behind a description of the plan and before or
	// after stack traces. Of an error that was repeated it may have several.
	Text string
	// Cause is the Go error, where the runner is in this process and has it, or what the job service's connection died of.
	Cause error
}

func (e *JobError) Error() string {
	if e.State == cancelled {
		return fmt.Sprintf("job %s (%s) was cancelled", e.Name, e.ID)
	}
	text := fmt.Sprintf("job %s (%s) failed: %s", e.Name, e.ID, Reason(e.Text))
	if meaning := meaningOf(e.Text); meaning != "" {
		text += "; " + meaning
	}
	return text
}

// Unwrap is the cause, and ErrCancelled where the job was cancelled.
func (e *JobError) Unwrap() []error {
	var errs []error
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	if e.State == cancelled {
		errs = append(errs, ErrCancelled)
	}
	return errs
}

// meanings are what texts of engines mean here, the particular ones first. docs/flink.md has the same list.
var meanings = []struct{ part, meaning string }{
	{"Timeout has occurred", "the cluster has no free slot for every subtask: lower --parallelism, or wait for other jobs"},
	{"NoResourceAvailableException", "the cluster has no free slot for every subtask: lower --parallelism, or wait for other jobs"},
	{"Insufficient number of network buffers", "set taskmanager.network.sort-shuffle.min-buffers: 16, or give more network memory"},
	{"Record too large", "the TaskManagers need more managed memory, or fewer slots"},
	{"Process died with exit code", "a worker process did not start or died: see BEAMFIT_WORKER_LOG in docs/flink.md"},
	{"Cannot run program", "the TaskManagers do not have the command of --environment-config"},
	{"call already cancelled", workerDied},
	{"client cancelled", workerDied},
	{"Unknown process bundle instruction id", workerDied},
}

const workerDied = "a worker process died: see BEAMFIT_WORKER_LOG in docs/flink.md"

// meaningOf explains the text of an engine; "": it speaks for itself.
func meaningOf(text string) string {
	if strings.Contains(text, dofnFailed) {
		return ""
	}
	for _, m := range meanings {
		if strings.Contains(text, m.part) {
			return m.meaning
		}
	}
	return ""
}

// dofnFailed is what the Go SDK writes before the error of a DoFn.
const dofnFailed = "] failed:\n"

const cancelled = "CANCELLED"

// Reason is the part of a runner's text that says what went wrong: what a DoFn returned, where one did, else the first line.
//
// The Go SDK writes "DoFn[...] failed:" and the text of the DoFn's error below it, at the end of its message; a runner of Java
// writes its own exceptions before, and stack traces behind.
func Reason(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.LastIndex(text, dofnFailed); i >= 0 {
		text = text[i+len(dofnFailed):]
		if i := strings.Index(text, "\n\tat "); i >= 0 {
			text = text[:i]
		}
		return strings.TrimSpace(text)
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}
