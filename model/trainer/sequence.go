package trainer

import (
	"fmt"
	"math"
)

// checkSequence checks the labels of a row of an output of frames x classes: classes from 1 on, then zeros, and no more labels
// than frames.
func (m *Model) checkSequence(output int, values []float32) error {
	frames := m.labelWidth[output]
	classes := m.outWidth[output]
	length := 0
	for i, v := range values {
		switch class := float64(v); {
		case class != math.Trunc(class):
			return fmt.Errorf("label %d: %v is no class number", i+1, v)
		case class < 0 || class >= float64(classes):
			return fmt.Errorf("label %d: class number %v, the output has classes 1 to %d, and 0 fills up the end", i+1, v, classes-1)
		case class != 0 && length < i:
			return fmt.Errorf("label %d: class number %v after a 0; 0 is no class and fills up the end", i+1, v)
		case class != 0:
			length++
		}
	}
	if length > frames {
		return fmt.Errorf("%d labels, the output has %d frames", length, frames)
	}
	return nil
}

// copySequence writes the labels of a row to their place in a batch, which has one per frame.
func copySequence(values, to []float32) { clear(to[copy(to, values):]) }
