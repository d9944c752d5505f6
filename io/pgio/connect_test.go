package pgio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/beamfit/beamfit/io/table"
)

// fakeServer accepts connections on a port of its own and hands each to serve until the test ends.
func fakeServer(t *testing.T, serve func(c net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().(*net.TCPAddr).Port
}

func wantUnavailable(t *testing.T, err error, port int) {
	t.Helper()
	if !errors.Is(err, table.ErrUnavailable) {
		t.Fatalf("got error %v, want ErrUnavailable", err)
	}
	for _, part := range []string{"127.0.0.1", fmt.Sprint(port), "somebody", "somewhere"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error shows the password: %v", err)
	}
}

// Workers of other processes open the store with what it says that it was opened with.
func TestOptions(t *testing.T) {
	storeURL, _ := testSchema(t)
	want := table.OpenOptions{StallTimeout: 7 * time.Second}
	s, err := Open(t.Context(), storeURL, want)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Options(); got != want {
		t.Errorf("options %+v, want %+v", got, want)
	}
}

func TestServerIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	_, err = Open(context.Background(), fmt.Sprintf("postgres://somebody:hunter2@127.0.0.1:%d/somewhere", port), table.OpenOptions{})
	wantUnavailable(t, err, port)
}

func TestServerDoesNotAnswer(t *testing.T) {
	var held []net.Conn
	t.Cleanup(func() { // after the server has ended
		for _, c := range held {
			_ = c.Close()
		}
	})
	port := fakeServer(t, func(c net.Conn) { held = append(held, c) })
	address := fmt.Sprintf("postgres://somebody@127.0.0.1:%d/somewhere?sslmode=disable&password=hunter2", port)
	_, err := Open(context.Background(), address+"&connect_timeout=1", table.OpenOptions{})
	wantUnavailable(t, err, port)

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, address, table.OpenOptions{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want context.DeadlineExceeded", err)
	}
}

func TestServerRefusesThePassword(t *testing.T) {
	port := fakeServer(t, func(c net.Conn) {
		defer func() { _ = c.Close() }()
		server := pgproto3.NewBackend(c, c)
		if _, err := server.ReceiveStartupMessage(); err != nil {
			return
		}
		server.Send(&pgproto3.AuthenticationCleartextPassword{})
		if err := server.Flush(); err != nil {
			return
		}
		if _, err := server.Receive(); err != nil {
			return
		}
		server.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: `password authentication failed for user "somebody"`})
		_ = server.Flush()
		_, _ = io.Copy(io.Discard, c)
	})
	_, err := Open(context.Background(), fmt.Sprintf("postgres://somebody:hunter2@127.0.0.1:%d/somewhere?sslmode=disable", port), table.OpenOptions{})
	if !errors.Is(err, table.ErrPermission) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got error %v, want ErrPermission", err)
	}
}

func TestDatabaseIsNotThere(t *testing.T) {
	storeURL, _ := testSchema(t)
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/no such database"
	if _, err := Open(context.Background(), u.String(), table.OpenOptions{}); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("got error %v, want ErrNotExist", err)
	}
}

// limitedRole gives the URL of a test's store for a role that may have so many connections.
func limitedRole(t *testing.T, connections int) string {
	storeURL, admin := testSchema(t)
	role := "full_" + strings.ToLower(rand.Text())
	setup(t, admin, fmt.Sprintf("CREATE ROLE %s LOGIN CONNECTION LIMIT %d", quote(role), connections))
	t.Cleanup(func() { _ = exec(context.Background(), admin, "DROP OWNED BY "+quote(role), "DROP ROLE "+quote(role)) })
	u, err := url.Parse(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

// TestServerFull: who finds the server full waits for a connection of others, and says after a while that there is none.
func TestServerFull(t *testing.T) {
	storeURL, ctx := limitedRole(t, 1), context.Background()
	first := openStore(t, storeURL) // holds the one connection
	held, err := first.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() {
		held.Release()
		_ = first.Close()
	})
	second := openStore(t, storeURL)
	c, err := second.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	if third, err := Open(ctx, storeURL, table.OpenOptions{}); err == nil {
		_ = third.Close()
		t.Error("a connection beyond the limit")
	} else if !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
}

// TestServerFullBesideThePool: a connection beside the pool's waits for those of others too.
func TestServerFullBesideThePool(t *testing.T) {
	storeURL, ctx := limitedRole(t, 2), context.Background()
	first, second := openStore(t, storeURL), openStore(t, storeURL) // each has one
	second.poolWait = 20 * time.Millisecond
	if c, err := second.connect(ctx); err == nil {
		closeConn(c)
		t.Error("a connection beyond the limit")
	} else if !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
	second.poolWait = poolWait
	time.AfterFunc(300*time.Millisecond, func() { _ = first.Close() })
	c, err := second.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	closeConn(c)
}

func TestAllConnectionsInUse(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL+"&pool_max_conns=1")
	s.poolWait = 20 * time.Millisecond
	ctx := context.Background()
	if err := exec(ctx, admin, "CREATE TABLE t (id integer)"); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(ctx, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(ctx, table.Name{Table: "t"}); !errors.Is(err, table.ErrUnavailable) || !strings.Contains(err.Error(), "pool_max_conns") {
		t.Errorf("got error %v, want ErrUnavailable with advice", err)
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(ctx, table.Name{Table: "t"}); err != nil {
		t.Error(err)
	}
}

// TestConnectionsAreLost ends every session of a store while it reads, writes and commits.
func TestConnectionsAreLost(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL+"&application_name=lost")
	ctx := context.Background()
	if err := exec(ctx, admin, "CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS pad FROM generate_series(1, 20000) i"); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot(ctx, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Read(ctx, parts[0], table.ReadOptions{BatchRows: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(ctx); err != nil {
		t.Fatal(err)
	}
	schema := table.Schema{{Name: "id", Type: table.Int32Type}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: table.Name{Table: "out"}, Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lost'"); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err = r.Next(ctx); err != nil {
			break
		}
	}
	if !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("read: got error %v, want ErrUnavailable", err)
	}
	if err := w.Close(ctx); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("close: got error %v, want ErrUnavailable", err)
	}
	if err := out.Commit(ctx); err == nil {
		t.Error("committed without the lock")
	}
	if err := out.Abort(ctx); err != nil {
		t.Errorf("abort: %v", err)
	}
	for _, c := range []io.Closer{r, snap} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Lookup(ctx, table.Name{Table: "t"}); err != nil {
		t.Errorf("the store does not recover: %v", err)
	}
	if left := stagedIn(t, admin); len(left) != 0 {
		t.Errorf("still staged: %q", left)
	}
}

// TestCancelStopsTheServer cancels a query that would run for ever and looks for it in the server.
func TestCancelStopsTheServer(t *testing.T) {
	storeURL, admin := testSchema(t)
	s, err := open(context.Background(), storeURL+"&application_name=cancelled", table.OpenOptions{}, time.Minute) // a guard
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := exec(context.Background(), admin, "CREATE VIEW slow AS SELECT pg_sleep(3600)::text AS x"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Snapshot(ctx, table.Name{Table: "slow"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want context.DeadlineExceeded", err)
	}
	// The call returned because the server had answered: nothing runs any more, and the connection can be used again.
	var active, sessions int
	err = admin.QueryRow(context.Background(), `SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FROM pg_stat_activity WHERE application_name = 'cancelled'`).Scan(&active, &sessions)
	if err != nil {
		t.Fatal(err)
	}
	if active != 0 || sessions != 1 {
		t.Errorf("%d of %d sessions are busy, want none of 1", active, sessions)
	}
}

func TestCloseWithEverythingOpen(t *testing.T) {
	storeURL, admin := testSchema(t)
	st, err := Open(context.Background(), storeURL, table.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := exec(ctx, admin, "CREATE TABLE t AS SELECT i AS id FROM generate_series(1, 100000) i"); err != nil {
		t.Fatal(err)
	}
	snap, err := st.Snapshot(ctx, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := st.Read(ctx, parts[0], table.ReadOptions{BatchRows: 1})
	if err != nil {
		t.Fatal(err)
	}
	schema := table.Schema{{Name: "id", Type: table.Int32Type}}
	out, err := st.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: table.Name{Table: "out"}, Schema: schema}}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := st.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	b := table.NewBatch(schema)
	_, lookupErr := st.Lookup(ctx, table.Name{Table: "t"})
	for what, err := range map[string]error{"write": w.Write(ctx, b), "close": w.Close(ctx), "commit": out.Commit(ctx), "lookup": lookupErr} {
		if err == nil {
			t.Errorf("%s works on a closed store", what)
		}
	}
	for {
		if _, err := r.Next(ctx); err != nil {
			if errors.Is(err, io.EOF) {
				t.Error("a reader of a closed store came to its end")
			}
			break
		}
	}
	if left := stagedIn(t, admin); len(left) != 0 {
		t.Errorf("still staged: %q", left)
	}
}

// TestSnapshotOfAnEndedSession: the server ends the session of a snapshot before it is read. What is read of it can be read later.
func TestSnapshotOfAnEndedSession(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE t AS SELECT 1 AS id")
	s, ctx := openStore(t, storeURL), context.Background()
	snap, err := s.Snapshot(ctx, tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "SELECT pg_terminate_backend("+pgInt(snap.(*snapshot).conn.Conn().PgConn().PID())+", 5000)")
	if _, err := s.Read(ctx, parts[0], table.ReadOptions{}); !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
}

// TestConnections: readers and writers get what the command itself leaves of the pool.
func TestConnections(t *testing.T) {
	storeURL, _ := testSchema(t)
	for _, c := range []struct {
		pool string
		want int
	}{{"", 48}, {"&pool_max_conns=200", 48}, {"&pool_max_conns=16", 10}, {"&pool_max_conns=7", 1}, {"&pool_max_conns=1", -5}} {
		if got := openStore(t, storeURL+c.pool).Connections(6); got != c.want {
			t.Errorf("%s: %d connections, want %d", c.pool, got, c.want)
		}
	}
}
