package keras

import "fmt"

// A LayerError is a problem of one layer of the model.
type LayerError struct {
	Layer string // name
	Class string // Keras class_name
	Err   error
}

func (e *LayerError) Error() string {
	return fmt.Sprintf("layer %q (%s): %v", e.Layer, e.Class, e.Err)
}

func (e *LayerError) Unwrap() error { return e.Err }
