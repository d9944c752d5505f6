package pgio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/beamfit/beamfit/io/iotest"
	"github.com/beamfit/beamfit/io/table"
)

// lendSession makes a session for a store, as its owner has it: in a transaction, or not.
func lendSession(t *testing.T, storeURL string, mode SessionMode) *session {
	t.Helper()
	ctx := context.Background()
	config, err := pgx.ParseConfig(storeURL)
	if err != nil {
		t.Fatal(err)
	}
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Minute} // a guard
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if mode == InsideTransaction {
		if err := exec(ctx, conn, "BEGIN"); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenSession(ctx, conn, mode)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*sessionStore).session
}

func TestSessionConformance(t *testing.T) {
	without := map[string]string{
		"fetch":                         "for workers of other processes",
		"run":                           "what others must see is in no transaction",
		"ref":                           "a session has no address",
		"killed":                        "a session ends with its process, and with it its transaction",
		"claim/goes with its process":   "as above",
		"snapshot/not moved by changes": "the changes would be of the same session",
		"cancel/waiting for a lock":     "the stores of a session take turns",
	}
	for name, mode := range map[string]SessionMode{"inside a transaction": InsideTransaction, "own transactions": OwnTransactions} {
		t.Run(name, func(t *testing.T) {
			iotest.Run(t, func(t *testing.T) iotest.Site {
				storeURL, admin := testSchema(t)
				lent := lendSession(t, storeURL, mode)
				return iotest.Site{
					Without: uncut(admin, without),
					Open: func(t *testing.T) table.Store {
						s := lent.handle()
						t.Cleanup(func() {
							if err := s.Close(); err != nil {
								t.Errorf("close: %v", err)
							}
						})
						return s
					},
					Staging: func(t *testing.T) (names []string) {
						err := lent.handle().step(context.Background(), latest, func() error {
							names = stagedIn(t, lent.conn)
							return nil
						})
						if err != nil {
							t.Error(err)
						}
						return names
					},
				}
			})
		})
	}
}

// asked runs a query that gives one text in a session, outside its store.
func asked(t *testing.T, conn *pgx.Conn, sql string) (text string) {
	t.Helper()
	if err := conn.QueryRow(context.Background(), sql, pgx.QueryExecModeSimpleProtocol).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// writeInts makes a table of one integer column through a store.
func writeInts(t *testing.T, s table.Store, spec table.TableSpec, from, to int) error {
	t.Helper()
	ctx := context.Background()
	spec.Schema = table.Schema{{Name: "id", Type: table.Int64Type}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{spec}})
	if err != nil {
		return err
	}
	defer func() { _ = out.Abort(ctx) }()
	w, err := s.Append(ctx, table.Part{Output: out.ID(), Key: "k"})
	if err != nil {
		return err
	}
	b := table.NewBatch(spec.Schema)
	for i := from; i < to; i++ {
		if err := b.Append(int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(ctx, b); err != nil {
		return err
	}
	if err := w.Close(ctx); err != nil {
		return err
	}
	return out.Commit(ctx)
}

func TestSessionInsideTransaction(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	lent := lendSession(t, storeURL, InsideTransaction)
	conn, s := lent.conn, lent.handle()
	if err := exec(ctx, conn, "SET LOCAL search_path = "+lent.had[10].value, "CREATE TEMP TABLE mine AS SELECT generate_series(1, 7) AS id",
		"SET LOCAL search_path = "+safePath); err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[table.Name]int64{{Table: "mine"}: 7, {Schema: "pg_temp", Table: "mine"}: 7} {
		snap, err := s.Snapshot(ctx, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := snap.Info().Rows; got != rows {
			t.Errorf("%s has %d rows, want %d", name, got, rows)
		}
		if err := snap.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := writeInts(t, s, table.TableSpec{Name: table.Name{Schema: "pg_temp", Table: "temporary"}}, 0, 5); err != nil {
		t.Fatal(err)
	}
	if err := writeInts(t, s, table.TableSpec{Name: table.Name{Table: "made"}}, 0, 5); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, conn, "SELECT count(*)::text || (SELECT relpersistence::text FROM pg_class WHERE relname = 'temporary') FROM pg_temp.temporary"); got != "5t" {
		t.Errorf("the temporary table is %s, want 5 rows and t", got)
	}
	if _, err := s.Lookup(ctx, table.Name{Table: "absent"}); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
	if got := asked(t, admin, "SELECT coalesce(to_regclass('made')::text, 'none')"); got != "none" {
		t.Error("another session sees the table before COMMIT")
	}
	if err := exec(ctx, conn, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, conn, "SELECT coalesce(to_regclass('made')::text, 'none')"); got != "none" {
		t.Error("the table outlives ROLLBACK")
	}
}

func TestSessionKeepsItsSettings(t *testing.T) {
	storeURL, _ := testSchema(t)
	ctx := context.Background()
	show := "SELECT string_agg(name || '=' || setting, E'\\n' ORDER BY name) FROM pg_settings WHERE name <> 'transaction_isolation'"
	for name, mode := range map[string]SessionMode{"inside": InsideTransaction, "own": OwnTransactions} {
		t.Run(name, func(t *testing.T) {
			conn, err := pgx.Connect(ctx, storeURL)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(ctx) }()
			set := []string{"SET datestyle = 'German'", "SET bytea_output = 'escape'", "SET statement_timeout = '1h'", "SET application_name = 'its''s own'"}
			if mode == InsideTransaction {
				set = append(set, "BEGIN", "SET LOCAL extra_float_digits = 0")
			}
			if err := exec(ctx, conn, set...); err != nil {
				t.Fatal(err)
			}
			before := asked(t, conn, show)
			s, err := OpenSession(ctx, conn, mode)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Claim(ctx, "a note", table.Name{Table: "t"}); err != nil {
				t.Fatal(err)
			}
			if err := writeInts(t, s, table.TableSpec{Name: table.Name{Table: "t_" + name}}, 0, 5); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if after := asked(t, conn, show); after != before {
				t.Errorf("settings differ:\n%s", cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
			}
			if got := asked(t, conn, "SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"); mode == OwnTransactions && got != "0" {
				t.Errorf("%s advisory locks are left", got)
			}
		})
	}
}

// A session of OwnTransactions may do nothing for long while a fit trains, and the server does not end it.
func TestSessionIdle(t *testing.T) {
	storeURL, _ := testSchema(t)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, storeURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := exec(ctx, conn, "SET idle_session_timeout = '2s'"); err != nil {
		t.Skip("the server has no such setting: ", err)
	}
	s, err := OpenSession(ctx, conn, OwnTransactions)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2600 * time.Millisecond)
	if _, err := s.List(ctx); err != nil {
		t.Errorf("after the time: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var value string
	if err := conn.QueryRow(ctx, "SHOW idle_session_timeout").Scan(&value); err != nil || value != "2s" {
		t.Errorf("idle_session_timeout is %q, %v", value, err)
	}
}

func TestSessionOwnTransactions(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	lent := lendSession(t, storeURL, OwnTransactions)
	s := lent.handle()
	state := func(when string, want byte) {
		t.Helper()
		if got := lent.conn.PgConn().TxStatus(); got != want {
			t.Errorf("%s: transaction status %c, want %c", when, got, want)
		}
	}
	if err := writeInts(t, s, table.TableSpec{Name: table.Name{Table: "t"}}, 0, 100); err != nil {
		t.Fatal(err)
	}
	if got := asked(t, admin, "SELECT count(*)::text FROM t"); got != "100" {
		t.Errorf("another session sees %s rows, want 100", got)
	}
	state("after an output", 'I')
	snap, err := s.Snapshot(ctx, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	state("while a snapshot is open", 'T')
	if err := exec(ctx, admin, "DELETE FROM t WHERE id < 50"); err != nil {
		t.Fatal(err)
	}
	if rows := readIDs(t, s, snap); rows != 100 {
		t.Errorf("the snapshot has %d rows, want 100", rows)
	}
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	state("after the snapshot", 'I')

	// A claim is known to other sessions, and holds no transaction.
	c, err := s.Claim(ctx, "the note", table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	state("with a claim", 'I')
	pool := openStore(t, storeURL)
	if _, err := pool.Claim(ctx, "another", table.Name{Table: "t"}); !errors.Is(err, table.ErrClaimed) || !strings.Contains(err.Error(), "the note") {
		t.Errorf("got error %v, want ErrClaimed with the note", err)
	}
	c.Release()
	if other, err := pool.Claim(ctx, "another", table.Name{Table: "t"}); err != nil {
		t.Error(err)
	} else {
		other.Release()
	}
}

// readIDs reads a snapshot whole and counts its rows.
func readIDs(t *testing.T, s table.Store, snap table.Snapshot) (rows int) {
	t.Helper()
	n, err := readAllRows(s, snap)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func readAllRows(s table.Store, snap table.Snapshot) (rows int, err error) {
	ctx := context.Background()
	parts, err := snap.Partitions(ctx, 1)
	if err != nil {
		return 0, err
	}
	for _, p := range parts {
		r, err := s.Read(ctx, p, table.ReadOptions{})
		if err != nil {
			return 0, err
		}
		for {
			b, err := r.Next(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return rows, errors.Join(err, r.Close())
			}
			rows += b.Rows
		}
		if err := r.Close(); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// In a transaction that is READ COMMITTED nothing is frozen, but a table that changes between two passes is an error.
func TestSessionTableChanges(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	if err := exec(ctx, admin, "CREATE TABLE t AS SELECT generate_series(1, 1000)::int8 AS id"); err != nil {
		t.Fatal(err)
	}
	lent := lendSession(t, storeURL, InsideTransaction)
	s := lent.handle()
	snap, err := s.Snapshot(ctx, table.Name{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = snap.Close() }()
	if rows := readIDs(t, s, snap); rows != 1000 {
		t.Errorf("%d rows", rows)
	}
	if err := exec(ctx, admin, "DELETE FROM t WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := readAllRows(s, snap); !errors.Is(err, table.ErrChanged) {
		t.Errorf("got error %v, want ErrChanged", err)
	}
	_ = lent.conn.Close(ctx) // its lock on the table goes
}

// A table that has more than rows stays, with other rows in it.
func TestSessionReplaces(t *testing.T) {
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	lent := lendSession(t, storeURL, OwnTransactions)
	s := lent.handle()
	for _, ordered := range []bool{false, true} {
		if err := exec(ctx, admin, "CREATE TABLE t (id bigint)", "CREATE VIEW v AS SELECT * FROM t", "INSERT INTO t VALUES (77)"); err != nil {
			t.Fatal(err)
		}
		spec := table.TableSpec{Name: table.Name{Table: "t"}, Ordered: ordered}
		if err := writeInts(t, s, spec, 0, 5); !errors.Is(err, table.ErrExist) {
			t.Errorf("got error %v, want ErrExist", err)
		}
		spec.Replace = true
		if err := writeInts(t, s, spec, 0, 5); err != nil {
			t.Fatal(err)
		}
		if got := asked(t, admin, "SELECT string_agg(id::text, ',' ORDER BY ctid) || ' ' || (SELECT count(*) FROM v) FROM t"); got != "0,1,2,3,4 5" {
			t.Errorf("ordered %v: the table and its view have %s", ordered, got)
		}
		if err := exec(ctx, admin, "DROP TABLE t CASCADE"); err != nil {
			t.Fatal(err)
		}
	}
}

// Rows that do not fit into memory go through a file that nobody sees.
func TestSessionSpool(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	storeURL, admin := testSchema(t)
	ctx := context.Background()
	s := lendSession(t, storeURL, OwnTransactions).handle()
	schema := table.Schema{{Name: "part", Type: table.Int64Type}, {Name: "b", Type: table.BytesType}}
	out, err := s.Create(ctx, table.CreateOptions{Tables: []table.TableSpec{{Name: table.Name{Table: "t"}, Schema: schema, Ordered: true}}})
	if err != nil {
		t.Fatal(err)
	}
	const parts, rows = 7, 20
	var writers [parts]table.Writer
	for k := range writers {
		if writers[k], err = s.Append(ctx, table.Part{Output: out.ID(), Key: strconv.Itoa(k)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range rows { // interleaved
		for k, w := range writers {
			b := table.NewBatch(schema)
			if err := b.Append(int64(k), bytes.Repeat([]byte{byte(k*rows + i)}, 150_000)); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(ctx, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, w := range writers {
		if err := w.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("files %v, %v", left, err)
	}
	if err := out.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	got := asked(t, admin, "SELECT count(*)::text FROM (SELECT get_byte(b, 0) x, row_number() OVER (ORDER BY ctid) - 1 n FROM t WHERE length(b) = 150000) q WHERE x = n")
	if got != strconv.Itoa(parts*rows) {
		t.Errorf("%s rows are right and in order, want %d", got, parts*rows)
	}
}
