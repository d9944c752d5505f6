package runnertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

func init() {
	for _, fn := range []any{
		(*doubleFn)(nil), (*keepFn)(nil), (*keyFn)(nil), (*sumFn)(nil), (*joinFn)(nil), (*scaleFn)(nil), (*badFn)(nil), (*slowFn)(nil),
		(*addFn)(nil), (*whoFn)(nil), (*dieFn)(nil),
	} {
		beam.RegisterType(reflect.TypeOf(fn).Elem())
	}
}

// note leaves a line in the folder: a file whose name is the line. Notes of a bundle that was repeated are not doubled.
func note(dir, format string, args ...any) error {
	return os.WriteFile(filepath.Join(dir, strings.ReplaceAll(fmt.Sprintf(format, args...), "/", "_")), nil, 0o600)
}

// notes are the lines in the folder.
func notes(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	lines := make([]string, len(entries))
	for i, e := range entries {
		lines[i] = e.Name()
	}
	slices.Sort(lines)
	return lines, nil
}

var doubled = beam.NewCounter("runnertest", "doubled")

type doubleFn struct{}

func (*doubleFn) ProcessElement(ctx context.Context, x int) int {
	doubled.Inc(ctx, 1)
	return 2 * x
}

// keepFn notes its elements.
type keepFn struct{ Dir string }

func (f *keepFn) ProcessElement(x int) error { return note(f.Dir, "%d", x) }

type keyFn struct{}

func (*keyFn) ProcessElement(x int) (int, int) { return x % 3, x }

type sumFn struct{ Dir string }

func (f *sumFn) ProcessElement(key int, values func(*int) bool) error {
	sum, n := 0, 0
	for v := 0; values(&v); n++ {
		sum += v
	}
	return note(f.Dir, "key %d: %d values, sum %d", key, n, sum)
}

type joinFn struct{ Dir string }

func (f *joinFn) ProcessElement(key int, a, b func(*int) bool) error {
	var n [2]int
	for i, next := range []func(*int) bool{a, b} {
		for v := 0; next(&v); n[i]++ {
		}
	}
	return note(f.Dir, "key %d: %d and %d", key, n[0], n[1])
}

type addFn struct{}

func (*addFn) MergeAccumulators(a, b int) int { return a + b }

// scaleFn has two side inputs: one value, and any number.
type scaleFn struct{ Dir string }

func (f *scaleFn) ProcessElement(x, factor int, all func(*int) bool) error {
	n := 0
	for v := 0; all(&v); n++ {
	}
	return note(f.Dir, "%d", x*factor+n)
}

// badFn fails at an element.
type badFn struct {
	At    int
	Text  string
	Panic bool
}

func (f *badFn) ProcessElement(x int) (int, error) {
	switch {
	case x != f.At:
		return x, nil
	case f.Panic:
		panic(f.Text)
	}
	return 0, errors.New(f.Text)
}

// slowFn works until its context ends, which is noted, or the folder has a note "go".
type slowFn struct{ Dir string }

func (f *slowFn) ProcessElement(ctx context.Context, x int) (int, error) {
	if err := errors.Join(note(f.Dir, "pid %d", os.Getpid()), note(f.Dir, "started")); err != nil {
		return 0, err
	}
	for range 1200 {
		select {
		case <-ctx.Done():
			return 0, errors.Join(context.Cause(ctx), note(f.Dir, "stopped"))
		case <-time.After(50 * time.Millisecond):
		}
		if _, err := os.Stat(filepath.Join(f.Dir, "go")); err == nil {
			return x, nil
		}
	}
	return 0, errors.New("nobody stopped it for a minute")
}

// whoFn notes the process that it is in.
type whoFn struct{ Dir string }

func (f *whoFn) ProcessElement(int) error { return note(f.Dir, "pid %d", os.Getpid()) }

// dieFn ends its process, the first Times times.
type dieFn struct {
	Dir   string
	Times int
}

func (f *dieFn) ProcessElement(x int) (int, error) {
	for i := range f.Times {
		file, err := os.OpenFile(filepath.Join(f.Dir, "death "+strconv.Itoa(i)), os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			file.Close()
			os.Exit(3)
		}
	}
	return x, nil
}
