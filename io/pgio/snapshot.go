package pgio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// snapshotSettings keep rows in the same order each time they are read under one snapshot, whichever columns are: a table is not read from an
// index that has all of them, a sequential scan begins at the
// first block, and no parallel worker mixes rows. Rows that are asked for by their places are fetched and not searched for.
const snapshotSettings = "SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_indexonlyscan = off; " +
	"SET LOCAL enable_tidscan = on"

// snapshot is a REPEATABLE READ transaction whose snapshot is exported. Its lock on the table keeps the table from being
// dropped or replaced.
type snapshot struct {
	store *store
	rel   relation
	info  table.Info
	id    string // of pg_export_snapshot
	cut   cut

	mu   sync.Mutex // guards conn, which serves one query at a time
	conn *pgxpool.Conn
}

// Snapshot freezes the view of a table and counts its rows.
func (s *store) Snapshot(ctx context.Context, name table.Name) (table.Snapshot, error) {
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	snap := &snapshot{store: s, conn: conn}
	if err := snap.begin(ctx, name); err != nil {
		endSession(conn)
		return nil, tableError(ctx, name, err)
	}
	if err := s.open.hold(snap); err != nil {
		endSession(conn)
		return nil, err
	}
	return snap, nil
}

func (n *snapshot) begin(ctx context.Context, name table.Name) error {
	conn := n.conn.Conn()
	rel, err := findReadable(ctx, conn, name)
	if err != nil {
		return err
	}
	// The lock comes before the transaction's first look at the data. Else the table could be replaced in between, and the
	// old snapshot would find the new table empty. Materialized views and foreign tables cannot be locked.
	begin := []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", snapshotSettings}
	if rel.kind != "m" && rel.kind != "f" {
		begin = append(begin, "LOCK TABLE "+quoteName(rel.name)+" IN ACCESS SHARE MODE")
	}
	if err := exec(ctx, conn, begin...); err != nil {
		return err
	}
	if n.rel, err = findReadable(ctx, conn, rel.name); err != nil {
		return err
	}
	cols, err := describe(ctx, conn, n.rel.oid)
	if err != nil {
		return err
	}
	if len(cols) == 0 {
		return errors.New("has no columns")
	}
	if err := conn.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&n.id); err != nil {
		return err
	}
	if n.cut, err = measure(ctx, conn, n.rel, n.store.splitBytes, n.slices); err != nil {
		return err
	}
	n.info = table.Info{Name: n.rel.name, Schema: schemaOf(cols), Rows: n.cut.rows, Exact: true}
	return nil
}

// slices counts the rows of slices, where a second connection is free in two halves beside each other.
func (n *snapshot) slices(ctx context.Context, rel relation, per, blocks int64) ([]tidRange, error) {
	own, other := n.conn.Conn(), n.beside(ctx)
	if other == nil {
		return countOn(ctx, own, rel, per, 0, blocks)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	half := blocks / per / 2 * per
	var behind []tidRange
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer endSession(other)
		behind, failed = countOn(ctx, other.Conn(), rel, per, half, blocks)
	}()
	before, err := countOn(ctx, own, rel, per, 0, half)
	if err != nil {
		cancel()
	}
	<-done
	return append(before, behind...), cmp.Or(err, failed)
}

// beside is a second connection with the snapshot; nil: none is to be had at once.
func (n *snapshot) beside(ctx context.Context) *pgxpool.Conn {
	if stat := n.store.pool.Stat(); stat.AcquiredConns() >= stat.MaxConns()/2 {
		return nil // others may be waiting for one
	}
	conn, err := n.store.pool.Acquire(ctx)
	if err != nil {
		return nil
	}
	if err := importSnapshot(ctx, conn.Conn(), n.id); err != nil {
		endSession(conn)
		return nil
	}
	return conn
}

// importSnapshot begins a transaction with a snapshot, whose name was checked: the statement takes no parameters.
func importSnapshot(ctx context.Context, conn *pgx.Conn, id string) error {
	return exec(ctx, conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET TRANSACTION SNAPSHOT '"+id+"'", snapshotSettings)
}

func (n *snapshot) Info() table.Info { return n.info }

// Partitions cuts the snapshot into at most n parts.
func (n *snapshot) Partitions(ctx context.Context, parts int) ([]table.Partition, error) {
	if parts < 1 {
		return nil, fmt.Errorf("%d partitions asked for, expected at least 1", parts)
	}
	return n.partitions(ctx, func(conn *pgx.Conn) ([]tidRange, error) { return n.cut.into(ctx, conn, n.rel, parts) })
}

// Cut cuts the snapshot before the given rows.
func (n *snapshot) Cut(ctx context.Context, before []int64) ([]table.Partition, error) {
	if err := table.CheckCuts(before, n.info.Rows); err != nil {
		return nil, tableError(ctx, n.info.Name, err)
	}
	return n.partitions(ctx, func(conn *pgx.Conn) ([]tidRange, error) { return n.cut.before(ctx, conn, n.rel, before) })
}

func (n *snapshot) partitions(ctx context.Context, cut func(*pgx.Conn) ([]tidRange, error)) ([]table.Partition, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn == nil {
		return nil, tableError(ctx, n.info.Name, errors.New("the snapshot is closed"))
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ranges, err := cut(n.conn.Conn())
	if err != nil {
		return nil, tableError(ctx, n.info.Name, err)
	}
	return partitionsOf(ranges, n.info.Name, partitionToken{Snapshot: n.id, Relation: n.rel.oid, Heap: n.rel.heap}), nil
}

// partitionsOf are the partitions of ranges of a table, with tokens that say where they are besides what token says.
func partitionsOf(ranges []tidRange, name table.Name, token partitionToken) []table.Partition {
	out := make([]table.Partition, len(ranges))
	for i, r := range ranges {
		token.From, token.To = r.from, r.to
		out[i] = table.Partition{Table: name, Token: token.encode(), FirstRow: r.first, Rows: r.rows}
	}
	return out
}

// Close ends the transaction.
func (n *snapshot) Close() error {
	n.end(context.Background())
	return nil
}

func (n *snapshot) end(context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil {
		endSession(n.conn)
		n.conn = nil
		n.store.open.forget(n)
	}
}
