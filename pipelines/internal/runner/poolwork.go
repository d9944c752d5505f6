package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"

	"github.com/beamfit/beamfit/io/netns"
)

// workersHere makes this process ready for workers in it, whose log is the log of this process.
var workersHere = sync.OnceFunc(func() {
	hooks.DisableHook(harness.DefaultRemoteLoggingHook)
	hooks.SerializeHooksToOptions()
})

// startLoopback starts a pool of workers in this process.
func startLoopback() (*pool, error) {
	workersHere()
	return startPool(func(ctx context.Context, r *fnpb.StartWorkerRequest) error {
		ctx = grpcx.WriteWorkerID(ctx, r.GetWorkerId())
		var opts harness.Options
		if at := r.GetProvisionEndpoint().GetUrl(); at != "" {
			if info, err := tools.ProvisionInfo(ctx, at); err == nil {
				opts = harness.Options{StatusEndpoint: info.GetStatusEndpoint().GetUrl(), RunnerCapabilities: info.GetRunnerCapabilities()}
			}
		}
		return harness.MainWithOptions(ctx, r.GetLoggingEndpoint().GetUrl(), r.GetControlEndpoint().GetUrl(), opts)
	}, nil) // a job's end ends its worker, one way or the other: the job tells of it
}

// processWork is a worker that is a process: the command of the environment PROCESS. Its error has the first that it wrote.
func processWork(config string) func(context.Context, *fnpb.StartWorkerRequest) error {
	return func(ctx context.Context, r *fnpb.StartWorkerRequest) error {
		var payload pipepb.ProcessPayload
		if err := protojson.Unmarshal([]byte(config), &payload); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, payload.Command, "--id="+r.GetWorkerId(), "--provision_endpoint="+r.GetProvisionEndpoint().GetUrl())
		cmd.Env = os.Environ()
		for k, v := range payload.Env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		end, err := netns.Lend(cmd)
		if err != nil {
			return err
		}
		defer end()
		var said head
		cmd.Stdout, cmd.Stderr = &said, &said
		err = cmd.Run()
		if text := strings.TrimSpace(said.String()); err != nil && text != "" {
			return fmt.Errorf("%w: %s", err, text)
		}
		return err
	}
}

// head keeps the first of what is written, and throws the rest away.
type head struct{ strings.Builder }

func (h *head) Write(b []byte) (int, error) {
	const most = 8 << 10
	h.Builder.Write(b[:min(len(b), most-h.Len())])
	return len(b), nil
}
