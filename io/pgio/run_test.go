package pgio

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

func recordRun(t *testing.T, s *store) (*runRecord, string) {
	t.Helper()
	id := table.NewRunID()
	r, err := s.Record(context.Background(), table.Run{ID: id, Command: "fit", Args: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	return r.(*runRecord), id
}

// runIDs are the IDs of the runs that the store tells of, sorted.
func runIDs(t *testing.T, s *store) (ids []string) {
	t.Helper()
	runs, err := s.Runs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestRunsAreSwept: with the next run go those that ended long ago and those that are too many.
func TestRunsAreSwept(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	ended := func() string {
		r, id := recordRun(t, s)
		if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err != nil {
			t.Fatal(err)
		}
		return id
	}
	ended()
	ended()
	setup(t, admin, "UPDATE beamfit_runs SET heartbeat = heartbeat - interval '30 days 1 hour'")
	_, working := recordRun(t, s)
	kept := ended()
	want := []string{working, kept}
	slices.Sort(want)
	if got := runIDs(t, s); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	s.maxRuns = 3
	latest := []string{}
	for range 6 {
		latest = append(latest, ended())
	}
	want = latest[3:]
	slices.Sort(want)
	if got := runIDs(t, s); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
}

// TestRunOutlivesItsSession: a run whose session the server has ended is at work again with the next heartbeat, which is not lost, and its end is
// noted also where that is the first thing to fail.
func TestRunOutlivesItsSession(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	ctx := context.Background()
	lose := func(r *runRecord) {
		t.Helper()
		setup(t, admin, "SELECT pg_terminate_backend("+pgInt(r.conn.PgConn().PID())+", 10000)")
	}
	r, id := recordRun(t, s)
	lose(r)
	if _, err := r.Beat(ctx, table.RunStatus{Iteration: 3}); err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "UPDATE beamfit_runs SET heartbeat = heartbeat - interval '30 s'") // the lock alone must tell
	state := func() table.RunState {
		runs, err := s.Runs(ctx)
		if err != nil || len(runs) != 1 || runs[0].ID != id || runs[0].Iteration != 3 {
			t.Fatalf("runs %+v, %v", runs, err)
		}
		return runs[0].State
	}
	if got := state(); got != table.RunRunning {
		t.Errorf("state %s", got)
	}
	setup(t, admin, "UPDATE beamfit_runs SET heartbeat = heartbeat - interval '1 minute'") // as of a machine that is gone
	if got := state(); got != table.RunDied {
		t.Errorf("state %s of a run that holds its lock and has been silent for long", got)
	}
	lose(r)
	if got := state(); got != table.RunDied {
		t.Errorf("state %s", got)
	}
	if err := r.End(ctx, table.RunStatus{Iteration: 3}, table.RunDone, ""); err != nil || state() != table.RunDone {
		t.Errorf("state %s, %v", state(), err)
	}
}

// TestRunBesideALock: a table of runs that somebody has locked keeps nobody waiting.
func TestRunBesideALock(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	r, _ := recordRun(t, s)
	setup(t, admin, "BEGIN", "LOCK TABLE beamfit_runs IN ACCESS EXCLUSIVE MODE")
	begun := time.Now()
	if _, err := r.Beat(context.Background(), table.RunStatus{}); err == nil {
		t.Error("a beat without its row")
	}
	if _, err := s.Record(context.Background(), table.Run{ID: table.NewRunID(), Command: "fit"}); err == nil {
		t.Error("recorded in a table that is locked")
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("both took %v", took)
	}
	setup(t, admin, "COMMIT")
	if _, err := r.Beat(context.Background(), table.RunStatus{}); err != nil {
		t.Error(err)
	}
}

// TestRunWhileAllConnectionsAreInUse: a run tells that it lives, and hears that it is to stop, while its tasks have all connections.
func TestRunWhileAllConnectionsAreInUse(t *testing.T) {
	storeURL, _ := testSchema(t)
	s := openStore(t, storeURL+"&pool_max_conns=1")
	r, id := recordRun(t, s)
	task, err := s.acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.poolWait = 20 * time.Millisecond // for who needs one of the pool
	other := openStore(t, storeURL)
	state := func() table.RunState {
		t.Helper()
		runs, err := other.Runs(context.Background())
		if err != nil || len(runs) != 1 || runs[0].ID != id {
			t.Fatalf("runs %+v, %v", runs, err)
		}
		return runs[0].State
	}
	if _, err := r.Beat(context.Background(), table.RunStatus{}); err != nil || state() != table.RunRunning {
		t.Errorf("state %s, %v", state(), err)
	}
	if err := other.CancelRun(context.Background(), id); err != nil {
		t.Fatal(err)
	}
	if cancel, err := r.Beat(context.Background(), table.RunStatus{}); !cancel || err != nil {
		t.Errorf("asked to stop: %t, %v", cancel, err)
	}
	if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err != nil || state() != table.RunDone {
		t.Errorf("state %s, %v", state(), err)
	}
	task.Release()
}

// TestRunWithoutItsTable: a table of runs that is dropped meanwhile is an error of the row's alone.
func TestRunWithoutItsTable(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	r, _ := recordRun(t, s)
	setup(t, admin, "DROP TABLE beamfit_runs")
	_, err := r.Beat(context.Background(), table.RunStatus{})
	wantError(t, "beat", err, table.ErrNotExist)
	if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err == nil {
		t.Error("the end was noted")
	}
	again, _ := recordRun(t, s)
	if _, err := again.Beat(context.Background(), table.RunStatus{}); err != nil {
		t.Error(err)
	}
}

// TestRunsOfRoles: two roles share a schema, and one has planted a table of runs with a trigger and a policy in the other's way. Neither
// uses the other's table. A third, which may not make tables, gets an error.
func TestRunsOfRoles(t *testing.T) {
	storeURL, admin := testSchema(t)
	var schema string
	if err := admin.QueryRow(context.Background(), "SELECT current_schema()").Scan(&schema); err != nil {
		t.Fatal(err)
	}
	as := func(role, rights string) *store {
		role = role + "_" + strings.ToLower(rand.Text())
		setup(t, admin, "CREATE ROLE "+role+" LOGIN PASSWORD 'secret'", "GRANT "+rights+" ON SCHEMA "+quote(schema)+" TO "+role)
		t.Cleanup(func() { setup(t, admin, "DROP OWNED BY "+role+" CASCADE", "DROP ROLE "+role) })
		u, err := url.Parse(storeURL)
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.UserPassword(role, "secret")
		return openStore(t, u.String())
	}
	mallory, alice, guest := as("mallory", "ALL"), as("alice", "ALL"), as("guest", "USAGE")
	ctx := context.Background()
	theirs, theirID := recordRun(t, mallory)
	conn, err := mallory.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	in := quote(schema) + "."
	setup(t, conn.Conn(), "CREATE FUNCTION "+in+"ran() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$",
		"CREATE TRIGGER ran BEFORE INSERT OR UPDATE OR DELETE ON "+in+"beamfit_runs EXECUTE FUNCTION "+in+"ran()",
		"GRANT ALL ON "+in+"beamfit_runs TO PUBLIC")
	conn.Release()
	own, ownID := recordRun(t, alice)
	if own.name.Table != "beamfit_runs_2" {
		t.Errorf("the runs of the second role are in %s", own.name)
	}
	if got := runIDs(t, alice); !slices.Equal(got, []string{ownID}) {
		t.Errorf("the second role sees %v, want %s", got, ownID)
	}
	if err := alice.CancelRun(ctx, theirID); !errors.Is(err, table.ErrNotExist) {
		t.Errorf("cancel of another role's: %v", err)
	}
	_, err = guest.Record(ctx, table.Run{ID: table.NewRunID(), Command: "fit"})
	wantError(t, "without rights", err, table.ErrPermission)
	if got := runIDs(t, guest); got != nil {
		t.Errorf("a role without runs sees %v", got)
	}
	if err := own.End(ctx, table.RunStatus{}, table.RunDone, ""); err != nil {
		t.Error(err)
	}
	theirs.release()
}

// BenchmarkRecord is the whole row of a run, with the connection that it has for itself.
func BenchmarkRecord(b *testing.B) {
	storeURL, _ := testSchema(b)
	st, err := Open(context.Background(), storeURL, table.OpenOptions{StallTimeout: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	for b.Loop() {
		r, err := st.Record(context.Background(), table.Run{ID: table.NewRunID(), Command: "fit", Args: []string{"a", "b"}})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.End(context.Background(), table.RunStatus{}, table.RunDone, ""); err != nil {
			b.Fatal(err)
		}
	}
}
