package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"go.uber.org/goleak"

	"github.com/beamfit/beamfit/serve/madlib"
	"github.com/beamfit/beamfit/serve/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testServer is the URL of the server without a proxy, and with one: of a test that has a schema of its own.
type testServer struct {
	direct, proxied string
	schema          string
	proxy           *Server
	log             *logged
}

// logged keeps what a proxy logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func start(t *testing.T, change func(*Options)) testServer {
	t.Helper()
	base := os.Getenv("BEAMFIT_TEST_PG")
	if base == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s := testServer{schema: "serve_" + strings.ToLower(rand.Text()), log: &logged{}}
	admin, err := pgx.Connect(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(ctx, "CREATE SCHEMA "+s.schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(ctx, "DROP SCHEMA "+s.schema+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = admin.Close(ctx)
	})
	q := u.Query()
	q.Set("options", "-csearch_path="+s.schema)
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	s.direct = u.String()

	up, err := wire.NewUpstream("postgres://"+u.Host+"/", wire.AuthAuto)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Upstream: up, Auth: wire.AuthAuto, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	if change != nil {
		change(&o)
	}
	s.proxy = New(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.proxy.Serve(l) }()
	t.Cleanup(func() {
		_ = l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // a guard: sessions that do not end fail the test of leaks
		defer cancel()
		s.proxy.Shutdown(ctx)
	})
	u.Host = l.Addr().String()
	s.proxied = u.String()
	return s
}

// connect opens a connection; its notices go to the slice.
func connect(t *testing.T, to string, mode pgx.QueryExecMode) (*pgx.Conn, *notices) {
	t.Helper()
	config, err := pgx.ParseConfig(to)
	if err != nil {
		t.Fatal(err)
	}
	n := &notices{}
	config.DefaultQueryExecMode = mode
	config.OnNotice = func(_ *pgconn.PgConn, m *pgconn.Notice) { n.add(m.Severity + " " + m.Message) }
	c, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c, n
}

type notices struct {
	mu   sync.Mutex
	list []string
}

func (n *notices) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

func (n *notices) has(part string) bool { return n.count(part) > 0 }

// count is how often the notices have a part so far.
func (n *notices) count(part string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(strings.Join(n.list, "\n"), part)
}

func run(t *testing.T, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// ask returns the only value of a query, as text.
func ask(t *testing.T, c *pgx.Conn, sql string) string {
	t.Helper()
	var v *string
	if err := c.QueryRow(context.Background(), "SELECT ("+sql+")::text", pgx.QueryExecModeSimpleProtocol).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if v == nil {
		return "NULL"
	}
	return *v
}

// wantError requires an error of the server or the proxy.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != code || !strings.Contains(pg.Message+"\n"+pg.Hint, text) {
		t.Errorf("got error %v, want %s with %q", err, code, text)
	}
}

// iris fills a table with the iris data and loads a model: tables iris_train and model_arch_library.
func iris(t *testing.T, to string) {
	t.Helper()
	ctx := context.Background()
	c, _ := connect(t, to, pgx.QueryExecModeSimpleProtocol)
	run(t, c, "CREATE TABLE iris_train (id integer, attributes numeric[], class_text varchar)")
	f, err := os.Open("../cmd/beamfit/internal/iris/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := c.PgConn().CopyFrom(ctx, f, "COPY iris_train FROM STDIN (FORMAT csv, HEADER)"); err != nil {
		t.Fatal(err)
	}
	run(t, c, "SELECT setseed(0.1)")
}

func arch(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../cmd/beamfit/internal/iris/iris_mlp.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const compile = "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']"

var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

// Settings of a session make training_preprocessor_dl hold rows out, as train_test_split and validation_preprocessor_dl do.
func TestValidationSettings(t *testing.T) {
	s := start(t, nil)
	iris(t, s.direct)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, c, "SET beamfit.seed = 7")
	run(t, c, "SELECT madlib.train_test_split('iris_train', 's', 0.8, NULL, NULL, NULL, NULL, TRUE)")
	run(t, c, "SELECT madlib.training_preprocessor_dl('s_train', 'p', 'class_text', 'attributes')")
	run(t, c, "SELECT madlib.validation_preprocessor_dl('s_test', 'v', 'class_text', 'attributes', 'p')")
	run(t, c, "SET beamfit.validation_share = 0.2")
	_, err := c.Exec(t.Context(), "SELECT madlib.training_preprocessor_dl('iris_train', 'p2', 'class_text', 'attributes')")
	wantError(t, err, "22023", "the name of the table that gets these rows is missing")
	run(t, c, "SET beamfit.validation_output = 'v2'")
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'p2', 'class_text', 'attributes')")
	for _, pair := range [][2]string{{"p", "p2"}, {"v", "v2"}} {
		if n := ask(t, c, fmt.Sprintf("SELECT (SELECT count(*) FROM %[1]s) || ' ' || count(*) FROM (SELECT * FROM %[1]s INTERSECT SELECT * FROM %[2]s) x", pair[0], pair[1])); n != "1 1" {
			t.Errorf("%s and %s: rows and common rows %s", pair[0], pair[1], n)
		}
	}
	run(t, c, "SET beamfit.validation_share = 'some'")
	_, err = c.Exec(t.Context(), "SELECT madlib.training_preprocessor_dl('iris_train', 'p3', 'class_text', 'attributes')")
	wantError(t, err, "22023", "beamfit.validation_share")
}

// TestWholeScript runs all functions in every way that a client can ask.
func TestWholeScript(t *testing.T) {
	s := start(t, nil)
	iris(t, s.direct)
	for k, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			c, said := connect(t, s.proxied, mode)
			name := func(n string) string { return fmt.Sprintf("%s%d", n, k) }
			run(t, c, "SET beamfit.shards = 2")
			run(t, c, "SET beamfit.seed = 7")
			run(t, c, "SELECT madlib.train_test_split('iris_train', $1, 0.8, NULL, NULL, NULL, NULL, TRUE)", name("s"))
			run(t, c, "SELECT madlib.training_preprocessor_dl($1, $2, 'class_text', 'attributes', $3)", name("s")+"_train", name("p"), 50)
			run(t, c, "SELECT * FROM madlib.validation_preprocessor_dl($1, $2, 'class_text', 'attributes', $3)", name("s")+"_test", name("v"), name("p"))
			run(t, c, "SELECT madlib.load_keras_model($1, $2::json, NULL, $3, description => $4)", name("a"), arch(t), "Sophie", "it's \\ a ' model")
			if !said.has("INFO Keras Model: Added model id 1 to " + name("a") + " table") {
				t.Errorf("notices %q", said.list)
			}
			run(t, c, "SELECT madlib.madlib_keras_fit($1, $2, $3, $4, $5, $6, $7, FALSE, $8, 2)", name("p"), name("m"), name("a"), 1, compile, "batch_size=5, epochs=3", 4, name("v"))
			if !said.has("iteration 2 of 4") {
				t.Errorf("notices %q", said.list)
			}
			run(t, c, "SELECT madlib.madlib_keras_evaluate($1, $2, $3)", name("m"), name("v"), name("e"))
			for i, kind := range []any{nil, "prob", "response", 2, 0.5} {
				run(t, c, "DROP TABLE IF EXISTS "+name("r"))
				run(t, c, fmt.Sprintf("SELECT madlib.madlib_keras_predict($1, $2, 'id', 'attributes', $3, %s)", []string{"NULL", "'prob'", "'response'", "2", "0.5"}[i]),
					name("m"), name("s")+"_test", name("r"))
				want := []string{"90", "90", "30", "60", ""}[i]
				if got := ask(t, c, "SELECT count(*) FROM "+name("r")); want != "" && got != want {
					t.Errorf("pred_type %v gives %s rows, want %s", kind, got, want)
				}
			}
			run(t, c, "SELECT madlib.madlib_keras_predict($1, $2, 'id', 'attributes', $3)", name("m"), name("s")+"_test", name("all"))
			run(t, c, "UPDATE "+name("a")+" SET model_weights = (SELECT model_weights FROM "+name("m")+")")
			run(t, c, "SELECT madlib.madlib_keras_predict_byom($1, 1, $2, 'id', 'attributes', $3, 'response', FALSE, ARRAY[ARRAY['Iris-setosa', 'Iris-versicolor', 'Iris-virginica']], 1.0)",
				name("a"), name("s")+"_test", name("b"))
			if got := ask(t, c, fmt.Sprintf("SELECT count(*) FROM %s JOIN %s USING (id, class_value, prob) WHERE rank = 1", name("b"), name("all"))); got != "30" {
				t.Errorf("%s of 30 predictions of the loaded model are those of the trained one", got)
			}
			run(t, c, "SELECT madlib.load_keras_model($1, $2::json, $3)", name("a"), arch(t), make([]byte, 4*193))
			run(t, c, "SELECT madlib.delete_keras_model($1, 2)", name("a"))
			if got := ask(t, c, "SELECT string_agg(model_id || description, ',') FROM "+name("a")); got != `1it's \ a ' model` {
				t.Errorf("models %s", got)
			}
		})
	}
	// The same seed gives the same model in every mode.
	c, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	if got := ask(t, c, "SELECT count(DISTINCT md5(model_weights)) FROM (SELECT * FROM m0 UNION ALL SELECT * FROM m1 UNION ALL SELECT * FROM m2 UNION ALL "+
		"SELECT * FROM m3 UNION ALL SELECT * FROM m4) q"); got != "1" {
		t.Errorf("%s models", got)
	}
	if got := ask(t, c, "SELECT string_agg(DISTINCT array_to_string(metrics_iters, ','), ' ') FROM m0_summary"); got != "2,4" {
		t.Errorf("metrics after iterations %s", got)
	}
	for _, secret := range []string{"Sophie", "categorical", "iris_train", "SELECT"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, s.log)
		}
	}
}

// packed makes a packed table and a model for it.
func packed(t *testing.T, s testServer) {
	t.Helper()
	iris(t, s.direct)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, "SELECT madlib.training_preprocessor_dl('iris_train', 'p', 'class_text', 'attributes')")
	run(t, c, "SELECT madlib.load_keras_model('a', $1::json)", arch(t))
	_ = c.Close(context.Background())
}

const fitForEver = "SELECT madlib.madlib_keras_fit('p', 'm', 'a', 1, $$ loss='categorical_crossentropy', optimizer='adam' $$, 'epochs=50', 1000000)"

func TestTransactions(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	ctx := context.Background()
	evaluate := "SELECT madlib.madlib_keras_evaluate('m', 'p', '%s')"
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			c, _ := connect(t, s.proxied, mode)
			run(t, c, "DROP TABLE IF EXISTS m, m_summary, e1, e2")
			run(t, c, strings.Replace(fitForEver, "1000000", "2", 1))

			// What a transaction does not commit is gone, and temporary tables are seen.
			run(t, c, "BEGIN")
			run(t, c, "CREATE TEMP TABLE mine AS SELECT * FROM iris_train LIMIT 30")
			run(t, c, "SELECT madlib.training_preprocessor_dl('mine', 'mine_packed', 'class_text', 'attributes')")
			run(t, c, fmt.Sprintf(evaluate, "e1"))
			run(t, c, "SAVEPOINT a")
			_, err := c.Exec(ctx, fmt.Sprintf(evaluate, "e1"))
			wantError(t, err, "42P07", "e1: already exists")
			_, err = c.Exec(ctx, "SELECT 1")
			wantError(t, err, "25P02", "aborted")
			run(t, c, "ROLLBACK TO a")
			run(t, c, fmt.Sprintf(evaluate, "e2"))
			if got := ask(t, c, "SELECT count(*) FROM e1, e2, (SELECT count(*) FROM mine_packed) x"); got != "1" {
				t.Errorf("%s rows", got)
			}
			run(t, c, "ROLLBACK")
			if got := ask(t, c, "SELECT concat(to_regclass('e1'), to_regclass('e2'), to_regclass('mine_packed'))"); got != "" {
				t.Errorf("after ROLLBACK there are %s", got)
			}
			run(t, c, "BEGIN")
			run(t, c, fmt.Sprintf(evaluate, "e1"))
			run(t, c, "COMMIT")
			if got := ask(t, c, "SELECT count(*) FROM e1"); got != "1" {
				t.Errorf("%s rows after COMMIT", got)
			}
			run(t, c, "DROP TABLE e1")

			// So are the calls of one SELECT list.
			both := "SELECT madlib.madlib_keras_evaluate($1, $2, $3) AS one, madlib.madlib_keras_evaluate($1, $2, $4) AS two"
			_, err = c.Exec(ctx, both, "m", "p", "e1", "e1")
			wantError(t, err, "42P07", "e1")
			var one, two any
			rows, err := c.Query(ctx, both, "m", "p", "e1", "e2")
			if err != nil {
				t.Fatal(err)
			}
			if columns := rows.FieldDescriptions(); len(columns) != 2 || columns[0].Name != "one" || columns[1].Name != "two" {
				t.Errorf("columns %v", columns)
			}
			for rows.Next() {
				if err := rows.Scan(&one, &two); err != nil {
					t.Error(err)
				}
			}
			if err := rows.Err(); err != nil || rows.CommandTag().String() != "SELECT 1" {
				t.Errorf("%s, %v", rows.CommandTag(), err)
			}
			if got := ask(t, c, "SELECT count(*) FROM e1, e2"); got != "1" {
				t.Errorf("%s rows", got)
			}
			run(t, c, "DROP TABLE e1, e2")

			// A batch is one transaction.
			b := &pgx.Batch{}
			b.Queue("CREATE TABLE e2 (a int)")
			b.Queue(fmt.Sprintf(evaluate, "e1"))
			b.Queue(fmt.Sprintf(evaluate, "e1"))
			wantError(t, c.SendBatch(ctx, b).Close(), "42P07", "e1")
			if got := ask(t, c, "SELECT concat(to_regclass('e1'), to_regclass('e2'))"); got != "" {
				t.Errorf("after a batch that failed there are %s", got)
			}
			b = &pgx.Batch{}
			b.Queue(fmt.Sprintf(evaluate, "e1"))
			b.Queue("SELECT count(*) FROM m")
			if err := c.SendBatch(ctx, b).Close(); err != nil {
				t.Error(err)
			}
			if got := ask(t, c, "SELECT count(*) FROM e1"); got != "1" {
				t.Errorf("%s rows after a batch", got)
			}
		})
	}
}

// TestQueryStrings: several statements in one string are one transaction, whatever is among them.
func TestQueryStrings(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, strings.Replace(fitForEver, "1000000", "2", 1))
	run(t, c, "CREATE TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
	type outcome struct {
		tags string
		code string
		left string // the tables e1, e2, e3 that are there then
	}
	for text, want := range map[string]outcome{
		"SELECT 1; SELECT madlib.madlib_keras_evaluate('m','p','e1'); SELECT * FROM e1": {"SELECT 1|SELECT 1|SELECT 1", "", "e1"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1'); SELECT 1/0; SELECT 2":       {"SELECT 1", "22012", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1'); SELECT madlib.madlib_keras_evaluate('m','p','e1')": {
			"SELECT 1", "42P07", "",
		},
		"BEGIN; SELECT madlib.madlib_keras_evaluate('m','p','e1'); COMMIT; SELECT madlib.madlib_keras_evaluate('m','p','e1')": {
			"BEGIN|SELECT 1|COMMIT", "42P07", "e1",
		},
		"SELECT madlib.madlib_keras_evaluate('m','p', 'e' || n) FROM generate_series(1,3) n":                                {"SELECT 3", "", "e1e2e3"},
		"SELECT madlib.madlib_keras_evaluate('m','p', 'e' || least(n, 2)) FROM generate_series(1,3) n":                      {"", "42P07", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p', 'e1') WHERE false":                                                    {"SELECT 0", "", ""},
		"INSERT INTO d VALUES (1), (1); SELECT madlib.madlib_keras_evaluate('m','p','e1')":                                  {"INSERT 0 2|SELECT 1", "23505", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1') a, madlib.madlib_keras_evaluate('m','p','e2'), madlib.version()": {"SELECT 1", "", "e1e2"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1'), madlib.madlib_keras_evaluate('m','p','e1')":                     {"", "42P07", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1'), madlib.madlib_keras_evaluate('m','p',2)":                        {"", "42883", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p','e1'), madlib.madlib_keras_evaluate('m','p', nothing)":                 {"", "42703", ""},
		"SELECT madlib.madlib_keras_evaluate('m','p', nothing)":                                                             {"", "42703", ""},
		"SELECT 'ü'; SELECT nothing; SELECT madlib.version()":                                                               {"SELECT 1", "42703", ""},
		"/* nothing */ ; SELECT madlib.version();":                                                                          {"SELECT 1", "", ""},
	} {
		run(t, c, "DROP TABLE IF EXISTS e1, e2, e3")
		results, err := c.PgConn().Exec(ctx, text).ReadAll()
		var tags []string
		for _, r := range results {
			if r.Err == nil {
				tags = append(tags, r.CommandTag.String())
			}
		}
		got := outcome{tags: strings.Join(tags, "|"), left: ask(t, c, "SELECT concat(to_regclass('e1'), to_regclass('e2'), to_regclass('e3'))")}
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			got.code = pg.Code
			if pg.Code == "42703" && text[byteAt(text, int(pg.Position)):][:7] != "nothing" {
				t.Errorf("%s: the error is at %d", text, pg.Position)
			}
		}
		if got != want {
			t.Errorf("%s\n got %+v (%v)\nwant %+v", text, got, err, want)
		}
		if status := c.PgConn().TxStatus(); status != 'I' {
			t.Errorf("%s: the status is %c", text, status)
		}
	}
}

// TestPrepare: a call that SQL has prepared is one when it is executed, in whatever way.
func TestPrepare(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, strings.Replace(fitForEver, "1000000", "2", 1))
	run(t, c, "PREPARE p AS SELECT madlib.madlib_keras_evaluate('m', $1, $2)")
	run(t, c, "PREPARE q (text) AS SELECT * FROM madlib.madlib_keras_evaluate('m', 'p', $1); EXECUTE q('e1')")
	run(t, c, "EXECUTE p('p', 'e2')")
	run(t, c, "EXECUTE p('p', 'e3')", pgx.QueryExecModeExec)
	run(t, c, "PREPARE two AS SELECT madlib.madlib_keras_evaluate('m', 'p', $1), madlib.madlib_keras_evaluate('m', 'p', $2)")
	run(t, c, "EXECUTE two('e5', 'e6')")
	run(t, c, "DROP TABLE e5, e6")
	_, err := c.Exec(ctx, "EXECUTE p('p', 'e3')")
	wantError(t, err, "42P07", "e3")
	if got := ask(t, c, "SELECT count(*) FROM e1, e2, e3"); got != "1" {
		t.Errorf("%s rows", got)
	}
	run(t, c, "DEALLOCATE p")
	_, err = c.Exec(ctx, "EXECUTE p('p', 'e4')")
	wantError(t, err, "26000", "does not exist")
	run(t, c, "PREPARE p AS SELECT 'another', $1::text")
	var a, b string
	if err := c.QueryRow(ctx, "EXECUTE p('x')").Scan(&a, &b); err != nil || a != "another" || b != "x" {
		t.Errorf("%s %s, %v", a, b, err)
	}
	_, err = c.Exec(ctx, "PREPARE r AS SELECT madlib.madlib_keras_evaluate('m', nothing)")
	wantError(t, err, "42703", "nothing")
}

// TestStubs: the functions of --print-stubs can be made, list all parameters, say what to do, and hinder no call.
func TestStubs(t *testing.T) {
	s := start(t, func(o *Options) { o.Schema = "stubs_" + strings.ToLower(rand.Text()) })
	schema := s.proxy.schema
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	defer run(t, d, "DROP SCHEMA "+schema+" CASCADE")
	for range 2 {
		run(t, d, madlib.Stubs(schema))
	}
	ctx := context.Background()
	for _, sql := range []string{
		"SELECT %s.madlib_keras_fit('a','b','c',1,'','',1)", "SELECT %s.madlib_keras_predict('a','b','c','d','e')", "SELECT %s.madlib_keras_predict('a','b','c','d','e',2)",
		"SELECT %s.madlib_keras_predict('a','b','c','d','e',0.5, mst_key => 1)", "SELECT %s.load_keras_model()", "SELECT %s.train_test_split('usage')",
	} {
		_, err := d.Exec(ctx, fmt.Sprintf(sql, schema))
		wantError(t, err, "0A000", "Connect through the proxy")
	}
	for _, sql := range []string{
		"SELECT %s.madlib_keras_fit_multiple_model('a','b','c',1)", "SELECT %s.madlib_keras_automl('a','b','c','d',ARRAY[1],'e','f')",
		"DO $$ BEGIN PERFORM %s.load_model_selection_table('a','b',ARRAY[1],ARRAY['c'],ARRAY['d']); END $$", "SELECT %s.generate_model_configs('a','b',ARRAY[1],'c','d')",
	} {
		_, err := d.Exec(ctx, fmt.Sprintf(sql, schema))
		wantError(t, err, "0A000", "is not supported: beamfit does not have")
	}
	signatures := "SELECT string_agg(pg_get_function_arguments(oid), '; ' ORDER BY oid) FROM pg_proc " +
		"WHERE pronamespace = '%s'::regnamespace AND proname = 'delete_custom_function' AND pronargs > 1"
	if got := ask(t, d, fmt.Sprintf(signatures, schema)); got != "object_table text, name text; object_table text, id integer" {
		t.Errorf("delete_custom_function has the arguments %s", got)
	}
	if got := ask(t, d, fmt.Sprintf("SELECT proargnames[14] FROM pg_proc WHERE pronamespace = '%s'::regnamespace AND proname = 'madlib_keras_fit' AND pronargs > 1", schema)); got != "object_table" {
		t.Errorf("the last parameter of madlib_keras_fit is %s", got)
	}
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, fmt.Sprintf("SELECT %s.load_keras_model('a', $1::json)", schema), arch(t))
	_, err := c.Exec(ctx, fmt.Sprintf("DO $$ BEGIN PERFORM %s.delete_keras_model('a', 1); END $$", schema))
	wantError(t, err, "0A000", "nothing but such calls in its SELECT list")
}

// TestCopy: a COPY before a call, and one in the same string, take their data.
func TestCopy(t *testing.T) {
	s := start(t, nil)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, "CREATE TABLE d (a int)")
	for i, sql := range []string{"COPY d FROM STDIN", "COPY d FROM STDIN; SELECT madlib.version()", "SELECT madlib.version(); COPY d FROM STDIN"} {
		if _, err := c.PgConn().CopyFrom(ctx, strings.NewReader("5\n6\n"), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if got := ask(t, c, "SELECT count(*) FROM d"); got != fmt.Sprint(2*i+2) {
			t.Errorf("%s: %s rows", sql, got)
		}
		run(t, c, "SELECT madlib.version()")
	}
	_, err := c.PgConn().CopyFrom(ctx, strings.NewReader("no number\n"), "COPY d FROM STDIN; SELECT madlib.version()")
	wantError(t, err, "22P02", "integer")
	run(t, c, "SELECT madlib.version()")
}

func byteAt(text string, character int) int {
	n := 0
	for i := range text {
		if n++; n == character {
			return i
		}
	}
	return len(text)
}

// TestCustomFunctions: a loss and metrics of one's own, from their text to the table that goes with the last of them.
func TestCustomFunctions(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, `SELECT madlib.load_custom_function('fns', convert_to($f$
def focal(y_true, y_pred, gamma=2.0):
    p = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
    return -K.sum(K.pow(1 - p, gamma) * y_true * K.log(p), axis=-1)
$f$, 'UTF8'), 'focal', 'focal loss')`)
	run(t, c, "SELECT madlib.load_custom_function('fns', $1::bytea, name => 'rmse')", []byte("sqrt(mean(square(y_true - y_pred), axis=-1))"))
	run(t, c, "SELECT madlib.load_top_k_accuracy_function('fns', 2)")
	run(t, c, `SELECT madlib.madlib_keras_fit('p', 'own', 'a', 1, $$loss='focal(gamma=1)', optimizer='adam', metrics=['rmse', 'top_2_accuracy']$$,
		'batch_size=5', 2, object_table => 'fns')`)
	if got := ask(t, c, "SELECT object_table || ' ' || loss_type || ' ' || metrics_type::text FROM own_summary"); got != s.schema+".fns focal(gamma=1) {rmse,top_2_accuracy}" {
		t.Error(got)
	}
	// The table is found again whatever the search path is, also where another one has its name.
	other, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, other, "CREATE TEMP TABLE fns (id int, name text, description text, object bytea)")
	run(t, other, "INSERT INTO fns VALUES (1, 'other', NULL, 'y_pred')")
	run(t, other, "SELECT madlib.madlib_keras_evaluate('own', 'p', 'own_scores')")
	run(t, other, "SET search_path = pg_catalog")
	run(t, other, strings.ReplaceAll(`SELECT madlib.madlib_keras_fit('S.p', 'S.own', 'S.a', 1,
		$$loss='focal(gamma=1)', optimizer='adam', metrics=['rmse', 'top_2_accuracy']$$, 'batch_size=5', 2, warm_start => TRUE)`, "S.", s.schema+"."))
	if got := ask(t, other, "SELECT object_table FROM "+s.schema+".own_summary"); got != s.schema+".fns" {
		t.Errorf("after a warm start the table is %s", got)
	}
	for sql, want := range map[string][2]string{
		`SELECT madlib.load_custom_function('fns', '\x80049500'::bytea, 'x')`:                                         {"22023", "pickle"},
		"SELECT madlib.load_custom_function('fns', 'y_pred'::bytea, 'rmse')":                                          {"55000", "already exists"},
		"SELECT madlib.load_custom_function('fns', 'y_pred +'::bytea, 'x')":                                           {"22023", "position 9"},
		"SELECT madlib.load_custom_function('fns', 'y_pred'::bytea, 'mse')":                                           {"22023", "Keras"},
		"SELECT madlib.load_custom_function('fns', 'y_pred'::bytea, NULL)":                                            {"22004", "name"},
		"SELECT madlib.load_top_k_accuracy_function('fns', 0)":                                                        {"22023", "K must be at least 1"},
		"SELECT madlib.delete_custom_function('fns', 'none')":                                                         {"55000", "no function none"},
		"SELECT madlib.delete_custom_function('fns', NULL)":                                                           {"22004", "not NULL"},
		"SELECT madlib.delete_custom_function('fns', '')":                                                             {"22023", "the name of the function is empty"},
		"SELECT madlib.delete_custom_function('fns', name => '')":                                                     {"22023", "the name of the function is empty"},
		"SELECT madlib.delete_custom_function('fns', 0)":                                                              {"55000", "no function has the id 0"},
		"SELECT madlib.delete_custom_function('fns', 1.5)":                                                            {"42883", "id text or integer DEFAULT NULL"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,$$loss='mse', optimizer='sgd'$$,'',1, object_table => 'none')":  {"42P01", "object table: table none"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,$$loss='mse', optimizer='sgd'$$,'',1, object_table => 'a')":     {"42703", "object table"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,$$loss='fokal', optimizer='sgd'$$,'',1)":                        {"22023", "the object table that has it (object_table)"},
		"SELECT madlib.delete_custom_function('nowhere', 1)":                                                          {"42P01", "nowhere"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,$$loss='fokal', optimizer='sgd'$$,'',1, object_table => 'fns')": {"55000", "no function fokal"},
	} {
		_, err := c.Exec(context.Background(), sql)
		wantError(t, err, want[0], want[1])
	}
	run(t, c, "SELECT madlib.delete_custom_function('fns', 1)")
	run(t, c, "SELECT madlib.delete_custom_function('fns', 'rmse')")
	run(t, c, "SELECT madlib.delete_custom_function('fns', name => 'top_2_accuracy')")
	if got := ask(t, c, "SELECT to_regclass('fns') IS NULL"); got != "true" {
		t.Error("the table is there without functions")
	}
}

// TestRefusals: what cannot run says why, by its name.
func TestRefusals(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	ctx := context.Background()
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	for text, want := range map[string][2]string{
		"SELECT madlib.madlib_keras_fit_multiple_model('a')":                                                                              {"0A000", "madlib_keras_fit_multiple_model is not supported"},
		"SELECT madlib.gpu_configuration('t', 'amd')":                                                                                     {"22023", "expected tensorflow or nvidia"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e', TRUE)":                                                                          {"0A000", "use_gpus"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e', FALSE, 3)":                                                                      {"0A000", "mst_key"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,'x','',1, object_table => 'o')":                                                     {"22023", "position"},
		"SELECT madlib.madlib_keras_evaluate('m','p')":                                                                                    {"42883", "madlib.madlib_keras_evaluate(unknown, unknown) does not exist"},
		"SELECT madlib.madlib_keras_evaluate('m','p',3)":                                                                                  {"42883", "unknown, unknown, integer"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e',nonsense => 1)":                                                                  {"42883", "nonsense => integer"},
		"SELECT madlib.madlib_keras_evaluate('m','p','e',output_table => 'e')":                                                            {"42883", "output_table => unknown"},
		"SELECT madlib.madlib_keras_evaluate(model_table => 'm','p','e')":                                                                 {"42883", "model_table => unknown, unknown"},
		"SELECT madlib.validation_preprocessor_dl('iris_train','q','class_text','attributes','')":                                         {"22004", "NULL/empty input table name: argument training_preprocessor_table"},
		"SELECT madlib.validation_preprocessor_dl('iris_train','q','class_text','attributes',' \t')":                                      {"22004", "training_preprocessor_table"},
		"SELECT madlib.training_preprocessor_dl(NULL,'q','class_text','attributes')":                                                      {"22004", "NULL/empty input table name: argument source_table"},
		"SELECT madlib.training_preprocessor_dl('iris_train','','class_text','attributes')":                                               {"22004", "NULL/empty output table name: argument output_table"},
		"SELECT madlib.train_test_split('iris_train','NULL',0.5)":                                                                         {"22004", "NULL/empty output table name"},
		"SELECT madlib.load_keras_model(NULL,'{}'::json)":                                                                                 {"22004", "NULL/empty input table name"},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,'loss=''mse'', optimizer=''sgd''','',4,FALSE,NULL,0)":                               {"22023", "metrics_compute_frequency: expected a whole number of 1 or more, found 0"},
		"SELECT madlib.madlib_keras_predict_byom('a',1,'iris_train','id','attributes','r',dependent_count => 0)":                          {"22023", "dependent_count: expected a whole number of 1 or more, found 0"},
		"SELECT madlib.madlib_keras_fit('iris_train','m','a',1,'loss=''mse'', optimizer=''sgd''','',1)":                                   {"42P01", "run training_preprocessor_dl first"},
		"SELECT madlib.delete_keras_model('a', 'one')":                                                                                    {"22P02", `type integer: "one"`},
		"SELECT madlib.delete_keras_model('a', NULL)":                                                                                     {"22004", "model_id"},
		"SELECT madlib.delete_keras_model('a', 77)":                                                                                       {"55000", "77"},
		"SELECT madlib.madlib_keras_predict('m','iris_train','id','attributes','r','0.3')":                                                {"22023", "pred_type"},
		"SELECT madlib.madlib_keras_predict_byom('a',1,'iris_train','id','attributes','r','prob',FALSE,ARRAY['a'])":                       {"22023", "class_values"},
		"SELECT madlib.training_preprocessor_dl('iris_train','q','class_text','nothing')":                                                 {"42703", `column "nothing" does not exist`},
		"SELECT madlib.madlib_keras_fit('p','m','a',1,'loss=''mse'', optimizer=''sgd''','callbacks=[TensorBoard(log_dir=''/tmp/x'')]',1)": {"22023", "files"},
		"EXPLAIN SELECT madlib.version()":                                                                                                 {"3F000", "nothing but such calls in its SELECT list"},
		"SELECT madlib.version(), 1":                                                                                                      {"3F000", "nothing but such calls in its SELECT list"},
		"DO $$ BEGIN PERFORM madlib.version(); END $$":                                                                                    {"3F000", "nothing but such calls in its SELECT list"},
		"SET client_encoding = 'SJIS'; SELECT madlib.version()":                                                                           {"0A000", "client_encoding SJIS"},
	} {
		_, err := c.PgConn().Exec(ctx, text).ReadAll()
		wantError(t, err, want[0], want[1])
		var pg *pgconn.PgError
		if errors.As(err, &pg) && !strings.Contains(pg.Message+pg.Hint, want[1]) {
			t.Errorf("of %s", text)
		}
	}
	if got := ask(t, c, "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"); got != "4" {
		t.Errorf("%s tables are there, want 4", got)
	}
	// A function that is not there has its place in the client's text, as the server's errors have.
	for text, name := range map[string]string{
		"SELECT madlib.madlib_keras_evaluate('m','p',3)":                                          "madlib.madlib_keras_evaluate",
		"SELECT 'ü\n🦜'; SELECT madlib.version() ,\n madlib.madlib_keras_evaluate('m','p',3)":      "madlib.madlib_keras_evaluate",
		"SELECT * FROM /* ü */ \"madlib\" . madlib_keras_evaluate('m', 'p', 3)":                   `"madlib"`,
		"SELECT madlib.version(), madlib.version(1)":                                              "madlib.version(1",
		"PREPARE q AS SELECT madlib.version(1); EXECUTE q; SELECT madlib.madlib_keras_evaluate()": "", // written in another statement
	} {
		_, err := c.PgConn().Exec(ctx, text).ReadAll()
		want := 0
		if name != "" {
			want = utf8.RuneCountInString(text[:strings.Index(text, name)]) + 1
		}
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42883" || int(pg.Position) != want {
			t.Errorf("%s: got error %v, want 42883 at %d: %+v", text, err, want, pg)
		}
	}
	run(t, c, "SET beamfit.shards = 'many'")
	_, err := c.Exec(ctx, "SELECT madlib.training_preprocessor_dl('iris_train','q','class_text','attributes')")
	wantError(t, err, "22023", "beamfit.shards")
}

// TestUnqualified: a name without a schema means MADlib's function where MADlib's schema is on the path, and what the server says elsewhere.
func TestUnqualified(t *testing.T) {
	s := start(t, nil)
	packed(t, s)
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			c, _ := connect(t, s.proxied, mode)
			_, err := c.Exec(context.Background(), "SELECT delete_keras_model('b', 1)")
			wantError(t, err, "42883", "delete_keras_model")
			run(t, c, "SET search_path = "+s.schema+", madlib")
			run(t, c, "SELECT load_keras_model('b', $1::json)", arch(t))
			run(t, c, "SELECT delete_keras_model('b', 1)")
			if got := ask(t, c, "SELECT version()"); !strings.HasPrefix(got, "PostgreSQL") {
				t.Errorf("version() is %s", got)
			}
		})
	}
}

// TestEncodings: arguments in another encoding are the same names.
func TestEncodings(t *testing.T) {
	s := start(t, nil)
	iris(t, s.direct)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeSimpleProtocol)
	run(t, c, "SET client_encoding = 'LATIN1'")
	if _, err := c.PgConn().Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', 't\xfcr\\', 'class_text', 'attributes')").ReadAll(); err != nil {
		t.Log(err)
	}
	if _, err := c.PgConn().Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', '\"t\xfcr \\x\"', 'class_text', 'attributes')").ReadAll(); err != nil {
		t.Fatal(err)
	}
	_, err := c.PgConn().Exec(context.Background(), "SELECT madlib.training_preprocessor_dl('iris_train', '\"t\xfcr \\x\"', 'class_text', 'attributes')").ReadAll()
	wantError(t, err, "42P07", "t?r")
	d, _ := connect(t, s.direct, pgx.QueryExecModeSimpleProtocol)
	if got := ask(t, d, `SELECT count(*) FROM "tür \x"`); got == "0" {
		t.Error("no rows")
	}

	// Neither do settings matter in which backslashes or the names of schemas are written.
	schema := s.schema + "ü"
	run(t, d, `CREATE SCHEMA "`+schema+`"`)
	defer run(t, d, `DROP SCHEMA "`+schema+`" CASCADE`)
	run(t, c, "SET standard_conforming_strings = off")
	for i, begin := range []string{"BEGIN", "SELECT 1"} {
		for _, sql := range []string{
			"SET search_path = \"" + s.schema + "\xfc\", " + s.schema, begin,
			fmt.Sprintf("SELECT madlib.training_preprocessor_dl('iris_train', '\"\xfc%d\"', 'class_text', 'attributes')", i), "SELECT '\"" + s.schema + "\xfc\"'::regnamespace", "COMMIT",
		} {
			if _, err := c.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
				t.Fatalf("%q: %v", sql, err)
			}
		}
		if got := ask(t, d, fmt.Sprintf(`SELECT count(*) > 0 FROM "%s"."ü%d"`, schema, i)); got != "true" {
			t.Error("no rows")
		}
		r, err := c.PgConn().Exec(context.Background(), "SHOW search_path").ReadAll()
		if err != nil || string(r[0].Rows[0][0]) != "\""+s.schema+"\xfc\", "+s.schema {
			t.Errorf("the search path is %q, %v", r[0].Rows, err)
		}
	}
}

// TestHelp: usage texts list every argument.
func TestHelp(t *testing.T) {
	s := start(t, nil)
	c, _ := connect(t, s.proxied, pgx.QueryExecModeCacheStatement)
	for _, call := range []string{"()", "('usage')", "('HELP')", "('?')", "(NULL)", "('')", "('nothing')"} {
		var text string
		if err := c.QueryRow(context.Background(), "SELECT madlib.load_keras_model"+call).Scan(&text); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"('usage')": "model_weights bytea", "('HELP')": "model_weights bytea", "('?')": "model_weights bytea", "('nothing')": "No such option"}[call]
		if want == "" {
			want = "('usage')"
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s says %s", call, text)
		}
	}
	var text string
	if err := c.QueryRow(context.Background(), "SELECT madlib.madlib_keras_fit($1)", "USAGE").Scan(&text); err != nil || !strings.Contains(text, "No such option") {
		t.Errorf("%s, %v", text, err)
	}
	if err := c.QueryRow(context.Background(), "SELECT madlib.version()").Scan(&text); err != nil || !strings.Contains(text, "MADlib version: 2.1.0") {
		t.Errorf("%s, %v", text, err)
	}
}

// TestInnerExecute: a call that was prepared is none where another statement executes it, and is refused there.
func TestInnerExecute(t *testing.T) {
	s := start(t, nil)
	c := dialRaw(t, s.proxied)
	c.asks("PREPARE p AS SELECT madlib.delete_keras_model($1, $2)", "C(PREPARE) Z(I)")
	c.asks("PREPARE other AS SELECT 1 AS a", "C(PREPARE) Z(I)")
	sync := []pgproto3.FrontendMessage{&pgproto3.Sync{}}
	for _, sql := range []string{
		"CREATE TABLE t AS EXECUTE p('a', 1)", "create temp table if not exists t (x, y) as execute P('a', 1) with no data", `EXPLAIN EXECUTE "p"('a', 1)`,
		"EXPLAIN ANALYZE EXECUTE p('a', 1)", "EXPLAIN (ANALYZE, COSTS off) EXECUTE p('a', 1)", "EXPLAIN ANALYSE VERBOSE CREATE TABLE t AS EXECUTE p('a', 1)",
	} {
		c.asks(sql, "E(0A000) Z(I)")
		c.sends(slices.Concat(unnamed("CREATE TABLE u (a int)"), unnamed(sql), unnamed("SELECT 1"), sync)...)
		c.says("1 2 n C(CREATE_TABLE) E(0A000) Z(I)")
		c.asks("SELECT 1; "+sql+"; SELECT 2", "T D(1) C(SELECT_1) E(0A000) Z(I)")
		c.asks("BEGIN; "+sql, "C(BEGIN) E(0A000) Z(E)")
		c.sends(append(unnamed(sql), sync...)...)
		c.says("E(25P02) Z(E)")
		c.asks("ROLLBACK", "C(ROLLBACK) Z(I)")
	}
	c.asks("SELECT to_regclass('t') IS NULL AND to_regclass('u') IS NULL", "T D(t) C(SELECT_1) Z(I)")
	c.asks("PREPARE q AS SELECT madlib.version(); CREATE TABLE t AS EXECUTE q", "C(PREPARE) E(0A000) Z(I)")
	c.asks("CREATE TABLE t AS EXECUTE other", "C(SELECT_1) Z(I)")
	c.asks("EXPLAIN (COSTS off) EXECUTE other", "T D(Result) C(EXPLAIN) Z(I)")

	d, _ := connect(t, s.proxied, pgx.QueryExecModeExec)
	run(t, d, "PREPARE p AS SELECT madlib.version()", pgx.QueryExecModeSimpleProtocol)
	_, err := d.Exec(context.Background(), "CREATE TABLE u AS EXECUTE p")
	wantError(t, err, "0A000", "nothing but such calls in its SELECT list")
	wantError(t, err, "0A000", "p is a call")
}
