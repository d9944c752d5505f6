package runner

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/protox"
	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
)

// A pool is a worker pool of Beam's environment EXTERNAL that this process serves, on loopback.
//
// Beam's own (universal/extworker) knows workers by their ID alone, and every TaskManager of Flink counts from 1. Here a worker
// ends by itself, with its control stream; the request to stop one is heeded where the ID says which one is meant. And a pool does
// nothing for those who do not know its token, which is in the pipelines.
type pool struct {
	fnpb.UnimplementedBeamFnExternalWorkerPoolServer
	// work is a worker, from its start to its end.
	work func(context.Context, *fnpb.StartWorkerRequest) error
	// ended hears of a worker that was not stopped.
	ended func(id string, err error)

	server         *grpc.Server
	address, token string

	ctx  context.Context
	stop context.CancelFunc
	busy sync.WaitGroup

	mu      sync.Mutex
	workers map[string][]*poolWorker
}

// A poolWorker is a worker that has not ended.
type poolWorker struct{ stop context.CancelFunc }

func startPool(work func(context.Context, *fnpb.StartWorkerRequest) error, ended func(string, error)) (*pool, error) {
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	l := &pool{
		work: work, ended: ended, server: grpc.NewServer(), address: lis.Addr().String(), token: rand.Text(),
		workers: map[string][]*poolWorker{},
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	fnpb.RegisterBeamFnExternalWorkerPoolServer(l.server, l)
	l.busy.Go(func() { _ = l.server.Serve(lis) })
	return l, nil
}

// Close ends the workers and the pool.
func (l *pool) Close() {
	l.stop()
	l.server.Stop()
	l.busy.Wait()
}

// tokenParam is the name of the token in the environment.
const tokenParam = "beamfit_token"

// environment is the environment of the pool's workers in Beam's model.
func (l *pool) environment(model *pipepb.Environment) {
	model.Urn = graphx.URNEnvExternal
	model.Payload = protox.MustEncode(&pipepb.ExternalPayload{
		Endpoint: &pipepb.ApiServiceDescriptor{Url: l.address}, Params: map[string]string{tokenParam: l.token},
	})
}

func (l *pool) StartWorker(_ context.Context, r *fnpb.StartWorkerRequest) (*fnpb.StartWorkerResponse, error) {
	if subtle.ConstantTimeCompare([]byte(r.GetParams()[tokenParam]), []byte(l.token)) != 1 {
		return &fnpb.StartWorkerResponse{Error: "the request is not of a pipeline of this process"}, nil
	}
	ctx, stop := context.WithCancel(l.ctx)
	id, w := r.GetWorkerId(), &poolWorker{stop}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.workers[id] = append(l.workers[id], w)
	l.busy.Go(func() {
		defer l.forget(id, w)
		err := l.work(ctx, r)
		if ctx.Err() == nil && l.ended != nil {
			l.ended(id, err)
		}
	})
	return &fnpb.StartWorkerResponse{}, nil
}

func (l *pool) StopWorker(_ context.Context, r *fnpb.StopWorkerRequest) (*fnpb.StopWorkerResponse, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if all := l.workers[r.GetWorkerId()]; len(all) == 1 {
		all[0].stop()
		delete(l.workers, r.GetWorkerId())
	}
	return &fnpb.StopWorkerResponse{}, nil
}

// forget takes a worker that has ended off the list.
func (l *pool) forget(id string, w *poolWorker) {
	w.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.workers[id] = slices.DeleteFunc(l.workers[id], func(other *poolWorker) bool { return other == w })
	if len(l.workers[id]) == 0 {
		delete(l.workers, id)
	}
}
