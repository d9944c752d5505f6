package pgio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// A sessionOutput has nothing in the database before Commit makes its tables, so that nothing has to be swept and no transaction is
// open while its parts come into being.
type sessionOutput struct {
	store   *sessionStore
	id      outputID
	specs   []table.TableSpec // names with their schema, as those of removes
	removes []table.Name
	cols    [][]column
	spool   spool

	mu    sync.Mutex
	parts []map[string]*spooled // by table and key
	state string                // how it ended, "" while it has not
}

// errTried ends a step that has only tried something.
var errTried = errors.New("tried")

// Create checks that the tables can be made, by making them and taking them back.
func (s *sessionStore) Create(ctx context.Context, opt table.CreateOptions) (table.Output, error) {
	if err := checkSpecs(opt.Tables, true); err != nil {
		return nil, err
	}
	o := &sessionOutput{store: s}
	err := s.step(ctx, oneView, func() error {
		var err error
		if o.specs, o.removes, err = resolveAll(ctx, s.conn, opt); err != nil {
			return err
		}
		o.id = newOutputID(o.specs[0].Name.Schema)
		for i, spec := range o.specs {
			cols, err := o.try(ctx, o.id.rows(i, spec.Name), spec)
			if err != nil {
				return tableError(ctx, spec.Name, err)
			}
			o.cols, o.parts = append(o.cols, cols), append(o.parts, map[string]*spooled{})
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	if err := s.hold(o); err != nil {
		return nil, err
	}
	s.session.mu.Lock()
	defer s.session.mu.Unlock()
	s.outputs[o.ID()] = o
	return o, nil
}

// try makes the table under another name and learns how its columns are written.
func (o *sessionOutput) try(ctx context.Context, staging table.Name, spec table.TableSpec) ([]column, error) {
	ordered := spec.Ordered
	spec.Ordered = false // parts are sent in their order: the rows need no columns that say it
	if err := createStaging(ctx, o.store.conn, staging, spec); err != nil {
		return nil, err
	}
	cols, err := stagingColumns(ctx, o.store.conn, staging)
	if err != nil {
		return nil, err
	}
	spec.Ordered = ordered
	return cols, checkKept(ctx, o.store.conn, staging, spec)
}

func (o *sessionOutput) ID() string { return o.id.String() }

// Commit makes the tables, sends their rows and removes the tables that are to go, in one step.
func (o *sessionOutput) Commit(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != "" {
		return fmt.Errorf("output %s is %s", o.id, o.state)
	}
	err := o.store.step(ctx, latest, func() error {
		if err := lockNames(ctx, o.store.conn, o.specs, o.removes); err != nil {
			return err
		}
		if err := lockReplaced(ctx, o.store.conn, o.specs, o.removes); err != nil {
			return err
		}
		for i, spec := range o.specs {
			if err := o.place(ctx, i); err != nil {
				return tableError(ctx, spec.Name, err)
			}
		}
		return removeAll(ctx, o.store.conn, o.removes)
	})
	if err != nil {
		return err
	}
	o.finish("committed")
	return nil
}

// place makes table i, or gives the one that it replaces other rows.
func (o *sessionOutput) place(ctx context.Context, i int) error {
	conn, spec := o.store.conn, o.specs[i]
	staging := o.id.rows(i, spec.Name)
	ordered := spec.Ordered
	spec.Ordered = false
	if err := createStaging(ctx, conn, staging, spec); err != nil {
		return err
	}
	spec.Ordered = ordered
	old, err := find(ctx, conn, spec.Name)
	there := err == nil
	if err != nil && !errors.Is(err, table.ErrNotExist) {
		return err
	}
	var access []string
	if there {
		if err := checkReplace(old, spec.Replace); err != nil {
			return err
		}
		keeps, err := keepsTable(ctx, conn, old, staging, spec)
		if err != nil {
			return err
		}
		if keeps {
			return o.replaceRows(ctx, i, old, staging)
		}
		if access, err = accessOf(ctx, conn, old, spec.Name); err != nil {
			return err
		}
	}
	if _, err := o.send(ctx, i, staging); err != nil {
		return err
	}
	if there {
		if err := exec(ctx, conn, "DROP TABLE "+quoteName(spec.Name)); err != nil {
			return err
		}
	}
	return exec(ctx, conn, append([]string{"ALTER TABLE " + quoteName(staging) + " RENAME TO " + quote(spec.Name.Table)}, access...)...)
}

// replaceRows puts the rows in the place of those of a table whose lock is held, as those of a pool's output are.
func (o *sessionOutput) replaceRows(ctx context.Context, i int, old relation, staging table.Name) error {
	conn, spec := o.store.conn, o.specs[i]
	empty := "TRUNCATE ONLY "
	if old.kind == "p" {
		empty = "TRUNCATE "
	}
	if err := exec(ctx, conn, inUsersPath(conn, empty+quoteName(spec.Name)), usersPath(conn)); err != nil {
		return err
	}
	staged, put := staging, int64(0)
	var err error
	if spec.Ordered {
		staged = spec.Name // row by row into the table itself, which fills page after page
	}
	sent, err := o.send(ctx, i, staged)
	if err != nil {
		return err
	}
	if put = sent.kept; !spec.Ordered {
		if put, err = insertRows(ctx, conn, staging, spec); err != nil {
			return err
		}
	}
	if put != sent.rows {
		return fmt.Errorf("its triggers kept %d of %d rows", put, sent.rows)
	}
	return exec(ctx, conn, setPath(safePath), "DROP TABLE "+quoteName(staging))
}

// A sent counts rows that were sent, and those that the server kept.
type sent struct{ rows, kept int64 }

// send copies the parts of table i, in the order of their keys.
func (o *sessionOutput) send(ctx context.Context, i int, into table.Name) (sent, error) {
	enc, err := newEncoder(o.cols[i], "")
	if err != nil {
		return sent{}, err
	}
	parts := o.parts[i]
	readers := []io.Reader{bytes.NewReader(enc.begin(nil))}
	n := sent{}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		readers = append(readers, o.spool.read(parts[key]))
		n.rows += parts[key].rows
	}
	readers = append(readers, bytes.NewReader(enc.end(nil)))
	tag, err := copyFrom(ctx, o.store.conn, &untilEnd{ctx, io.MultiReader(readers...)}, enc.sql(into))
	n.kept = tag.RowsAffected()
	return n, err
}

// untilEnd reads until its context ends.
type untilEnd struct {
	ctx  context.Context
	from io.Reader
}

func (r *untilEnd) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(b)
}

// Abort forgets the parts.
func (o *sessionOutput) Abort(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == "" {
		o.finish("aborted")
	}
	return nil
}

func (o *sessionOutput) end(ctx context.Context) { _ = o.Abort(ctx) } // it never fails

func (o *sessionOutput) finish(state string) {
	o.state = state
	o.spool.drop()
	o.store.forget(o)
	o.store.session.mu.Lock()
	defer o.store.session.mu.Unlock()
	delete(o.store.outputs, o.ID())
}

// output is the output that is being written under an ID.
func (s *session) output(id string) (*sessionOutput, error) {
	if _, err := parseOutputID(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.outputs[id]; o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("output %s (it may be committed or aborted): %w", id, table.ErrNotExist)
}

func (s *sessionStore) Owned(ctx context.Context, output string) (bool, error) {
	_, err := s.output(output)
	if errors.Is(err, table.ErrNotExist) {
		return false, nil
	}
	return err == nil, errors.Join(err, ctx.Err())
}

// Fetch is for workers in other processes, which cannot use a session.
func (s *sessionStore) Fetch(context.Context, table.Part) (*table.Batch, error) {
	return nil, fmt.Errorf("the parts of an output in a session are not read before Commit: %w", errors.ErrUnsupported)
}

// errNoRuns: a row that others must see, with a heartbeat, cannot be kept in the transactions of a session.
var errNoRuns = fmt.Errorf("runs are not kept in a session: %w", errors.ErrUnsupported)

func (s *sessionStore) Record(context.Context, table.Run) (table.RunRecord, error) {
	return nil, errNoRuns
}
func (s *sessionStore) Runs(context.Context) ([]table.Run, error) { return nil, errNoRuns }
func (s *sessionStore) CancelRun(context.Context, string) error   { return errNoRuns }

// A sessionWriter encodes the rows of a part into the output's spool.
type sessionWriter struct {
	output *sessionOutput
	part   table.Part
	spec   table.TableSpec
	encode *encoder
	rows   spooled
	buf    []byte
	mu     sync.Mutex
	ended  error // what Write and Close return from now on
}

func (s *sessionStore) Append(ctx context.Context, part table.Part) (table.Writer, error) {
	o, err := s.output(part.Output)
	if err != nil {
		return nil, err
	}
	if !partKey.MatchString(part.Key) {
		return nil, fmt.Errorf("part key %q: expected letters, digits, - and _", part.Key)
	}
	spec, err := manifest{o.specs}.table(o.id, part.Table)
	if err != nil {
		return nil, err
	}
	enc, err := newEncoder(o.cols[part.Table], "")
	if err != nil {
		return nil, tableError(ctx, spec.Name, err)
	}
	w := &sessionWriter{output: o, part: part, spec: spec, encode: enc}
	if err := s.hold(w); err != nil {
		return nil, err
	}
	return w, ctx.Err()
}

func (w *sessionWriter) Write(ctx context.Context, b *table.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended != nil {
		return w.ended
	}
	if err := w.write(ctx, b); err != nil {
		return w.stop(tableError(ctx, w.spec.Name, err))
	}
	return nil
}

func (w *sessionWriter) write(ctx context.Context, b *table.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := sameSchema(w.spec.Schema, b.Schema); err != nil {
		return err
	}
	for i := range b.Rows {
		if n := largeBytes(b, i); n > 0 {
			w.buf = slices.Grow(w.buf, n+chunkBytes)
		}
		var err error
		if w.buf, err = w.encode.row(w.buf, b, i); err != nil {
			var bad *rowError
			if errors.As(err, &bad) {
				err = &table.ValueError{Table: w.spec.Name, Column: bad.column, Row: bad.row + 1, Err: bad.err}
			}
			return err
		}
		w.rows.rows++
		if w.buf, err = w.output.spool.add(&w.rows, w.buf); err != nil {
			return err
		}
	}
	return nil
}

// Close makes the part one of the output, unless its key is written already.
func (w *sessionWriter) Close(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended != nil {
		return w.ended
	}
	if err := ctx.Err(); err != nil {
		return w.stop(err)
	}
	o := w.output
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != "" {
		return w.stop(fmt.Errorf("output %s is %s", o.id, o.state))
	}
	if parts := o.parts[w.part.Table]; parts[w.part.Key] == nil {
		if err := o.spool.close(&w.rows, w.buf); err != nil {
			return w.stop(tableError(ctx, w.spec.Name, err))
		}
		parts[w.part.Key] = &w.rows
	}
	_ = w.stop(errors.New("the part is closed"))
	return nil
}

// Discard gives the part up. What it has put into the spool goes with the output.
func (w *sessionWriter) Discard() error {
	w.end(context.Background())
	return nil
}

func (w *sessionWriter) end(context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		_ = w.stop(errors.New("the part is discarded"))
	}
}

func (w *sessionWriter) stop(err error) error {
	w.ended, w.buf = err, nil
	w.output.store.forget(w)
	return err
}
