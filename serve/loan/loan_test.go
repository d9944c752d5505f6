package loan

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/beamfit/beamfit/serve/wire"
)

// lent is a session whose server is at the other end of a pipe: what nobody reads there blocks who writes.
func lent(t *testing.T) (*Loan, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	l, err := Open(context.Background(), Terms{Server: wire.NewConn(near), Status: 'I', Cancel: func() {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.End()
		_, _ = near.Close(), far.Close()
	})
	return l, far
}

// TestDeadNetwork: a job that is cancelled while it writes to a server that takes nothing any more ends.
func TestDeadNetwork(t *testing.T) {
	l, _ := lent(t)
	l.patience = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := l.Conn.Exec(ctx, "SELECT 1")
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the statement has run")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the statement does not end")
	}
}

// TestEnvironment: what the environment says of servers is not for a loan.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"PGCHANNELBINDING": "require", "PGREQUIREAUTH": "scram-sha-256", "PGTARGETSESSIONATTRS": "read-write", "PGMINPROTOCOLVERSION": "3.2", "PGMAXPROTOCOLVERSION": "3.2",
		"PGSSLROOTCERT": "system", "PGSSLCERTMODE": "require",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			lent(t) // the server does not answer: a loan that asks it something hangs
		})
	}
}
