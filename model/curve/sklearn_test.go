package curve

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A reference is what scripts/sklearn-curves writes of one set of predictions.
type reference struct {
	Scores          []float64
	Labels          []int
	ROC             drawn
	PrecisionRecall drawn `json:"precision_recall"`
	Thresholds      []float64
	Calibration     struct {
		Predicted, Observed []float64
		Brier               float64
	}
	Classes struct {
		Truth, Predicted  []int
		Confusion         [][]int64
		Precision, Recall []float64
	}
}

// A drawn is a curve as its coordinates.
type drawn struct {
	X, Y []float64
	Area float64
}

func drawnOf(c Curve) drawn {
	d := drawn{Area: c.Area}
	for _, p := range c.Points {
		d.X, d.Y = append(d.X, p.X), append(d.Y, p.Y)
	}
	return d
}

func references(t *testing.T) []reference {
	t.Helper()
	data, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Cases []reference }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Cases) < 12 {
		t.Fatalf("%d cases", len(all.Cases))
	}
	return all.Cases
}

// near is float64 arithmetic in another order.
var near = cmpopts.EquateApprox(0, 1e-12)

func TestAsScikitLearn(t *testing.T) {
	for i, ref := range references(t) {
		rows := make([]Row, len(ref.Scores))
		for k, s := range ref.Scores {
			rows[k] = Row{s, ref.Labels[k] == 1}
		}
		// No result depends on the order of the rows.
		for turn := range 2 {
			roc, err := ROC(rows)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(ref.ROC, drawnOf(roc), near); d != "" {
				t.Errorf("case %d, ROC: -scikit-learn +here\n%s", i, d)
			}
			var thresholds []float64
			for _, p := range roc.Points[1:] {
				thresholds = append(thresholds, p.Threshold)
			}
			if d := cmp.Diff(ref.Thresholds, thresholds); d != "" {
				t.Errorf("case %d, thresholds: -scikit-learn +here\n%s", i, d)
			}
			pr, err := PrecisionRecall(rows)
			if err != nil {
				t.Fatal(err)
			}
			// scikit-learn 1.9 ends where all rows are decided to be positive, too.
			if d := cmp.Diff(ref.PrecisionRecall, drawnOf(pr), near); d != "" {
				t.Errorf("case %d, precision and recall: -scikit-learn +here\n%s", i, d)
			}
			rel, err := Calibration(rows, 5)
			if err != nil {
				t.Fatal(err)
			}
			got := ref.Calibration
			got.Predicted, got.Observed, got.Brier = nil, nil, rel.Brier
			for _, b := range rel.Bins {
				got.Predicted, got.Observed = append(got.Predicted, b.Predicted), append(got.Observed, b.Observed)
			}
			if d := cmp.Diff(ref.Calibration, got, near); d != "" {
				t.Errorf("case %d, calibration: -scikit-learn +here\n%s", i, d)
			}
			rand.New(rand.NewPCG(uint64(i), uint64(turn))).Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
		}
		names := make([]string, len(ref.Classes.Confusion))
		c := NewConfusion(names)
		for k, truth := range ref.Classes.Truth {
			c.Add(truth, ref.Classes.Predicted[k])
		}
		if d := cmp.Diff(ref.Classes.Confusion, c.Counts); d != "" {
			t.Errorf("case %d, confusion: -scikit-learn +here\n%s", i, d)
		}
		for k := range names {
			precision, recall := c.Of(k)
			if math.Abs(precision-ref.Classes.Precision[k]) > 1e-12 || math.Abs(recall-ref.Classes.Recall[k]) > 1e-12 {
				t.Errorf("case %d, class %d: precision %v, recall %v; scikit-learn has %v, %v", i, k, precision, recall, ref.Classes.Precision[k], ref.Classes.Recall[k])
			}
		}
	}
}

func TestOrderChangesNoBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]Row, 1000)
	for i := range rows {
		rows[i] = Row{math.Round(rng.Float64()*300) / 300, rng.IntN(2) == 1}
	}
	before, err := Calibration(rows, 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(rows)
	after, err := Calibration(rows, 10)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	if want := rel(after); math.Abs(want-after.ECE) > 1e-12 {
		t.Errorf("ECE %v, by its definition %v", after.ECE, want)
	}
}

// rel is the expected calibration error by its definition.
func rel(r Reliability) float64 {
	var sum, rows float64
	for _, b := range r.Bins {
		sum += float64(b.Rows) * math.Abs(b.Predicted-b.Observed)
		rows += float64(b.Rows)
	}
	return sum / rows
}

func TestRefusals(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"one kind", "a curve needs rows of the class and rows of others; of 2 rows 2 are of the class", second(ROC([]Row{{0.1, true}, {0.2, true}}))},
		{"no rows", "a curve needs rows of the class and rows of others; of 0 rows 0 are of the class", second(PrecisionRecall(nil))},
		{"NaN", "row 2: the score NaN is not finite", second(ROC([]Row{{0.1, true}, {nan, false}}))},
		{"no probability", "the score 1.5 is no probability: it must lie from 0 to 1", second(Calibration([]Row{{1.5, true}}, 10))},
		{"no bins", "the number of bins must be at least 1, found 0", second(Calibration([]Row{{0.5, true}}, 0))},
		{"nothing to calibrate", "no rows", second(Calibration(nil, 10))},
	} {
		if c.err == nil || c.err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }
