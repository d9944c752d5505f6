package iotest

import (
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/io/table"
)

var refCases = []testCase{
	{"connect", func(t *testing.T, site Site) {
		s := site.open(t)
		other := site.open(t)
		if s.Ref() != other.Ref() || s.Ref() == "" {
			t.Errorf("refs %q and %q of the same store", s.Ref(), other.Ref())
		}
		scheme, _, _ := strings.Cut(site.URL, ":")
		if got, _, _ := strings.Cut(s.Ref(), ":"); got != scheme {
			t.Errorf("ref %q of a %s store", s.Ref(), scheme)
		}
		write(t, s, named("t"), idSchema, ints(0, 3)...)
		// As in a worker of another process: the address alone is enough where no password is needed.
		reopened, err := table.Open(testContext(t), s.Ref())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = reopened.Close() }()
		wantTable(t, reopened, named("t"), ints(0, 3))
		opt := table.OpenOptions{StallTimeout: 7 * time.Second}
		waiting, err := table.Open(testContext(t), site.URL, table.StallTimeout(opt.StallTimeout))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = waiting.Close() }()
		if got := waiting.Options(); got != opt && got != (table.OpenOptions{}) {
			t.Errorf("options %+v of a store opened with %+v", got, opt)
		}
		if reopened.Ref() != s.Ref() {
			t.Errorf("ref %q of a store opened as %q", reopened.Ref(), s.Ref())
		}
	}},
}
