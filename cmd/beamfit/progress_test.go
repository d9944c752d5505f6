package main

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/progress"
	"github.com/beamfit/beamfit/pipelines"
)

// TestMessagesBesideProgress: what a command says while it shows how far it is, or one that it calls, stands on lines of its own.
func TestMessagesBesideProgress(t *testing.T) {
	var screen bytes.Buffer
	a := newApp(io.Discard, &screen)
	now := time.Unix(1000, 0)
	shown := progress.New(&screen, progress.Options{
		Live: true, Size: func() (int, int) { return 80, 24 },
		Now: func() time.Time { now = now.Add(time.Second); return now },
	})
	called := &app{err: a.err, progress: a.progress, logLevel: "warn"}
	log := slog.Default()
	defer slog.SetDefault(log)
	a.logLevel = "warn"
	a.startLog() // before there is progress
	called.progress.Store(shown)
	for _, say := range []struct {
		what string
		say  func()
	}{
		{"warning: odd\n", func() { a.warn([]string{"odd"}) }},
		{"lost", func() { slog.Warn("lost") }},
	} {
		shown.Report(pipelines.Event{Job: "import", Stage: say.what, Unit: "rows", Done: 1})
		if strings.HasSuffix(screen.String(), "\n") || screen.Len() == 0 {
			t.Fatalf("the progress is %q", screen.String())
		}
		screen.Reset()
		say.say()
		if got := screen.String(); !strings.HasPrefix(got, "\r\x1b[J") || !strings.Contains(got, say.what) || !strings.HasSuffix(got, "\n") {
			t.Errorf("%s is written as %q", say.what, got)
		}
	}
}

// watched calls seen for what is written.
type watched struct{ seen func() }

func (w watched) Write(text []byte) (int, error) {
	w.seen()
	return len(text), nil
}

// TestEndOfProgress: while the last of the progress is written, messages still wait for it.
func TestEndOfProgress(t *testing.T) {
	a := newApp(io.Discard, nil)
	ending, written := false, false
	a.err = watched{func() {
		if written = ending; a.progress.Load() == nil {
			t.Error("a message would go past the progress that is being written")
		}
	}}
	env := new(pipelines.Env)
	end := a.showProgress(env)
	env.Progress(pipelines.Event{Job: "import", Stage: "reading", Unit: "rows", Done: 1})
	ending = true
	end()
	if !written || a.progress.Load() != nil {
		t.Errorf("at the end something is written: %t, the progress is %v", written, a.progress.Load())
	}
}
