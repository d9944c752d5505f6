package e2e

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A served is where a session through the proxy is when the proxy is killed.
type served struct {
	name, sql string
	// reached is a condition on the row of the session's backend in pg_stat_activity.
	reached string
	// blocks is what another session does first, in a transaction that is rolled back when the proxy is dead.
	blocks string
	// whole is a query that says t where nothing is half done; "": the tables are what they were, and so are the rows of copied.
	whole string
}

// heldRows is a view of the training rows that nobody reads to its end while holdRows' transaction is open.
const (
	heldRows = "CREATE VIEW held AS SELECT id, attributes, CASE WHEN id < 100 OR pg_advisory_xact_lock_shared(hashtext(current_schema())) IS NOT NULL " +
		"THEN class_text END AS class_text FROM iris_train"
	holdRows = "SELECT pg_advisory_xact_lock(hashtext(current_schema()));"
)

const longFit = `SELECT madlib.madlib_keras_fit('iris_train_packed', 'long', 'model_arch_library', 1, $$ loss='categorical_crossentropy', optimizer='adam' $$, 'epochs=50', 1000000);`

const (
	reads   = "wait_event = 'advisory'"
	trains  = "application_name LIKE 'fit since%'"
	blocked = "wait_event_type = 'Lock'"
)

var servedStages = []served{
	// A server carries a statement out to its end when its client is gone, with a proxy or without.
	{
		name: "plain statement", sql: "UPDATE copied SET n = n + 1;", reached: blocked, blocks: "SELECT n FROM copied ORDER BY ctid DESC LIMIT 1 FOR UPDATE;",
		whole: "SELECT count(DISTINCT n) = 1 AND count(*) = 100 FROM copied",
	},
	{name: "transaction open", sql: "BEGIN; CREATE TABLE made AS SELECT 1 AS a; UPDATE copied SET n = 7;", reached: "state = 'idle in transaction' AND query LIKE 'UPDATE%'"},
	{name: "COPY in", sql: "COPY copied FROM STDIN;\n" + strings.Repeat("1\n", 20000), reached: "state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY%'"},
	{name: "preprocess, reading", sql: "SELECT madlib.training_preprocessor_dl('held', 'packed', 'class_text', 'attributes');", reached: reads, blocks: holdRows},
	{
		name: "preprocess, making its table", sql: "SELECT madlib.training_preprocessor_dl('iris_train', 'packed', 'class_text', 'attributes');", reached: blocked,
		blocks: "CREATE TABLE packed (a int);",
	},
	{name: "preprocess in a transaction", sql: "BEGIN; SELECT madlib.training_preprocessor_dl('held', 'packed', 'class_text', 'attributes');", reached: reads, blocks: holdRows},
	{name: "fit", sql: longFit, reached: trains},
	{name: "fit in a transaction", sql: "BEGIN; " + longFit, reached: trains},
	{name: "fit behind a statement", sql: `SELECT 1 \; ` + longFit, reached: trains},
	{name: "predict", sql: "SELECT madlib.madlib_keras_predict('iris_model', 'held', 'id', 'attributes', 'predicted', 'response');", reached: reads, blocks: holdRows},
	{
		name: "predict, making its table", sql: "SELECT madlib.madlib_keras_predict('iris_model', 'iris_train', 'id', 'attributes', 'predicted', 'response');", reached: blocked,
		blocks: "CREATE TABLE predicted (a int);",
	},
}

// A client is a psql that does what is written to it.
type client struct {
	t   *testing.T
	in  io.WriteCloser
	cmd *exec.Cmd
}

// newClient starts psql; name is the session's application_name until a call sets another.
func newClient(t *testing.T, to, name string) *client {
	t.Helper()
	cmd := exec.Command("psql", to, "-X", "-q")
	cmd.Env = append(os.Environ(), "PGAPPNAME="+name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, in: in, cmd: cmd}
	t.Cleanup(c.end)
	return c
}

func (c *client) do(sql string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, sql+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// end lets psql end; that it does not end well is what happens to one that has lost its server.
func (c *client) end() {
	_ = c.in.Close()
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Wait()
	}
}

// answer is the only value of a query, on a session without the proxy.
func (u user) answer(sql string) string {
	u.t.Helper()
	lines := strings.Split(u.psql(sql), "\n")
	if len(lines) < 3 {
		u.t.Fatalf("%s: no row", sql)
	}
	return lines[1]
}

// awaitSQL waits until a query says t.
func (u user) awaitSQL(what, sql string) {
	u.t.Helper()
	for begun := time.Now(); u.answer(sql) != "t"; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			u.t.Fatalf("%s: not so after 30 s", what)
		}
	}
}

// TestServeKilled kills the process of the proxy at every stage of a session: nothing is half done then, and the server has no backend,
// transaction or lock of it.
func TestServeKilled(t *testing.T) {
	u := pgUser(t)
	u.irisPrepared("0")
	u.beamfit("fit", "iris_train_packed", "iris_model", "--arch", "model_arch_library", "--id", "1", "--compile", "loss='categorical_crossentropy', optimizer='adam'",
		"--fit", "batch_size=5, epochs=1", "--iterations", "1")
	u.psql(heldRows)
	u.psql("CREATE TABLE copied AS SELECT 0 AS n FROM generate_series(1, 100)")
	const tables = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S', 'v')"
	before, schema := u.answer(tables), u.answer("SELECT current_schema()")
	for i, at := range servedStages {
		t.Run(at.name, func(t *testing.T) {
			u := user{t: t, db: u.db, psql: u.psql}
			p := u.serve()
			var other *client
			if at.blocks != "" {
				name := fmt.Sprintf("blocks %d of %s", i, schema)
				other = newClient(t, u.db, name)
				other.do("BEGIN; " + at.blocks)
				u.awaitSQL("the other session is ready", fmt.Sprintf("SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '%s' AND state = 'idle in transaction'", name))
			}
			name := fmt.Sprintf("stage %d of %s", i, schema)
			c := newClient(t, p.url, name)
			u.awaitSQL("the session has begun", fmt.Sprintf("SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = '%s'", name))
			pid := u.answer(fmt.Sprintf("SELECT pid FROM pg_stat_activity WHERE application_name = '%s'", name))
			c.do(at.sql)
			u.awaitSQL("the stage is reached", fmt.Sprintf("SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = %s AND %s", pid, at.reached))
			p.kill()
			c.end()
			if other != nil {
				other.end() // and its transaction
			}
			u.awaitSQL("no backend is left", fmt.Sprintf("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = %s", pid))
			if got := u.answer(fmt.Sprintf("SELECT count(*) FROM pg_locks WHERE pid = %s", pid)); got != "0" {
				t.Errorf("%s locks are left", got)
			}
			if got := u.answer(tables); got != before {
				t.Errorf("the tables are %s, want %s", got, before)
			}
			whole := at.whole
			if whole == "" {
				whole = "SELECT count(DISTINCT n) = 1 AND count(*) = 100 AND NOT max(n) = 7 FROM copied"
			}
			if u.answer(whole) != "t" {
				t.Errorf("the table copied is half done: %s", u.psql("SELECT n, count(*) FROM copied GROUP BY 1"))
			}
		})
	}
}

// TestServeKilledInLogin kills the proxy while the server keeps a client waiting that logs in.
func TestServeKilledInLogin(t *testing.T) {
	u := pgUser(t)
	name := "login_" + u.answer("SELECT current_schema()")
	u.psql("CREATE DATABASE " + name)
	t.Cleanup(func() { u.psql("DROP DATABASE " + name) })
	p := u.serve()
	through, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	through.Path = "/" + name
	other := newClient(t, u.db, "")
	other.do(fmt.Sprintf("BEGIN; ALTER DATABASE %s RENAME TO %s_2;", name, name)) // nobody can log in to it meanwhile
	ofDatabase := fmt.Sprintf("FROM pg_locks WHERE classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = '%s')", name)
	u.awaitSQL("the database is taken", "SELECT count(*) = 1 "+ofDatabase+" AND granted")
	c := newClient(t, through.String(), "")
	u.awaitSQL("the login waits", "SELECT count(*) = 1 "+ofDatabase+" AND NOT granted")
	pid := u.answer("SELECT pid " + ofDatabase + " AND NOT granted")
	p.kill()
	c.end()
	other.end()
	u.awaitSQL("no backend is left", fmt.Sprintf("SELECT (SELECT count(*) FROM pg_stat_activity WHERE pid = %s OR datname = '%s') + (SELECT count(*) FROM pg_locks WHERE pid = %s) = 0", pid, name, pid))
}
