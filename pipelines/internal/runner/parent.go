package runner

import (
	"context"
	"errors"
	"os"
	"time"
)

// errOrphan is why a worker ends whose parent has ended.
var errOrphan = errors.New("the process that started it has ended")

// parentEvery is how often a worker looks whether the process that started it still runs.
const parentEvery = 250 * time.Millisecond

// withParent returns a context that ends when the process that started this one has ended. The system gives this process another parent
// then, on Unix. A signal in its place (PR_SET_PDEATHSIG) would come with the end of the thread that started it, which a JVM may let go of.
//
// Where the parent has ended before, the one that is asked for here is another process already, and nothing is noticed. But the parent's
// sockets are closed before its children are given away, so nobody listens at its endpoints then.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	parent := os.Getppid()
	go func() {
		ticker := time.NewTicker(parentEvery)
		defer ticker.Stop()
		for os.Getppid() == parent {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
		cancel(errOrphan)
	}()
	return ctx, func() { cancel(nil) }
}
