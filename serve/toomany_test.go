package serve

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// TestTooManyRows: a call of more rows than are kept is an error like others, soon and without the memory for them.
func TestTooManyRows(t *testing.T) {
	s := start(t, nil)
	ctx := context.Background()
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeCacheStatement} {
		t.Run(mode.String(), func(t *testing.T) {
			c, _ := connect(t, s.proxied, mode)
			for _, test := range []string{
				"SELECT madlib.version() FROM generate_series(1, 10001)",
				"SELECT madlib.version(), madlib.version() FROM generate_series(1, 5001)",
				"SELECT madlib.version() FROM generate_series(1, 20000) a, generate_series(1, 20000) b",
			} {
				_, err := c.Exec(ctx, test)
				wantError(t, err, "54000", "more than 10000 calls")
				if got := ask(t, c, "SELECT count(*) FROM generate_series(1, 3)"); got != "3" {
					t.Errorf("after %s: %s", test, got)
				}
				run(t, c, "BEGIN")
				run(t, c, "SAVEPOINT a")
				_, err = c.Exec(ctx, test)
				wantError(t, err, "54000", "more than 10000 calls")
				_, err = c.Exec(ctx, "SELECT 1")
				wantError(t, err, "25P02", "aborted")
				run(t, c, "ROLLBACK TO a")
				run(t, c, "COMMIT")
			}
			rows, err := c.Query(ctx, "SELECT madlib.version() FROM generate_series(1, 10000)")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				n++
			}
			if rows.Err() != nil || n != 10000 {
				t.Errorf("%d rows, %v", n, rows.Err())
			}
		})
	}
}

// TestManyBytes: the first row of arguments may be as large as the server can send it, for it may hold the weights of a model; further ones share a bound.
func TestManyBytes(t *testing.T) {
	large, err := (&pgproto3.DataRow{Values: [][]byte{make([]byte, mostArguments+1)}}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := (&call{list: make([]*invocation, 1)}).newArguments()
	for i, body := range [][]byte{large[5:], {0, 0}} {
		if err := c.row(body); err != nil {
			t.Fatal(err)
		}
		if kept := c.excess == nil; kept != (i == 0) {
			t.Errorf("row %d is kept: %v", i, kept)
		}
	}
	if c.rows != nil || c.excess.Code != "54000" || !strings.Contains(c.excess.Message, "256 MB") {
		t.Errorf("%d rows and %+v", len(c.rows), c.excess)
	}
}
