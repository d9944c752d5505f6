package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
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
		fmt.Fprint((&app{db: c.db, err: &out}).messages(), c.message)
		if got := out.String(); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.db, c.env, got, c.want)
		}
	}
}

// TestShellWords reads the words back with a real shell.
func TestShellWords(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	words := []string{
		"plain", "a b", "", "it's", `say "hi"`, "$HOME", "`ls`", `back\slash`, "!", "line\nbreak", "a,b", "日本", "*", "~", "#x", "a=b", `'"$`,
		"loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']",
	}
	script := "printf '%s\\0'"
	for _, w := range words {
		script += " " + shellWord(w)
	}
	out, err := exec.Command(sh, "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if strings.Join(got, "|") != strings.Join(words, "|") {
		t.Errorf("got %q, want %q", got, words)
	}
}

func TestMain(m *testing.M) {
	// The tests must not touch a store that the environment names.
	if err := os.Unsetenv("BEAMFIT_DB"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
