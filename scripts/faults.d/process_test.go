package main

import (
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

func shell(t *testing.T, script string) *process {
	t.Helper()
	p, err := start(t.Context(), exec.Command("sh", "-c", script), limitsOf(1))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHowACommandEnds(t *testing.T) {
	for name, c := range map[string]struct {
		script, message string
		outcome         outcome
	}{
		"success":     {"echo 'x: reading' >&2; echo done", "", succeeded},
		"failure":     {"echo 'x: reading' >&2; echo 'beamfit: table new:\n  no' >&2; exit 1", "table new:\n  no", refused},
		"interrupted": {"echo 'beamfit: interrupted' >&2; exit 130", "interrupted", interrupted},
		"killed":      {"kill -9 $$", "", killed},
	} {
		e := shell(t, c.script).wait()
		if e.outcome() != c.outcome || e.message() != c.message || e.orphans || e.hung {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestOrphansAreSeen(t *testing.T) {
	if e := shell(t, "sleep 600 >/dev/null 2>&1 & exit 0").wait(); e.code != exitOK || !e.orphans {
		t.Errorf("%+v", e)
	}
}

func TestSignalAtALine(t *testing.T) {
	p := shell(t, "echo one >&2; echo two >&2; exec sleep 600")
	p.untilLine(2)
	p.send(syscall.SIGTERM)
	e := p.wait()
	if e.signal != syscall.SIGTERM || !slices.Contains(e.sent, e.signal) || e.stderr != "one\ntwo\n" {
		t.Errorf("%+v", e)
	}
	p.send(syscall.SIGKILL) // to nobody
	p.untilLine(3)          // comes back: the process has ended
}
