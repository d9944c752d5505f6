package pipelines

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
)

// prismRunner is the name of prism among the runners.
const prismRunner = "prism"

// prismServer is prism and its workers, both in this process: started by the first job that asks for them and used by all
// after it. Beam offers no way to stop prism.
//
// prism.Execute does the same through process-wide flags, which concurrent jobs would fight over, and leaves an open
// temporary file behind for every job; it also stops its workers under a job that is still starting, which prism answers
// with a panic.
type prismServer struct {
	client  jobpb.JobServiceClient
	workers *extworker.Loopback

	// staging is held while a job is staged: prism keeps the artifacts of all jobs in a map without a lock.
	staging sync.Mutex
}

var startPrism = sync.OnceValues(func() (*prismServer, error) {
	// The workers live in this process: their log is this process's log.
	hooks.DisableHook(harness.DefaultRemoteLoggingHook)
	ctx := context.Background()
	client, err := prism.CreateJobServer(ctx, prism.Options{})
	if err != nil {
		return nil, fmt.Errorf("starting prism: %w", err)
	}
	workers, err := extworker.StartLoopback(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("starting the workers of prism: %w", err)
	}
	return &prismServer{client: client, workers: workers}, nil
})

// cancelGrace is how long a cancelled job may take to end by itself before prism is asked to end it.
const cancelGrace = 2 * time.Second

// executePrism runs p on prism. It comes back when the job has ended: when ctx ends, the DoFns fail by themselves, and
// the job with them; the request to cancel is for stages that run none of ours.
func executePrism(ctx context.Context, p *beam.Pipeline) error {
	srv, err := startPrism()
	if err != nil {
		return err
	}
	edges, _, err := p.Build()
	if err != nil {
		return err
	}
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvExternal, srv.workers.EnvironmentConfig)
	if err != nil {
		return err
	}
	pipeline, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
	if err != nil {
		return err
	}
	// Prism wants a worker binary to stage, although the workers run already: an empty file does.
	const binary = os.DevNull
	if err := runnerlib.UpdateGoEnvironmentWorker(binary, pipeline); err != nil {
		return err
	}
	// Once the job is prepared it is followed to its end: an abandoned one would go on unseen.
	background := context.WithoutCancel(ctx)
	id, artifacts, token, err := runnerlib.Prepare(ctx, srv.client, pipeline, &runnerlib.JobOptions{Name: "beamfit", Loopback: true})
	if err != nil {
		return err
	}
	srv.staging.Lock()
	token, err = runnerlib.Stage(ctx, id, artifacts, binary, token)
	srv.staging.Unlock()
	if err != nil {
		return err
	}
	jobID, err := runnerlib.Submit(background, srv.client, id, token)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	defer close(done)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-done:
		case <-time.After(cancelGrace):
			_, _ = srv.client.Cancel(background, &jobpb.CancelJobRequest{JobId: jobID})
		}
	})
	defer stop()
	if err := runnerlib.WaitForCompletion(background, srv.client, jobID); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("the job was cancelled")
	}
	return nil
}
