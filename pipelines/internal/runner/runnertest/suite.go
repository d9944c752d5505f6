package runnertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/pipelines/internal/runner"
)

// hang is how long anything may take before it counts as hanging.
const hang = time.Minute

// A Subject is a runner under test.
type Subject struct {
	Runner string
	// Options of the runner, its environment included.
	Options map[string]string
	// NoCounters: the runner has none.
	NoCounters bool
	// KeepsWorkers: a worker is kept for a while when its job has ended, so that a DoFn that is in work then goes on.
	KeepsWorkers bool
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"elements", testElements},
		{"groups", testGroups},
		{"side inputs", testSideInputs},
		{"error", testError},
		{"panic", testPanic},
		{"cancel", testCancel},
		{"context", testContext},
		{"several", testSeveral},
		{"processes", testProcesses},
		{"death", testDeath},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, s) })
	}
}

// open opens the runner for a test.
func (s Subject) open(t *testing.T) runner.Runner {
	t.Helper()
	r, err := runner.Open(t.Context(), s.Runner, runner.Config{Options: s.Options})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// guard is a context that ends where a test hangs.
func guard(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), hang)
	t.Cleanup(stop)
	return ctx
}

// job makes a pipeline and submits it.
func job(t *testing.T, r runner.Runner, build func(s beam.Scope)) runner.Job {
	t.Helper()
	p, s := beam.NewPipelineWithRoot()
	build(s)
	j, err := r.Submit(guard(t), p, "test-"+strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(t.Name())))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// ints is a collection of 0, 1, ... n-1.
func ints(s beam.Scope, n int) beam.PCollection {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return beam.CreateList(s, list)
}

// expect compares the notes in the folder.
func expect(t *testing.T, dir string, want ...string) {
	t.Helper()
	got, err := notes(dir)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// Nothing is a pipeline that does nothing.
func Nothing(s beam.Scope) { beam.ParDo(s, &doubleFn{}, ints(s, 1)) }

func testElements(t *testing.T, sub Subject) {
	dir := t.TempDir()
	j := job(t, sub.open(t), func(s beam.Scope) {
		beam.ParDo0(s, &keepFn{dir}, beam.ParDo(s, &doubleFn{}, beam.Reshuffle(s, ints(s, 5))))
	})
	if j.ID() == "" {
		t.Error("a job without an ID")
	}
	if err := j.Wait(guard(t)); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, "0", "2", "4", "6", "8")
	got, err := j.Counters(guard(t))
	if err != nil || !sub.NoCounters && got["runnertest/doubled"] != 5 {
		t.Errorf("counters %v, %v", got, err)
	}
	if err := j.Cancel(guard(t)); err != nil {
		t.Errorf("cancelling a job that has ended: %v", err)
	}
	if err := j.Wait(guard(t)); err != nil {
		t.Errorf("waiting again: %v", err)
	}
}

func testGroups(t *testing.T, sub Subject) {
	groups, joined, sum := t.TempDir(), t.TempDir(), t.TempDir()
	r := sub.open(t)
	p, s := beam.NewPipelineWithRoot()
	keyed := beam.ParDo(s, &keyFn{}, ints(s, 7))
	beam.ParDo0(s, &sumFn{groups}, beam.GroupByKey(s, keyed))
	beam.ParDo0(s, &joinFn{joined}, beam.CoGroupByKey(s, keyed, beam.ParDo(s, &keyFn{}, ints(s, 2))))
	beam.ParDo0(s, &keepFn{sum}, beam.Combine(s, &addFn{}, beam.Flatten(s, ints(s, 7), ints(s, 3))))
	if err := runner.Run(guard(t), r, p, "test-groups"); err != nil {
		t.Fatal(err)
	}
	expect(t, groups, "key 0: 3 values, sum 9", "key 1: 2 values, sum 5", "key 2: 2 values, sum 7")
	expect(t, joined, "key 0: 3 and 1", "key 1: 2 and 1", "key 2: 2 and 0")
	expect(t, sum, "24")
}

func testSideInputs(t *testing.T, sub Subject) {
	dir := t.TempDir()
	j := job(t, sub.open(t), func(s beam.Scope) {
		factor := beam.Combine(s, &addFn{}, ints(s, 5))
		beam.ParDo0(s, &scaleFn{dir}, ints(s, 3), beam.SideInput{Input: factor}, beam.SideInput{Input: ints(s, 4)})
	})
	if err := j.Wait(guard(t)); err != nil {
		t.Fatal(err)
	}
	expect(t, dir, "14", "24", "4")
}

// failed is the error of a job that must fail.
func failed(t *testing.T, j runner.Job) *runner.JobError {
	t.Helper()
	err := j.Wait(guard(t))
	var e *runner.JobError
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want a JobError", err, err)
	}
	if again := j.Wait(guard(t)); again != err {
		t.Errorf("waiting again: %v", again)
	}
	return e
}

func testError(t *testing.T, sub Subject) {
	dir := t.TempDir()
	const text = `row 4: ˂typed˃ {"kind":"value","of":"a \"column\""}`
	e := failed(t, job(t, sub.open(t), func(s beam.Scope) {
		sum := beam.Combine(s, &addFn{}, beam.ParDo(s, &badFn{At: 3, Text: text}, ints(s, 5)))
		beam.ParDo0(s, &keepFn{dir}, sum)
	}))
	if e.State != "FAILED" || !strings.Contains(e.Text, text) {
		t.Errorf("state %s, text %s", e.State, e.Text)
	}
	if got := runner.Reason(e.Text); got != text {
		t.Errorf("the reason is %q, want %q; of\n%s", got, text, e.Text)
	}
	expect(t, dir)
}

func testPanic(t *testing.T, sub Subject) {
	e := failed(t, job(t, sub.open(t), func(s beam.Scope) {
		beam.ParDo(s, &badFn{At: 0, Text: "broken contract", Panic: true}, ints(s, 1))
	}))
	if !strings.Contains(e.Text, "broken contract") || !strings.Contains(e.Text, "badFn") {
		t.Errorf("text %s", e.Text)
	}
	if text := e.Error(); strings.Contains(text, "\n\tat ") || strings.Contains(text, "goroutine ") {
		t.Errorf("a stack trace in the message for people: %s", text)
	}
}

// appears waits for a note.
func appears(t *testing.T, dir, line string) {
	t.Helper()
	if !awaitNote(guard(t), dir, line) {
		t.Fatalf("no note %q", line)
	}
}

func awaitNote(ctx context.Context, dir, line string) bool {
	for ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(dir, line)); err == nil {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func slow(dir string) func(beam.Scope) {
	return func(s beam.Scope) { beam.ParDo(s, &slowFn{dir}, ints(s, 1)) }
}

// cancelled is how long a job may take to end after it was cancelled, where one that does nothing takes no time.
const cancelled = 2 * time.Second

func testCancel(t *testing.T, sub Subject) {
	dir := t.TempDir()
	r := sub.open(t)
	begun := time.Now()
	if err := job(t, r, Nothing).Wait(guard(t)); err != nil {
		t.Fatal(err)
	}
	most := cancelled + time.Since(begun).Round(time.Millisecond)
	j := job(t, r, slow(dir))
	appears(t, dir, "started")
	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := j.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for a millisecond: %v", err)
	}
	begun = time.Now()
	if err := j.Cancel(guard(t)); err != nil {
		t.Fatal(err)
	}
	if e := failed(t, j); !errors.Is(e, runner.ErrCancelled) {
		t.Errorf("got %v (%s), want that it was cancelled", e, e.State)
	}
	if took := time.Since(begun).Round(time.Millisecond); took > most {
		t.Errorf("ended %v after it was cancelled, want %v at the most", took, most)
	}
	if err := j.Cancel(guard(t)); err != nil {
		t.Errorf("cancelling again: %v", err)
	}
	if sub.KeepsWorkers {
		if err := note(dir, "go"); err != nil {
			t.Error(err)
		}
		return
	}
	if r.Traits().Workers == runner.ThisProcess {
		appears(t, dir, "stopped")
	}
}

// The end of the context cancels the job.
func testContext(t *testing.T, sub Subject) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(guard(t))
	cause := errors.New("enough")
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		awaitNote(ctx, dir, "started")
		cancel(cause)
	}()
	defer func() { <-watching }()
	r := sub.open(t)
	p, s := beam.NewPipelineWithRoot()
	slow(dir)(s)
	if err := runner.Run(ctx, r, p, "test-context"); err != cause {
		t.Errorf("got %v, want the cause of the context", err)
	}
	if err := note(dir, "go"); err != nil {
		t.Error(err)
	}
	// Nothing starts when it has ended before.
	never := t.TempDir()
	p, s = beam.NewPipelineWithRoot()
	slow(never)(s)
	if err := runner.Run(ctx, r, p, "test-context"); err != cause {
		t.Errorf("got %v, want the cause of the context", err)
	}
	expect(t, never)
}

// Several jobs at once on one runner.
func testSeveral(t *testing.T, sub Subject) {
	r := sub.open(t)
	done := make(chan error)
	const jobs = 3
	for range jobs {
		go func() {
			dir := t.TempDir()
			p, s := beam.NewPipelineWithRoot()
			beam.ParDo0(s, &sumFn{dir}, beam.GroupByKey(s, beam.ParDo(s, &keyFn{}, ints(s, 4))))
			err := runner.Run(guard(t), r, p, "test-several")
			if got, _ := notes(dir); err == nil && len(got) != 3 {
				err = fmt.Errorf("got %q", got)
			}
			done <- err
		}()
	}
	for range jobs {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Workers are where the traits say, and leave when nobody needs them.
func testProcesses(t *testing.T, sub Subject) {
	dir := t.TempDir()
	r := sub.open(t)
	if err := job(t, r, func(s beam.Scope) { beam.ParDo0(s, &whoFn{dir}, ints(s, 2)) }).Wait(guard(t)); err != nil {
		t.Fatal(err)
	}
	here := fmt.Sprintf("pid %d", os.Getpid())
	if r.Traits().Workers == runner.ThisProcess {
		expect(t, dir, here)
		return
	}
	got, err := notes(dir)
	if err != nil || len(got) == 0 || slices.Contains(got, here) {
		t.Fatalf("got %q, %v", got, err)
	}
	if sub.KeepsWorkers {
		return
	}
	workersEnd(t, dir)
}

// workersEnd waits for the end of the processes that have noted their pid.
func workersEnd(t *testing.T, dir string) {
	t.Helper()
	lines, err := notes(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := guard(t)
	for _, line := range lines {
		pid, ok := strings.CutPrefix(line, "pid ")
		for ok && ctx.Err() == nil {
			if _, err := os.Stat("/proc/" + pid); err != nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if ctx.Err() != nil {
			t.Fatalf("worker %s has not ended", pid)
		}
	}
}

// Lost proves what a job does whose job service is killed: it fails as one that can be tried again, and its workers end.
func Lost(t *testing.T, s Subject, kill func()) {
	dir := t.TempDir()
	j := job(t, s.open(t), slow(dir))
	appears(t, dir, "started")
	kill()
	if e := failed(t, j); !errors.Is(e, runner.ErrUnavailable) {
		t.Errorf("got %v", e)
	}
	workersEnd(t, dir)
}

// A worker that dies costs the job at most.
func testDeath(t *testing.T, sub Subject) {
	r := sub.open(t)
	if r.Traits().Workers == runner.ThisProcess {
		t.Skip("the worker is this process")
	}
	dir := t.TempDir()
	e := failed(t, job(t, r, func(s beam.Scope) { beam.ParDo(s, &dieFn{dir, 100}, ints(s, 1)) }))
	if e.State != "FAILED" || e.Text == "" {
		t.Errorf("state %s, text %q", e.State, e.Text)
	}
	t.Logf("%v", e)
	after := t.TempDir()
	if err := job(t, r, func(s beam.Scope) { beam.ParDo0(s, &keepFn{after}, ints(s, 1)) }).Wait(guard(t)); err != nil {
		t.Fatalf("the next job: %v", err)
	}
	expect(t, after, "0")
}
