package pipelines

import (
	"context"
	"log"
	"log/slog"
	"runtime"
	"strings"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

var beamOnce sync.Once

// initBeam makes Beam ready, and quiet: what it logs goes to slog's default logger, as debug messages.
func initBeam() {
	beamOnce.Do(func() {
		logger, writer, flags := slog.Default(), log.Writer(), log.Flags()
		if !beam.Initialized() {
			beam.Init() // puts a logger of its own in the place of slog's default
		}
		h := logger.Handler()
		slog.SetDefault(slog.New(quietBeam{h}))
		// SetDefault sends package log to slog. Where slog's handler is the one that writes to package log, that would
		// be a circle.
		log.SetOutput(writer)
		log.SetFlags(flags)
	})
}

// quietBeam is a handler that makes debug messages of all that Beam logs: its runners tell the story of every bundle, and
// errors come back to the caller anyway.
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
