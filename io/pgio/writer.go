package pgio

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/beamfit/beamfit/io/table"
)

var partKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// writer writes a part: one transaction that copies the rows and then notes the key.
type writer struct {
	store  *store
	part   table.Part
	target table.TableSpec
	parts  table.Name

	conn   *pgxpool.Conn // nil when the writer has ended
	copy   *copyIn       // nil: the part is there already, rows are dropped
	encode *encoder
	mu     sync.Mutex
	ended  error // what Write and Close return from now on
}

// Append opens a part of an output.
func (s *store) Append(ctx context.Context, part table.Part) (table.Writer, error) {
	if o := s.spooled.find(part.Output); o != nil {
		return o.append(ctx, &s.open, part)
	}
	id, err := parseOutputID(part.Output)
	if err != nil {
		return nil, err
	}
	if !partKey.MatchString(part.Key) {
		return nil, fmt.Errorf("part key %q: expected letters, digits, - and _", part.Key)
	}
	conn, err := s.acquire(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, part: part, parts: id.parts(), conn: conn}
	if err := w.begin(ctx, id); err != nil {
		w.release()
		return nil, err
	}
	if err := s.open.hold(w); err != nil {
		return nil, w.stop(err)
	}
	return w, nil
}

func (w *writer) begin(ctx context.Context, id outputID) error {
	conn := w.conn.Conn()
	m, err := loadManifest(ctx, conn, id)
	if err != nil {
		return err
	}
	if w.target, err = m.table(id, w.part.Table); err != nil {
		return err
	}
	staging := id.rows(w.part.Table, w.target.Name)
	if err := exec(ctx, conn, beginWrite); err != nil {
		return tableError(ctx, w.target.Name, err)
	}
	there, err := partWritten(ctx, conn, id, w.part)
	if err != nil {
		return tableError(ctx, w.target.Name, err)
	}
	if there {
		w.release()
		return nil
	}
	cols, err := stagingColumns(ctx, conn, staging)
	if err != nil {
		return tableError(ctx, w.target.Name, err)
	}
	order := ""
	if w.target.Ordered {
		order = w.part.Key
	}
	if w.encode, err = newEncoder(cols, order); err != nil {
		return tableError(ctx, w.target.Name, err)
	}
	w.copy = startCopy(ctx, conn, staging, w.encode)
	return nil
}

// partWritten reports whether a part is complete.
func partWritten(ctx context.Context, conn *pgx.Conn, id outputID, part table.Part) (there bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+quoteName(id.parts())+" WHERE tab = $1 AND key = $2)",
		once, part.Table, part.Key).Scan(&there)
	return there, err
}

func stagingColumns(ctx context.Context, conn *pgx.Conn, staging table.Name) ([]column, error) {
	rel, err := find(ctx, conn, staging)
	if err != nil {
		return nil, err
	}
	return describe(ctx, conn, rel.oid)
}

// Write adds the rows of a batch.
func (w *writer) Write(ctx context.Context, b *table.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended != nil {
		return w.ended
	}
	if err := checkBatch(w.target.Schema, b); err != nil {
		return w.stop(tableError(ctx, w.target.Name, err))
	}
	if w.copy == nil {
		return nil
	}
	if err := w.copy.write(ctx, b); err != nil {
		var bad *rowError
		if errors.As(err, &bad) {
			err = &table.ValueError{Table: w.target.Name, Column: bad.column, Row: bad.row + 1, Err: bad.err}
		}
		return w.stop(tableError(ctx, w.target.Name, err))
	}
	return nil
}

// Close commits the part, unless another writer has committed its key meanwhile.
func (w *writer) Close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended != nil {
		return w.ended
	}
	if w.copy != nil {
		if err := w.finish(ctx); err != nil {
			return w.stop(tableError(ctx, w.target.Name, err))
		}
	}
	_ = w.stop(errors.New("the part is closed"))
	return nil
}

func (w *writer) finish(ctx context.Context) error {
	if err := w.copy.finish(ctx); err != nil {
		return err
	}
	conn := w.conn.Conn()
	tag, err := conn.Exec(ctx, "INSERT INTO "+quoteName(w.parts)+" VALUES ($1, $2) ON CONFLICT DO NOTHING", once, w.part.Table, w.part.Key)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return exec(ctx, conn, "ROLLBACK")
	}
	return exec(ctx, conn, "COMMIT")
}

// Discard gives the part up.
func (w *writer) Discard() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		_ = w.stop(errors.New("the part is discarded"))
	}
	return nil
}

// end is called by another goroutine, perhaps during a Write, which then fails.
func (w *writer) end(context.Context) {
	if w.copy != nil {
		w.copy.cancel()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		_ = w.stop(errClosed)
	}
}

// stop ends the writer and gives its connection back; what is not committed is rolled back.
func (w *writer) stop(err error) error {
	if w.ended == nil {
		w.ended = err
	}
	if w.copy != nil {
		w.copy.abort()
	}
	w.release()
	w.store.open.forget(w)
	return err
}

func (w *writer) release() {
	if w.conn != nil {
		endSession(w.conn)
		w.conn = nil
	}
}

// checkBatch reports a batch that does not hold rows of a table with those columns.
func checkBatch(want table.Schema, b *table.Batch) error {
	if err := sameSchema(want, b.Schema); err != nil {
		return err
	}
	return b.Check()
}

// sameSchema reports how the columns of a batch differ from those of the table it is for.
func sameSchema(want, got table.Schema) error {
	if len(want) != len(got) {
		return fmt.Errorf("a batch of %d columns, expected %d (%s)", len(got), len(want), table.QuoteAll(want.Names()))
	}
	for i := range want {
		if want[i].Name != got[i].Name || want[i].Type.Kind != got[i].Type.Kind || want[i].Type.Array != got[i].Type.Array {
			return fmt.Errorf("column %d of the batch is %s %s, expected %s %s", i+1,
				table.Quote(got[i].Name), got[i].Type, table.Quote(want[i].Name), want[i].Type)
		}
	}
	return nil
}
