package keras

import "testing"

// TestEveryClassIsWhole: every row of the table of layers says how its arguments are read and what becomes of a mask.
func TestEveryClassIsWhole(t *testing.T) {
	for name, row := range layerClasses {
		if row.parse == nil {
			t.Errorf("%s: its arguments cannot be read", name)
		}
		if row.mask == unstated {
			t.Errorf("%s: it is not stated what becomes of a mask", name)
		}
	}
}
