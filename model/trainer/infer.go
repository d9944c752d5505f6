package trainer

import "context"

// chunks calls do for consecutive parts of n rows, each at most batch. A part's program is the smallest one
// that holds it; rows beyond the part are left over from before, and their results mean nothing.
func (w *worker) chunks(ctx context.Context, n, batch int, do func(b *bound, from, rows int) error) error {
	for from := 0; from < n; from += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := min(batch, n-from)
		b, err := w.program(w.model.programRows(w.key.mode, rows))
		if err != nil {
			return err
		}
		if err := do(b, from, rows); err != nil {
			return err
		}
	}
	return nil
}

// inferKey tells the workers apart that chunks of n rows, each at most batch, need.
func (m *Model) inferKey(mode mode, batch, n int) poolKey {
	key := poolKey{mode: mode, batch: m.programRows(mode, max(1, min(batch, n))), place: m.anyPlace()}
	if last := n % batch; last > 0 && n > batch {
		key.last = m.programRows(mode, last)
	}
	return key
}

// programRows is the batch of the program for so many rows: a power of two, or just these rows where a loss looks at all rows of
// a batch.
func (m *Model) programRows(mode mode, rows int) int {
	if mode == scoring && m.wholeBatch {
		return rows
	}
	return powerOfTwo(rows)
}

// powerOfTwo is the smallest power of two that is at least n.
func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}
