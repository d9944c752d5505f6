package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/beamfit/beamfit/io/table"
)

// A Runner submits pipelines. It is safe for concurrent use.
type Runner interface {
	Traits() Traits
	// Submit starts a job. ctx bounds the submission alone. name is for people: the runner makes it unique where it must be.
	Submit(ctx context.Context, p *beam.Pipeline, name string) (Job, error)
	// Close lets go of what the runner holds. Jobs must have ended.
	Close() error
}

// A Job is a pipeline that was submitted. It is safe for concurrent use.
type Job interface {
	// ID is the runner's name for the job.
	ID() string
	// Wait waits for the end of the job. It fails with a *JobError when the job did, or with the cause of ctx, which does not
	// end the job.
	Wait(ctx context.Context) error
	// Counters are the counters of the DoFns, by "namespace/name", added up over all steps. Only when the job has ended are they
	// complete, and Flink has none before.
	Counters(ctx context.Context) (map[string]int64, error)
	// Cancel asks for the end of the job. Wait then returns soon, with an error that is ErrCancelled where the runner says so. A
	// job that has ended is left alone.
	Cancel(ctx context.Context) error
}

// A Follower is a Job whose engine tells how far it is while it runs.
type Follower interface {
	Job
	// Tasks are how many of the engine's parts of the job have ended, and how many there are, as of a second ago; 0 of 0: not known.
	Tasks() (ended, all int)
}

// A Place says where the DoFns of a runner work.
type Place int

const (
	ThisProcess   Place = iota // they share its memory
	ThisMachine                // they share its folders and its loopback addresses
	AnyMachine                 // they may be on other machines, which may see the same folders
	OtherMachines              // they see nothing of this machine
)

// Traits are what pipelines need to know of a runner.
type Traits struct {
	Workers Place
	// MaxWorkers is how many worker processes a job has at the most; 0: that is not known.
	MaxWorkers int
	// Parallelism is on how many tasks, at least, elements that are spread work; 0: that is not known.
	Parallelism int
	// MaxStages is the most stages of a fit that one pipeline may have; 0: any number.
	MaxStages int
	// MaxBundleOutput is the most bytes that a DoFn may give on in a bundle (package portions); 0: any number.
	MaxBundleOutput int
	// DryRun: jobs are written to files and not run. Wait returns ErrNotRun.
	DryRun bool
}

var (
	// ErrUnavailable: the engine cannot be reached. The same later may succeed. It is the error of stores, too.
	ErrUnavailable = table.ErrUnavailable
	// ErrCancelled: somebody cancelled the job.
	ErrCancelled = errors.New("the job was cancelled")
	// ErrNotRun: a dry run wrote the job to files.
	ErrNotRun = errors.New("the job was written and not run")
)

// A Config is what a runner is opened with.
type Config struct {
	// Options are those of Options and, for Flink and Dataflow, others of the engine, by their names.
	Options map[string]string
	// Computing are the DoFns that an accelerator is for, as Beam names them: "trainshard.trainFn".
	Computing []string
	// GPUs: these DoFns compute on GPUs, so there must be an accelerator where only that brings GPUs.
	GPUs bool
}

// The names of the runners.
const (
	Direct   = "direct"
	Prism    = "prism"
	flink    = "flink"
	dataflow = "dataflow"
)

// A kind is a row of the table of runners.
type kind struct {
	name string
	// engine: jobs run elsewhere, and there may be options that only the engine knows.
	engine bool
	// refused are options of the engine that beamfit does not pass on, with the reason.
	refused map[string]string
	open    func(context.Context, Config) (Runner, error)
}

var kinds = []kind{
	{name: Direct, open: openDirect},
	{name: Prism, open: openPrism},
	{name: flink, engine: true, refused: flinkRefused, open: openFlink},
	{name: dataflow, engine: true, open: openDataflow},
}

// Names are the names of the runners.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// IsEngine tells whether jobs of that runner run elsewhere, and go on when this process ends.
func IsEngine(name string) bool {
	return slices.ContainsFunc(kinds, func(k kind) bool { return k.name == name && k.engine })
}

// Check checks what can be checked of a runner's name and its options without asking an engine.
func Check(name string, options map[string]string) error {
	_, err := kindOf(name, options)
	return err
}

func kindOf(name string, options map[string]string) (kind, error) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, fmt.Errorf("runner %q is not known; expected one of %s", name, strings.Join(Names(), ", "))
	}
	return kinds[i], checkOptions(kinds[i], options)
}

// Open makes the runner of that name.
func Open(ctx context.Context, name string, c Config) (Runner, error) {
	k, err := kindOf(name, c.Options)
	if err != nil {
		return nil, err
	}
	r, err := k.open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("runner %s: %w", name, err)
	}
	return r, nil
}

// cancelPatience is how long Run waits for the end of a job that it has cancelled.
const cancelPatience = 10 * time.Second

// Run submits p and waits for the end of the job. When ctx ends, it cancels the job and returns the cause of ctx.
func Run(ctx context.Context, r Runner, p *beam.Pipeline, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	j, err := r.Submit(ctx, p, name)
	if err != nil {
		return err
	}
	err = j.Wait(ctx)
	if ctx.Err() == nil {
		return err
	}
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer stop()
	if err := j.Cancel(last); err != nil {
		return fmt.Errorf("%w, and cannot be cancelled: %w", context.Cause(ctx), err)
	}
	_ = j.Wait(last)
	return context.Cause(ctx)
}
