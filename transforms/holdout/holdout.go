// Package holdout tells which rows of a table are held out for validation, and are not trained on.
//
// Words: a row is held, or it is for training. The ordinal of a row is its number among the held rows, or among the training rows, from
// 0, in the order of the table.
//
// Guarantees: the held rows are the test rows that package split draws, without strata and replacement, where the test proportion is the
// share and the training proportion is the rest of 1; so they follow from the rows' number, the share and the seed only. As there, nothing
// is sorted or remembered: a row is asked for by its number.
//
// Failure: a share that is not between 0 and 1, or that leaves no rows on one of the sides, is an error before any row is read. A part that begins at a row without a
// mark is an error of the code, and is said.
package holdout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/beamfit/beamfit/transforms/split"
)

// A Choice is that of the held rows. It can be encoded as JSON.
type Choice struct {
	Rows  int64   // of the table
	Share float64 // of those that are held
	Seed  uint64
}

func (c Choice) proportions() split.Proportions {
	return split.Proportions{Train: split.Rest(c.Share), Test: c.Share}
}

// CheckShare reports a share that is none.
func CheckShare(share float64) error {
	if !(share > 0 && share < 1) {
		return fmt.Errorf("the validation share must be between 0 and 1, both excluded, found %v", share)
	}
	return nil
}

// Check reports a choice that leaves no rows to train on, or none to validate with.
func (c Choice) Check() error {
	training, held := c.Counts()
	switch {
	case held == 0:
		return fmt.Errorf("a validation share of %v of %d rows has no rows; raise the share", c.Share, c.Rows)
	case training == 0:
		return fmt.Errorf("a validation share of %v of %d rows leaves no rows to train on; lower the share", c.Share, c.Rows)
	}
	return nil
}

// Counts are the numbers of rows of both kinds.
func (c Choice) Counts() (training, held int64) {
	_, held = c.proportions().Count(c.Rows)
	return c.Rows - held, held
}

// Held is a function that tells whether a row is held. It is for one goroutine, and for rows that follow each other.
func (c Choice) Held() func(row int64) bool { return c.proportions().TestRows(c.Rows, c.Seed) }

// A Mark says how many of the rows before one are held.
type Mark struct{ Row, Held int64 }

// Marks are a Choice with marks, in ascending order, so that whoever reads a part of the table knows the ordinals of its rows.
type Marks struct {
	Choice
	Marks []Mark
}

// Mark makes the marks of these rows, in ascending order. It looks at every row up to the last of them, on that many goroutines.
func (c Choice) Mark(ctx context.Context, rows []int64, workers int) (Marks, error) {
	m := Marks{Choice: c, Marks: make([]Mark, len(rows))}
	between := make([]int64, len(rows)) // held rows from the row before to this one
	next := make(chan int, len(rows))
	for i := range rows {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range max(1, workers) {
		wait.Go(func() {
			held := c.Held()
			for i := range next {
				from := int64(0)
				if i > 0 {
					from = rows[i-1]
				}
				for row := from; row < rows[i]; row++ {
					if row&0xffff == 0 && ctx.Err() != nil {
						return
					}
					if held(row) {
						between[i]++
					}
				}
			}
		})
	}
	wait.Wait()
	n := int64(0)
	for i, row := range rows {
		n += between[i]
		m.Marks[i] = Mark{row, n}
	}
	return m, ctx.Err()
}

// A Walk goes over rows one after the other.
type Walk struct {
	held func(row int64) bool
	row  int64
	next [2]int64 // ordinals: of training rows, of held ones
}

// From begins at a row that has a mark.
func (m *Marks) From(row int64) (*Walk, error) {
	i, ok := slices.BinarySearchFunc(m.Marks, row, func(m Mark, row int64) int { return cmp.Compare(m.Row, row) })
	if !ok {
		return nil, fmt.Errorf("internal error: how many of the rows before row %d are held out was not counted", row+1)
	}
	n := m.Marks[i].Held
	return &Walk{held: m.Held(), row: row, next: [2]int64{row - n, n}}, nil
}

// Next tells whether the next row is held, and its ordinal.
func (w *Walk) Next() (held bool, ordinal int64) {
	held = w.held(w.row)
	w.row++
	kind := 0
	if held {
		kind = 1
	}
	ordinal = w.next[kind]
	w.next[kind]++
	return held, ordinal
}
