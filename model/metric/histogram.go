package metric

import (
	"cmp"
	"math"
	"slices"
)

// A histogram counts positive and negative labels by how many thresholds their prediction exceeds; that is what AUC,
// Precision and their like are made of. T thresholds rise. A label other than 0 is positive. A State has, per label counted on its own,
// T+1 counts of positives and T+1 of negatives, or where rows have weights sums of these.
//
// Source: keras/src/metrics/metrics_utils.py, update_confusion_matrix_variables. Comparisons are those of float32, as there.
type histogram struct {
	tally
	thresholds []float32 // T
	// even: the thresholds divide [0, 1] evenly, so that a prediction's place is computed, after it is bounded to that.
	even bool
	// sigmoid: predictions are logits.
	sigmoid bool
	labels  int // counted on their own: 1, or the width of the output
	class   int // the only one that counts; -1: all
	topK    int // only the k highest of a row can exceed a threshold; 0: all
}

// metric is the metric that a value of the histogram is.
func (h *histogram) metric(value func(h *histogram, s *State) float64) *Metric {
	counts, sums := h.room(h.labels * 2 * (len(h.thresholds) + 1))
	return &Metric{
		counts: counts, sums: sums, add: h.add,
		value: func(s *State) float64 { return value(h, s) },
		weigh: func() *Metric {
			weighted := *h
			weighted.weighted = true
			return weighted.metric(value)
		},
	}
}

// add takes in rows.
func (h *histogram) add(s *State, r Rows) {
	var order []int
	if h.topK > 0 {
		order = make([]int, r.N)
	}
	for row := range len(r.Values) {
		p, y, weight := r.p(row), r.y(row), r.weight(row)
		if h.topK > 0 {
			h.addTop(s, p, y, weight, order)
			continue
		}
		for j, v := range p {
			h.count(s, y, j, v, weight)
		}
	}
}

// addTop takes in a row of which only the top k elements count as they are; the first of equal ones is higher. order is
// room.
//
// Source: keras/src/metrics/metrics_utils.py, _filter_top_k.
func (h *histogram) addTop(s *State, p, y []float32, weight float64, order []int) {
	for j := range order {
		order[j] = j
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(p[b], p[a]), a-b) })
	for rank, j := range order {
		if rank < h.topK {
			h.count(s, y, j, p[j], weight)
		} else {
			h.count(s, y, j, filtered, weight)
		}
	}
}

// filtered stands for a prediction that is not among the top k.
//
// Source: keras/src/metrics/metrics_utils.py, NEG_INF.
const filtered = -1e10

// count takes in element j of a row.
func (h *histogram) count(s *State, y []float32, j int, p float32, weight float64) {
	if h.class < 0 || h.class == j {
		h.tally.add(s, h.place(j%h.labels, y[j] != 0, h.exceeded(p)), weight)
	}
}

// place is where a count stands.
func (h *histogram) place(label int, positive bool, exceeded int) int {
	side := 2 * label
	if !positive {
		side++
	}
	return side*(len(h.thresholds)+1) + exceeded
}

// exceeded is the number of thresholds below a prediction; NaN exceeds none.
func (h *histogram) exceeded(p float32) int {
	if h.sigmoid {
		p = float32(1 / (1 + math.Exp(-float64(p))))
	}
	last := len(h.thresholds) - 1
	switch {
	case p != p:
		return 0
	case h.even:
		n := int(math.Ceil(float64(min(max(p, 0), 1) * float32(last))))
		if h.thresholds[0] < 0 {
			n = max(n, 1)
		}
		return n
	}
	low, high := 0, len(h.thresholds)
	for low < high {
		middle := (low + high) / 2
		if p > h.thresholds[middle] {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// A confusion is what a threshold makes of the labels: weighted numbers of true and false positives and negatives.
type confusion struct{ tp, fp, tn, fn float64 }

func (c confusion) recall() float64      { return ratio(c.tp, c.tp+c.fn) }
func (c confusion) precision() float64   { return ratio(c.tp, c.tp+c.fp) }
func (c confusion) specificity() float64 { return ratio(c.tn, c.tn+c.fp) }
func (c confusion) fallout() float64     { return ratio(c.fp, c.fp+c.tn) }

// ratio is a/b, 0 where b is 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// confusions are those at every threshold. Of several labels counted on their own it is the sum, each times its weight.
func (h *histogram) confusions(s *State, weights []float64) []confusion {
	all := make([]confusion, len(h.thresholds))
	for label := range h.labels {
		w := 1.0
		if weights != nil {
			w = weights[label]
		}
		for i, c := range h.ofLabel(s, label) {
			all[i].tp += w * c.tp
			all[i].fp += w * c.fp
			all[i].tn += w * c.tn
			all[i].fn += w * c.fn
		}
	}
	return all
}

// ofLabel are the confusions of one label. They are sums from both ends, since a difference of sums of weights would be rounded.
func (h *histogram) ofLabel(s *State, label int) []confusion {
	n := len(h.thresholds)
	out := make([]confusion, n)
	count := func(positive bool, exceeded int) float64 { return h.at(s, h.place(label, positive, exceeded)) }
	var tp, fp, fn, tn float64
	for i := range n {
		fn += count(true, i)
		tn += count(false, i)
		out[i].fn, out[i].tn = fn, tn
		tp += count(true, n-i)
		fp += count(false, n-i)
		out[n-1-i].tp, out[n-1-i].fp = tp, fp
	}
	return out
}
