package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A stage is where a call is when something dies.
type stage struct {
	name, call string
	reached    string // a condition on the row of its backend in pg_stat_activity
	// blocks is what another session does first, in a transaction that ends when the call has.
	blocks string
}

const slowView = "CREATE VIEW slow AS SELECT id, attributes, CASE WHEN pg_sleep(0.02) IS NOT NULL THEN class_text END AS class_text FROM iris_train"

var stages = []stage{
	{"arguments", "SELECT madlib.training_preprocessor_dl('iris_train', 'q' || left(pg_sleep(3)::text, 0), 'class_text', 'attributes')", "wait_event = 'PgSleep'", ""},
	{"reading", "SELECT madlib.training_preprocessor_dl('slow', 'q', 'class_text', 'attributes')", "wait_event = 'PgSleep'", ""},
	{"training", fitForEver, "application_name LIKE 'fit since%'", ""},
	{
		"making the table", "SELECT madlib.training_preprocessor_dl('iris_train', 'q', 'class_text', 'attributes')", "wait_event_type = 'Lock'",
		"CREATE TABLE q (a int)",
	},
	{"changing a table", "SELECT madlib.load_keras_model('a', (SELECT model_arch FROM a LIMIT 1))", "wait_event_type = 'Lock'", "LOCK TABLE a IN EXCLUSIVE MODE"},
	{
		"the second of two", "SELECT madlib.load_keras_model('a', (SELECT model_arch FROM a LIMIT 1)), madlib.training_preprocessor_dl('slow', 'q', 'class_text', 'attributes')",
		"wait_event = 'PgSleep'", "",
	},
}

// connectOnce opens the connection of a client that, like one that is killed, says nothing more: pgx would connect again to cancel.
func connectOnce(t *testing.T, to string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(to)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	dial, dialed := config.DialFunc, false
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dialed {
			return nil, errors.New("the client is dead")
		}
		dialed = true
		return dial(ctx, network, address)
	}
	c, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// TestKilled kills the client, the backend and the session in the proxy at every stage of a call, outside of a transaction and inside one: then
// nothing of the call is there, and no backend, lock or file of it.
func TestKilled(t *testing.T) {
	files := t.TempDir()
	t.Setenv("TMPDIR", files) // of what jobs spool
	s := start(t, nil)
	packed(t, s)
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	run(t, d, slowView)
	ctx := context.Background()
	for _, at := range stages {
		for who, kill := range map[string]func(c *pgx.Conn){
			"client":  func(c *pgx.Conn) { _ = c.PgConn().Conn().Close() },
			"backend": func(c *pgx.Conn) { run(t, d, fmt.Sprintf("SELECT pg_terminate_backend(%d)", c.PgConn().PID())) },
			"proxy":   func(*pgx.Conn) { s.proxy.each(func(s *session) bool { s.kill(); return true }) },
		} {
			for _, inside := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %s, inside %v", at.name, who, inside), func(t *testing.T) {
					other, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
					run(t, other, "BEGIN")
					run(t, other, at.blocks)
					c := connectOnce(t, s.proxied)
					pid := c.PgConn().PID()
					if inside {
						run(t, c, "BEGIN")
					}
					ended := make(chan error, 1)
					go func() {
						_, err := c.Exec(ctx, at.call)
						ended <- err
					}()
					eventually(t, d, fmt.Sprintf("SELECT %s FROM pg_stat_activity WHERE pid = %d", at.reached, pid), "true")
					kill(c)
					if err := wait(t, ended); err == nil {
						t.Error("the call has worked")
					}
					eventually(t, d, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid), "0")
					run(t, other, "ROLLBACK")
					nothingLeft(t, s)
					if got := ask(t, d, "SELECT count(*) FROM a"); got != "1" {
						t.Errorf("%s models, want 1", got)
					}
				})
			}
		}
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		left, err := os.ReadDir(files)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("files are left: %v", left)
		}
	}
}
