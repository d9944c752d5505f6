package infer

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// A Class is a class of a row.
type Class struct {
	Value *string // nil: a NULL class, or padding
	Prob  float64
}

// Ranked are the classes of an output, of the output's values for one row: the most probable first.
func (o Output) Ranked(values []float32) []Class {
	order := make([]int, len(o.Classes))
	var space []float32
	probs := o.probabilities(values, &space)
	rank(o.sortable(values, probs), order)
	ranked := make([]Class, len(order))
	for place, c := range order {
		ranked[place] = Class{o.Classes[c], widen(probs[c])}
	}
	return ranked
}

// Best is the index of the most probable class, of the output's values for one row and their Probabilities.
func (o Output) Best(values, probabilities []float32) int {
	return best(o.sortable(values, probabilities))
}

// Probabilities are those of the classes of an output, in their order, of the output's values for one row.
func (o Output) Probabilities(values []float32) []float32 {
	var space []float32
	return slices.Clone(o.probabilities(values, &space))
}

// rank orders the K classes of one row by falling score: the class of rank r is order[r-1]. Equal scores
// keep the order of the classes, and NaN comes after every number. order has K entries and is overwritten.
func rank(score []float32, order []int) {
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		p, q := score[a], score[b]
		if pNaN, qNaN := p != p, q != q; pNaN || qNaN {
			return cmp.Compare(btoi(pNaN), btoi(qNaN))
		}
		return cmp.Compare(q, p)
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// widen is the float64 with the shortest decimal text that names p among float32 values: 0.7689959 and not
// 0.76899588108062744.
func widen(p float32) float64 {
	if x := float64(p); x == math.Trunc(x) || x != x {
		return x
	}
	var buf [32]byte
	x, err := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], float64(p), 'g', -1, 32)), 64)
	if err != nil {
		panic("infer: " + err.Error()) // strconv reads what it writes
	}
	return x
}
