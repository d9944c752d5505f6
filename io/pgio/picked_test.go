package pgio

import (
	"context"
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
