package cli

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupt stops a long fit by a signal while it trains: it ends with exit code 130 and leaves no table.
func TestInterrupt(t *testing.T) {
	for _, runner := range []string{"direct", "prism"} {
		for name, sig := range map[string]syscall.Signal{"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM} {
			t.Run(runner+"/"+name, func(t *testing.T) {
				t.Parallel()
				db := "file:" + filepath.Join(t.TempDir(), "store")
				beamfit := func(args ...string) *exec.Cmd {
					cmd := exec.CommandContext(t.Context(), filepath.Join(binDir, "beamfit"), append(args, "--db", db, "--runner", runner)...)
					cmd.Env = append(os.Environ(), "BEAMFIT_DB=")
					return cmd
				}
				for _, args := range [][]string{
					{"import", "../../cmd/beamfit/internal/iris/iris.csv", "iris_data"},
					{"preprocess", "iris_data", "packed", "--dependent", "class_text", "--independent", "attributes"},
					{"load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json"},
				} {
					if out, err := beamfit(args...).CombinedOutput(); err != nil {
						t.Fatalf("%s: %v\n%s", args[0], err, out)
					}
				}
				const iterations = "50" // of 2000 passes each
				fit := beamfit("fit", "packed", "model", "--arch", "arch", "--id", "1", "--compile", compileParams,
					"--fit", "batch_size=1, epochs=2000", "--iterations", iterations)
				stderr, err := fit.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := fit.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewScanner(stderr)
				for lines.Scan() && !strings.Contains(lines.Text(), "iteration 1/"+iterations) {
				}
				sent := time.Now()
				if err := fit.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				var rest bytes.Buffer
				for lines.Scan() {
					rest.WriteString(lines.Text() + "\n")
				}
				err = fit.Wait()
				t.Logf("stopped %v after the signal", time.Since(sent))
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != 130 {
					t.Errorf("ended with %v, want exit code 130", err)
				}
				if !strings.HasSuffix(rest.String(), "beamfit: interrupted\n") {
					t.Errorf("wrote %q, want \"beamfit: interrupted\" at the end", rest.String())
				}
				for _, table := range []string{"model", "model_summary"} {
					out, err := beamfit("show", table).CombinedOutput()
					if err == nil || !strings.Contains(string(out), "does not exist") {
						t.Errorf("table %s after the interrupt: %v\n%s", table, err, out)
					}
				}
			})
		}
	}
}
