package metric

import (
	"math"
	"slices"

	"github.com/beamfit/beamfit/model/params"
)

// auc is the area under a curve that thresholds draw: ROC (recall over the share of false positives), PR (precision over
// recall) or PRGAIN (precision gain over recall gain).
//
// Arguments: num_thresholds 200, evenly from 0 to 1; curve 'ROC'; summation_method 'interpolation' ('minoring',
// 'majoring'); thresholds, instead of even ones, besides one below 0 and one above 1; multi_label False (True: the mean of
// the areas of each label, weighted by label_weights); num_labels; label_weights, what each label counts; from_logits
// False.
//
// Source: keras/src/metrics/confusion_metrics.py, AUC.
func auc(a *params.Args, n int) *Metric {
	m := &area{histogram: histogram{labels: 1, class: -1, sigmoid: a.Bool(false, "from_logits")}}
	m.histogram.thresholds, m.histogram.even = readAUCThresholds(a)
	m.curve = a.Choice("ROC", "curve", "ROC", "PR", "PRGAIN", "roc", "pr", "prgain")
	m.method = a.Choice("interpolation", "summation_method", "interpolation", "minoring", "majoring", "Interpolation", "Minoring", "Majoring")
	m.multi = a.Bool(false, "multi_label")
	if labels := a.Int(0, "num_labels"); labels != 0 && (!m.multi || labels != n) {
		a.Failf("argument num_labels needs multi_label=True and must be %d, the width of the output; found %d", n, labels)
	}
	if a.Has("label_weights") {
		m.weights = readLabelWeights(a, n)
	}
	if m.multi || m.weights != nil {
		m.histogram.labels = n
	}
	return m.histogram.metric(m.value)
}

// An area is how an AUC is computed from a histogram.
type area struct {
	histogram     histogram
	curve, method string
	multi         bool
	weights       []float64 // per label; nil: all 1
}

// readAUCThresholds are the thresholds from just below 0 to just above 1.
func readAUCThresholds(a *params.Args) (thresholds []float32, even bool) {
	count := readCount(a, 200, 2, "num_thresholds")
	inner := make([]float64, 0, count)
	if numbers := a.FloatOrFloats("thresholds"); numbers != nil {
		inner = slices.Sorted(slices.Values(numbers))
		for _, t := range inner {
			if !(t >= 0 && t <= 1) {
				a.Failf("argument thresholds must lie from 0 to 1, found %v", t)
			}
		}
		even = evenlySpread(inner)
	} else {
		for i := 1; i < count-1; i++ {
			inner = append(inner, float64(i)/float64(count-1))
		}
		even = true
	}
	thresholds = append(thresholds, -epsilon)
	for _, t := range inner {
		thresholds = append(thresholds, float32(t))
	}
	return append(thresholds, float32(1+epsilon)), even
}

// epsilon is keras.config.epsilon().
const epsilon = 1e-7

// evenlySpread tells whether thresholds between 0 and 1 divide that evenly.
//
// Source: keras/src/metrics/metrics_utils.py, is_evenly_distributed_thresholds; numpy.allclose.
func evenlySpread(inner []float64) bool {
	if len(inner) == 0 {
		return false
	}
	for i, t := range inner {
		want := float64(float32(float32(i+1) / float32(len(inner)+1)))
		if math.Abs(t-want) > epsilon+1e-5*want {
			return false
		}
	}
	return true
}

func readLabelWeights(a *params.Args, n int) []float64 {
	weights := a.Floats("label_weights")
	if len(weights) != n {
		a.Failf("argument label_weights must have %d numbers, one per label, found %d", n, len(weights))
		return make([]float64, n)
	}
	for _, w := range weights {
		if !(w >= 0) {
			a.Failf("argument label_weights must not be negative, found %v", w)
		}
	}
	return weights
}

// value is the area, of several labels on their own their weighted mean.
func (m *area) value(h *histogram, s *State) float64 {
	if !m.multi {
		return m.of(h.confusions(s, m.weights))
	}
	var sum, total float64
	for label := range h.labels {
		w := 1.0
		if m.weights != nil {
			w = m.weights[label]
		}
		sum += w * m.of(h.ofLabel(s, label))
		total += w
	}
	return ratio(sum, total)
}

// of is the area under the curve of confusions by rising thresholds.
func (m *area) of(cs []confusion) float64 {
	var sum float64
	for i, next := range cs[1:] {
		c := cs[i]
		if m.curve == "PR" && m.method == "interpolation" {
			sum += precisionRecall(c, next)
			continue
		}
		x, y := m.point(c)
		nextX, nextY := m.point(next)
		sum += (x - nextX) * m.height(y, nextY)
	}
	return sum
}

// point is where a threshold lies on the curve.
func (m *area) point(c confusion) (x, y float64) {
	switch m.curve {
	case "ROC":
		return c.fallout(), c.recall()
	case "PR":
		return c.recall(), c.precision()
	}
	if c.tp == 0 {
		return 0, 1
	}
	odds := ratio(c.tp+c.fn, c.tn+c.fp)
	return max(1-odds*c.fn/c.tp, 0), 1 - odds*c.fp/c.tp
}

// height is that of the rectangle between two points.
func (m *area) height(a, b float64) float64 {
	switch m.method {
	case "minoring":
		return min(a, b)
	case "majoring":
		return max(a, b)
	}
	return (a + b) / 2
}

// precisionRecall is the area between two thresholds when true and false positives are interpolated, and not the
// precision.
//
// Source: keras/src/metrics/confusion_metrics.py, AUC.interpolate_pr_auc.
func precisionRecall(c, next confusion) float64 {
	tp := c.tp - next.tp
	p, nextP := c.tp+c.fp, next.tp+next.fp
	slope := ratio(tp, max(p-nextP, 0))
	intercept := next.tp - slope*nextP
	logRatio := 0.0
	if p > 0 && nextP > 0 {
		logRatio = math.Log(p / nextP)
	}
	return ratio(slope*(tp+intercept*logRatio), max(next.tp+next.fn, 0))
}
