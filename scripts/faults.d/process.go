package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// limits are how long what works may take.
type limits struct {
	// hang is how long a command may run.
	hang time.Duration
	// grace is how long a command that hangs has to write its goroutines before it is killed, and what it started to end with it.
	grace time.Duration
	// jobs is how long a job on Flink may go on for nobody.
	jobs time.Duration
}

// limitsOf are those of a machine that has nothing else to do, times a patience.
func limitsOf(patience int) limits {
	p := time.Duration(patience)
	return limits{hang: p * time.Minute, grace: p * 5 * time.Second, jobs: p * time.Minute}
}

// A process is a running beamfit.
type process struct {
	cmd     *exec.Cmd
	limits  limits
	stdout  bytes.Buffer
	stderr  lines
	started time.Time
	sent    []syscall.Signal
	done    chan struct{}
	end     ended         // when done is closed
	late    chan struct{} // closed when it has run for limits.hang
}

// An ended is a beamfit that has ended.
type ended struct {
	line           string // command line
	code           int    // exit code; -1 when a signal ended it
	signal         syscall.Signal
	sent           []syscall.Signal // that the case sent
	hung           bool             // for longer than limit
	limit          time.Duration
	orphans        bool // processes of its group went on without it for a while
	stdout, stderr string
	took           time.Duration
}

// start starts a command in a process group of its own. It is killed when ctx ends.
func start(ctx context.Context, cmd *exec.Cmd, l limits) (*process, error) {
	p := &process{cmd: cmd, limits: l, started: time.Now(), done: make(chan struct{}), late: make(chan struct{})}
	p.stderr.more = make(chan struct{})
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.WaitDelay = l.grace // an orphan may hold the pipes
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go p.watch()
	group := -cmd.Process.Pid
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	go func() {
		defer close(p.done)
		err := cmd.Wait()
		stop()
		p.end = ended{code: cmd.ProcessState.ExitCode(), took: time.Since(p.started), stdout: p.stdout.String(), stderr: p.stderr.String()}
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			p.end.signal = status.Signal()
		}
		if p.end.orphans = errors.Is(err, exec.ErrWaitDelay) || !groupEnds(group, l.grace); p.end.orphans {
			_ = syscall.Kill(group, syscall.SIGKILL)
		}
	}()
	return p, nil
}

// watch counts the time that the process runs. The campaign itself may be stopped for a while, by a person or with the machine: that is
// not the process' time.
func (p *process) watch() {
	const tick = 100 * time.Millisecond
	ran, last := time.Duration(0), time.Now()
	for ran < p.limits.hang {
		select {
		case <-p.done:
			return
		case <-time.After(tick):
		}
		ran += min(time.Since(last), 10*tick)
		last = time.Now()
	}
	close(p.late)
}

// groupEnds waits for the end of a process group whose leader has ended, and reports whether it came: what dies with the leader takes a
// moment.
func groupEnds(group int, grace time.Duration) bool {
	for deadline := time.Now().Add(grace); ; time.Sleep(5 * time.Millisecond) {
		if syscall.Kill(group, 0) != nil {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// send sends a signal to the process, if it still runs.
func (p *process) send(s syscall.Signal) {
	select {
	case <-p.done:
	default:
		p.sent = append(p.sent, s)
		_ = p.cmd.Process.Signal(s)
	}
}

// wait waits for the end. A process that hangs is asked for its goroutines and killed.
func (p *process) wait() ended {
	hung := false
	select {
	case <-p.done:
	case <-p.late:
		hung = true
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		select {
		case <-p.done:
		case <-time.After(p.limits.grace):
			_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			<-p.done
		}
	}
	e := p.end
	e.line, e.sent, e.hung, e.limit = strings.Join(p.cmd.Args, " "), p.sent, hung, p.limits.hang
	return e
}

// sleep waits, but not longer than the process runs.
func (p *process) sleep(d time.Duration) {
	select {
	case <-p.done:
	case <-time.After(d):
	}
}

// untilLine waits until the process has written n lines to standard error, or has ended.
func (p *process) untilLine(n int) {
	for {
		have, more := p.stderr.count()
		if have >= n {
			return
		}
		select {
		case <-p.done:
			return
		case <-more:
		}
	}
}

// lines is what was written, and tells when there is more of it.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed at the next write
}

func (l *lines) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(data)
}

func (l *lines) count() (n int, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte("\n")), l.more
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// message is the error message at the end of standard error, without "beamfit: ".
func (e ended) message() string {
	const begin = "beamfit: "
	i := strings.LastIndex("\n"+e.stderr, "\n"+begin)
	if i < 0 {
		return ""
	}
	return strings.TrimSpace(e.stderr[i+len(begin):])
}

// An outcome is how a command ended.
type outcome string

const (
	succeeded   outcome = "succeeded"
	refused     outcome = "refused"
	interrupted outcome = "interrupted"
	killed      outcome = "killed"
	hung        outcome = "hung"
)

func (e ended) outcome() outcome {
	switch {
	case e.hung:
		return hung
	case e.signal != 0:
		return killed
	case e.code == exitOK:
		return succeeded
	case e.code == exitInterrupted:
		return interrupted
	}
	return refused
}

// The exit codes of beamfit.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUnavailable = 75
	exitInterrupted = 130
)
