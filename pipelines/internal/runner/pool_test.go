package runner

import (
	"context"
	"testing"
	"time"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
)

// A worker that has ended is forgotten: the next one of its ID, as Flink gives them, can be stopped.
func TestPoolForgets(t *testing.T) {
	ends := make(chan struct{}, 1)
	l, err := startPool(func(ctx context.Context, _ *fnpb.StartWorkerRequest) error {
		select {
		case <-ends:
		case <-ctx.Done():
			ends <- struct{}{}
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	start := func() {
		t.Helper()
		r := &fnpb.StartWorkerRequest{WorkerId: "1", Params: map[string]string{tokenParam: l.token}}
		if answer, err := l.StartWorker(t.Context(), r); err != nil || answer.GetError() != "" {
			t.Fatal(answer, err)
		}
	}
	start()
	ends <- struct{}{} // by itself
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		n := len(l.workers)
		l.mu.Unlock()
		if n == 0 {
			break
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("%d workers are not forgotten", n)
		}
	}
	start()
	if _, err := l.StopWorker(t.Context(), &fnpb.StopWorkerRequest{WorkerId: "1"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ends:
	case <-time.After(30 * time.Second):
		t.Error("the second worker is not stopped")
	}
}
