package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// binary is the path of the beamfit under test.
var binary string

func TestMain(m *testing.M) {
	if program := os.Getenv(attackEnv); program != "" {
		attackAll(program, os.Args[1:])
		return
	}
	dir, err := os.MkdirTemp("", "beamfit-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "beamfit")
	build := exec.Command("go", "build", "-o", binary, "github.com/beamfit/beamfit/cmd/beamfit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// A user is somebody with a store.
type user struct {
	t  *testing.T
	db string // store URL
	// psql runs a statement and returns its unaligned output; nil on the folder store.
	psql func(sql string) string
}

// users returns one user per kind of store; each has a store of their own.
func users(t *testing.T) map[string]func(*testing.T) user {
	t.Helper()
	return map[string]func(*testing.T) user{"file": fileUser, "postgres": pgUser}
}

func fileUser(t *testing.T) user {
	return user{t: t, db: "file:" + filepath.Join(t.TempDir(), "store")}
}

func pgUser(t *testing.T) user {
	base := os.Getenv("BEAMFIT_TEST_PG")
	if base == "" {
		t.Skip("BEAMFIT_TEST_PG is not set: run scripts/test")
	}
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("psql is not installed")
	}
	schema := fmt.Sprintf("e2e_%d_%d", os.Getpid(), time.Now().UnixNano())
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("options", "-csearch_path="+schema)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	run := func(target, sql string) string {
		cmd := exec.Command("psql", target, "-X", "-q", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("psql: %v\n%s\n%s", err, sql, out)
		}
		return string(out)
	}
	run(base, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(base, "DROP SCHEMA "+schema+" CASCADE") })
	return user{t: t, db: u.String(), psql: func(sql string) string { return run(u.String(), sql) }}
}

// command is beamfit with arguments, not started.
func (u user) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "BEAMFIT_DB="+u.db, application+rand.Text())
	return cmd
}

// application begins the variable that names a command to PostgreSQL.
const application = "PGAPPNAME=e2e-"

// kill kills a command, if it has not ended, and waits until the store knows: until PostgreSQL has run its sessions once more, the command counts
// as living.
func (u user) kill(cmd *exec.Cmd) {
	u.t.Helper()
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it reports the kill
	u.awaitEnd(cmd)
}

// awaitEnd waits until the store knows that a command has ended.
func (u user) awaitEnd(cmd *exec.Cmd) {
	u.t.Helper()
	if u.psql == nil {
		return // a folder knows at once
	}
	i := slices.IndexFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, application) })
	// The session that holds its claims has a name of its own.
	u.awaitSQL("the sessions of a killed command have ended", fmt.Sprintf(
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = '%s' OR application_name LIKE '%% process %d on %%'",
		strings.TrimPrefix(cmd.Env[i], "PGAPPNAME="), cmd.Process.Pid))
}

// beamfit runs a command that must succeed and returns what it printed on standard output.
func (u user) beamfit(args ...string) string {
	u.t.Helper()
	out, err := u.try(args...)
	if err != nil {
		u.t.Fatalf("beamfit %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// try runs a command; its error holds what it printed on standard error.
func (u user) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := u.command(ctx, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return stdout.String(), nil
}

const (
	irisTypes = "id integer, attributes numeric[], class_text varchar"
	compile   = "loss='categorical_crossentropy', optimizer='adam', metrics=['categorical_accuracy']"
	fitArgs   = "batch_size=5, epochs=3"
)

// irisPrepared imports, splits and packs the page's data and loads its model, as the page does.
func (u user) irisPrepared(seed string) {
	u.t.Helper()
	u.beamfit("import", "../../cmd/beamfit/internal/iris/iris.csv", "iris_data", "--types", irisTypes)
	u.beamfit("split", "iris_data", "iris", "--train", "0.8", "--separate", "--seed", seed)
	u.beamfit("preprocess", "iris_train", "iris_train_packed", "--dependent", "class_text", "--independent", "attributes", "--shards", "3", "--seed", seed)
	u.beamfit("preprocess", "iris_test", "iris_test_packed", "--dependent", "class_text", "--independent", "attributes", "--like", "iris_train_packed", "--shards", "3")
	u.beamfit("load-model", "model_arch_library", "../../cmd/beamfit/internal/iris/iris_mlp.json", "--name", "Sophie", "--description", "A simple model")
}
