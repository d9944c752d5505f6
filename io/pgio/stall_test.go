package pgio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// shortStall is a stall timeout for tests; none asserts how long anything takes.
const shortStall = 400 * time.Millisecond

// shortConnect is how long a connection may take where the test stalls it; where it does not, a busy machine has the ten seconds of longConnect.
const (
	shortConnect = "&connect_timeout=1"
	longConnect  = "&connect_timeout=10"
)

// stalling opens a store behind a proxy.
func stalling(t *testing.T, storeURL, more string, timeout time.Duration) (*proxy, *store) {
	t.Helper()
	p, proxyURL := startProxy(t, storeURL)
	s, err := Open(context.Background(), proxyURL+more, table.OpenOptions{StallTimeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // before the proxy ends, so that nothing hangs
		p.stall(toServer, false)
		p.stall(toClient, false)
		_ = s.Close()
	})
	return p, s.(*store)
}

// TestSlowConnect: a connection that the server is slow to make is not one too many.
func TestSlowConnect(t *testing.T) {
	storeURL, _ := testSchema(t)
	p, s := stalling(t, storeURL, shortConnect+"&pool_max_conns=5", 0)
	s.poolWait = shortStall
	p.stall(toClient, true)
	for range 5 { // some are there already
		conn, err := s.acquire(t.Context())
		if err == nil {
			defer conn.Release()
			continue
		}
		if !errors.Is(err, table.ErrUnavailable) || !strings.Contains(err.Error(), "has not answered within 400ms") {
			t.Errorf("got error %v, want that the server has not answered", err)
		}
		return
	}
	t.Error("five connections through a proxy that lets nothing pass")
}

// copyingIn is an output that rows are being copied into, what copies them, and a megabyte of them.
func copyingIn(t *testing.T, s *store) (table.Output, table.Writer, *table.Batch) {
	t.Helper()
	ctx := context.Background()
	schema := table.Schema{{Name: "pad", Type: table.TextType}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("new"), Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for range 1000 {
		if err := b.Append(strings.Repeat("x", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(ctx, b); err != nil {
		t.Fatal(err)
	}
	return out, w, b
}

func wantStall(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, table.ErrUnavailable) || !strings.Contains(fmt.Sprint(err), "nothing has moved on the connection for 400ms") {
		t.Errorf("%s: got error %v, want ErrUnavailable that tells of the stall", what, err)
	}
}

// TestStalls stops the network in each direction in the middle of reading, of writing and of a statement.
func TestStalls(t *testing.T) {
	for _, d := range []direction{toServer, toClient} {
		t.Run(string(d), func(t *testing.T) {
			storeURL, admin := testSchema(t)
			setup(t, admin, "CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS pad FROM generate_series(1, 60000) i")
			ctx := context.Background()

			t.Run("copy out", func(t *testing.T) {
				if d == toServer {
					t.Skip("nothing goes to the server while it sends rows")
				}
				p, s := stalling(t, storeURL, shortConnect, shortStall)
				snap, err := s.Snapshot(ctx, tableNamed("t"))
				if err != nil {
					t.Fatal(err)
				}
				parts, err := snap.Partitions(ctx, 1)
				if err != nil {
					t.Fatal(err)
				}
				r, err := s.Read(ctx, parts[0], table.ReadOptions{BatchRows: 10})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Next(ctx); err != nil {
					t.Fatal(err)
				}
				p.stall(d, true)
				for err == nil {
					_, err = r.Next(ctx)
				}
				wantStall(t, "read", err)
				p.stall(d, false)
				_, _ = r.Close(), snap.Close()
			})
			t.Run("copy in", func(t *testing.T) {
				p, s := stalling(t, storeURL, shortConnect, shortStall)
				out, w, b := copyingIn(t, s)
				var err error
				p.stall(d, true)
				if d == toServer { // bytes fill up on their way
					for err == nil {
						err = w.Write(ctx, b)
					}
					wantStall(t, "write", err)
				}
				wantStall(t, "close", w.Close(ctx)) // or the answer does not come
				p.stall(d, false)
				if err := out.Abort(ctx); err != nil {
					t.Error(err)
				}
			})
			t.Run("statement", func(t *testing.T) {
				p, s := stalling(t, storeURL, shortConnect, shortStall)
				conn, err := s.acquire(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Release()
				p.stall(d, true)
				_, err = find(ctx, conn.Conn(), tableNamed("t"))
				wantStall(t, "find", explain(ctx, err))
				p.stall(d, false)
			})
			t.Run("connect", func(t *testing.T) {
				p, proxyURL := startProxy(t, storeURL)
				p.stall(d, true)
				_, err := Open(ctx, proxyURL+shortConnect, table.OpenOptions{StallTimeout: shortStall})
				if !errors.Is(err, table.ErrUnavailable) {
					t.Errorf("got error %v, want ErrUnavailable", err)
				}
			})
		})
	}
}

// TestCloseOfAStalledStore: a store whose connections are stalled is closed before pgx gives them up by itself, after 15 seconds.
func TestCloseOfAStalledStore(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE t (id integer)")
	p, s := stalling(t, storeURL, shortConnect, shortStall)
	ctx, cancel := context.WithCancel(context.Background())
	snap, err := s.Snapshot(ctx, tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	p.stall(toServer, true)
	p.stall(toClient, true)
	time.AfterFunc(50*time.Millisecond, cancel) // pgx goes on closing the connection of a call that is cancelled
	if _, err := s.Lookup(ctx, tableNamed("t")); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
	begun := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 12*time.Second {
		t.Errorf("closing took %v", took)
	}
}

// TestBusyServer lets the server work without a byte for some stall timeouts: it sleeps in a query, waits for a lock, and reads
// nothing of what is copied in while a trigger of sorts sleeps. Nor is a caller a stall that takes its time.
func TestBusyServer(t *testing.T) {
	const timeout = 500 * time.Millisecond
	const long = 8 * timeout
	storeURL, admin := testSchema(t)
	setup(t, admin, fmt.Sprintf("CREATE FUNCTION slow(int4) RETURNS bool LANGUAGE plpgsql AS 'BEGIN IF $1 = 1 THEN PERFORM pg_sleep(%f); END IF; RETURN true; END'", long.Seconds()),
		"CREATE VIEW v AS SELECT id FROM (VALUES (1), (2)) x (id) WHERE slow(id)", "CREATE DOMAIN slowly AS int4 CHECK (slow(VALUE))", "CREATE TABLE locked (id int4)",
		"CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS pad FROM generate_series(1, 60000) i")
	_, s := stalling(t, storeURL, longConnect, timeout)
	ctx := context.Background()
	if _, got := rows(t, s, "v", 1); len(got) != 2 {
		t.Errorf("%d rows", len(got))
	}
	setup(t, admin, "BEGIN", "LOCK TABLE locked")
	unlocked := make(chan error, 1)
	go func() {
		time.Sleep(long)
		unlocked <- exec(ctx, admin, "COMMIT")
	}()
	if err := s.Mutate(ctx, tableNamed("locked"), func(tx table.Tx) error { return tx.Insert(idBatch(t, 1)) }); err != nil {
		t.Error(err)
	}
	if err := <-unlocked; err != nil {
		t.Error(err)
	}
	schema := table.Schema{{Name: "id", Type: table.Type{Kind: table.Int32, SQL: "slowly"}}, {Name: "pad", Type: table.TextType}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: tableNamed("new"), Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	b := table.NewBatch(schema)
	for i := range 20000 { // more than the buffers on the way hold
		if err := b.Append(i+1, strings.Repeat("x", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(long) // the caller computes
	if err := w.Write(ctx, b); err != nil {
		t.Error(err)
	}
	time.Sleep(long)
	if err := w.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := out.Commit(ctx); err != nil {
		t.Error(err)
	}
	snap, err := s.Snapshot(ctx, tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	err = table.EachBatch(ctx, s, parts[0], table.ReadOptions{}, func(b *table.Batch) error {
		if read == 0 {
			time.Sleep(long) // the server waits for this side
		}
		read += b.Rows
		return nil
	})
	if err != nil || read != 60000 {
		t.Errorf("%d rows, %v", read, err)
	}
	if err := snap.Close(); err != nil {
		t.Error(err)
	}
}

// TestServerThatDoesNotSay counts a session for alive when the server answers but tells nothing about it.
func TestServerThatDoesNotSay(t *testing.T) {
	storeURL, admin := testSchema(t)
	role, roleURL := asRole(t, admin, storeURL)
	ctx := context.Background()
	s := openStore(t, roleURL)
	config, err := configure(roleURL, cancelDeadline)
	if err != nil {
		t.Fatal(err)
	}
	ask := askServer(config.ConnConfig)
	conn, err := s.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	idle := conn.Conn().PgConn().PID()
	others := admin.PgConn().PID()
	busy, err := ask(ctx, []uint32{idle, others, 1})
	if err != nil || busy[idle] || !busy[others] || busy[1] {
		t.Errorf("%v, %v: want the session of another role only", busy, err)
	}
	setup(t, admin, "ALTER ROLE "+quote(role)+" CONNECTION LIMIT 1")
	if busy, err = ask(ctx, []uint32{idle}); err != nil || !busy[idle] {
		t.Errorf("%v, %v: want that a server which takes no more connections is no stall", busy, err)
	}
}
