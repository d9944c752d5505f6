package metric

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/beamfit/beamfit/model/loss"
	"github.com/beamfit/beamfit/model/params"
)

func TestMetrics(t *testing.T) {
	inf := float32(math.Inf(1))
	with := func(name string, args map[string]params.Value) params.Call {
		return params.Call{Name: name, Args: args}
	}
	tests := []struct {
		call params.Call
		n    int
		p, y []float32
		want []float32
	}{
		{with("accuracy", nil), 3, []float32{0.1, 0.6, 0.3, 0.5, 0.5, 0, 0, 0, 0}, []float32{0, 1, 0, 0, 1, 0, 1, 0, 0}, []float32{1, 0, 1}},
		{with("acc", nil), 1, []float32{0.4, 0.6, 0.5}, []float32{0, 1, 1}, []float32{1, 1, 0}},
		{with("categorical_accuracy", nil), 1, []float32{0.4}, []float32{1}, []float32{1}},
		{with("binary_accuracy", nil), 4, []float32{0.4, 0.6, 0.6, 0.1}, []float32{0, 1, 0, 0}, []float32{0.75}},
		{with("BinaryAccuracy", map[string]params.Value{"threshold": 0.7}), 2, []float32{0.6, 0.8}, []float32{0, 1}, []float32{1}},
		{with("top_k_categorical_accuracy", nil), 6, []float32{1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1}, []float32{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, []float32{1, 0}},
		{with("TopKCategoricalAccuracy", map[string]params.Value{"k": int64(2)}), 3, []float32{5, 5, 5, 3, 2, 1, 1, inf, 2}, []float32{0, 0, 1, 0, 0, 1, 0, 1, 0}, []float32{1, 0, 0}},
		{with("mse", nil), 2, []float32{1, 2}, []float32{0, 4}, []float32{2.5}},
		{with("mae", nil), 2, []float32{1, 2}, []float32{0, 4}, []float32{1.5}},
		{with("cosine_similarity", nil), 2, []float32{3, 4, 0, 0}, []float32{0, 2, 1, 0}, []float32{0.8, 0}},
		{with("crossentropy", nil), 2, []float32{0.5, 0.5}, []float32{0, 1}, []float32{math.Ln2}},
		{with("ce", nil), 1, []float32{0.25}, []float32{1}, []float32{2 * math.Ln2}},
	}
	for _, tt := range tests {
		m, err := New(tt.call, tt.n)
		if err != nil {
			t.Error(err)
			continue
		}
		if m.Name != tt.call.Name {
			t.Errorf("%s is called %s", tt.call.Name, m.Name)
		}
		var got []float32
		for r := range tt.want {
			s := m.NewState()
			m.Add(&s, rowsOf(m, tt.n, tt.p[r*tt.n:(r+1)*tt.n], tt.y[r*tt.n:(r+1)*tt.n]))
			got = append(got, float32(m.Value(&s)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s(%v, %v) = %v, want %v", tt.call.Name, tt.p, tt.y, got, tt.want)
		}
	}
}

// rowsOf are rows with room for values, or the losses of a metric that is one.
func rowsOf(m *Metric, n int, p, y []float32) Rows {
	r := Rows{N: n, P: p, Y: y, Values: make([]float32, len(p)/n)}
	if m.Loss != nil {
		m.Loss.Output.(interface {
			Rows(rows, n int, p, y, losses []float32)
		}).Rows(len(r.Values), n, p, y, r.Values)
	}
	return r
}

// TestEveryLossIsAMetric by its name, but for those whose labels are not like the output.
func TestEveryLossIsAMetric(t *testing.T) {
	for _, name := range loss.Names() {
		if l, _ := loss.ByName(name); l.Labels != loss.LikeOutput {
			if _, err := New(params.Call{Name: name}, 3); err == nil || Known(name) || slices.Contains(Names(), name) {
				t.Errorf("%s is a metric", name)
			}
			continue
		}
		call := params.Call{Name: name}
		if name == "dice" || name == "tversky" {
			call.Args = map[string]params.Value{"axis": int64(-1)}
		}
		if _, err := New(call, 3); err != nil {
			t.Error(err)
		}
	}
}

func TestRefused(t *testing.T) {
	with := func(name string, args ...any) params.Call {
		c := params.Call{Name: name, Called: true, Args: map[string]params.Value{}}
		for i := 0; i < len(args); i += 2 {
			c.Args[args[i].(string)] = args[i+1]
		}
		return c
	}
	tests := []struct {
		call params.Call
		want string
	}{
		{with("auc2"), "known: auc, "},
		{with("acuracy"), "known: accuracy, "},
		{with("Mean"), "metric Mean is not supported"},
		{with("accuracy", "k", int64(3)), "argument k"},
		{with("TopKCategoricalAccuracy", "k", int64(0)), "at least 1"},
		{with("TopKCategoricalAccuracy", "k", 2.5), "whole number"},
		{with("BinaryAccuracy", "threshold", "a"), "must be a number"},
		{with("mse", "k", int64(3)), "argument k"},
		{with("AUC", "num_thresholds", int64(1)), "num_thresholds must lie from 2 to"},
		{with("AUC", "num_thresholds", int64(1e12)), "num_thresholds must lie from 2 to"},
		{with("AUC", "num_thresholds", int64(1<<19), "multi_label", true), "counts and sums"},
		{with("AUC", "curve", "roq"), "curve must be one of ROC, PR, PRGAIN"},
		{with("AUC", "thresholds", []params.Value{0.5, 2.0}), "from 0 to 1, found 2"},
		{with("AUC", "label_weights", []params.Value{0.5}), "must have 3 numbers"},
		{with("AUC", "label_weights", []params.Value{0.5, -1.0, 1.0}), "not be negative"},
		{with("AUC", "num_labels", int64(3)), "needs multi_label"},
		{with("Precision", "thresholds", []params.Value{0.2, 0.5}), "one number, found 2"},
		{with("Precision", "thresholds", 1.5), "from 0 to 1"},
		{with("Recall", "class_id", int64(3)), "class_id must lie from 0 to 2"},
		{with("Recall", "top_k", int64(4)), "top_k must lie from 1 to 3"},
		{with("PrecisionAtRecall"), "argument recall is missing"},
		{with("PrecisionAtRecall", "recall", 1.5), "from 0 to 1"},
		{with("F1Score"), "give average='micro', 'macro' or 'weighted'"},
		{with("F1Score", "average", "all"), "one of micro, macro, weighted"},
		{with("FBetaScore", "average", "micro", "beta", 0.0), "positive"},
		{with("F1Score", "average", "micro", "threshold", 0.0), "above 0"},
		{with("R2Score", "class_aggregation", nil), "must not be None"},
		{with("R2Score", "num_regressors", int64(-1)), "not be negative"},
		{with("PearsonCorrelation", "axis", int64(2)), "-1 or 0"},
		{with("MeanIoU"), "num_classes is missing"},
		{with("MeanIoU", "num_classes", int64(1e15)), "num_classes must lie from 1 to"},
		{with("IoU", "num_classes", int64(2), "target_class_ids", []params.Value{int64(2)}), "from 0 to 1, found 2"},
		{with("IoU", "num_classes", int64(2)), "target_class_ids must be a list"},
		{with("MeanIoU", "num_classes", int64(2), "sparse_y_true", false), "sparse_y_pred must be False"},
		{with("OneHotMeanIoU", "num_classes", int64(2), "sparse_y_pred", true), "sparse_y_pred must be False"},
		{with("AUC", "name", int64(3)), "argument name"},
	}
	for _, tt := range tests {
		if _, err := New(tt.call, 3); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: error %v, want one with %q", tt.call, err, tt.want)
		}
	}
	if _, err := New(with("PearsonCorrelation"), 1); err == nil || !strings.Contains(err.Error(), "width 1") {
		t.Errorf("correlation of one output: %v", err)
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		call params.Call
		want string
	}{
		{params.Call{Name: "AUC"}, "AUC"},
		{params.Call{Name: "AUC", Text: "AUC(curve='PR')", Args: map[string]params.Value{"curve": "PR"}}, "AUC(curve='PR')"},
		{params.Call{Name: "AUC", Text: "AUC(name='x')", Args: map[string]params.Value{"name": "x"}}, "x"},
		{params.Call{Name: "mse", Text: "mse(name='x')", Args: map[string]params.Value{"name": "x"}}, "x"},
	}
	for _, tt := range tests {
		m, err := New(tt.call, 3)
		if err != nil || m.Name != tt.want {
			t.Errorf("%v is called %v, want %s (%v)", tt.call, m, tt.want, err)
		}
	}
	if !Known("AUC") || !Known("ACCURACY") || !Known("mse") || Known("Mean") {
		t.Error("wrong metrics are known")
	}
}

// TestAccuracyCalled: with brackets it is the class Accuracy, which compares elements.
func TestAccuracyCalled(t *testing.T) {
	p, y := []float32{0, 0.5, 1, 2}, []float32{0, 0.25, 1, 1}
	for _, tt := range []struct {
		call params.Call
		want float64
	}{
		{params.Call{Name: "Accuracy"}, 0}, // the highest are elements 3 and 2
		{params.Call{Name: "ACC"}, 0},
		{params.Call{Name: "Accuracy", Called: true}, 0.5},
	} {
		m, err := New(tt.call, 4)
		if err != nil {
			t.Fatal(err)
		}
		s := m.NewState()
		m.Add(&s, rowsOf(m, 4, p, y))
		if got := m.Value(&s); got != tt.want {
			t.Errorf("%v = %v, want %v", tt.call, got, tt.want)
		}
	}
}
