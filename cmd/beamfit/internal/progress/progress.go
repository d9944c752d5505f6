// Package progress tells a person how far a job is: on a terminal one live line, elsewhere a plain line at the end of every
// iteration and stage.
//
// It writes to standard error, so that results can be piped. Nothing depends on it.
package progress

import (
	"io"
	"time"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
	"github.com/beamfit/beamfit/pipelines"
)

// Options say how a Printer writes.
type Options struct {
	// Live redraws one line; needs a terminal. Else lines are written once and stay.
	Live bool
	// Width is the terminal's number of columns, for Live.
	Width func() int
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// redrawEvery is the least time between two drawings of the live line.
const redrawEvery = 100 * time.Millisecond

// A Printer writes the events of one job. Its calls must come one at a time.
type Printer struct {
	w   io.Writer
	opt Options

	stage   pipelines.Event // the latest event of the stage under way
	since   time.Time       // when that stage began
	written bool            // whether the stage's plain line is written

	begin   time.Time                  // when the first event of the job came
	last    *pipelines.IterationReport // the latest finished iteration
	scored  *pipelines.IterationReport // the latest one with metrics
	lastEnd time.Time

	drawn time.Time // when the live line was last drawn
	open  bool      // whether a live line is on the screen
}

// New is a Printer on w.
func New(w io.Writer, opt Options) *Printer {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Printer{w: w, opt: opt}
}

// Report takes the next event.
func (p *Printer) Report(e pipelines.Event) {
	now := p.opt.Now()
	if p.begin.IsZero() {
		p.begin = now
	}
	if e.Note != "" {
		p.note(e.Job + ": " + e.Note)
		return
	}
	if e.Iteration != nil {
		p.last, p.lastEnd = e.Iteration, now
		if e.Iteration.Scored {
			p.scored = e.Iteration
		}
		p.stage, p.since = pipelines.Event{Job: e.Job}, now
		if p.opt.Live {
			p.draw(p.liveLine(now), now)
		} else {
			p.line(iterationLine(e.Job, e.Iteration, p.left(now)))
		}
		return
	}
	if e.Job != p.stage.Job || e.Stage != p.stage.Stage {
		p.endStage(now)
		p.since, p.written = now, false
	}
	p.stage = e
	if p.opt.Live {
		if now.Sub(p.drawn) >= redrawEvery {
			p.draw(p.liveLine(now), now)
		}
		return
	}
	if e.Total > 0 && e.Done >= e.Total {
		p.endStage(now)
	}
}

// Close ends the job's output: the live line goes, a stage of unknown length gets its plain line.
func (p *Printer) Close() {
	p.endStage(p.opt.Now())
	if p.open {
		io.WriteString(p.w, "\r\x1b[K")
		p.open = false
	}
}

// endStage writes the plain line of the stage under way, once. The stages inside iterations have none: the iteration has.
func (p *Printer) endStage(now time.Time) {
	if p.opt.Live || p.written || p.stage.Stage == "" || inIteration(p.stage) {
		return
	}
	p.written = true
	p.line(stageLine(p.stage, now.Sub(p.since)))
}

// left is the time that the remaining iterations will take, judged by those that are done. There must be one.
func (p *Printer) left(now time.Time) time.Duration {
	done, all := time.Duration(p.last.Iteration), time.Duration(p.last.Iterations)
	if done == 0 {
		return 0
	}
	return max(0, p.lastEnd.Sub(p.begin)*(all-done)/done-now.Sub(p.lastEnd))
}

func (p *Printer) liveLine(now time.Time) string {
	if p.last != nil {
		return liveIterationLine(p.stage, p.last, p.scored, p.left(now))
	}
	return liveStageLine(p.stage, now.Sub(p.since))
}

// note writes a line that stays, above the live one.
func (p *Printer) note(text string) {
	if p.open {
		io.WriteString(p.w, "\r\x1b[K")
		p.open = false
	}
	p.line(text)
}

func (p *Printer) line(text string) { io.WriteString(p.w, visible.Text(text)+"\n") }

// draw replaces the live line, cut to the terminal's width so that it stays one line.
func (p *Printer) draw(text string, now time.Time) {
	text = visible.Text(text)
	if width := p.opt.Width(); len(text) >= width && width > 0 {
		text = text[:width-1]
	}
	io.WriteString(p.w, "\r"+text+"\x1b[K")
	p.drawn, p.open = now, true
}
