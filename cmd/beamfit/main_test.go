package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"
	"time"
)

func TestStoreURLPrecedence(t *testing.T) {
	for _, c := range []struct{ flag, env, want string }{
		{"", "", "file:beamfit-data"},
		{"", "file:env", "file:env"},
		{"file:flag", "", "file:flag"},
		{"file:flag", "file:env", "file:flag"},
	} {
		t.Setenv("BEAMFIT_DB", c.env)
		if got := (&app{db: c.flag}).storeURL(); got != c.want {
			t.Errorf("flag %q, environment %q: %s, want %s", c.flag, c.env, got, c.want)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	t.Setenv("PGPASSWORD", "from-pg-env")
	for _, c := range []struct{ db, env, message, want string }{
		{"postgres://me:hunter22@h/d", "", "cannot use postgres://me:hunter22@h/d: hunter22 is wrong", "cannot use postgres://me:xxxxx@h/d: xxxxx is wrong"},
		{"postgres://me:p%40ss@h/d", "", "p@ss and p%40ss", "xxxxx and xxxxx"},
		{"", "postgres://me:hunter22@h/d", "dialing h: hunter22", "dialing h: xxxxx"},
		{"postgres://h/d?password=hunter22", "", "parsing h/d?password=hunter22", "parsing h/d?password=xxxxx"},
		{"postgres://me:bad%zz@h/d", "", `parse "postgres://me:bad%zz@h/d": invalid URL escape`, `parse "postgres://me:xxxxx@h/d": invalid URL escape`},
		{"postgres://me:x@h/d", "", "text with x: postgres://me:x@h/d", "text with x: postgres://me:xxxxx@h/d"},
		{"file:data", "", "the password is from-pg-env", "the password is xxxxx"},
	} {
		t.Setenv("BEAMFIT_DB", c.env)
		var out bytes.Buffer
		a := newApp(io.Discard, &out)
		a.db = c.db
		fmt.Fprint(a.messages(), c.message)
		if got := out.String(); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.db, c.env, got, c.want)
		}
	}
}

func TestMain(m *testing.M) {
	// The tests must not touch a store that the environment names.
	if err := os.Unsetenv("BEAMFIT_DB"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestEngineGrace: a command on an engine, or one that calls it, has the time to tell the engine to end the job.
func TestEngineGrace(t *testing.T) {
	a := newApp(io.Discard, io.Discard)
	a.db, a.logLevel = "file:"+t.TempDir(), "error"
	err := a.call(t.Context(), "", []string{"split", "a", "b", "--train=0.5", "--runner=flink", "--endpoint=127.0.0.1:1"}, nil)
	if got := time.Duration(a.grace.Load()); err == nil || got != engineGrace {
		t.Errorf("error %v, and the time after an interrupt is %v, want %v", err, got, engineGrace)
	}
}
