package split

import (
	"context"
	"fmt"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/transforms/bundle"
)

// A writer writes the chosen rows of one partition to the output's tables: a part per table that gets rows.
type writer struct {
	opt     *Options
	run     *bundle.Run
	key     string
	outputs []output
}

type output struct {
	batch *table.Batch
	to    table.Writer
}

func newWriter(o *Options, run *bundle.Run, part int) *writer {
	w := &writer{opt: o, run: run, key: fmt.Sprintf("%010d", part), outputs: make([]output, 1)}
	if o.Separate {
		w.outputs = make([]output, 2)
	}
	for i := range w.outputs {
		w.outputs[i].batch = table.NewBatch(o.Schema())
	}
	return w
}

// add adds row i of b.
func (w *writer) add(b *table.Batch, i int, train bool) {
	at := 0
	if w.opt.Separate && !train {
		at = 1
	}
	to := w.outputs[at].batch
	for c := range b.Cols {
		to.Cols[c].AppendFrom(&b.Cols[c], i)
	}
	if !w.opt.Separate {
		mark := int32(0)
		if train {
			mark = 1
		}
		last := &to.Cols[len(b.Cols)]
		last.Int32s = append(last.Int32s, mark)
	}
	to.Rows++
}

// flush writes the rows that were added since.
func (w *writer) flush(ctx context.Context) error {
	for i := range w.outputs {
		out := &w.outputs[i]
		if out.batch.Rows == 0 {
			continue
		}
		if out.to == nil {
			store, err := w.run.Connect(ctx, w.opt.Ref)
			if err != nil {
				return err
			}
			if out.to, err = store.Append(ctx, table.Part{Output: w.opt.Output, Table: i, Key: w.key}); err != nil {
				return err
			}
		}
		if err := out.to.Write(ctx, out.batch); err != nil {
			return err
		}
		out.batch.Reset()
	}
	return nil
}

// close makes the rows durable.
func (w *writer) close(ctx context.Context) error {
	for _, out := range w.outputs {
		if out.to != nil {
			if err := out.to.Close(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// discard gives up what is not closed.
func (w *writer) discard() {
	for _, out := range w.outputs {
		if out.to != nil {
			_ = out.to.Discard()
		}
	}
}
