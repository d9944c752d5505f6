package pgio

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/beamfit/beamfit/io/table"
)

// A spooledWriter encodes the rows of a part into the output's spool.
type spooledWriter struct {
	output *spooledOutput
	part   table.Part
	spec   table.TableSpec
	encode *encoder
	rows   spooled
	buf    []byte
	open   *openSet // of the store that it writes through
	mu     sync.Mutex
	ended  error // what Write and Close return from now on
}

// append opens a part, which ends with a store.
func (o *spooledOutput) append(ctx context.Context, open *openSet, part table.Part) (table.Writer, error) {
	if err := ctx.Err(); err != nil {
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
	w := &spooledWriter{output: o, part: part, spec: spec, encode: enc, open: open}
	if err := open.hold(w); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *spooledWriter) Write(ctx context.Context, b *table.Batch) error {
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

func (w *spooledWriter) write(ctx context.Context, b *table.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkBatch(w.spec.Schema, b); err != nil {
		return err
	}
	keep := func(data []byte) ([]byte, error) { return w.output.spool.add(&w.rows, data) }
	for i := range b.Rows {
		var err error
		if w.buf, err = w.encode.row(w.buf, b, i, keep); err != nil {
			var bad *rowError
			if errors.As(err, &bad) {
				err = &table.ValueError{Table: w.spec.Name, Column: bad.column, Row: bad.row + 1, Err: bad.err}
			}
			return err
		}
		w.rows.rows++
		if w.buf, err = keep(w.buf); err != nil {
			return err
		}
	}
	return nil
}

// Close makes the part one of the output, unless its key is written already.
func (w *spooledWriter) Close(ctx context.Context) error {
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
func (w *spooledWriter) Discard() error {
	w.end(context.Background())
	return nil
}

func (w *spooledWriter) end(context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == nil {
		_ = w.stop(errors.New("the part is discarded"))
	}
}

func (w *spooledWriter) stop(err error) error {
	w.ended, w.buf = err, nil
	w.open.forget(w)
	return err
}
