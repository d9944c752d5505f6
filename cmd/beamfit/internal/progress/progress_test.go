package progress

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/beamfit/beamfit/pipelines"
)

// clock moves only when told to.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func iteration(n int) *pipelines.IterationReport {
	r := &pipelines.IterationReport{Iteration: n, Iterations: 3, Rows: 360, Training: 2 * time.Second}
	if n != 2 {
		loss := 0.5
		r.Scored, r.TrainingLoss = true, 0.43214
		r.TrainingMetrics = []pipelines.NamedValue{{Name: "categorical_accuracy", Value: 0.93333}}
		r.ValidationLoss, r.ValidationMetrics = &loss, []pipelines.NamedValue{{Name: "categorical_accuracy", Value: 1}}
	}
	return r
}

// fitEvents report reading, then three iterations, four seconds each.
func fitEvents(p *Printer, c *clock) {
	for done := range int64(4) {
		p.Report(pipelines.Event{Job: "fit", Stage: "reading training", Unit: "buffers", Done: done, Total: 3})
	}
	for n := 1; n <= 3; n++ {
		c.t = c.t.Add(2 * time.Second)
		p.Report(pipelines.Event{Job: "fit", Stage: "training", Unit: "rows", Done: 180, Total: 360})
		c.t = c.t.Add(2 * time.Second)
		p.Report(pipelines.Event{Job: "fit", Iteration: iteration(n)})
	}
	p.Close()
}

func TestPlainLines(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	fitEvents(New(&out, Options{Now: c.now}), c)
	want := `fit: reading training, 3 buffers, 0.0s
fit: iteration 1/3, 180 samples/s, loss 0.4321, categorical_accuracy 0.9333, validation loss 0.5, validation categorical_accuracy 1, 8s left
fit: iteration 2/3, 180 samples/s, 4s left
fit: iteration 3/3, 180 samples/s, loss 0.4321, categorical_accuracy 0.9333, validation loss 0.5, validation categorical_accuracy 1
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestTimeLeftAfterResuming: iterations that another run has done took none of this one's time.
func TestTimeLeftAfterResuming(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := New(&out, Options{Now: c.now})
	p.Report(pipelines.Event{Job: "fit", Stage: "reading training", Unit: "buffers", Done: 1, Total: 1})
	for n := 901; n <= 902; n++ {
		c.t = c.t.Add(60 * time.Second)
		p.Report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{Iteration: n, Iterations: 1000}})
	}
	for _, want := range []string{"iteration 901/1000, 1h39m left", "iteration 902/1000, 1h38m left"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s\nhas no %q", out.String(), want)
		}
	}
}

// TestLongTimeLeft: the time left of many iterations or rows is no number of nanoseconds that overflows.
func TestLongTimeLeft(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := New(&out, Options{Now: c.now})
	p.Report(pipelines.Event{Job: "fit", Stage: "reading training", Unit: "buffers", Done: 1, Total: 1})
	for _, n := range []int{1, 1000} {
		c.t = time.Unix(1000, 0).Add(time.Duration(n) * 10 * time.Second)
		p.Report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{Iteration: n, Iterations: 1_000_000}})
	}
	if want := "iteration 1000/1000000, 2775h00m left"; !strings.Contains(out.String(), want) {
		t.Errorf("%s\nhas no %q", out.String(), want)
	}
	for _, c := range []struct {
		took       time.Duration
		done, left int64
		want       string
	}{
		{10 * time.Second, 1, 1_000_000, "2777h46m"},
		{3 * time.Hour, 900_000, 1_000_000, "3h20m"},
		{time.Hour, 1_000_000_000, 9_000_000_000, "9h00m"},
		{time.Hour, 1, math.MaxInt64, "2562047h47m"},
	} {
		if got := duration(remaining(c.took, c.done, c.left)); got != c.want {
			t.Errorf("%d of %d in %v: %s left, want %s", c.done, c.done+c.left, c.took, got, c.want)
		}
	}
}

func TestPlainStagesOfUnknownLength(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := New(&out, Options{Now: c.now})
	for _, stage := range []string{"reading", "writing"} {
		for done := range int64(3) {
			p.Report(pipelines.Event{Job: "split", Stage: stage, Unit: "rows", Done: done})
			c.t = c.t.Add(time.Second)
		}
	}
	p.Close()
	p.Close() // once is enough
	want := "split: reading, 2 rows, 3.0s\nsplit: writing, 2 rows, 3.0s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A screen is a terminal as it looks after what was written to it: what Printer uses of its control sequences.
type screen struct {
	t        *testing.T
	lines    [][]rune
	row, col int
	frames   []string // how it looked after every write
}

func (s *screen) Write(b []byte) (int, error) {
	text := []rune(string(b))
	for i := 0; i < len(text); i++ {
		for len(s.lines) <= s.row {
			s.lines = append(s.lines, nil)
		}
		switch r := text[i]; r {
		case '\r':
			s.col = 0
		case '\n':
			s.row++
		case 0x1b:
			n := 0
			for i += 2; text[i] >= '0' && text[i] <= '9'; i++ {
				n = 10*n + int(text[i]-'0')
			}
			switch text[i] {
			case 'A':
				s.row -= n
			case 'K':
				s.lines[s.row] = s.lines[s.row][:s.col]
			case 'J':
				s.lines[s.row] = s.lines[s.row][:s.col]
				s.lines = s.lines[:s.row+1]
			default:
				s.t.Fatalf("an unknown control sequence in %q", b)
			}
		default:
			line := append(s.lines[s.row][:min(s.col, len(s.lines[s.row]))], r)
			if len(s.lines[s.row]) > len(line) {
				line = append(line, s.lines[s.row][len(line):]...)
			}
			s.lines[s.row], s.col = line, s.col+1
		}
	}
	s.frames = append(s.frames, s.text())
	return len(b), nil
}

func (s *screen) text() string {
	var lines []string
	for _, l := range s.lines {
		lines = append(lines, string(l))
	}
	return strings.Join(lines, "\n")
}

func TestLiveLines(t *testing.T) {
	s := &screen{t: t}
	c := &clock{time.Unix(1000, 0)}
	fitEvents(New(s, Options{Live: true, Now: c.now, Size: func() (int, int) { return 115, 24 }}), c)
	scores := `
  loss                  ▁ 0.4321      validation ▁ 0.5
  categorical_accuracy  ▁ 0.9333      validation ▁ 1`
	want := []string{
		"fit: reading training, 0/3 buffers [                              ]",
		"fit: training, 180/360 rows [===============               ]",
		"fit: iteration 2/3 [==========                    ] 180 samples/s, 8s left" + scores,
		"fit: iteration 2/3 [===============               ] 180 samples/s, 6s left" + scores,
		"fit: iteration 3/3 [====================          ] 180 samples/s, 4s left" + scores,
		"fit: iteration 3/3 [=========================     ] 180 samples/s, 2s left" + scores,
		"fit: iteration 3/3 [==============================] 180 samples/s, 0s left" + strings.ReplaceAll(scores, "▁", "▁▁"),
		"",
	}
	if diff := cmp.Diff(want, s.frames); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// falling is a fit of so many iterations whose loss falls evenly from 1, without a validation table.
func falling(p *Printer, iterations int) {
	for n := 1; n <= iterations; n++ {
		p.Report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{
			Iteration: n, Iterations: iterations, Scored: true, TrainingLoss: 1 - float64(n-1)/float64(iterations-1),
			TrainingMetrics: []pipelines.NamedValue{{Name: "a\nb\x1b[2J", Value: math.NaN()}},
		}})
	}
}

// TestLiveLinesOnTheScreen: lines fit on screens of any size, notes stay above them, and names cannot steer the terminal.
func TestLiveLinesOnTheScreen(t *testing.T) {
	const head = "fit: iteration 8/8 [==============================] 0s left"
	for _, c := range []struct {
		columns, rows int
		ascii         bool
		want          string
	}{
		{80, 24, false, head + "\n  loss        █▇▆▅▄▃▂▁ 0\n  a b\\x1b[2J           NaN"},
		{80, 24, true, head + "\n  loss        #*+=-,._ 0\n  a b\\x1b[2J           NaN"},
		{30, 24, false, head[:29] + "\n  loss        █▆▅▃▁ 0\n  a b\\x1b[2J        NaN"},
		{80, 2, false, head},
		{80, 3, false, head + "\n  loss        █▇▆▅▄▃▂▁ 0"},
		{0, 0, false, head + "\n  loss        █▇▆▅▄▃▂▁ 0\n  a b\\x1b[2J           NaN"},
	} {
		s := &screen{t: t}
		now := &clock{time.Unix(1000, 0)}
		p := New(s, Options{Live: true, Now: now.now, ASCII: c.ascii, Size: func() (int, int) { return c.columns, c.rows }})
		falling(p, 8)
		if d := cmp.Diff(c.want, s.text()); d != "" {
			t.Errorf("%d x %d: -want +got\n%s", c.columns, c.rows, d)
		}
		if _, err := p.Write([]byte("warning\n")); err != nil || s.text() != "warning\n" && s.text() != "warning" {
			t.Errorf("after a warning: %q, %v", s.text(), err)
		}
		s.lines, s.row, s.col = nil, 0, 0
		falling(p, 8)
		p.Report(pipelines.Event{Job: "fit", Note: "restored"})
		if s.text() != "fit: restored\n" && s.text() != "fit: restored" {
			t.Errorf("after a note: %q", s.text())
		}
		falling(p, 8)
		if !strings.HasPrefix(s.text(), "fit: restored\nfit: iteration 8/8") {
			t.Errorf("after a note, and on: %q", s.text())
		}
		p.Close()
		if s.text() != "fit: restored\n" {
			t.Errorf("at the end: %q", s.text())
		}
	}
}

func TestSparkline(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""},
		{[]float64{3}, "▁"},
		{[]float64{1, 2}, "▁█"},
		{[]float64{5, 5, 5}, "▁▁▁"},
		{[]float64{0, nan, 1, inf, 0.5}, "▁ █ ▅"},
		{[]float64{nan, nan}, "  "},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, "▁█"},
		{[]float64{7, 6, 5, 4, 3, 2, 1, 0}, "█▇▆▅▄▃▂▁"},
	} {
		if got := sparkline(c.values, false); got != c.want {
			t.Errorf("%v: %q, want %q", c.values, got, c.want)
		}
	}
}

func TestLiveLineIsNotRedrawnTooOften(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := New(&out, Options{Live: true, Now: c.now, Size: func() (int, int) { return 0, 0 }})
	for done := range int64(1000) {
		c.t = c.t.Add(time.Millisecond)
		p.Report(pipelines.Event{Job: "predict", Stage: "scoring", Unit: "rows", Done: done, Total: 1000})
	}
	if n := strings.Count(out.String(), "\r"); n != 10 {
		t.Errorf("%d drawings in a second, want 10", n)
	}
	if !strings.HasSuffix(out.String(), "predict: scoring, 900/1000 rows [===========================   ] 1000 rows/s, 0s left\x1b[K") {
		t.Errorf("%q", out.String()[len(out.String())-120:])
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 59 * time.Second: "59s", 65 * time.Second: "1m05s", 2*time.Hour + 7*time.Minute + 30*time.Second: "2h07m",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// TestConcurrentUse is for the race detector: a job reports while another goroutine writes messages, which stay whole.
func TestConcurrentUse(t *testing.T) {
	var out strings.Builder
	p := New(&out, Options{Live: true, Size: func() (int, int) { return 80, 24 }})
	const messages, iterations = 200, 100
	var both sync.WaitGroup
	both.Go(func() {
		for n := 1; n <= iterations; n++ {
			loss := 1 / float64(n)
			p.Report(pipelines.Event{Job: "fit", Stage: "training", Unit: "rows", Done: 1, Total: 2})
			p.Report(pipelines.Event{Job: "fit", Iteration: &pipelines.IterationReport{Iteration: n, Iterations: iterations, Scored: true, TrainingLoss: loss}})
		}
	})
	both.Go(func() {
		for range messages {
			if _, err := p.Write([]byte("warning: odd\n")); err != nil {
				t.Error(err)
			}
		}
	})
	both.Wait()
	p.Close()
	if n := strings.Count(out.String(), "warning: odd\n"); n != messages {
		t.Errorf("%d messages are whole, want %d", n, messages)
	}
}
