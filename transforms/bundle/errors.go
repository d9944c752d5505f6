package bundle

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// The marks around an error that travels behind its text in a message, as base64 of JSON, which no runner's quotes change.
const (
	errorBegin = " [beamfit-error:"
	errorEnd   = "]"
)

// A RemoteError is an error of a worker of another process: its text, and what callers ask of it. It matches the kinds of package
// table and those of package context with errors.Is, and *table.ValueError, *table.TableError, *table.ColumnError and *PanicError with
// errors.As, where the worker's error did.
type RemoteError struct {
	Text   string
	Kinds  []string           `json:",omitempty"` // texts of kinds
	Stack  string             `json:",omitempty"` // of a panic
	Value  *valueError        `json:",omitempty"`
	Table  *tableError        `json:",omitempty"`
	Column *table.ColumnError `json:",omitempty"`
}

type valueError struct {
	Table  table.Name
	Column string
	Row    int64
	Text   string
}

type tableError struct {
	Table table.Name
	Text  string
}

func (e *RemoteError) Error() string { return e.Text }

// kinds are what errors.Is is asked of a RemoteError.
func kinds() []error { return append(table.Kinds(), context.Canceled, context.DeadlineExceeded) }

// Is reports whether the worker's error was of that kind.
func (e *RemoteError) Is(kind error) bool {
	return slices.Contains(kinds(), kind) && slices.Contains(e.Kinds, kind.Error())
}

// As gives the errors of package table that the worker's error wrapped.
func (e *RemoteError) As(target any) bool {
	switch t := target.(type) {
	case **table.ValueError:
		if e.Value != nil {
			*t = &table.ValueError{Table: e.Value.Table, Column: e.Value.Column, Row: e.Value.Row, Err: errors.New(e.Value.Text)}
		}
		return e.Value != nil
	case **table.TableError:
		if e.Table != nil {
			*t = &table.TableError{Table: e.Table.Table, Err: errors.New(e.Table.Text)}
		}
		return e.Table != nil
	case **table.ColumnError:
		if e.Column != nil {
			*t = e.Column
		}
		return e.Column != nil
	case **PanicError:
		if e.Stack != "" {
			*t = &PanicError{Value: e.Text, Stack: []byte(e.Stack)}
		}
		return e.Stack != ""
	}
	return false
}

// encode gives err the form that Decode reads; an error that has it already stays as it is.
func encode(err error) error {
	if done := (*encodedError)(nil); errors.As(err, &done) {
		return err
	}
	remote := RemoteError{Text: err.Error()}
	for _, k := range kinds() {
		if errors.Is(err, k) {
			remote.Kinds = append(remote.Kinds, k.Error())
		}
	}
	if v := (*table.ValueError)(nil); errors.As(err, &v) {
		remote.Value = &valueError{v.Table, v.Column, v.Row, v.Err.Error()}
	}
	if t := (*table.TableError)(nil); errors.As(err, &t) {
		remote.Table = &tableError{t.Table, t.Err.Error()}
	}
	errors.As(err, &remote.Column)
	if p := (*PanicError)(nil); errors.As(err, &p) {
		remote.Stack = string(p.Stack)
	}
	text, jsonErr := json.Marshal(remote)
	if jsonErr != nil {
		return err
	}
	return &encodedError{remote.Text + errorBegin + base64.RawURLEncoding.EncodeToString(text) + errorEnd, err}
}

type encodedError struct {
	text string
	err  error
}

func (e *encodedError) Error() string { return e.text }
func (e *encodedError) Unwrap() error { return e.err }

// Decode finds the last error of a DoFn in what a runner says of a pipeline that has failed; nil: there is none.
func Decode(message string) *RemoteError {
	begin := strings.LastIndex(message, errorBegin)
	if begin < 0 {
		return nil
	}
	text, _, found := strings.Cut(message[begin+len(errorBegin):], errorEnd)
	if !found {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	e := new(RemoteError)
	if json.Unmarshal(data, e) != nil {
		return nil
	}
	return e
}
