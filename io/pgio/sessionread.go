package pgio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// A sessionSnapshot keeps its transaction open. In a transaction that is READ COMMITTED, which a client may have begun, it cannot freeze
// the table; readers then find other rows than were counted, and fail with table.ErrChanged.
type sessionSnapshot struct {
	store  *sessionStore
	id     string
	rel    relation
	cut    cut
	info   table.Info
	closed bool // guarded by the turn
}

func (s *sessionStore) Snapshot(ctx context.Context, name table.Name) (table.Snapshot, error) {
	n := &sessionSnapshot{store: s, id: fmt.Sprintf("%s-%x", s.id, s.cursors.Add(1))}
	if err := s.open.hold(n); err != nil {
		return nil, err
	}
	err := s.step(ctx, oneView, func() error {
		rel, err := findReadable(ctx, s.conn, name)
		if err != nil {
			return tableError(ctx, name, err)
		}
		cols, err := describe(ctx, s.conn, rel.oid)
		if err == nil && len(cols) == 0 {
			err = errors.New("has no columns")
		}
		if err == nil {
			n.cut, err = measure(ctx, s.conn, rel, splitBytes, func(ctx context.Context, rel relation, per, blocks int64) ([]tidRange, error) {
				return countOn(ctx, s.conn, rel, per, 0, blocks)
			})
		}
		if err != nil {
			return tableError(ctx, name, err)
		}
		n.rel, n.info = rel, table.Info{Name: rel.name, Schema: schemaOf(cols), Rows: n.cut.rows, Exact: true}
		s.holders++
		s.snapshots[n.id] = n
		return nil
	})
	if err != nil {
		n.end(context.WithoutCancel(ctx))
		return nil, err
	}
	return n, nil
}

func (n *sessionSnapshot) Info() table.Info { return n.info }

func (n *sessionSnapshot) Partitions(ctx context.Context, parts int) ([]table.Partition, error) {
	if parts < 1 {
		return nil, fmt.Errorf("%d partitions asked for, expected at least 1", parts)
	}
	return n.partitions(ctx, func() ([]tidRange, error) { return n.cut.into(ctx, n.store.conn, n.rel, parts) })
}

func (n *sessionSnapshot) Cut(ctx context.Context, before []int64) ([]table.Partition, error) {
	if err := table.CheckCuts(before, n.info.Rows); err != nil {
		return nil, tableError(ctx, n.info.Name, err)
	}
	return n.partitions(ctx, func() ([]tidRange, error) { return n.cut.before(ctx, n.store.conn, n.rel, before) })
}

func (n *sessionSnapshot) partitions(ctx context.Context, cut func() ([]tidRange, error)) (out []table.Partition, err error) {
	err = n.store.step(ctx, oneView, func() error {
		if n.closed {
			return tableError(ctx, n.info.Name, errors.New("the snapshot is closed"))
		}
		ranges, err := cut()
		if err != nil {
			return tableError(ctx, n.info.Name, err)
		}
		out = partitionsOf(ranges, n.info.Name, partitionToken{Snapshot: n.id, Relation: n.rel.oid, Heap: n.rel.heap})
		return nil
	})
	return out, err
}

func (n *sessionSnapshot) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionCloseTimeout)
	defer cancel()
	n.end(ctx)
	return nil
}

func (n *sessionSnapshot) end(ctx context.Context) {
	n.store.open.forget(n)
	if n.store.take(ctx) != nil {
		return
	}
	defer n.store.giveBack()
	if n.closed = true; n.store.snapshots[n.id] != nil {
		delete(n.store.snapshots, n.id)
		n.store.release()
	}
}

// A sessionReader fetches the rows of a partition from a cursor.
type sessionReader struct {
	store  *sessionStore
	part   table.Partition
	opt    table.ReadOptions
	plan   readPlan
	cursor string
	dec    copyDecoder
	within string // the snapshot
	fetch  int    // rows to ask for next

	mu    sync.Mutex     // guards what follows
	ready []*table.Batch // decoded, not yet given out
	all   bool           // the cursor is at its end
	ended error          // what Next returns from now on
}

func (s *sessionStore) Read(ctx context.Context, p table.Partition, opt table.ReadOptions) (table.Reader, error) {
	token, err := decodeToken(p.Token)
	if err != nil {
		return nil, tableError(ctx, p.Table, err)
	}
	r := &sessionReader{store: s, part: p, opt: opt, cursor: fmt.Sprintf("beamfit_cursor_%d", s.cursors.Add(1)), within: token.Snapshot, fetch: 1}
	if err := s.open.hold(r); err != nil {
		return nil, err
	}
	err = s.step(ctx, oneView, func() error {
		if s.snapshots[token.Snapshot] == nil {
			return errors.New("its snapshot is closed")
		}
		cols, err := describe(ctx, s.conn, token.Relation)
		if err != nil {
			return err
		}
		if len(cols) == 0 {
			return table.ErrNotExist
		}
		if r.plan, err = planRead(cols, opt.Columns, opt.Float32); err != nil {
			var ce *table.ColumnError
			if errors.As(err, &ce) {
				ce.Table = p.Table
			}
			return err
		}
		return exec(ctx, s.conn, inUsersPath(s.conn, fmt.Sprintf("DECLARE %s BINARY NO SCROLL CURSOR WITHOUT HOLD FOR %s",
			r.cursor, r.plan.query(p, token, opt.Only, serverVersion(s.conn)))))
	})
	if err != nil {
		s.open.forget(r)
		return nil, tableError(ctx, p.Table, err)
	}
	r.dec = copyDecoder{plan: r.plan, maxRows: opt.BatchRows, pick: token.picks(opt.Only), next: func(full *table.Batch) (*table.Batch, error) {
		if full != nil && full.Rows > 0 {
			r.ready = append(r.ready, full)
		}
		return table.NewBatch(r.plan.schema), nil
	}}
	return r, nil
}

func (r *sessionReader) Schema() table.Schema { return r.plan.schema }

func (r *sessionReader) Next(ctx context.Context) (*table.Batch, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		return nil, r.ended
	}
	if err := ctx.Err(); err != nil {
		return nil, r.stop(err)
	}
	for len(r.ready) == 0 && !r.all && !r.dec.pick.done() {
		if err := r.store.step(ctx, oneView, func() error { return r.more(ctx) }); err != nil {
			var bad *rowError
			if errors.As(err, &bad) {
				err = &table.ValueError{Table: r.part.Table, Column: bad.column, Row: r.opt.Number(r.part, bad.row) + 1, Err: bad.err}
			}
			return nil, r.stop(tableError(ctx, r.part.Table, err))
		}
	}
	if len(r.ready) > 0 {
		b := r.ready[0]
		r.ready = r.ready[1:]
		return b, nil
	}
	if want := r.opt.Count(r.part); r.dec.rows != want {
		return nil, r.stop(tableError(ctx, r.part.Table, fmt.Errorf("%w: %d rows were read where %d were counted", table.ErrChanged, r.dec.rows, want)))
	}
	return nil, r.stop(io.EOF)
}

// fetchGrowth bounds how fast the number of rows per FETCH grows: the first rows may be small and the next ones not.
const fetchGrowth = 16

// more fetches rows, about as many as fill a batch.
func (r *sessionReader) more(ctx context.Context) error {
	conn := r.store.conn
	results := conn.PgConn().Exec(ctx, inUsersPath(conn, fmt.Sprintf("FETCH FORWARD %d FROM %s", r.fetch, r.cursor)))
	rows, bytes := 0, 0
	var bad error
	for n := 0; results.NextResult(); n++ {
		rr := results.ResultReader()
		for n == 1 && rr.NextRow() { // the others set the path
			values := rr.Values()
			for _, v := range values {
				bytes += 4 + len(v)
			}
			if rows++; bad == nil {
				bad = r.dec.fields(values)
			}
		}
		_, _ = rr.Close() // its error is that of all results
	}
	if err := results.Close(); err != nil {
		return err
	}
	if bad != nil {
		return bad
	}
	if r.all = rows < r.fetch; r.all {
		if b := r.dec.batch; b != nil && b.Rows > 0 {
			r.ready = append(r.ready, b)
		}
		return nil
	}
	r.fetch = max(1, min(r.fetch*fetchGrowth, batchBytes*rows/max(bytes, 1), defaultBatchRows))
	return nil
}

// stop ends reading. The cursor goes when the reader is closed.
func (r *sessionReader) stop(err error) error {
	r.ended = err
	r.ready = nil
	return err
}

func (r *sessionReader) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionCloseTimeout)
	defer cancel()
	r.end(ctx)
	return nil
}

func (r *sessionReader) end(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.store
	s.open.forget(r)
	if r.ended == nil {
		_ = r.stop(errors.New("the reader is closed"))
	}
	if s.take(ctx) != nil {
		return
	}
	defer s.giveBack()
	if r.cursor != "" && s.snapshots[r.within] != nil && s.conn.PgConn().TxStatus() == 'T' {
		_ = exec(ctx, s.conn, "CLOSE "+r.cursor) // else it goes with the transaction
	}
	r.cursor = ""
}
