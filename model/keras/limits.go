package keras

import (
	"errors"
	"fmt"
)

// Limits of what Parse accepts.
const (
	// MaxJSONBytes is the longest JSON text that is read, in bytes.
	MaxJSONBytes = 16 << 20
	// MaxDepth is the deepest nesting of JSON lists and objects.
	MaxDepth = 100
	// MaxWeights is the largest number of weights P of a model: 8 GiB of float32.
	MaxWeights = 1<<31 - 1
	// MaxRowElements is the largest number of elements of one row of a tensor: 1 GiB of float32.
	MaxRowElements = 1 << 28
	// MaxCalls is the largest number of calls of layers; a model inside a model is one more per call of it.
	MaxCalls = 1 << 16
)

// elements is the product of a shape's dimensions, which must be positive. ok is false when it exceeds limit.
func elements(shape []int, limit int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d > limit/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// rowElements is the number of elements of a row that checkRow accepted.
func rowElements(shape []int) int {
	n, _ := elements(shape, MaxRowElements)
	return n
}

// checkRow refuses shapes without dimensions, or with some below 1, and rows that are too large.
func checkRow(shape []int) error {
	if len(shape) == 0 {
		return errors.New("a row of one number without a dimension is not supported: keep a dimension of 1")
	}
	for _, d := range shape {
		if d < 1 {
			return fmt.Errorf("shape %s has a dimension below 1", shapeText(shape))
		}
	}
	if _, ok := elements(shape, MaxRowElements); !ok {
		return fmt.Errorf("shape %s has more than %d elements per row", shapeText(shape), MaxRowElements)
	}
	return nil
}
