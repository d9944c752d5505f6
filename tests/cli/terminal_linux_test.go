package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal of a size: what a program writes to tty can be read from screen.
func terminal(t *testing.T, columns, rows uint16) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return screen, tty
}

// TestFitOnATerminal: fit draws the loss and each metric there, and nowhere else.
func TestFitOnATerminal(t *testing.T) {
	db := "file:" + filepath.Join(t.TempDir(), "store")
	beamfit := func(environment []string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), filepath.Join(binDir, "beamfit"), append(args, "--db", db)...)
		cmd.Env = append(append(os.Environ(), "BEAMFIT_DB=", "LC_ALL="), environment...)
		return cmd
	}
	for _, args := range [][]string{
		{"import", "../../cmd/beamfit/internal/iris/iris.csv", "iris_data"},
		{"preprocess", "iris_data", "packed", "--dependent", "class_text", "--independent", "attributes"},
		{"load-model", "arch", "../../cmd/beamfit/internal/iris/iris_mlp.json"},
	} {
		if out, err := beamfit(nil, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	const block, up = "█", "\x1b[2A" // the loss falls from the highest to the lowest; two lines of scores are redrawn
	for _, c := range []struct {
		name, environment string
		terminal          bool
		want, absent      []string
	}{
		{"terminal", "TERM=xterm LANG=C.UTF-8", true, []string{"  loss ", "  categorical_accuracy  ", block, up, "validation "}, []string{"samples/s, loss"}},
		{"another encoding", "TERM=xterm LANG=de_DE.ISO-8859-1", true, []string{"  loss ", "#", up}, []string{block}},
		{"dumb terminal", "TERM=dumb LANG=C.UTF-8", true, []string{"fit: iteration 6/6, ", ", loss 1.", ", validation loss 1."}, []string{block, "\x1b"}},
		{"pipe", "TERM=xterm LANG=C.UTF-8", false, []string{"fit: iteration 6/6, ", ", loss 1.", ", validation loss 1."}, []string{block, "\x1b", "\r"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fit := beamfit(strings.Fields(c.environment), "fit", "packed", "model", "--arch", "arch", "--id", "1", "--compile", compileParams, "--replace",
				"--iterations", "6", "--metrics-every", "1", "--validation", "packed")
			var from io.Reader
			if c.terminal {
				screen, tty := terminal(t, 100, 30)
				fit.Stderr, from = tty, screen
				defer tty.Close()
				if err := fit.Start(); err != nil {
					t.Fatal(err)
				}
				_ = tty.Close() // else reading would not end with the program
			} else {
				pipe, err := fit.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				if from = pipe; fit.Start() != nil {
					t.Fatal("cannot start")
				}
			}
			text, _ := io.ReadAll(from) // Linux ends a terminal that nobody writes to any more with EIO
			if err := fit.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for _, want := range c.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in %q", want, text)
				}
			}
			for _, absent := range c.absent {
				if strings.Contains(string(text), absent) {
					t.Errorf("%q in %q", absent, text)
				}
			}
		})
	}
}
