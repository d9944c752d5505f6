package job

import (
	"context"
	"log"
	"log/slog"
	"runtime"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"

	_ "github.com/beamfit/beamfit/pipelines/internal/account" // Beam needs a user
)

var beamOnce sync.Once

// initBeam makes Beam ready, unless the program has done so, and leaves the program's loggers as they are.
func initBeam() {
	beamOnce.Do(func() {
		if beam.Initialized() {
			return // how Beam logs is the program's affair then
		}
		logger, writer, flags := slog.Default(), log.Writer(), log.Flags()
		beam.Init() // puts a logger of its own in the place of slog's default
		slog.SetDefault(logger)
		log.SetOutput(writer)
		log.SetFlags(flags)
		beamlog.SetLogger(debugLogger{})
	})
}

// A debugLogger makes debug messages of slog's default logger of what Beam logs by its own logger: its runners tell the story of every
// bundle, and errors come back to the caller anyway.
type debugLogger struct{}

func (debugLogger) Log(ctx context.Context, _ beamlog.Severity, _ int, message string) {
	slog.DebugContext(ctx, strings.TrimSpace(message))
}

// QuietHandler is what pipelines.QuietBeam makes.
func QuietHandler(h slog.Handler) slog.Handler { return quietBeam{h} }

// quietBeam tells Beam's messages by the function that logs them.
type quietBeam struct{ slog.Handler }

func (q quietBeam) Handle(ctx context.Context, r slog.Record) error {
	if r.Level > slog.LevelDebug {
		f, _ := runtime.CallersFrames([]uintptr{r.PC}).Next()
		if strings.HasPrefix(f.Function, "github.com/apache/beam/") {
			if !q.Enabled(ctx, slog.LevelDebug) {
				return nil
			}
			r.Level = slog.LevelDebug
		}
	}
	return q.Handler.Handle(ctx, r)
}

func (q quietBeam) WithAttrs(as []slog.Attr) slog.Handler { return quietBeam{q.Handler.WithAttrs(as)} }

func (q quietBeam) WithGroup(name string) slog.Handler { return quietBeam{q.Handler.WithGroup(name)} }
