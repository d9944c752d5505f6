package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// eventually waits until a query gives what is wanted.
func eventually(t *testing.T, c *pgx.Conn, sql, want string) {
	t.Helper()
	got := ""
	for begun := time.Now(); time.Since(begun) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		if got = ask(t, c, sql); got == want {
			return
		}
	}
	t.Fatalf("%s: got %s, want %s", sql, got, want)
}

// lasting begins a call that does not end, and returns the channel of its error. It has begun to train when the function returns.
func lasting(t *testing.T, s testServer, c *pgx.Conn) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	pid := c.PgConn().PID()
	go func() {
		_, err := c.Exec(context.Background(), fitForEver)
		ended <- err
	}()
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	eventually(t, d, fmt.Sprintf("SELECT application_name LIKE 'fit since%%' FROM pg_stat_activity WHERE pid = %d", pid), "true")
	return ended
}

func wait(t *testing.T, ended <-chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the call does not end")
		return nil
	}
}

const waits = "waiting: 1 calls run already"

// saysThatItWaits waits until calls have said so many times that they wait for the place of another one.
func saysThatItWaits(t *testing.T, said *notices, times int) {
	t.Helper()
	for begun := time.Now(); said.count(waits) < times; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the call does not say that it waits")
		}
	}
}

// noSessions waits until the proxy has noticed that its clients have left.
func noSessions(t *testing.T, s testServer) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		n := 0
		s.proxy.each(func(*session) bool { n++; return true })
		if n == 0 {
			return
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("%d sessions go on without their clients", n)
		}
	}
}

// nothingLeft requires that a call has left no table, lock or transaction.
func nothingLeft(t *testing.T, s testServer) {
	t.Helper()
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	ofThisProcess := fmt.Sprintf("'fit since %%, process %d on %%'", os.Getpid()) // others may use the server
	eventually(t, d, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "+ofThisProcess, "0")
	if got := ask(t, d, "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"); got != "a iris_train p p_summary" {
		t.Errorf("the tables are %s", got)
	}
}

// cancelling cancels the call of a session and returns how long it then lasts.
func cancelling(t *testing.T, c *pgx.Conn, ended <-chan error) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := c.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "user request")
	return time.Since(begun)
}

// TestLongCall: while a model trains no transaction is open, and the call is cancelled at once.
func TestLongCall(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheStatement} {
		t.Run(mode.String(), func(t *testing.T) {
			c, _ := connect(t, s.proxied, mode)
			d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
			ended := lasting(t, s, c)
			eventually(t, d, fmt.Sprintf("SELECT xact_start IS NULL FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()), "true")
			time.Sleep(100 * time.Millisecond)
			if got := ask(t, d, fmt.Sprintf("SELECT state FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID())); got != "idle" {
				t.Errorf("the session is %s while the model trains", got)
			}
			took := cancelling(t, c, ended)
			for tries := 1; took > 2*time.Second && tries < 3; tries++ { // it may be the machine that pauses
				took = cancelling(t, c, lasting(t, s, c))
			}
			if took > 2*time.Second {
				t.Errorf("cancelling took %v, and no less in three times", took)
			}
			if got := ask(t, c, "SELECT 1"); got != "1" {
				t.Error(got)
			}
			nothingLeft(t, s)
		})
	}
}

// TestCancel: requests to cancel reach the server where no job runs; statement_timeout is for the whole call.
func TestCancel(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Exec(ctx, "SELECT pg_sleep(60)")
		ended <- err
	}()
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	eventually(t, d, fmt.Sprintf("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()), "true")
	if err := c.PgConn().CancelRequest(ctx); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "user request")

	run(t, c, "SET statement_timeout = 300")
	_, err := c.Exec(ctx, fitForEver)
	wantError(t, err, "57014", "statement timeout")
	run(t, c, "SET statement_timeout = 1000") // of all calls of a statement; each takes 600 ms
	run(t, c, "CREATE VIEW slower AS SELECT id, attributes, CASE WHEN pg_sleep(0.004) IS NOT NULL THEN class_text END AS class_text FROM iris_train")
	_, err = c.Exec(ctx, "SELECT madlib.training_preprocessor_dl('slower', 'q' || n, 'class_text', 'attributes') FROM generate_series(1, 3) n")
	wantError(t, err, "57014", "statement timeout")
	run(t, c, "DROP VIEW slower")
	run(t, c, "SET statement_timeout = 0")

	// In a statement of the job itself, in a transaction of the client.
	run(t, c, "CREATE VIEW slow AS SELECT id, attributes, CASE WHEN pg_sleep(0.05) IS NOT NULL THEN class_text END AS class_text FROM iris_train")
	run(t, c, "BEGIN")
	run(t, c, "SAVEPOINT a")
	go func() {
		_, err := c.Exec(ctx, "SELECT madlib.training_preprocessor_dl('slow', 'q', 'class_text', 'attributes')")
		ended <- err
	}()
	eventually(t, d, fmt.Sprintf("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()), "true")
	if err := c.PgConn().CancelRequest(ctx); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "user request")
	run(t, c, "ROLLBACK TO a")
	if got := ask(t, c, "SELECT count(*) FROM iris_train"); got != "150" {
		t.Errorf("%s rows", got)
	}
	run(t, c, "ROLLBACK")
	run(t, c, "DROP VIEW slow")
	nothingLeft(t, s)
}

// TestServerDies: a call ends with its session at the server, and the client learns why.
func TestServerDies(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	for _, inside := range []bool{false, true} {
		c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
		if inside {
			run(t, c, "BEGIN")
		}
		ended := lasting(t, s, c)
		run(t, d, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.PgConn().PID()))
		wantError(t, wait(t, ended), "57P01", "terminating connection")
		nothingLeft(t, s)
	}
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, d, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.PgConn().PID()))
	_, err := c.Exec(context.Background(), "SELECT 1")
	var pg *pgconn.PgError
	if !errors.As(err, &pg) && !strings.Contains(fmt.Sprint(err), "EOF") && !strings.Contains(fmt.Sprint(err), "closed") {
		t.Errorf("got error %v", err)
	}
}

// TestShutdown: idle sessions end at once, others may end their work, and when there is no more time all end.
func TestShutdown(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	idle, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	busy, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	within, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, within, "BEGIN")
	ended := lasting(t, s, busy)
	ctx, cancel := context.WithCancel(context.Background())
	down := make(chan struct{})
	go func() {
		defer close(down)
		s.proxy.Shutdown(ctx)
	}()
	_, err := idle.PgConn().ReceiveMessage(context.Background())
	wantError(t, err, "57P01", "administrator command")
	run(t, within, "SELECT 1")
	run(t, within, "COMMIT")
	if _, err := within.PgConn().ReceiveMessage(context.Background()); err == nil {
		t.Error("a session goes on after its transaction")
	}
	_, err = pgx.Connect(context.Background(), s.proxied)
	wantError(t, err, "53300", "no place")
	w := httptest.NewRecorder()
	s.proxy.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 503 {
		t.Errorf("/healthz says %d", w.Code)
	}
	select {
	case <-ended:
		t.Fatal("a call was ended though there is time")
	case <-time.After(200 * time.Millisecond):
	}
	cancel()
	if err := wait(t, ended); err == nil {
		t.Error("the call has worked")
	}
	<-down
	nothingLeft(t, s)
}

// TestLimits: clients beyond the limit are refused, jobs beyond theirs wait.
func TestLimits(t *testing.T) {
	s := start(t, func(o *Options) { o.MaxClients, o.MaxJobs = 3, 1 })
	packed(t, s)
	noSessions(t, s)
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	first, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	second, said := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	third, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	_, err := pgx.Connect(context.Background(), s.proxied)
	wantError(t, err, "53300", "no place")
	ended := lasting(t, s, first)
	waiting := make(chan error, 1)
	go func() {
		_, err := second.Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', 'q', 'class_text', 'attributes')")
		waiting <- err
	}()
	saysThatItWaits(t, said, 1)
	w := httptest.NewRecorder()
	s.proxy.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text, _ := io.ReadAll(w.Body) // it is in memory
	for _, line := range []string{"beamfit_clients 3", "beamfit_calls_running 2", `beamfit_calls_total{function="load_keras_model"} 1`} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no line %s in\n%s", line, text)
		}
	}
	if err := first.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "")
	if err := wait(t, waiting); err != nil {
		t.Error(err)
	}
	run(t, third, "DROP TABLE q, q_summary")
	_ = d
}

// TestModelIDs: models that are loaded at the same time get different numbers.
func TestModelIDs(t *testing.T) {
	s := start(t, nil)
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	const n = 6
	errs := make(chan error, n)
	for i := range n {
		c, _ := connect(t, s.proxied, modes[i%len(modes)])
		go func() {
			_, err := c.Exec(context.Background(), "SELECT madlib.load_keras_model('a', $1::json)", arch(t))
			errs <- err
		}()
	}
	for range n {
		if err := wait(t, errs); err != nil {
			t.Error(err)
		}
	}
	if got := ask(t, d, "SELECT count(DISTINCT model_id) FROM a"); got != fmt.Sprint(n) {
		t.Errorf("%s numbers for %d models", got, n)
	}
}
