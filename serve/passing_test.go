package serve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/serve/poll"
)

// passing waits until loops have so many sessions.
func (s *testServer) passing(t *testing.T, want int) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second) // a guard
	for s.proxy.loops.Held() != want {
		if time.Now().After(deadline) {
			t.Fatalf("loops have %d sessions, want %d", s.proxy.loops.Held(), want)
		}
		time.Sleep(time.Millisecond)
	}
}

func skipWithoutLoops(t *testing.T) {
	t.Helper()
	if !poll.Supported {
		t.Skip("this system has no epoll")
	}
}

// TestPassing: a session goes into a loop and out of it, with answers of all sizes, calls, COPY and errors, in every way to ask, and comes back
// when a statement has been passed on.
func TestPassing(t *testing.T) {
	skipWithoutLoops(t)
	s := start(t, nil)
	ctx := context.Background()
	for k, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(k), 1))
			c, _ := connect(t, s.proxied, mode)
			s.passing(t, 1)
			for i := range 150 {
				switch r.IntN(12) {
				case 0:
					how := mode
					if mode == pgx.QueryExecModeCacheStatement { // the session would have a call to remember
						how = pgx.QueryExecModeExec
					}
					run(t, c, "SELECT madlib.load_keras_model($1, $2::json)", how, fmt.Sprintf("a%d_%d", k, i), arch(t))
				case 1:
					_, err := c.Exec(ctx, "SELECT 1/0")
					wantError(t, err, "22012", "division by zero")
				case 2:
					text := strings.Repeat("1\tx\n", r.IntN(20_000))
					run(t, c, "CREATE TEMP TABLE IF NOT EXISTS copied (a int, b text)")
					if _, err := c.PgConn().CopyFrom(ctx, strings.NewReader(text), "COPY copied FROM STDIN"); err != nil {
						t.Fatal(err)
					}
				case 3:
					tx, err := c.Begin(ctx)
					if err != nil {
						t.Fatal(err)
					}
					if n := ask(t, c, "SELECT 7"); n != "7" {
						t.Error(n)
					}
					if err := tx.Rollback(ctx); err != nil {
						t.Fatal(err)
					}
				default:
					size, rows := r.IntN(1<<r.IntN(18)), 1+r.IntN(1<<r.IntN(8))
					answer, err := c.Query(ctx, "SELECT repeat('z', $1), i FROM generate_series(1, $2::int) i", size, rows)
					if err != nil {
						t.Fatal(err)
					}
					n := 0
					for answer.Next() {
						n++
						if v := answer.RawValues(); len(v[0]) != size || strings.Trim(string(v[0]), "z") != "" {
							t.Fatalf("%d bytes, want %d", len(v[0]), size)
						}
					}
					if answer.Err() != nil || n != rows {
						t.Fatalf("%d rows, want %d, %v", n, rows, answer.Err())
					}
				}
			}
			ask(t, c, "SELECT 1")
			s.passing(t, 1)
			_ = c.Close(ctx)
			s.passing(t, 0)
		})
	}
}

// TestWaiting: what happens to a session that waits in a loop: notifications, a cancel, an end of the server's process, a client that is gone.
func TestWaiting(t *testing.T) {
	skipWithoutLoops(t)
	s := start(t, nil)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	direct, _ := connect(t, s.direct, pgx.QueryExecModeExec)
	run(t, c, "LISTEN news")
	s.passing(t, 1)
	run(t, direct, "SELECT pg_notify('news', repeat('n', 7000))")
	if n, err := c.WaitForNotification(ctx); err != nil || len(n.Payload) != 7000 {
		t.Errorf("%+v, %v", n, err)
	}
	cancelled := make(chan error)
	go func() {
		_, err := c.Exec(ctx, "SELECT pg_sleep(60)")
		cancelled <- err
	}()
	for ask(t, direct, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'") != "1" {
		time.Sleep(time.Millisecond)
	}
	if err := c.PgConn().CancelRequest(ctx); err != nil {
		t.Error(err)
	}
	wantError(t, <-cancelled, "57014", "canceling statement due to user request")
	s.passing(t, 1)
	run(t, direct, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.PgConn().PID()))
	s.passing(t, 0)
	_, err := c.Exec(ctx, "SELECT 1")
	wantError(t, err, "57P01", "terminating connection due to administrator command")

	gone, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	s.passing(t, 1)
	pid := gone.PgConn().PID()
	if err := gone.PgConn().Conn().Close(); err != nil { // without good-bye
		t.Error(err)
	}
	s.passing(t, 0)
	for ask(t, direct, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid)) != "0" {
		time.Sleep(time.Millisecond)
	}
}

// TestShutdownOfWaiting: sessions that wait in loops end at once, and are told so; one that is in a transaction ends with the time for that.
func TestShutdownOfWaiting(t *testing.T) {
	skipWithoutLoops(t)
	s := start(t, nil)
	var all []*pgx.Conn
	for range 5 {
		c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
		all = append(all, c)
	}
	busy, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, busy, "BEGIN")
	s.passing(t, len(all)+1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.proxy.Shutdown(ctx)
	}()
	s.passing(t, 1)
	run(t, busy, "SELECT 1")
	cancel()
	<-ended
	if _, err := busy.Exec(context.Background(), "SELECT 1"); err == nil {
		t.Error("a session goes on after the shutdown")
	}
	for _, c := range all {
		_, err := c.Exec(context.Background(), "SELECT 1")
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "57P01" {
			t.Errorf("got %v", err)
		}
	}
	s.passing(t, 0)
}
