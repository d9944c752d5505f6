package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"

	"github.com/beamfit/beamfit/model/kernels"
)

// A workerStart is what a runner tells a worker that it starts.
type workerStart struct {
	id                 string
	provision          string // where the rest of it is asked for; "" where it is here
	logging, control   string
	options            string // JSON
	status             string
	runnerCapabilities []string
}

// Worker tells whether args are those that a runner starts a worker with: --worker and Beam's further flags, as Beam's containers
// do, or --id and --provision_endpoint alone, as the environment PROCESS does.
func Worker(args []string) bool {
	_, ok := parseWorker(args)
	return ok
}

func parseWorker(args []string) (w workerStart, ok bool) {
	worker := false
	values := map[string]*string{
		"id": &w.id, "provision_endpoint": &w.provision, "logging_endpoint": &w.logging, "control_endpoint": &w.control,
		"options": &w.options, "semi_persist_dir": new(string), "artifact_endpoint": new(string),
	}
	for _, a := range args {
		name, value, has := strings.Cut(strings.TrimLeft(a, "-"), "=")
		switch dst := values[name]; {
		case !strings.HasPrefix(a, "-") || a == "--":
			return workerStart{}, false
		case name == "worker" && (!has || value == "true"):
			worker = true
		case dst != nil && has:
			*dst = value
		}
	}
	// Prism puts the ID in quotes, for a shell that is not there.
	if id, ok := strings.CutPrefix(w.id, "'"); ok {
		w.id = strings.TrimSuffix(id, "'")
	}
	return w, worker || w.id != "" && w.provision != ""
}

// Work makes this process the worker that args describe, until the runner that started it has gone or says that it is no longer
// needed. The error is for standard error; the process should then end with a code that is not 0.
func Work(ctx context.Context, args []string) error {
	w, ok := parseWorker(args)
	if !ok {
		return errors.New("these are not the arguments of a worker")
	}
	if err := redirectLog(); err != nil {
		return err
	}
	ctx = grpcx.WriteWorkerID(ctx, w.id)
	if w.provision != "" {
		var stop context.CancelFunc
		ctx, stop = withParent(ctx)
		defer stop()
	}
	if err := w.begin(ctx); err != nil {
		return fmt.Errorf("worker %s: %w", w.id, err)
	}
	var opt runtime.RawOptionsWrapper
	if w.options != "" {
		if err := json.Unmarshal([]byte(w.options), &opt); err != nil {
			return fmt.Errorf("worker %s: reading the pipeline options: %w", w.id, err)
		}
	}
	beam.PipelineOptions.Import(opt.Options)
	if variant := beam.PipelineOptions.Get(kernelsOption); variant != "" {
		_ = kernels.Use(variant) // where this machine does not have them, what computes says so (recipe.Model)
	}
	if err := kernels.EnvError(); err != nil {
		return fmt.Errorf("worker %s: %w", w.id, err)
	}
	beam.Init()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- harness.MainWithOptions(ctx, w.logging, w.control, harness.Options{StatusEndpoint: w.status, RunnerCapabilities: w.runnerCapabilities})
	}()
	// Beam's own main waits for an hour, and another one, when the control stream has ended well: whoever started the process may
	// have gone. And DoFns need not come back when the context has ended.
	select {
	case err := <-done:
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("worker %s: %w", w.id, err)
		}
	case <-ctx.Done():
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("worker %s: %w", w.id, err)
	}
	return nil
}

// startTimeout is how long a runner may take to say what a worker asks first.
const startTimeout = 30 * time.Second

// begin asks for the rest of what a worker must know. A runner that starts the worker itself listens before: where nobody does, it has
// gone meanwhile, and Beam's own clients would wait for it for minutes.
func (w *workerStart) begin(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, startTimeout)
	defer stop()
	if w.provision == "" { // Beam's boot program has started it
		return w.ask(ctx)
	}
	if err := listens(ctx, w.provision); err != nil {
		return fmt.Errorf("the provision service at %s: %w", w.provision, err)
	}
	if err := w.ask(ctx); err != nil {
		return err
	}
	if err := listens(ctx, w.control); err != nil {
		return fmt.Errorf("the control service at %s: %w", w.control, err)
	}
	return nil
}

// ask fills in what the provision service knows, or Beam's boot program has left in the environment.
func (w *workerStart) ask(ctx context.Context) error {
	if w.provision == "" {
		if file := os.Getenv("PIPELINE_OPTIONS_FILE"); file != "" {
			b, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("reading the pipeline options: %w", err)
			}
			w.options = string(b)
		}
		w.status = os.Getenv("STATUS_ENDPOINT")
		w.runnerCapabilities = strings.Fields(os.Getenv("RUNNER_CAPABILITIES"))
		if w.control == "" || w.logging == "" {
			return errors.New("--control_endpoint or --logging_endpoint is missing")
		}
		return nil
	}
	info, err := tools.ProvisionInfo(ctx, w.provision)
	if err != nil {
		return fmt.Errorf("asking the provision service: %w", err)
	}
	w.logging, w.control = info.GetLoggingEndpoint().GetUrl(), info.GetControlEndpoint().GetUrl()
	w.status, w.runnerCapabilities = info.GetStatusEndpoint().GetUrl(), info.GetRunnerCapabilities()
	w.options, err = tools.ProtoToJSON(info.GetPipelineOptions())
	return err
}
