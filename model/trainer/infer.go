package trainer

import "context"

// chunks calls do for consecutive parts of n rows, each at most batch. The batch of a part's program is the smallest
// power of two that holds it; rows beyond the part are left over from before, and their results mean nothing.
func (w *worker) chunks(ctx context.Context, n, batch int, do func(b *bound, from, rows int) error) error {
	for from := 0; from < n; from += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows := min(batch, n-from)
		b, err := w.program(powerOfTwo(rows))
		if err != nil {
			return err
		}
		if err := do(b, from, rows); err != nil {
			return err
		}
	}
	return nil
}

// powerOfTwo is the smallest power of two that is at least n.
func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}
