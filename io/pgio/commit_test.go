package pgio

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// cutter is a proxy in front of the server. Once armed it holds the next COMMIT that is sent while hold runs, or without hold cuts its
// connection, before the server hears of it or after the server has done it.
type cutter struct {
	armed       atomic.Bool
	hold        func()
	afterCommit bool
	server      string
}

// openBehind opens the store behind the proxy.
func (c *cutter) openBehind(t *testing.T, storeURL string) *store {
	t.Helper()
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	c.server = u.Host
	var sessions sync.WaitGroup
	t.Cleanup(sessions.Wait)
	port := fakeServer(t, func(client net.Conn) { sessions.Go(func() { c.serve(client) }) })
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return openStore(t, u.String())
}

func (c *cutter) serve(client net.Conn) {
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		_ = client.Close()
		return
	}
	cut := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		defer func() { _ = server.Close() }()
		buf := make([]byte, 64<<10)
		for {
			n, err := client.Read(buf)
			if err != nil {
				return
			}
			if c.armed.Load() && bytes.Contains(buf[:n], []byte("COMMIT\x00")) {
				c.armed.Store(false)
				switch {
				case c.hold != nil:
					c.hold()
				case c.afterCommit:
					close(cut)
				default:
					_ = client.Close()
					return
				}
			}
			if _, err := server.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	both.Go(func() {
		defer func() { _ = client.Close() }()
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			select {
			case <-cut: // this is the answer to COMMIT
				return
			default:
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	both.Wait()
}

// TestAnswerToCommitIsLost: what Commit reports is what the server did.
func TestAnswerToCommitIsLost(t *testing.T) {
	for name, afterCommit := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			storeURL, admin := testSchema(t)
			c := &cutter{afterCommit: afterCommit}
			s := c.openBehind(t, storeURL)
			ctx := context.Background()
			out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: idSchema}}})
			if err != nil {
				t.Fatal(err)
			}
			w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Write(ctx, idBatch(t, 1, 2)), w.Close(ctx)); err != nil {
				t.Fatal(err)
			}
			c.armed.Store(true)
			err = out.Commit(ctx)
			if (err == nil) != afterCommit || err != nil && !errors.Is(err, table.ErrUnavailable) {
				t.Errorf("commit: %v", err)
			}
			if err := out.Abort(ctx); err != nil {
				t.Errorf("abort: %v", err)
			}
			_, err = s.Lookup(ctx, tableNamed("t"))
			if (err == nil) != afterCommit {
				t.Errorf("lookup: %v", err)
			}
			if left := stagedIn(t, admin); len(left) != 0 {
				t.Errorf("still staged: %q", left)
			}
		})
	}
}

// TestCancelledInCommit: a context that ends when the server has been asked to commit does not make a failure of what becomes visible.
// The COMMIT takes longer than a cancelled call waits for the server.
func TestCancelledInCommit(t *testing.T) {
	for name, change := range map[string]func(ctx context.Context, t *testing.T, s *store, armed *atomic.Bool) error{
		"output": func(ctx context.Context, t *testing.T, s *store, armed *atomic.Bool) error {
			out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("t"), Schema: idSchema}}})
			if err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			return out.Commit(ctx)
		},
		"mutate": func(ctx context.Context, t *testing.T, s *store, armed *atomic.Bool) error {
			return s.Mutate(ctx, tableNamed("t"), func(tx table.Tx) error {
				armed.Store(true)
				return tx.Create(idSchema)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			storeURL, _ := testSchema(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c := &cutter{hold: func() {
				cancel()
				time.Sleep(cancelDeadline + 300*time.Millisecond)
			}}
			s := c.openBehind(t, storeURL)
			if err := change(ctx, t, s, &c.armed); err != nil || ctx.Err() == nil {
				t.Errorf("error %v, context %v", err, ctx.Err())
			}
			if _, err := s.Lookup(context.Background(), tableNamed("t")); err != nil {
				t.Error(err)
			}
		})
	}
}
