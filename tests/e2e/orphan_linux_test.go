package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
)

// A worker ends with the process that started it, as a TaskManager that is killed, in the middle of its start too: while it waits for an
// answer of an endpoint where the system still takes connections, which Beam's clients do for half a minute and longer.
func TestWorkerOfDeadParent(t *testing.T) {
	t.Run("provision", func(t *testing.T) {
		silent, dialled := silentEndpoint(t)
		endsWithParent(t, silent, dialled)
	})
	t.Run("control", func(t *testing.T) {
		silent, dialled := silentEndpoint(t)
		endsWithParent(t, provisionEndpoint(t, silent), dialled)
	})
}

// endsWithParent starts a worker of a shell, kills the shell when Beam's client has dialled an endpoint, and waits for the worker's end.
func endsWithParent(t *testing.T, provision string, dialled <-chan struct{}) {
	// The worker has the shell's standard output, which is at its end when both have ended.
	shell := exec.Command("sh", "-c", `"$0" --id=1-1 --provision_endpoint="$1" & echo $!; wait`, binary, provision)
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	worker, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, said)
	}()
	t.Cleanup(func() {
		_ = shell.Process.Kill()
		select {
		case <-ended:
		default: // else the pid may be somebody else's
			_ = syscall.Kill(worker, syscall.SIGKILL)
		}
		<-ended
		_ = shell.Wait()
	})
	for range 2 { // the first connection is to look whether anybody listens
		select {
		case <-dialled:
		case <-ended:
			t.Fatal("the worker has ended before its parent")
		case <-time.After(time.Minute):
			t.Fatal("the worker does not begin")
		}
	}
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second): // far more than it takes, and less than Beam's clients wait
		t.Error("the worker has not ended with its parent")
	}
}

// silentEndpoint takes connections and never answers; each is told.
func silentEndpoint(t *testing.T) (address string, dialled <-chan struct{}) {
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{}, 100)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			told <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		lis.Close()
		<-served
	})
	return lis.Addr().String(), told
}

// A provision is a service that tells workers where the others are.
type provision struct {
	fnpb.UnimplementedProvisionServiceServer
	others string
}

func (p provision) GetProvisionInfo(context.Context, *fnpb.GetProvisionInfoRequest) (*fnpb.GetProvisionInfoResponse, error) {
	at := &pipepb.ApiServiceDescriptor{Url: p.others}
	return &fnpb.GetProvisionInfoResponse{Info: &fnpb.ProvisionInfo{LoggingEndpoint: at, ControlEndpoint: at}}, nil
}

// provisionEndpoint serves a provision.
func provisionEndpoint(t *testing.T, others string) (address string) {
	lis, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	fnpb.RegisterProvisionServiceServer(server, provision{others: others})
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(fmt.Errorf("the provision service: %w", err))
		}
	})
	return lis.Addr().String()
}
