package infer

import (
	"fmt"
	"math"
	"strconv"
)

// A Choice says which classes of a row are written: MADlib's pred_type.
type Choice struct {
	// Top keeps the classes of rank 1 to Top; 0: all.
	Top int
	// Above keeps the classes whose probability is strictly greater; nil: all.
	Above *float64
	// NoRank leaves out the rank column.
	NoRank bool
}

// ParseChoice reads a pred_type: "prob" or "" (all classes), "response" (the first class, without its rank), a number
// with a decimal point or an exponent, 0 <= p < 1 (the classes of probability greater than p), or a whole number k >= 1
// (the classes of rank 1 to k).
func ParseChoice(text string) (Choice, error) {
	switch text {
	case "", "prob":
		return Choice{}, nil
	case "response":
		return Choice{Top: 1, NoRank: true}, nil
	}
	if k, err := strconv.Atoi(text); err == nil {
		if k < 1 {
			return Choice{}, fmt.Errorf("prediction type %q: a rank must be 1 or more", text)
		}
		return Choice{Top: k}, nil
	}
	if p, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(p) || p < 0 || p >= 1 {
			return Choice{}, fmt.Errorf("prediction type %q: a probability must be at least 0.0 and below 1.0", text)
		}
		return Choice{Above: &p}, nil
	}
	return Choice{}, fmt.Errorf("prediction type %q: expected prob, response, a probability such as 0.3 or a rank such as 2", text)
}

// keeps reports whether a class of that probability and rank is written.
func (c Choice) keeps(prob float64, rank int) bool {
	return (c.Top == 0 || rank <= c.Top) && (c.Above == nil || prob > *c.Above)
}
