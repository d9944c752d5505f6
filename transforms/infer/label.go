package infer

import (
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// Label is the label of an output whose labels are numbers, of the output's values for one row: the number, the array of several, or
// the sequence that they spell.
func (o Output) Label(values []float32) string {
	if o.Frames > 0 {
		return array(spelled(values, len(values)/o.Frames))
	}
	if len(values) == 1 {
		return table.FloatText(float64(values[0]), 32)
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = table.FloatText(float64(v), 32)
	}
	return array(texts)
}

func array(elements []string) string { return "{" + strings.Join(elements, ",") + "}" }

// spelled are the labels of frames of scores of classes: the best class of each frame, the first of several, but for class 0, which
// is none, and for a class that the frame before has too.
//
// Source: keras/src/backend/tensorflow/nn.py, ctc_decode, strategy "greedy".
func spelled(scores []float32, classes int) []string {
	var labels []string
	before := 0
	for len(scores) > 0 {
		best := 0
		for k, v := range scores[:classes] {
			if v > scores[best] {
				best = k
			}
		}
		if best != 0 && best != before {
			labels = append(labels, strconv.Itoa(best))
		}
		before, scores = best, scores[classes:]
	}
	return labels
}
