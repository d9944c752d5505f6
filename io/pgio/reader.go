package pgio

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

// reader streams a partition: one goroutine runs COPY and decodes into a batch while the caller works on the other.
type reader struct {
	store  *store
	part   table.Partition
	opt    table.ReadOptions
	schema table.Schema

	conn   *pgxpool.Conn
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended and the connection is back
	err    error         // why it ended, nil at the end of the rows; read after done

	full  chan *table.Batch
	free  chan *table.Batch
	lent  *table.Batch // what the caller holds
	ended error        // what Next returns from now on
	left  int64        // rows that are still to be given; -1: the server ends with the last of them
}

// Read opens a partition.
func (s *store) Read(ctx context.Context, p table.Partition, opt table.ReadOptions) (table.Reader, error) {
	token, err := decodeToken(p.Token)
	if err != nil {
		return nil, tableError(ctx, p.Table, err)
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.startRead(ctx, conn, p, token, opt)
	if err != nil {
		endSession(conn)
		return nil, tableError(ctx, p.Table, err)
	}
	return r, nil
}

// snapshotError is the error of a snapshot that cannot be taken over. Where the server has none of the name, the session that held it
// has ended, and with it what the command had begun.
func snapshotError(ctx context.Context, err error) error {
	err = explain(ctx, err)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "22023" || pg.Code == "55000") { // unknown; of a process that does not run any more
		return fmt.Errorf("its snapshot is gone, closed or with the session that held it: %w: %w", table.ErrUnavailable, err)
	}
	return fmt.Errorf("its snapshot cannot be opened: %w", err)
}

func (s *store) startRead(ctx context.Context, conn *pgxpool.Conn, p table.Partition, token partitionToken, opt table.ReadOptions) (*reader, error) {
	if err := importSnapshot(ctx, conn.Conn(), token.Snapshot); err != nil { // decodeToken checked its name
		return nil, snapshotError(ctx, err)
	}
	cols, err := describe(ctx, conn.Conn(), token.Relation)
	if err != nil {
		return nil, err
	}
	if len(cols) == 0 {
		return nil, table.ErrNotExist
	}
	plan, err := planRead(cols, opt.Columns, opt.Float32)
	if err != nil {
		var ce *table.ColumnError
		if errors.As(err, &ce) {
			ce.Table = p.Table
		}
		return nil, err
	}
	r := &reader{
		store: s, part: p, opt: opt, schema: plan.schema, conn: conn,
		done: make(chan struct{}), full: make(chan *table.Batch), free: make(chan *table.Batch, 2),
	}
	pick := token.picks(opt.Only)
	if r.left = -1; pick != nil {
		r.left = pick.left
	}
	for range 2 {
		r.free <- s.spares.take(plan.schema)
	}
	var streamCtx context.Context
	streamCtx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.open.hold(r); err != nil {
		r.cancel()
		return nil, err
	}
	sql := fmt.Sprintf("COPY (%s) TO STDOUT (FORMAT binary)", plan.query(p, token, opt.Only, serverVersion(conn.Conn())))
	go r.stream(streamCtx, inUsersPath(conn.Conn(), sql), plan, pick)
	return r, nil
}

// stream runs the COPY and hands batches over until the rows or the context end.
func (r *reader) stream(ctx context.Context, sql string, plan readPlan, pick *picked) {
	defer close(r.done)
	defer func() {
		endSession(r.conn)
		r.store.open.forget(r)
	}()
	dec := &copyDecoder{plan: plan, maxRows: r.opt.BatchRows, pick: pick, next: func(b *table.Batch) (*table.Batch, error) {
		defer resting(r.conn.Conn())()
		if b != nil && b.Rows > 0 {
			select {
			case r.full <- b:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		select {
		case b := <-r.free:
			b.Reset()
			return b, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
	_, err := copyTo(ctx, r.conn.Conn(), dec, sql)
	if err == nil {
		err = dec.finish()
	}
	if err == nil && dec.batch != nil { // else it may be lent
		r.store.spares.give(dec.batch)
	}
	var bad *rowError
	switch {
	case errors.As(err, &bad):
		r.err = &table.ValueError{Table: r.part.Table, Column: bad.column, Row: r.opt.Number(r.part, bad.row) + 1, Err: bad.err}
	case err != nil:
		r.err = tableError(ctx, r.part.Table, err)
	case dec.rows != r.opt.Count(r.part):
		r.err = tableError(ctx, r.part.Table, fmt.Errorf("%d rows were read where %d were counted; does the view give other rows each time?", dec.rows, r.opt.Count(r.part)))
	}
}

func (r *reader) Schema() table.Schema { return r.schema }

// Next returns the next batch.
func (r *reader) Next(ctx context.Context) (*table.Batch, error) {
	if r.ended != nil {
		return nil, r.ended
	}
	if err := ctx.Err(); err != nil {
		return nil, r.stop(err)
	}
	if r.lent != nil {
		r.free <- r.lent
		r.lent = nil
	}
	if r.left == 0 {
		return nil, r.stop(io.EOF)
	}
	select {
	case r.lent = <-r.full:
		if r.left > 0 {
			r.left -= int64(r.lent.Rows)
		}
		return r.lent, nil
	case <-ctx.Done():
		return nil, r.stop(ctx.Err())
	case <-r.done:
		if r.err != nil {
			return nil, r.stop(r.err)
		}
		return nil, r.stop(io.EOF)
	}
}

// stop remembers how reading ended and stops the stream.
func (r *reader) stop(err error) error {
	r.ended = err
	r.end(context.Background())
	return err
}

// Close stops reading.
func (r *reader) Close() error {
	if r.ended == nil {
		r.ended = errors.New("the reader is closed")
	}
	r.end(context.Background())
	return nil
}

// end stops the stream. What is lent may still be in use, so that it stays with the caller.
func (r *reader) end(context.Context) {
	r.cancel()
	<-r.done
	for {
		select {
		case b := <-r.free:
			r.store.spares.give(b)
		default:
			return
		}
	}
}
