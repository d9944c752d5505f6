package runner

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
)

func TestWorker(t *testing.T) {
	for args, want := range map[string]bool{
		"":                               false,
		"fit a b --workers 2":            false,
		"--worker --id=1 --options={}":   true,
		"--id=1 --worker=true":           true,
		"-worker":                        true,
		"--worker=false":                 false,
		"show -- --worker":               false,
		"load-model a b --name --worker": false,
		"--id=1-1 --provision_endpoint=localhost:7":   true,
		"--id='job-1[x]_go' --provision_endpoint=h:7": true,
		"--id=1":                           false,
		"--provision_endpoint=localhost:7": false,
		"fit a b --id=1 --provision_endpoint=localhost:7":                                       false,
		"--id=1 --logging_endpoint=h:1 --worker --control_endpoint=h:2 --semi_persist_dir=/tmp": true,
	} {
		if got := Worker(strings.Fields(args)); got != want {
			t.Errorf("%s: %v, want %v", args, got, want)
		}
	}
	w, _ := parseWorker(strings.Fields("--id='job-1[x]_go' --provision_endpoint=h:7"))
	if w.id != "job-1[x]_go" || w.provision != "h:7" {
		t.Errorf("got %+v", w)
	}
}

// A worker whose runner has gone before it begins ends at once.
func TestWorkerOfNobody(t *testing.T) {
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := lis.Addr().String()
	lis.Close()
	ctx, stop := context.WithTimeout(t.Context(), startTimeout/2)
	defer stop()
	err = Work(ctx, []string{"--id=1-1", "--provision_endpoint=" + nobody})
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "worker 1-1") {
		t.Errorf("%v", err)
	}
}

// A pool does nothing for requests that are not of its pipelines.
func TestPoolToken(t *testing.T) {
	started := make(chan string, 1)
	p, err := startPool(func(ctx context.Context, r *fnpb.StartWorkerRequest) error {
		started <- r.GetWorkerId()
		<-ctx.Done()
		return nil
	}, func(string, error) { t.Error("a worker that was stopped counts as one that died") })
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "guess"} {
		res, err := p.StartWorker(t.Context(), &fnpb.StartWorkerRequest{WorkerId: "w", Params: map[string]string{tokenParam: token}})
		if err != nil || res.GetError() == "" {
			t.Errorf("token %q: %v, %v", token, res, err)
		}
	}
	for range 2 {
		res, err := p.StartWorker(t.Context(), &fnpb.StartWorkerRequest{WorkerId: "1-1", Params: map[string]string{tokenParam: p.token}})
		if err != nil || res.GetError() != "" {
			t.Errorf("the token: %v, %v", res, err)
		}
		if id := <-started; id != "1-1" {
			t.Errorf("worker %q", id)
		}
	}
	// Two workers of one ID, of two TaskManagers: nobody can tell which one is meant.
	if _, err := p.StopWorker(t.Context(), &fnpb.StopWorkerRequest{WorkerId: "1-1"}); err != nil {
		t.Error(err)
	}
	p.Close() // ends both
}
