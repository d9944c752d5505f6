package bundle

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/io/table"
)

// What callers ask of an error outlives the text that a runner makes of it.
func TestErrorsTravel(t *testing.T) {
	name := table.Name{Schema: "s", Table: `T "x"`}
	run := Of(Ref{ID: "elsewhere-errors"})
	value := &table.ValueError{Table: name, Column: "x", Row: 1 << 40, Err: errors.New("is NaN\n\"]")}
	for _, err := range []error{
		errors.New("plain"),
		fmt.Errorf("source table: %w", value),
		fmt.Errorf("more: %w", &table.TableError{Table: name, Err: fmt.Errorf("%w: really", table.ErrFull)}),
		&table.ColumnError{Table: name, Column: "a", Columns: []string{"b", "c"}},
		errors.Join(table.ErrChanged, table.ErrUnavailable),
		fmt.Errorf("reading: %w", context.Canceled),
		&PanicError{Value: "no", Stack: []byte("line 1\nline 2")},
		fmt.Errorf("model table: %w", table.ErrClaimed),
	} {
		travelled := run.Fail(err)
		if !errors.Is(travelled, err) {
			t.Errorf("%v became %v in its own process", err, travelled)
		}
		message := fmt.Sprintf("job failed: %q of stage 5: %v\nat line 3", run.Fail(fmt.Errorf("again: %w", travelled)), errors.New("x]"))
		got := Decode(message)
		if got == nil || got.Error() != err.Error() {
			t.Fatalf("%v came back as %v", err, got)
		}
		for _, kind := range kinds() {
			if errors.Is(got, kind) != errors.Is(err, kind) {
				t.Errorf("%v: is %v: %v", err, kind, errors.Is(got, kind))
			}
		}
		var v, w *table.ValueError
		if errors.As(err, &v) != errors.As(error(got), &w) || v != nil && w.Error() != v.Error() {
			t.Errorf("%v: value error %v", err, w)
		}
		var s, u *table.TableError
		if errors.As(err, &s) != errors.As(error(got), &u) || s != nil && u.Error() != s.Error() {
			t.Errorf("%v: table error %v", err, u)
		}
		var p, q *PanicError
		if errors.As(err, &p) != errors.As(error(got), &q) || p != nil && string(p.Stack) != string(q.Stack) {
			t.Errorf("%v: panic %v", err, q)
		}
		var c, d *table.ColumnError
		if errors.As(err, &c) != errors.As(error(got), &d) || !cmp.Equal(c, d) {
			t.Errorf("%v: column error %v", err, d)
		}
	}
	for _, message := range []string{"", "no error of ours", errorBegin, errorBegin + "e30", errorBegin + "!!" + errorEnd} {
		if got := Decode(message); got != nil {
			t.Errorf("%q was read as %v", message, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Of(Ref{ID: "elsewhere-fuzz"}).Fail(&table.TableError{Err: table.ErrExist}).Error())
	f.Fuzz(func(t *testing.T, message string) {
		if e := Decode(message); e != nil {
			_ = e.Error()
			_ = errors.Is(e, table.ErrExist)
		}
	})
}
