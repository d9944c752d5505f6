package table

import "fmt"

// CheckCuts reports rows that Snapshot.Cut cannot cut before, in a table of so many rows.
func CheckCuts(before []int64, rows int64) error {
	last := int64(0)
	for _, row := range before {
		if row <= last || row >= rows {
			return fmt.Errorf("a cut before row %d behind one before row %d; expected ascending numbers from 1 to %d", row, last, rows-1)
		}
		last = row
	}
	return nil
}
