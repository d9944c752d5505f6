package pipelines

import (
	"context"
	"sync"
	"time"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/plan/cuda"
	"github.com/beamfit/beamfit/pipelines/internal/fitting"
	"github.com/beamfit/beamfit/pipelines/internal/job"
)

// ErrNoGPUSupport is the error of a job with Env.GPUs in a program that was built without GPU support.
var ErrNoGPUSupport = cuda.ErrNotBuilt

// An Env is what every job runs with.
type Env struct {
	// Store holds the tables.
	Store table.Store
	// Runner is the Beam runner, one of Runners: "direct" (default when empty), "prism", "flink" or "dataflow".
	Runner string
	// RunnerOptions are options of the runner, by their names in Beam. See RunnerOptions; Flink and Dataflow take further ones.
	RunnerOptions map[string]string
	// PrismOpenPort lets prism run in a process that shares its network with others: prism listens on a free port of every
	// interface, and whoever reaches it can run programs as the user of this process. Without it such a process is refused; see
	// package netns.
	PrismOpenPort bool
	// Workers is the most shards, slices of a batch or partitions that are worked on at the same time in this process; 0: the
	// number of CPUs.
	// No result depends on it.
	Workers int
	// Memory is the most bytes of packed rows that each worker process keeps in memory; shards beyond it lie in a file of the scratch folder
	// and are read for every pass, with read-ahead. 0: half of the memory of the container or machine. No result depends on it.
	Memory int64
	// GPUs: fit, evaluate and predict compute on the NVIDIA GPUs of each worker's machine. A process that has none, or a program that was
	// built without GPU support, is an error before any work. Results differ from those of the CPU in their last digits.
	GPUs bool
	// GPUMath is how GPUs multiply, one of GPUMaths; "": the first, float32. All but that need GPUs, of compute capability 8.0.
	GPUMath string
	// Progress receives what happens while a job runs; nil: nobody listens. Calls come one at a time.
	Progress func(Event)
	// RunID is the ID of the run that the job belongs to, where one is recorded (package runs): who finds the job in the way is told it.
	RunID string
	// Submitted receives the name that an engine has given to a pipeline which it has just taken; nil: nobody listens.
	Submitted func(job string)

	// strangers are the limits of workers that are strangers to this process, as those of another process are; nil: the runner says what they
	// are.
	strangers *job.Limits
}

// TrainingStage is the Event.Stage of what belongs to an iteration of a fit, and callbacksStage that of what its callbacks say.
const (
	TrainingStage  = fitting.Stage
	callbacksStage = "callbacks"
)

// An Event tells how far a job is. Done and Total count Unit ("rows", "buffers", "iterations"); Total is 0 where unknown.
type Event struct {
	Job   string // the command: split, preprocess, fit, evaluate, predict, or one without pipelines, as load-model
	Stage string // what is being done, for people: "reading", TrainingStage, "scoring", ...
	Unit  string
	Done  int64
	Total int64
	// Fit only: set on the event that ends an iteration.
	Iteration *IterationReport
	// Fit only: a sentence of a callback with verbose=1. The event has no numbers then.
	Note string
}

// An IterationReport is what fit knows at the end of an iteration.
type IterationReport struct {
	Iteration, Iterations int
	Rows                  int64         // rows trained on in this iteration, all shards and passes
	Training              time.Duration // wall time of training and averaging
	Scored                bool          // whether metrics were computed after this iteration
	Scoring               time.Duration
	TrainingLoss          float64
	TrainingMetrics       []NamedValue
	ValidationLoss        *float64
	ValidationMetrics     []NamedValue
}

// A NamedValue is one metric.
type NamedValue struct {
	Name  string
	Value float64
}

// options are those of a job, each task of which holds that many connections of the store as long as it works; 0: only while it reads. tell
// passes an event of the job to the listener; it is safe for concurrent use.
func (e Env) options(name string, connections int) (o job.Options, tell func(Event)) {
	var mu sync.Mutex
	tell = func(event Event) {
		if e.Progress == nil {
			return
		}
		event.Job = name
		mu.Lock()
		defer mu.Unlock()
		e.Progress(event)
	}
	return job.Options{
		Name: name, HeldPerTask: connections, Store: e.Store, Runner: e.Runner, RunnerOptions: e.RunnerOptions, PrismOpenPort: e.PrismOpenPort,
		Workers: e.Workers, Memory: e.Memory, GPUs: e.GPUs, GPUMath: cuda.Math(e.GPUMath), RunID: e.RunID, Submitted: e.Submitted, Strangers: e.strangers,
		Progress: func(stage, unit string, done, total int64) {
			tell(Event{Stage: stage, Unit: unit, Done: done, Total: total})
		},
	}, tell
}

// begin starts a job without pipelines. Its End must be called.
func (e Env) begin(ctx context.Context, name string) (*job.Job, error) {
	o, _ := e.options(name, 0)
	return job.Begin(ctx, o)
}

// beginOnRunner starts a job with pipelines. Its End must be called.
func (e Env) beginOnRunner(ctx context.Context, name string, connections int) (*job.Job, error) {
	o, _ := e.options(name, connections)
	return job.BeginOnRunner(ctx, o)
}
