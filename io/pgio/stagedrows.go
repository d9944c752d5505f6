package pgio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/beamfit/beamfit/io/table"
)

// stagedRows are rows that lie in a staging table, beside their places where they have an order.
type stagedRows struct {
	store *store
	in    table.Name
	spec  table.TableSpec
}

func (r stagedRows) staging() table.Name { return r.in }

// become takes the staging table itself where the rows have no order. CREATE TABLE AS fills pages one after the other, so that the rows lie
// in theirs where they have one.
func (r stagedRows) become(ctx context.Context, conn *pgx.Conn) error {
	if !r.spec.Ordered {
		return exec(ctx, conn, renameSQL(r.in, r.spec))
	}
	return exec(ctx, conn, "CREATE TABLE "+quoteName(r.spec.Name)+" AS "+r.sorted(), "DROP TABLE "+quoteName(r.in))
}

// sorted is the query for the rows in their order.
func (r stagedRows) sorted() string {
	key, row := orderColumns(r.spec.Schema)
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY %s, %s", quoteColumns(r.spec.Schema.Names()), quoteName(r.in), quote(key), quote(row))
}

func (r stagedRows) fill(ctx context.Context, conn *pgx.Conn) (n put, err error) {
	if r.spec.Ordered {
		n.kept, err = r.copyInOrder(ctx, conn)
	} else {
		n.kept, err = insertRows(ctx, conn, r.in, r.spec)
	}
	if err == nil {
		err = conn.QueryRow(ctx, "SELECT count(*) FROM "+quoteName(r.in), pgx.QueryExecModeExec).Scan(&n.rows)
	}
	return n, err
}

// copyInOrder takes the rows through this process: INSERT would put a small row into a gap that a larger one has left on an earlier
// page, where COPY into a table that was emptied in the same transaction fills page after page.
func (r stagedRows) copyInOrder(ctx context.Context, conn *pgx.Conn) (int64, error) {
	source, err := r.store.acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer endSession(source)
	read, write := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := copyTo(ctx, source.Conn(), restingPipe{source.Conn(), read, write}, "COPY ("+r.sorted()+") TO STDOUT")
		_ = write.CloseWithError(err) // never fails
	}()
	err = exec(ctx, conn, usersPath(conn))
	var kept int64
	if err == nil {
		tag, copyErr := copyFrom(ctx, conn, restingPipe{conn, read, write},
			fmt.Sprintf("COPY %s (%s) FROM STDIN", quoteName(r.spec.Name), quoteColumns(r.spec.Schema.Names())))
		kept, err = tag.RowsAffected(), copyErr
	}
	_ = read.CloseWithError(errors.New("the rows are no longer wanted")) // never fails
	<-done
	if err != nil {
		return 0, err
	}
	return kept, exec(ctx, conn, setPath(safePath))
}

// A restingPipe is a pipe between two COPYs: who waits at one end does not wait for the server of that end.
type restingPipe struct {
	conn *pgx.Conn
	r    *io.PipeReader
	w    *io.PipeWriter
}

func (p restingPipe) Read(b []byte) (int, error) {
	defer resting(p.conn)()
	return p.r.Read(b)
}

func (p restingPipe) Write(b []byte) (int, error) {
	defer resting(p.conn)()
	return p.w.Write(b)
}
