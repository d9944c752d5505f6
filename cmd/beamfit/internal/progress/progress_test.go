package progress

import (
	"strings"
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

func TestLiveLine(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	fitEvents(New(&out, Options{Live: true, Now: c.now, Width: func() int { return 115 }}), c)
	if strings.Contains(out.String(), "\n") {
		t.Errorf("the live line goes on to the next line: %q", out.String())
	}
	frames := strings.Split(strings.TrimPrefix(out.String(), "\r"), "\x1b[K\r")
	want := []string{
		"fit: reading training, 0/3 buffers [                              ]",
		"fit: training, 180/360 rows [===============               ]",
		"fit: iteration 2/3 [==========                    ] 180 samples/s, 8s left, loss 0.4321, categorical_accuracy 0.93",
		"fit: iteration 2/3 [===============               ] 180 samples/s, 6s left, loss 0.4321, categorical_accuracy 0.93",
		"fit: iteration 3/3 [====================          ] 180 samples/s, 4s left, loss 0.4321, categorical_accuracy 0.93",
		"fit: iteration 3/3 [=========================     ] 180 samples/s, 2s left, loss 0.4321, categorical_accuracy 0.93",
		"fit: iteration 3/3 [==============================] 180 samples/s, 0s left, loss 0.4321, categorical_accuracy 0.93",
		"\x1b[K",
	}
	if diff := cmp.Diff(want, frames); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLiveLineIsNotRedrawnTooOften(t *testing.T) {
	var out strings.Builder
	c := &clock{time.Unix(1000, 0)}
	p := New(&out, Options{Live: true, Now: c.now, Width: func() int { return 0 }})
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
