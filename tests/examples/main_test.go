package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// folder has the examples.
const folder = "../../docs/examples"

// bin is a folder with the program and with the examples' scripts.
var bin string

func TestMain(m *testing.M) {
	code, err := withProgram(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withProgram(run func() int) (code int, err error) {
	if bin, err = os.MkdirTemp("", "beamfit-examples-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "beamfit"), "github.com/beamfit/beamfit/cmd/beamfit")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	for _, script := range []string{"nightly.sh", "again.sh"} {
		text, err := os.ReadFile(filepath.Join(folder, script))
		if err != nil {
			return 0, err
		}
		if err := os.WriteFile(filepath.Join(bin, script), text, 0o755); err != nil {
			return 0, err
		}
	}
	return run(), nil
}

// read is the text of an example.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// needs skips a test where a tool is missing.
func needs(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
}

// shell is a command line with the program and the scripts on its path, in a folder of its own.
func shell(t *testing.T, dir, db, line string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BEAMFIT_DB="+db, "PATH="+bin+":"+os.Getenv("PATH"))
	return cmd
}

// run runs a command line and returns its exit code and what it wrote.
func run(t *testing.T, dir, db, line string) (code int, output string) {
	t.Helper()
	cmd := shell(t, dir, db, line)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", line, err)
	}
	return cmd.ProcessState.ExitCode(), strings.TrimSpace(string(out))
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
