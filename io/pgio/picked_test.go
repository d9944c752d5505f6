package pgio

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// TestSelectedRowsOfAView: the rows of a view have the numbers that they have when all are read, though the server would join in another
// order for a few of them; so have those of a table with an index that holds all that is asked for.
func TestSelectedRowsOfAView(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin,
		"CREATE TABLE c (id int PRIMARY KEY, x text)", "INSERT INTO c SELECT i, repeat('x', 1000) FROM generate_series(20000, 1, -1) i",
		"CREATE TABLE b (id int PRIMARY KEY)", "INSERT INTO b SELECT i FROM generate_series(1, 20000) i",
		"CREATE VIEW v AS SELECT c.id, c.x FROM c JOIN b ON b.id = c.id")
	setup(t, admin, "VACUUM ANALYZE c") // by itself: it runs in no transaction
	setup(t, admin, "VACUUM ANALYZE b")
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, storeURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	session, err := OpenSession(ctx, conn, OwnTransactions)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for name, s := range map[string]table.Store{"pool": openStore(t, storeURL), "session": session} {
		for _, of := range []string{"v", "c"} {
			snap, err := s.Snapshot(ctx, tableNamed(of))
			if err != nil {
				t.Fatal(err)
			}
			parts, err := snap.Partitions(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			ids := func(opt table.ReadOptions) (ids []int32) {
				err := table.EachBatch(ctx, s, parts[0], opt, func(b *table.Batch) error {
					ids = append(ids, b.Col("id").Int32s...)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				return ids
			}
			all := ids(table.ReadOptions{})
			if narrow := ids(table.ReadOptions{Columns: []string{"id"}}); of == "c" && narrow[0] != all[0] {
				t.Errorf("%s, %s: the first row of a column has id %d, that of all columns %d", name, of, narrow[0], all[0])
			}
			for _, row := range []int64{0, 10, 4711, 19999} {
				got := ids(table.ReadOptions{Only: table.SelectRow(parts[0], row), BatchRows: 1})
				if len(got) != 1 || got[0] != all[row] {
					t.Errorf("%s, %s: row %d has id %v, want %d", name, of, row, got, all[row])
				}
			}
			some, err := table.Select(ctx, parts[0], func(row int64) bool { return row%5 == 2 })
			if err != nil {
				t.Fatal(err)
			}
			got := ids(table.ReadOptions{Only: some})
			if int64(len(got)) != some.Len() {
				t.Fatalf("%s, %s: %d rows, want %d", name, of, len(got), some.Len())
			}
			for i, id := range got {
				if id != all[5*i+2] {
					t.Fatalf("%s, %s: selected row %d has id %d, want %d", name, of, i, id, all[5*i+2])
				}
			}
			if err := snap.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestSelectedRowsByPlaceAndByNumber: both ways of asking a heap for some of its rows give the same ones in the same order, also where rows were
// deleted, changed within their page or moved to another one.
func TestSelectedRowsByPlaceAndByNumber(t *testing.T) {
	storeURL, admin := testSchema(t)
	setup(t, admin,
		"CREATE TABLE t (id int, pad text) WITH (fillfactor = 70)", "INSERT INTO t SELECT i, repeat('x', i % 97) FROM generate_series(1, 30000) i",
		"DELETE FROM t WHERE id % 11 = 0 OR id BETWEEN 3000 AND 4000", "UPDATE t SET pad = 'y' WHERE id % 13 = 0",
		"UPDATE t SET pad = repeat('z', 500) WHERE id % 17 = 0")
	ctx := context.Background()
	s := openStore(t, storeURL)
	s.splitBytes = 0
	snap, err := s.Snapshot(ctx, tableNamed("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	parts, err := snap.Partitions(ctx, 3)
	if err != nil || len(parts) != 3 {
		t.Fatalf("%d partitions, %v", len(parts), err)
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer endSession(conn)
	for _, p := range parts {
		token, err := decodeToken(p.Token)
		if err != nil {
			t.Fatal(err)
		}
		ids := func(query string) []int32 {
			t.Helper()
			ids, err := collect[int32](conn.Conn(), query)
			if err != nil {
				t.Fatal(err)
			}
			return ids
		}
		if conn.Conn().PgConn().TxStatus() == 'I' {
			if err := importSnapshot(ctx, conn.Conn(), token.Snapshot); err != nil {
				t.Fatal(err)
			}
		}
		cols, err := describe(ctx, conn.Conn(), token.Relation)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := planRead(cols, []string{"id"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all := ids(plan.query(p, token, nil, serverVersion(conn.Conn())))
		if int64(len(all)) != p.Rows {
			t.Fatalf("%d rows of a partition of %d", len(all), p.Rows)
		}
		for name, wanted := range map[string]func(row int64) bool{
			"a fifth": func(row int64) bool { return row*7919%5 == 1 }, "all": func(int64) bool { return true }, "none": func(int64) bool { return false },
			"the last": func(row int64) bool { return row == p.FirstRow+p.Rows-1 },
		} {
			only, err := table.Select(ctx, p, wanted)
			if err != nil {
				t.Fatal(err)
			}
			var want []int32
			for i, id := range all {
				if wanted(p.FirstRow + int64(i)) {
					want = append(want, id)
				}
			}
			if got := ids(plan.byPlace(p, token, only)); !slices.Equal(got, want) {
				t.Errorf("%s from row %d on: %d rows by their places, want %d", name, p.FirstRow, len(got), len(want))
			}
			if got := ids(plan.byNumber(p, token, only, serverVersion(conn.Conn()))); !slices.Equal(got, want) {
				t.Errorf("%s from row %d on: %d rows by their numbers, want %d", name, p.FirstRow, len(got), len(want))
			}
		}
	}
}
