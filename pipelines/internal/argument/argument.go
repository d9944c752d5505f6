// Package argument is the errors of arguments: what tells a mistake of the caller from a failure. Package pipelines has the type as
// ArgumentError.
package argument

import (
	"errors"
	"fmt"
)

// An Error is an argument of a job that is wrong whatever the tables hold: see pipelines.ArgumentError.
type Error struct {
	Err error
	// Data says that the argument is data, as a rule the content of a file: a network's JSON, weights.
	Data bool
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// ErrNoStore: every job needs a store.
var ErrNoStore = Of(errors.New("no store is given"))

// Errorf is an Error of a text, as fmt.Errorf makes it.
func Errorf(format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...)}
}

// Of makes an error, where there is one, an Error.
func Of(err error) error {
	if wrong := (*Error)(nil); err == nil || errors.As(err, &wrong) {
		return err
	}
	return &Error{Err: err}
}

// Data is Of for an argument that is data.
func Data(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Err: err, Data: true}
}
