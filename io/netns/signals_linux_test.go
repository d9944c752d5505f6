package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

func TestExitCode(t *testing.T) {
	for _, code := range []string{"0", "1", "7"} {
		cmd := scenario(t, "exit", code)
		out, _ := cmd.Output()
		skipRefused(t, cmd, string(out))
		if got := cmd.ProcessState.String(); got != "exit status "+code {
			t.Errorf("%s, want exit status %s", got, code)
		}
	}
	cmd := scenario(t, "die", "")
	out, _ := cmd.Output()
	skipRefused(t, cmd, string(out))
	if got := cmd.ProcessState.String(); got != "signal: killed" {
		t.Errorf("the copy was killed: %s", got)
	}
}

// A signal is one signal, whether it is sent to the parent, to the copy, or to both, as terminals do; the second of both may come
// late.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		toParent := func(parent, _ int) error { return syscall.Kill(parent, sig) }
		toProcess := func(_, process int) error { return syscall.Kill(process, sig) }
		toGroup := func(parent, _ int) error { return syscall.Kill(-parent, sig) }
		nothing := func(int, int) error { return nil }
		for to, send := range map[string]struct {
			first, late func(parent, process int) error
		}{
			"parent":               {toParent, nothing},
			"process":              {toProcess, nothing},
			"both":                 {toGroup, nothing},
			"parent, then process": {toParent, toProcess},
			"process, then parent": {toProcess, toParent},
		} {
			t.Run(sig.String()+" to "+to, func(t *testing.T) {
				t.Parallel()
				for range 5 {
					cmd := scenario(t, "signals", "")
					cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
					s := start(t, cmd)
					process := s.number("ready")
					if err := send.first(cmd.Process.Pid, process); err != nil {
						t.Fatal(err)
					}
					if got := s.line(); got != "stopped" {
						t.Fatalf("after one signal: %q", got)
					}
					if err := send.late(cmd.Process.Pid, process); err != nil {
						t.Fatal(err)
					}
					for range 3 {
						if got := s.line(); got != "alive" {
							t.Fatalf("one signal was two: %q", got)
						}
					}
					// The second one has its default effect.
					if err := send.first(cmd.Process.Pid, process); err != nil {
						t.Fatalf("the second signal: %v", err)
					}
					for s.line() != "" {
					}
					err := cmd.Wait()
					var exit *exec.ExitError
					if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != sig {
						t.Errorf("after two signals: %v, want %v", err, sig)
					}
				}
			})
		}
	}
}

// Signals that the program does not wait for have their effect, unless they were ignored from the beginning.
func TestDefaultSignals(t *testing.T) {
	if !signal.Ignored(syscall.SIGHUP) { // as it is for these tests when nohup runs them
		s := start(t, scenario(t, "wait", ""))
		s.number("ready")
		_ = s.Process.Signal(syscall.SIGHUP)
		if _ = s.Wait(); s.ProcessState.String() != "signal: hangup" {
			t.Errorf("after SIGHUP: %v", s.ProcessState)
		}
	}
	cmd := scenario(t, "wait", "")
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec "$0"`, cmd.Path} // as nohup does
	s := start(t, cmd)
	process := s.number("ready")
	_ = s.Process.Signal(syscall.SIGHUP)
	_ = syscall.Kill(process, syscall.SIGHUP)
	_ = s.Process.Signal(syscall.SIGTERM)
	if _ = s.Wait(); s.ProcessState.String() != "signal: terminated" {
		t.Errorf("after an ignored SIGHUP and SIGTERM: %v", s.ProcessState)
	}
}

func TestParentDies(t *testing.T) {
	s := start(t, scenario(t, "wait", ""))
	process := s.number("ready")
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the copy to die", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d/exe", process)) // gone for a zombie, too
		return err != nil
	})
}
