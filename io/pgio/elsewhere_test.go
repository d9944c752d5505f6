package pgio

import (
	"strings"
	"testing"
)

func TestCheckElsewhere(t *testing.T) {
	for ref, want := range map[string]string{
		"postgres://me@db.example/iris":              "",
		"postgres://me@10.1.2.3:5432,h2/iris":        "",
		"postgres://me@/iris?host=db.example":        "",
		"postgres://me@localhost/iris":               "localhost is another machine for each worker",
		"postgres://127.0.0.1:5433/iris":             "127.0.0.1 is another machine",
		"postgres://me@[::1]:5432/iris":              "::1 is another machine",
		"postgres://me@db.example,localhost:1/iris":  "localhost is another machine",
		"postgres://me@/iris":                        "Unix socket",
		"postgres:///iris?host=/var/run/postgresql":  "Unix socket",
		"postgres://me@%2Fvar%2Frun%2Fpostgres/iris": "Unix socket",
	} {
		err := checkElsewhere(ref)
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}
