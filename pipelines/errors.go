package pipelines

import (
	"errors"
	"fmt"
)

// An ArgumentError is an argument of a function of this package that is wrong whatever the tables hold. Arguments that do not suit a table, such as a
// column that it lacks, are other errors.
type ArgumentError struct {
	Err error
	// Data says that the argument is data, as a rule the content of a file: a network's JSON, weights.
	Data bool
}

func (e *ArgumentError) Error() string { return e.Err.Error() }
func (e *ArgumentError) Unwrap() error { return e.Err }

var errNoStore = argument(errors.New("no store is given"))

func argumentErrorf(format string, args ...any) error {
	return &ArgumentError{Err: fmt.Errorf(format, args...)}
}

// argument makes an error, where there is one, an ArgumentError.
func argument(err error) error {
	if wrong := (*ArgumentError)(nil); err == nil || errors.As(err, &wrong) {
		return err
	}
	return &ArgumentError{Err: err}
}

// dataArgument is argument for data.
func dataArgument(err error) error {
	if err == nil {
		return nil
	}
	return &ArgumentError{Err: err, Data: true}
}
