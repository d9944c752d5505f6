package job_test

import (
	"context"
	"log"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/pipelines/internal/job"
	"github.com/beamfit/beamfit/pipelines/internal/jobtest"
)

// A job leaves the loggers of the program as they are, and what Beam logs is not heard at level info. It runs in a process of its own,
// where no job has run.
func TestLoggersStay(t *testing.T) {
	const own = "BEAMFIT_TEST_LOGGERS"
	if os.Getenv(own) == "" {
		jobtest.OwnProcess(t, "TestLoggersStay", own)
		return
	}
	var text, plain syncBuffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	log.SetOutput(&plain)
	log.SetFlags(log.Lmsgprefix)
	logger := slog.Default()
	if _, err := echo(t.Context(), t, job.Options{Runner: "direct"}, 2, func(context.Context, int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if slog.Default() != logger || log.Writer() != &plain || log.Flags() != log.Lmsgprefix {
		t.Error("a job has changed the loggers of the program")
	}
	if got := text.take() + plain.take(); got != "" {
		t.Errorf("logged:\n%s", got)
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if _, err := echo(t.Context(), t, job.Options{Runner: "direct"}, 2, func(context.Context, int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if got := text.take(); !strings.Contains(got, "level=DEBUG") || strings.Contains(got, "level=INFO") {
		t.Errorf("logged at level debug:\n%s", got)
	}
}
