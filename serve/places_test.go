package serve

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestPlacesAndLocks: a session that holds locks, on which calls with places wait, does not itself wait for a place.
func TestPlacesAndLocks(t *testing.T) {
	s := start(t, func(o *Options) { o.MaxJobs = 2 })
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	load := "SELECT madlib.load_keras_model('a', $1::json)"
	a, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, a, "BEGIN")
	run(t, a, load, arch(t)) // its lock on the numbers of models lasts until COMMIT
	ended := make(chan error, 2)
	for range 2 {
		c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
		go func() {
			_, err := c.Exec(context.Background(), load, arch(t))
			ended <- err
		}()
		eventually(t, d, fmt.Sprintf("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %d", c.PgConn().PID()), "true")
	}
	again := make(chan error, 1)
	go func() {
		_, err := a.Exec(context.Background(), load, arch(t))
		again <- err
	}()
	if err := wait(t, again); err != nil {
		t.Error(err)
	}
	run(t, a, "COMMIT")
	for range 2 {
		if err := wait(t, ended); err != nil {
			t.Error(err)
		}
	}
	if got := ask(t, d, "SELECT count(DISTINCT model_id) FROM a"); got != "4" {
		t.Errorf("%s models", got)
	}
}

// TestWaitInTransaction: a transaction that holds no lock waits for a place, however soon the server would end an idle one.
func TestWaitInTransaction(t *testing.T) {
	s := start(t, func(o *Options) { o.MaxJobs = 1 })
	packed(t, s)
	first, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	within, said := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, within, "SET idle_in_transaction_session_timeout = 2000")
	ended := lasting(t, s, first)
	run(t, within, "BEGIN")
	waiting := make(chan error, 1)
	go func() {
		_, err := within.Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', 'q' || n, 'class_text', 'attributes') FROM generate_series(1, 2) n")
		waiting <- err
	}()
	saysThatItWaits(t, said, 1)
	time.Sleep(2600 * time.Millisecond)
	select {
	case err := <-waiting:
		t.Fatalf("the call has not waited: %v", err)
	default:
	}
	if err := first.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "user request")
	if err := wait(t, waiting); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, within, "SELECT current_setting('idle_in_transaction_session_timeout') || count(*) FROM q1, q2"); got != "2s1" {
		t.Errorf("the timeout and the tables are %s", got)
	}
	run(t, within, "ROLLBACK")

	// One that is cancelled while it waits has failed as any other statement.
	ended = lasting(t, s, first)
	before := said.count(waits)
	run(t, within, "BEGIN")
	run(t, within, "SAVEPOINT a")
	go func() {
		_, err := within.Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', 'q', 'class_text', 'attributes')")
		waiting <- err
	}()
	saysThatItWaits(t, said, before+1)
	if err := within.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, waiting), "57014", "user request")
	run(t, within, "ROLLBACK TO a")
	run(t, within, "ROLLBACK")
	if err := first.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	wantError(t, wait(t, ended), "57014", "user request")
	nothingLeft(t, s)
}

// TestWaitOutside: a session without a transaction waits for a place, and trains, however soon the server would end an idle one.
func TestWaitOutside(t *testing.T) {
	s := start(t, func(o *Options) { o.MaxJobs = 1 })
	packed(t, s)
	first, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	outside, said := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	const limit = "SET idle_session_timeout = '3s'"
	if _, err := first.Exec(t.Context(), limit); err != nil {
		t.Skip("the server has no such setting: ", err)
	}
	ended := lasting(t, s, first)
	waiting := make(chan error, 1)
	run(t, outside, limit) // not before: it is idle until its call
	go func() {
		_, err := outside.Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', 'q', 'class_text', 'attributes')")
		waiting <- err
	}()
	saysThatItWaits(t, said, 1)
	time.Sleep(3600 * time.Millisecond)
	if err := first.PgConn().CancelRequest(context.Background()); err != nil {
		t.Fatal(err)
	}
	hasLimit := func(c *pgx.Conn) { // at once: it is idle again
		t.Helper()
		if got := ask(t, c, "SELECT current_setting('idle_session_timeout')"); got != "3s" {
			t.Errorf("the timeout is %s", got)
		}
	}
	wantError(t, wait(t, ended), "57014", "user request")
	hasLimit(first)
	if err := wait(t, waiting); err != nil {
		t.Fatal(err)
	}
	hasLimit(outside)
	run(t, outside, "DROP TABLE q, q_summary")
	nothingLeft(t, s)
}
