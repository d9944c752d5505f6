package main

import (
	"cmp"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/progress"
	"github.com/beamfit/beamfit/io/exchange"
	"github.com/beamfit/beamfit/pipelines"
)

// showProgress makes the progress of jobs visible on standard error, until the function that it returns is called.
func (a *app) showProgress(env *pipelines.Env) (end func()) {
	if a.quiet || a.noProgress {
		return func() {}
	}
	p := progress.New(a.err, a.progressOptions())
	a.progress.Store(p)
	env.Progress = p.Report
	return func() {
		p.Close() // first: a message that goes past p while lines are open would be wiped off with them
		a.progress.Store(nil)
	}
}

// besideProgress writes to standard error, where progress may be shown at the same time.
type besideProgress struct{ *app }

func (b besideProgress) Write(text []byte) (int, error) {
	if p := b.app.progress.Load(); p != nil {
		return p.Write(text)
	}
	return b.app.err.Write(text)
}

// exchanging shows the progress of an import or export, until end is called, and tells it to the run of env, if one is recorded. One that takes less than a
// second tells of none.
func (a *app) exchanging(job string) (env *pipelines.Env, tell exchange.Progress, end func()) {
	env = new(pipelines.Env)
	end = a.showProgress(env)
	begin := time.Now()
	return env, func(stage string, done, total int64) {
		if env.Progress != nil && time.Since(begin) > time.Second {
			env.Progress(pipelines.Event{Job: job, Stage: stage, Unit: "rows", Done: done, Total: total})
		}
	}, end
}

// progressOptions are live where standard error is a terminal.
func (a *app) progressOptions() progress.Options {
	f, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return progress.Options{}
	}
	return progress.Options{Live: true, ASCII: asciiLocale(), Size: func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 80, 0
		}
		return columns, rows
	}}
}

// asciiLocale tells whether the environment names a locale of another encoding than UTF-8. One that names none says nothing of the terminal.
func asciiLocale() bool {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	folded := strings.ReplaceAll(strings.ToLower(locale), "-", "")
	return locale != "" && !strings.HasSuffix(folded, "utf8")
}
