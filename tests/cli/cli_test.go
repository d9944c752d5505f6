package cli

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// binDir is the folder of the beamfit under test.
var binDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "beamfit-cli-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		build := exec.Command("go", "build", "-o", filepath.Join(dir, "beamfit"), "github.com/beamfit/beamfit/cmd/beamfit")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		binDir = dir
		return m.Run()
	}())
}

func TestUsage(t *testing.T) {
	runScripts(t, "usage", "none", func(*testscript.Env) error { return nil })
}

func TestFileStore(t *testing.T) {
	for _, dir := range []string{"both", "file"} {
		t.Run(dir, func(t *testing.T) { runScripts(t, dir, "file", fileStore) })
	}
}

func TestPostgreSQL(t *testing.T) {
	server := os.Getenv("BEAMFIT_TEST_PG")
	if server == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("psql is not installed: run scripts/test")
	}
	for _, dir := range []string{"both", "postgres"} {
		t.Run(dir, func(t *testing.T) { runScripts(t, dir, "postgres", postgresStore(server)) })
	}
}

// compileParams are the page's.
const compileParams = "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']"

// runScripts runs the scripts of testdata/dir, each with the store of that kind that setUp makes.
func runScripts(t *testing.T, dir, store string, setUp func(*testscript.Env) error) {
	t.Helper()
	inputs, err := filepath.Glob("../../cmd/beamfit/internal/iris/iris*.*[nv]")
	if err != nil || len(inputs) != 3 {
		t.Fatalf("input files %v, %v", inputs, err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", dir),
		UpdateScripts:      os.Getenv("BEAMFIT_UPDATE_GOLDEN") != "",
		RequireUniqueNames: true,
		Cmds:               map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Condition:          func(cond string) (bool, error) { return cond == "store:"+store, nil },
		Setup: func(env *testscript.Env) error {
			for _, path := range inputs {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(path)), data, 0o644); err != nil {
					return err
				}
			}
			env.Setenv("COMPILE", compileParams)
			env.Setenv("PATH", binDir+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return setUp(env)
		},
	})
}

func fileStore(env *testscript.Env) error {
	env.Setenv("BEAMFIT_DB", "file:"+filepath.Join(env.WorkDir, "store"))
	return nil
}

// postgresStore gives every script a schema on the server.
func postgresStore(server string) func(*testscript.Env) error {
	return func(env *testscript.Env) error {
		schema := "cli_" + strings.ReplaceAll(filepath.Base(env.WorkDir), "-", "_") + "_" + strconv.Itoa(os.Getpid())
		u, err := url.Parse(server)
		if err != nil {
			return err
		}
		q := u.Query()
		q.Set("options", "-csearch_path="+schema)
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		if err := psql(server, fmt.Sprintf("CREATE SCHEMA %q", schema)); err != nil {
			return err
		}
		env.Defer(func() {
			if err := psql(server, fmt.Sprintf("DROP SCHEMA %q CASCADE", schema)); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		})
		env.Setenv("BEAMFIT_DB", u.String())
		return nil
	}
}

func psql(server, sql string) error {
	if out, err := exec.Command("psql", server, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql).CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w\n%s", err, out)
	}
	return nil
}

// exits runs a command and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, expected %d", got, want)
	}
}
