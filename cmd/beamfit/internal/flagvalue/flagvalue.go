// Package flagvalue holds the values of command-line flags: what text a flag takes and what it becomes.
//
// Errors say what was expected; the command adds which flag and what was found.
package flagvalue

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/beamfit/beamfit/io/table"
)

// A Parser turns the text of one kind of flag into its value.
type Parser[T any] func(text string) (T, error)

// Of is a flag that sets dst.
func Of[T any](dst *T, parse Parser[T]) pflag.Value {
	return &value{set: func(text string) error {
		v, err := parse(text)
		if err == nil {
			*dst = v
		}
		return err
	}}
}

// Optional is a flag that sets dst to point to its value; dst stays nil where the flag is not given.
func Optional[T any](dst **T, parse Parser[T]) pflag.Value {
	return &value{set: func(text string) error {
		v, err := parse(text)
		if err == nil {
			*dst = &v
		}
		return err
	}}
}

// Each is a flag that may be given several times and adds an element to dst every time.
func Each[T any](dst *[]T, parse Parser[T]) pflag.Value {
	return &value{set: func(text string) error {
		v, err := parse(text)
		if err == nil {
			*dst = append(*dst, v)
		}
		return err
	}}
}

// value is a pflag.Value that remembers its text.
type value struct {
	set  func(string) error
	text string
}

func (v *value) String() string { return v.text }
func (v *value) Type() string   { return "" }

func (v *value) Set(text string) error {
	if err := v.set(text); err != nil {
		return err
	}
	v.text = text
	return nil
}

// Text takes any text.
func Text(text string) (string, error) { return text, nil }

// Given takes any text but an empty one.
func Given(text string) (string, error) {
	if text == "" {
		return "", errors.New("expected a value, found an empty text")
	}
	return text, nil
}

// Bool takes true and false, and Go's other spellings of them.
func Bool(text string) (bool, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("expected true or false")
	}
	return b, nil
}

// Int takes a whole number.
func Int(text string) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("the number is out of range")
	case err != nil:
		return 0, errors.New("expected a whole number")
	}
	return n, nil
}

// Count takes a whole number that is not negative.
func Count(text string) (int, error) {
	n, err := Int(text)
	if err == nil && n < 0 {
		return 0, errors.New("expected a whole number of 0 or more")
	}
	return n, err
}

// Positive takes a whole number of 1 or more.
func Positive(text string) (int, error) {
	n, err := Int(text)
	if err == nil && n < 1 {
		return 0, errors.New("expected a whole number of 1 or more")
	}
	return n, err
}

// Seed takes a whole number from 0 to 2^64 - 1.
func Seed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("expected a whole number from 0 to 18446744073709551615")
	}
	return n, nil
}

// Bytes takes a size in bytes with an optional unit, of 1000 (MB, GB) or 1024 (MiB, GiB).
func Bytes(text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || n < 1 || n > math.MaxInt64 {
		return 0, errors.New("expected a size such as 500MB, 8GB or 2GiB")
	}
	return int64(n), nil
}

// Duration reads a length of time, such as 90s or 1h30m, 0 included.
func Duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, errors.New("expected a length of time such as 90s, 5m or 0")
	}
	return d, nil
}

// Float takes a finite number.
func Float(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errors.New("expected a number")
	}
	return x, nil
}

// Ints takes whole numbers separated by commas.
func Ints(text string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := Int(strings.TrimSpace(part))
		if err != nil {
			return nil, errors.New("expected whole numbers separated by commas")
		}
		out = append(out, n)
	}
	return out, nil
}

// Words takes words separated by commas.
func Words(text string) ([]string, error) {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		word := strings.TrimSpace(part)
		if word == "" {
			return nil, errors.New("expected words separated by commas")
		}
		out = append(out, word)
	}
	return out, nil
}

// Values takes values separated by commas, by the rules of PostgreSQL's arrays: "a,b" in double quotes holds a comma, and
// NULL without quotes is nil.
func Values(text string) ([]*string, error) {
	a, err := table.ParseArray("{" + text + "}")
	if err != nil || len(a.Shape) > 1 {
		return nil, errors.New(`expected values separated by commas, such as a,"b,c",NULL`)
	}
	out := make([]*string, len(a.Elems))
	for i, e := range a.Elems {
		if a.Null == nil || !a.Null[i] {
			out[i] = &e
		}
	}
	return out, nil
}

// OneOf takes one of the choices.
func OneOf(choices ...string) Parser[string] {
	return func(text string) (string, error) {
		if !slices.Contains(choices, text) {
			return "", errors.New("expected one of " + strings.Join(choices, ", "))
		}
		return text, nil
	}
}
