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

	"github.com/beamfit/beamfit/io/table"
)

// cutter is a proxy in front of the server. Once armed it cuts the connection on which COMMIT is sent, before the server
// hears of it or after the server has done it.
type cutter struct {
	armed       atomic.Bool
	afterCommit bool
	server      string
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
				if !c.afterCommit {
					_ = client.Close()
					return
				}
				close(cut)
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
			u, err := url.Parse(storeURL)
			if err != nil {
				t.Fatal(err)
			}
			c := &cutter{afterCommit: afterCommit, server: u.Host}
			var sessions sync.WaitGroup
			t.Cleanup(sessions.Wait)
			port := fakeServer(t, func(client net.Conn) { sessions.Go(func() { c.serve(client) }) })
			u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
			s := openStore(t, u.String())
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
