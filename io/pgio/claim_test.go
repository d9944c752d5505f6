package pgio

import (
	"context"
	"errors"
	"testing"

	"github.com/beamfit/beamfit/io/table"
)

// TestClaimIsLost: a claim whose session the server has ended says so, and the name is free.
func TestClaimIsLost(t *testing.T) {
	storeURL, admin := testSchema(t)
	s := openStore(t, storeURL)
	ctx := context.Background()
	c, err := s.Claim(ctx, "one that will be lost", tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	setup(t, admin, "SELECT pg_terminate_backend("+pgInt(c.(*claim).conn.Conn().PgConn().PID())+", 10000)")
	err = c.Held(ctx)
	wantError(t, "held", err, table.ErrUnavailable)
	var te *table.TableError
	if !errors.As(err, &te) || te.Table.Table != "t" {
		t.Errorf("the error does not name the table: %v", err)
	}
	again, err := s.Claim(ctx, "next", tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	c.Release()
}

// TestClaimLeavesItsSessionClean: what follows on the connection of a claim neither has its name nor its lock.
func TestClaimLeavesItsSessionClean(t *testing.T) {
	storeURL, _ := testSchema(t)
	s := openStore(t, storeURL)
	ctx := context.Background()
	c, err := s.Claim(ctx, "a note", tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	pid := c.(*claim).conn.Conn().PgConn().PID()
	c.Release()
	var name string
	var locks int
	err = s.pool.QueryRow(ctx, "SELECT application_name, (SELECT count(*) FROM pg_locks WHERE pid = $1 AND locktype = 'advisory') FROM pg_stat_activity WHERE pid = $1", int32(pid)).Scan(&name, &locks)
	if err != nil || name != "beamfit" || locks != 0 {
		t.Errorf("application_name %q, %d locks, %v", name, locks, err)
	}
}
