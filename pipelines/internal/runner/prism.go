package runner

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
)

// prismServer is prism in this process, and the workers that are in it too: started by the first job that asks for them and used
// by all after it. Beam offers no way to stop prism.
type prismServer struct {
	client  jobpb.JobServiceClient
	workers *pool
}

var startPrism = sync.OnceValues(func() (*prismServer, error) {
	client, err := prism.CreateJobServer(context.Background(), prism.Options{})
	if err != nil {
		return nil, fmt.Errorf("starting prism: %w", err)
	}
	workers, err := startLoopback()
	if err != nil {
		return nil, fmt.Errorf("starting the workers of prism: %w", err)
	}
	return &prismServer{client, workers}, nil
})

// prismRunner is prism, with workers in this process or in others.
//
// Worker processes are started here and not by prism: prism (2.77) may never hear that one has died, and its job then hangs.
type prismRunner struct {
	service service
	place   Place
	own     *pool // of worker processes; nil: there are none

	mu   sync.Mutex
	jobs map[string]*serviceJob // with worker processes, by ID
	dead map[string]string      // why the worker of a job that is not in jobs yet has died
}

var prismJobs atomic.Int64

func openPrism(_ context.Context, c Config) (Runner, error) {
	env, err := environmentOf(c.Options, "LOOPBACK")
	if err != nil {
		return nil, err
	}
	if err := env.checkCommand(); err != nil {
		return nil, err
	}
	srv, err := startPrism()
	if err != nil {
		return nil, err
	}
	r := &prismRunner{place: ThisMachine, jobs: map[string]*serviceJob{}, dead: map[string]string{}}
	switch env.kind {
	case "LOOPBACK":
		env.pool, r.place = srv.workers, ThisProcess
	case "PROCESS":
		if r.own, err = startPool(processWork(env.config), r.died); err != nil {
			return nil, err
		}
		env.pool = r.own
	case "DOCKER", "EXTERNAL": // a container sees no folder of this machine
		r.place = AnyMachine
	}
	r.service = service{client: srv.client, env: env}
	return r, nil
}

func (r *prismRunner) Traits() Traits { return Traits{Workers: r.place} }

func (r *prismRunner) Close() error {
	if r.own != nil {
		r.own.Close()
	}
	return nil
}

func (r *prismRunner) Submit(ctx context.Context, p *beam.Pipeline, name string) (Job, error) {
	j, err := r.service.submit(ctx, p, name+"-"+strconv.FormatInt(prismJobs.Add(1), 10))
	if err != nil {
		return nil, err
	}
	if r.own != nil {
		r.watch(j)
	}
	return j, nil
}

// watch makes sure that j fails when its worker dies.
func (r *prismRunner) watch(j *serviceJob) {
	r.mu.Lock()
	r.jobs[j.id] = j
	reason, died := r.dead[j.id]
	r.mu.Unlock()
	if died {
		j.fail(reason)
	}
	go func() {
		<-j.done
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.jobs, j.id)
		delete(r.dead, j.id)
	}()
}

// died hears that a worker has ended. Prism's workers are named JOB[NAME]_ENVIRONMENT.
func (r *prismRunner) died(worker string, err error) {
	id, _, _ := strings.Cut(worker, "[")
	reason := "the job's worker has ended"
	if err != nil {
		reason += ": " + err.Error()
	}
	r.mu.Lock()
	j := r.jobs[id]
	if j == nil {
		r.dead[id] = reason
	}
	r.mu.Unlock()
	if j != nil {
		j.fail(reason)
	}
}
