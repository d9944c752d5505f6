package pgio

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/beamfit/beamfit/io/table"
)

// runsTable is the name of the table of runs, with a number behind it where that is another role's.
const runsTable = "beamfit_runs"

var runsTables = regexp.MustCompile("^" + runsTable + "(_[0-9]+)?$")

func isRunsTable(tableName string) bool { return runsTables.MatchString(tableName) }

// runsColumns are the definitions of its columns. Half of each page is left free, so that a new version of a row finds room beside it.
const runsColumns = `(id text PRIMARY KEY, command text NOT NULL, arguments text[] NOT NULL, state text NOT NULL, message text,
	runner text NOT NULL, job text, stage text, units_done bigint, units_total bigint, unit text, iteration integer, iterations integer,
	loss double precision, started timestamptz NOT NULL, heartbeat timestamptz NOT NULL, ended timestamptz, cancel boolean NOT NULL,
	host text NOT NULL, process integer NOT NULL, version text NOT NULL, resumes text, silence integer NOT NULL) WITH (fillfactor = 50)`

// A run without its lock has died when its last heartbeat is older than its silence, in seconds: a session that was lost is replaced within
// moments. A lock says nothing after silenceLocked: the server notices later than that when a machine is gone, and a pooler may never tell it.
const (
	silence       = 2
	silenceLocked = 60
)

// lightly lets the changes of a row of a run become durable a moment later than visible, since nothing depends on one that a crash of the
// server undoes, and has them wait for nobody who has locked the table.
const lightly = "SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '2s', true)"

// query runs a statement without parameters in a transaction of its own, and returns its rows in text form.
func query(ctx context.Context, conn *pgx.Conn, statement string) (*pgconn.Result, error) {
	defer waiting(conn)()
	results, err := conn.PgConn().Exec(ctx, lightly+";\n"+statement).ReadAll()
	if err != nil {
		return nil, orStall(conn, err)
	}
	return results[1], nil
}

// findRuns is the table of runs of this role in the schema where its tables are made; without a name where there is none. Only a table
// of the role's own is it: what others have made in its place could have triggers or policies that run as whoever uses it.
func findRuns(ctx context.Context, conn *pgx.Conn, schema string) (table.Name, error) {
	name := table.Name{Schema: schema}
	r, err := query(ctx, conn, `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = `+literal(schema)+` AND c.relkind = 'r' AND c.relname ~ `+literal(runsTables.String())+`
			AND pg_get_userbyid(c.relowner) = current_user
		ORDER BY length(c.relname), c.relname LIMIT 1`)
	if err == nil && len(r.Rows) > 0 {
		name.Table = string(r.Rows[0][0])
	}
	return name, err
}

// makeRuns makes the table of runs of this role, if another session has not done so meanwhile.
func makeRuns(ctx context.Context, conn *pgx.Conn, schema string) (name table.Name, err error) {
	lock := nameLock(table.Name{Schema: schema, Table: runsTable})
	if err := exec(ctx, conn, beginWrite, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", lock)); err != nil {
		return name, err
	}
	if name, err = findRuns(ctx, conn, schema); err != nil || name.Table != "" {
		return name, errors.Join(err, exec(ctx, conn, "ROLLBACK"))
	}
	for n := 1; ; n++ {
		name.Table = runsTable
		if n > 1 {
			name.Table += "_" + strconv.Itoa(n)
		}
		if _, err := find(ctx, conn, name); errors.Is(err, table.ErrNotExist) {
			break
		} else if err != nil {
			return name, err
		}
	}
	return name, exec(ctx, conn, "CREATE TABLE "+quoteName(name)+" "+runsColumns, "COMMIT")
}

// A runRecord is the row of a run that is at work. Its session holds an advisory lock made from the ID, and is none of the pool's: a run
// tells that it lives also while its tasks have all of those.
type runRecord struct {
	store *store
	id    string

	mu    sync.Mutex
	name  table.Name // of the table
	conn  *pgx.Conn  // nil: lost, or the run has ended
	ended bool
}

// runLock is the key of the advisory lock of a run at work.
func runLock(id string) int64 { return lockKey("beamfit run", table.Name{Table: id}) }

// Record inserts a row, after old ones are deleted.
func (s *store) Record(ctx context.Context, run table.Run) (table.RunRecord, error) {
	if err := run.Check(); err != nil {
		return nil, err
	}
	r := &runRecord{store: s, id: run.ID}
	if err := r.begin(ctx, run); err != nil {
		r.release()
		if r.name.Table == "" {
			r.name.Table = runsTable
		}
		return nil, tableError(ctx, r.name, err)
	}
	if err := s.open.hold(r); err != nil {
		r.release()
		return nil, err
	}
	return r, nil
}

func (r *runRecord) begin(ctx context.Context, run table.Run) (err error) {
	if r.conn, err = r.store.connect(ctx); err != nil {
		return err
	}
	conn := r.conn
	schema, err := firstSchema(ctx, conn)
	if err != nil {
		return err
	}
	if schema == "" {
		return fmt.Errorf("no schema of the search path: %w", table.ErrNotExist)
	}
	if r.name, err = findRuns(ctx, conn, schema); err == nil && r.name.Table == "" {
		r.name, err = makeRuns(ctx, conn, schema)
	}
	if err != nil {
		return err
	}
	args := make([]string, len(run.Args))
	for i, arg := range run.Args {
		args[i] = literal(arg)
	}
	runs, id := quoteName(r.name), literal(run.ID)
	insert := fmt.Sprintf(`INSERT INTO %s (id, command, arguments, state, runner, started, heartbeat, cancel, host, process, version, resumes, silence)
		VALUES (%s, %s, ARRAY[%s]::text[], '%s', %s, clock_timestamp(), clock_timestamp(), false, %s, %d, %s, nullif(%s, ''), %d)`,
		runs, id, literal(run.Command), strings.Join(args, ", "), table.RunRunning, literal(run.Runner), literal(run.Host), run.Process,
		literal(run.Version), literal(run.Resumes), silence)
	sweep := fmt.Sprintf(`DELETE FROM %s WHERE heartbeat < clock_timestamp() - interval '%d s'
		OR id IN (SELECT id FROM %s WHERE id <> %s ORDER BY heartbeat DESC OFFSET %d)`, runs, int(table.RunsKept.Seconds()), runs, id, r.store.maxRuns-1)
	_, err = query(ctx, conn, insert+";\n"+r.takeLock()+";\n"+sweep)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == uniqueViolation {
		return fmt.Errorf("run %s %w", run.ID, table.ErrExist)
	}
	return err
}

// takeLock is the statement that takes the lock of the run.
func (r *runRecord) takeLock() string {
	return fmt.Sprintf("SELECT pg_advisory_lock(%d)", runLock(r.id))
}

const uniqueViolation = "23505"

// reconnect replaces a session that was lost.
func (r *runRecord) reconnect(ctx context.Context) (err error) {
	if r.conn != nil {
		return nil
	}
	if r.conn, err = r.store.connect(ctx); err != nil {
		return err
	}
	if err = exec(ctx, r.conn, r.takeLock()); err != nil {
		r.disconnect()
	}
	return err
}

// change runs a statement about the row, once more at once if it finds that the session was lost: the next heartbeat comes when the run has been
// silent for too long, and after the end there is none.
func (r *runRecord) change(ctx context.Context, statement string) (result *pgconn.Result, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, table.RunEnded(r.id)
	}
	had := r.conn != nil
	if result, err = r.try(ctx, statement); err != nil && had && r.conn == nil && ctx.Err() == nil {
		result, err = r.try(ctx, statement)
	}
	switch {
	case err != nil:
		return nil, tableError(ctx, r.name, err)
	case result.CommandTag.RowsAffected() == 0:
		return nil, table.NoRun(r.id)
	}
	return result, nil
}

// try runs a statement, on a new session where the last one was lost.
func (r *runRecord) try(ctx context.Context, statement string) (*pgconn.Result, error) {
	if err := r.reconnect(ctx); err != nil {
		return nil, err
	}
	result, err := query(ctx, r.conn, statement)
	if err != nil && r.conn.IsClosed() {
		r.disconnect()
	}
	return result, err
}

// Beat updates the row.
func (r *runRecord) Beat(ctx context.Context, status table.RunStatus) (cancel bool, err error) {
	result, err := r.change(ctx, fmt.Sprintf("UPDATE %s SET heartbeat = clock_timestamp(), cancel = cancel OR %t, %s WHERE id = %s RETURNING cancel",
		quoteName(r.name), status.Stopping, assignments(status), literal(r.id)))
	if err != nil {
		return false, err
	}
	return string(result.Rows[0][0]) == "t", nil
}

// End updates the row for the last time.
func (r *runRecord) End(ctx context.Context, status table.RunStatus, state table.RunState, message string) error {
	_, err := r.change(ctx, fmt.Sprintf(`UPDATE %s SET state = %s, message = nullif(%s, ''), heartbeat = clock_timestamp(), ended = clock_timestamp(), %s
		WHERE id = %s`, quoteName(r.name), literal(string(state)), literal(table.RunText(message)), assignments(status), literal(r.id)))
	r.release()
	return err
}

// Forget deletes the row.
func (r *runRecord) Forget(ctx context.Context) error {
	_, err := r.change(ctx, "DELETE FROM "+quoteName(r.name)+" WHERE id = "+literal(r.id))
	r.release()
	return err
}

// assignments set the columns of a status.
func assignments(s table.RunStatus) string {
	loss := "NULL"
	if s.Loss != nil {
		loss = literal(table.FloatText(*s.Loss, 64)) + "::float8"
	}
	text := func(s string) string { return "nullif(" + literal(table.RunText(s)) + ", '')" }
	return fmt.Sprintf("job = %s, stage = %s, unit = %s, units_done = %d, units_total = %d, iteration = %d, iterations = %d, loss = %s",
		text(s.Job), text(s.Stage), text(s.Unit), s.Done, s.Total, s.Iteration, s.Iterations, loss)
}

// release lets go of the row, and its lock.
func (r *runRecord) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.disconnect()
	r.store.open.forget(r)
}

func (r *runRecord) disconnect() {
	if r.conn != nil {
		closeConn(r.conn)
		r.conn = nil
	}
}

func (r *runRecord) end(context.Context) { r.release() }

// withRuns calls fn with a session and this role's table of runs, if there is one.
func (s *store) withRuns(ctx context.Context, fn func(conn *pgx.Conn, name table.Name) error) error {
	conn, err := s.acquire(ctx)
	if err != nil {
		return err
	}
	defer endSession(conn)
	schema, err := firstSchema(ctx, conn.Conn())
	var name table.Name
	if err == nil && schema != "" {
		name, err = findRuns(ctx, conn.Conn(), schema)
	}
	if err != nil {
		return explain(ctx, err)
	}
	if name.Table == "" {
		return nil
	}
	return tableError(ctx, name, fn(conn.Conn(), name))
}

// Runs reads the table of runs of this role, and the locks of those that are at work.
func (s *store) Runs(ctx context.Context) (runs []table.Run, err error) {
	err = s.withRuns(ctx, func(conn *pgx.Conn, name table.Name) error {
		r, err := query(ctx, conn, `SELECT id, command, arguments, runner, host, process, version, resumes, job, stage, unit, units_done, units_total,
			iteration, iterations, loss, state, cancel, message, current_user, extract(epoch FROM started), extract(epoch FROM heartbeat),
			extract(epoch FROM ended), heartbeat > clock_timestamp() - make_interval(secs => silence),
			heartbeat > clock_timestamp() - make_interval(secs => `+strconv.Itoa(silenceLocked)+`) FROM `+quoteName(name)+` ORDER BY started DESC, id`)
		if err != nil {
			return err
		}
		locked, err := heldLocks(ctx, conn)
		if err != nil {
			return err
		}
		for _, fields := range r.Rows {
			run, err := scanRun(fields, locked)
			if err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	return runs, err
}

// heldLocks are the keys of the advisory locks of 64 bits that are held in this database.
func heldLocks(ctx context.Context, conn *pgx.Conn) (map[int64]bool, error) {
	r, err := query(ctx, conn, `SELECT classid::int8 << 32 | objid::int8 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if err != nil {
		return nil, err
	}
	held := map[int64]bool{}
	for _, row := range r.Rows {
		key, err := strconv.ParseInt(string(row[0]), 10, 64)
		if err != nil {
			return nil, err
		}
		held[key] = true
	}
	return held, nil
}

// scanRun reads a row, in the order of the columns that Runs asks for.
func scanRun(fields [][]byte, locked map[int64]bool) (run table.Run, err error) {
	next := 0
	text := func() string { next++; return string(fields[next-1]) }
	number := func() (n int64) {
		if t := text(); t != "" && err == nil {
			n, err = strconv.ParseInt(t, 10, 64)
		}
		return n
	}
	moment := func() (at time.Time) {
		if t := text(); t != "" && err == nil {
			var seconds float64
			if seconds, err = strconv.ParseFloat(t, 64); err == nil {
				whole, rest := math.Modf(seconds)
				at = time.Unix(int64(whole), int64(rest*1e9))
			}
		}
		return at
	}
	run.ID, run.Command = text(), text()
	args, err := table.ParseArray(text())
	if err != nil {
		return run, err
	}
	run.Args = args.Elems
	run.Runner, run.Host, run.Process, run.Version, run.Resumes = text(), text(), int(number()), text(), text()
	run.Job, run.Stage, run.Unit, run.Done, run.Total = text(), text(), text(), number(), number()
	run.Iteration, run.Iterations = int(number()), int(number())
	if loss := text(); loss != "" && err == nil {
		var x float64
		x, err = strconv.ParseFloat(loss, 64)
		run.Loss = &x
	}
	state := table.RunState(text())
	cancel := text() == "t"
	run.Stopping = cancel
	run.Message, run.Owner, run.Mine = text(), text(), true
	run.Started, run.Heartbeat, run.Ended = moment(), moment(), moment()
	heard, recently := text() == "t", text() == "t"
	run.State = table.NewRunState(state, cancel, heard || recently && locked[runLock(run.ID)])
	if run.Ended.IsZero() && !run.State.AtWork() {
		run.Ended = run.Heartbeat
	}
	return run, err
}

// CancelRun sets the mark that Beat returns.
func (s *store) CancelRun(ctx context.Context, id string) error {
	runs, err := s.Runs(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(runs, func(r table.Run) bool { return r.ID == id })
	switch {
	case i < 0:
		return table.NoRun(id)
	case !runs[i].State.AtWork():
		return table.RunEnded(id)
	}
	told := false
	err = s.withRuns(ctx, func(conn *pgx.Conn, name table.Name) error {
		r, err := query(ctx, conn, fmt.Sprintf("UPDATE %s SET cancel = true WHERE id = %s AND state = '%s'", quoteName(name), literal(id), table.RunRunning))
		told = err == nil && r.CommandTag.RowsAffected() == 1
		return err
	})
	if err == nil && !told {
		err = table.RunEnded(id)
	}
	return err
}
