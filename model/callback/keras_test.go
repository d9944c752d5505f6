package callback

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/metric"
	"github.com/beamfit/beamfit/model/params"
)

// kerasCases are what Keras' own callbacks decided: scripts/keras-fixtures/callbacks.py.
type kerasCases struct {
	Rate  float64
	Names []string
	// Metrics have, by their text, the name in logs and the direction.
	Metrics map[string][2]string
	Cases   []struct {
		Callbacks    string
		Logs         [][]number
		Rates, After []float64
		Restored     int
		Saved        *int
		CSV          string
	}
}

// A number is a float, which JSON holds as a text where it is not finite.
type number float64

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	*n = number(v)
	return err
}

func readKeras(t *testing.T) (k kerasCases) {
	t.Helper()
	text, err := os.ReadFile("testdata/keras.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// kerasModel has the metrics of callbacks.py.
func kerasModel(rate float64) Model {
	return Model{
		Metrics:    []Metric{{"accuracy", metric.Up}, {"auc", metric.Up}, {"true_positives", metric.Neither}},
		Validation: true, Rate: rate, Settable: true,
	}
}

func parse(t *testing.T, text string) []params.Call {
	t.Helper()
	fit, err := params.ParseFit("callbacks=[" + text + "]")
	if err != nil {
		t.Fatal(err)
	}
	return fit.Callbacks
}

// TestDecisionsAreThoseOfKeras gives the logs that Keras' callbacks were given.
func TestDecisionsAreThoseOfKeras(t *testing.T) {
	keras := readKeras(t)
	decided := map[string]int{}
	for i, c := range keras.Cases {
		list, err := New(parse(t, c.Callbacks), kerasModel(keras.Rate))
		if err != nil {
			t.Fatalf("case %d, %s: %v", i, c.Callbacks, err)
		}
		run := list.Begin()
		scheduled := strings.Contains(c.Callbacks, "LearningRateScheduler") && !strings.Contains(c.Callbacks, "lambda")
		epochs := 0
		for epoch, row := range c.Logs {
			rate := keras.Rate
			r, err := run.Before(epoch + 1)
			if err != nil {
				t.Fatal(err)
			}
			if r != nil {
				rate = *r
			}
			if want := c.Rates[epoch]; !sameRate(rate, want, scheduled) {
				t.Errorf("case %d, %s: epoch %d: rate %v, Keras %v", i, c.Callbacks, epoch, rate, want)
			}
			var logs Logs
			for k, v := range row {
				logs = append(logs, Value{keras.Names[k], float64(v)})
			}
			out := run.After(epoch+1, logs)
			if want := c.After[epoch]; !sameRate(run.rate, want, scheduled) {
				t.Errorf("case %d, %s: after epoch %d: rate %v, Keras %v", i, c.Callbacks, epoch, run.rate, want)
			}
			epochs++
			if out.Stop != "" {
				decided["stopped"]++
				break
			}
		}
		if epochs != len(c.Rates) {
			t.Errorf("case %d, %s: stopped after %d epochs, Keras after %d", i, c.Callbacks, epochs, len(c.Rates))
			continue
		}
		want := c.Restored
		if c.Saved != nil {
			want = *c.Saved
			decided["saved"]++
		}
		if c.Restored != epochs-1 {
			decided["restored"]++
		}
		got := run.BestIteration() - 1
		if got < 0 {
			got = epochs - 1
		}
		if got != want && !(c.Saved == nil && strings.Contains(c.Callbacks, "ModelCheckpoint")) {
			t.Errorf("case %d, %s: the weights of epoch %d, Keras' of %d", i, c.Callbacks, got, want)
		}
	}
	for _, what := range []string{"stopped", "saved", "restored"} {
		if decided[what] < 10 {
			t.Errorf("only %d cases %s: the fixture shows nothing", decided[what], what)
		}
	}
}

// sameRate compares learning rates: exactly, but for those of schedules, which Keras computes in float32.
func sameRate(got, want float64, scheduled bool) bool {
	if scheduled {
		return math.Abs(got-want) <= 1e-6*math.Abs(want)
	}
	return float32(got) == float32(want)
}

// Metrics have the names that Keras' logs have, and the directions.
func TestMetricsAreCalledAsInKeras(t *testing.T) {
	better := map[string]metric.Direction{"up": metric.Up, "down": metric.Down, "": metric.Neither}
	for text, want := range readKeras(t).Metrics {
		c, err := params.ParseCompile("optimizer=sgd, loss=mse, metrics=['accuracy', " + text + "]")
		if err != nil {
			t.Fatal(err)
		}
		m, err := metric.New(c.Metrics[1], 2)
		if err != nil {
			t.Fatal(err)
		}
		if m.LogName != want[0] || m.Better != better[want[1]] {
			t.Errorf("%s is %q, %v; Keras has %q", text, m.LogName, m.Better, want)
		}
		if a, err := metric.New(c.Metrics[0], 2); err != nil || a.LogName != "accuracy" || a.Better != metric.Up {
			t.Errorf("accuracy is %+v, error %v", a, err)
		}
	}
}
