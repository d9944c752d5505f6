package pgio

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

// TestDropWaits drops two tables while a snapshot of the second is open: the first stays readable meanwhile, and stays when the
// session is lost.
func TestDropWaits(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin, "CREATE TABLE a AS SELECT 1::int4 AS id", "CREATE TABLE b AS SELECT 1::int4 AS id")
	s, other := openStore(t, storeURL), openStore(t, storeURL+"&application_name=dropper")
	ctx := context.Background()
	snap, err := s.Snapshot(ctx, tableNamed("b"))
	if err != nil {
		t.Fatal(err)
	}
	names := []table.Name{tableNamed("a"), tableNamed("b")}
	drop := func() chan error {
		done := make(chan error, 1)
		go func() {
			_, err := other.Drop(ctx, names, false)
			done <- err
		}()
		for waiting := 0; waiting == 0; time.Sleep(time.Millisecond) {
			err := admin.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dropper' AND query LIKE '%NOWAIT%'").Scan(&waiting)
			if err != nil {
				t.Fatal(err)
			}
		}
		return done
	}
	done := drop()
	if _, got := rows(t, s, "a", 1); len(got) != 1 { // no lock is held while it waits
		t.Errorf("%d rows", len(got))
	}
	setup(t, admin, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'dropper'")
	if err := <-done; !errors.Is(err, table.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
	if left, err := s.List(ctx); err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v", left, err)
	}
	done = drop()
	if err := snap.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if left, err := s.List(ctx); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestDropRefuses leaves all tables where one is none, belongs to somebody else or is needed by a view. Tables that need each other
// go together.
func TestDropRefuses(t *testing.T) {
	storeURL, admin := testSchema(t)
	_, roleURL := asRole(t, admin, storeURL)
	setup(t, admin, "CREATE TABLE a (id int4 PRIMARY KEY)", "CREATE TABLE b (id int4 REFERENCES a)", "CREATE VIEW v AS SELECT * FROM b", "CREATE TABLE c (id int4)")
	s := openStore(t, storeURL)
	ctx := context.Background()
	named := func(names ...string) (out []table.Name) {
		for _, n := range names {
			out = append(out, tableNamed(n))
		}
		return out
	}
	for _, c := range []struct {
		s     *store
		names []table.Name
		words string
	}{
		{s, named("c", "v"), "table v: is not a table but a view"},
		{s, named("c", "b"), "v depends on table"},
		{openStore(t, roleURL), named("c", "b"), "permission denied"},
		{s, append(named("c"), table.Name{Schema: s.mustSchema(t), Table: "c"}), "is named twice"},
	} {
		if _, err := c.s.Drop(ctx, c.names, false); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("drop %v: got error %v, want %s", c.names, err, c.words)
		}
		if left, err := s.List(ctx); err != nil || len(left) != 4 {
			t.Fatalf("left: %v, %v", left, err)
		}
	}
	setup(t, admin, "DROP VIEW v")
	if _, err := s.Drop(ctx, named("a", "b"), false); err != nil {
		t.Error(err)
	}
}

func (s *store) mustSchema(t *testing.T) string {
	info, err := s.Lookup(context.Background(), tableNamed("c"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Name.Schema
}
