// Package progress tells a person how far a job is: on a terminal by a live line, and of a fit by one more for the loss and for each metric, with a
// sparkline of its values; elsewhere by a plain line at the end of every iteration and stage.
//
// It writes to standard error, so that results can be piped. Nothing depends on it.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/beamfit/beamfit/cmd/beamfit/internal/visible"
	"github.com/beamfit/beamfit/pipelines"
)

// Options say how a Printer writes.
type Options struct {
	// Live redraws its lines; needs a terminal. Else lines are written once and stay.
	Live bool
	// Size is the terminal's number of columns and rows, for Live; 0: not known.
	Size func() (columns, rows int)
	// ASCII says that the terminal has no other characters.
	ASCII bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// redrawEvery is the least time between two drawings of the live lines.
const redrawEvery = 100 * time.Millisecond

// A Printer writes the events of one job, and what others have to say meanwhile. It is safe for concurrent use.
type Printer struct {
	w   io.Writer
	opt Options

	mu sync.Mutex // guards what follows

	stage   pipelines.Event // the latest event of the stage under way
	since   time.Time       // when that stage began
	written bool            // whether the stage's plain line is written

	begin   time.Time                  // when the first event of the job came
	before  int                        // iterations of the job that were done before, by a run that this one goes on with
	last    *pipelines.IterationReport // the latest finished iteration
	lastEnd time.Time
	scores  scoreLines // for Live

	drawn time.Time // when the live lines were last drawn
	open  int       // how many of them are on the screen
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
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opt.Now()
	if p.begin.IsZero() {
		p.begin = now
	}
	if e.Note != "" {
		p.note(e.Job + ": " + e.Note)
		return
	}
	if e.Iteration != nil {
		if p.last == nil {
			p.before = e.Iteration.Iteration - 1
		}
		p.last, p.lastEnd = e.Iteration, now
		if e.Iteration.Scored {
			p.scores.add(e.Iteration)
		}
		p.stage, p.since = pipelines.Event{Job: e.Job}, now
		if p.opt.Live {
			p.draw(now)
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
			p.draw(now)
		}
		return
	}
	if e.Total > 0 && e.Done >= e.Total {
		p.endStage(now)
	}
}

// Close ends the job's output: the live lines go, a stage of unknown length gets its plain line.
func (p *Printer) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endStage(p.opt.Now())
	p.erase()
}

// Write writes what another one says, in whole lines, in the place of the live ones, which the next event draws again below.
func (p *Printer) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	return p.w.Write(text)
}

// erase takes the live lines off the screen.
func (p *Printer) erase() {
	if p.open > 0 {
		io.WriteString(p.w, p.up()+"\r\x1b[J")
		p.open = 0
	}
}

// up moves the cursor to the first of the live lines.
func (p *Printer) up() string {
	if p.open < 2 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", p.open-1)
}

// endStage writes the plain line of the stage under way, once. The stages inside iterations have none: the iteration has.
func (p *Printer) endStage(now time.Time) {
	if p.opt.Live || p.written || p.stage.Stage == "" || inIteration(p.stage) {
		return
	}
	p.written = true
	p.line(stageLine(p.stage, now.Sub(p.since)))
}

// left is the time that the remaining iterations will take, judged by those that this run has done. There must be one.
func (p *Printer) left(now time.Time) time.Duration {
	rest := remaining(p.lastEnd.Sub(p.begin), int64(p.last.Iteration-p.before), int64(p.last.Iterations-p.last.Iteration))
	return max(0, rest-now.Sub(p.lastEnd))
}

func (p *Printer) liveLine(now time.Time) string {
	if p.last != nil {
		return liveIterationLine(p.stage, p.last, p.left(now))
	}
	return liveStageLine(p.stage, now.Sub(p.since))
}

// note writes a line that stays, above the live ones.
func (p *Printer) note(text string) {
	p.erase()
	p.line(text)
}

func (p *Printer) line(text string) { io.WriteString(p.w, visible.Text(text)+"\n") }

// terminal measures text as tabletext does, whatever the language is.
var terminal = &runewidth.Condition{StrictEmojiNeutral: true}

// oneLine is a text that steers no terminal and stays on its line.
func oneLine(text string) string { return blanks.Replace(visible.Text(text)) }

var blanks = strings.NewReplacer("\n", " ", "\t", " ")

// draw replaces the live lines, each cut to the terminal's width so that it stays one; there are no more of them than the screen has room for.
func (p *Printer) draw(now time.Time) {
	columns, rows := p.opt.Size()
	lines := []string{p.liveLine(now)}
	if p.last != nil {
		lines = append(lines, p.scores.lines(columns, p.opt.ASCII)...)
	}
	if rows > 1 {
		lines = lines[:min(len(lines), rows-1)]
	}
	for i, text := range lines {
		text = oneLine(text)
		if columns > 0 {
			text = terminal.Truncate(text, columns-1, "")
		}
		lines[i] = text + "\x1b[K"
	}
	io.WriteString(p.w, p.up()+"\r"+strings.Join(lines, "\r\n"))
	if len(lines) < p.open { // the screen has become lower
		io.WriteString(p.w, "\x1b[J")
	}
	p.drawn, p.open = now, len(lines)
}
