package keras

import (
	"errors"
	"fmt"
)

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

// wrap makes an error one of the layer, unless it is that of a layer inside it.
func (l *Layer) wrap(err error) error {
	var inner *LayerError
	if errors.As(err, &inner) {
		return err
	}
	return &LayerError{Layer: l.Name, Class: l.Class, Err: err}
}
