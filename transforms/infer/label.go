package infer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/beamfit/beamfit/io/table"
	"github.com/beamfit/beamfit/model/buffer"
)

// Label is the label of an output whose labels are numbers, of the output's values for one row: the number, the array of several, or
// the sequence that they spell.
func (o Output) Label(values []float32) string {
	if o.Frames > 0 {
		return array(spelled(values, len(values)/o.Frames))
	}
	if o.Shape != nil && o.Classes != nil {
		return o.classes(values)
	}
	if o.Shape != nil {
		return o.steps(values)
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

// steps is the label of an output of several dimensions, an array of as many.
func (o Output) steps(values []float32) string {
	n := o.numSteps()
	texts := make([]string, n)
	classes := len(values) / n
	for i := range texts {
		if classes > 1 {
			texts[i] = strconv.Itoa(best(values[i*classes : (i+1)*classes]))
			continue
		}
		texts[i] = table.FloatText(float64(values[i]), 32)
	}
	for d := len(o.Shape) - 1; d > 0; d-- {
		var outer []string
		for part := range slices.Chunk(texts, o.Shape[d]) {
			outer = append(outer, array(part))
		}
		texts = outer
	}
	return array(texts)
}

// classes are the classes of the steps of an output, an array as wide as these.
func (o Output) classes(values []float32) string {
	label := table.TextArray{Shape: o.Shape}
	var space []float32
	for scores := range slices.Chunk(values, len(values)/o.numSteps()) {
		if class := o.Classes[best(o.probabilities(scores, &space))]; class != nil {
			label.Add(*class, false)
		} else {
			label.Add("", true)
		}
	}
	v := table.Vector{Type: table.TextArrayType}
	if err := v.AppendTextArray(label); err != nil {
		panic(fmt.Sprintf("infer: classes of shape %v: %v", o.Shape, err))
	}
	return table.FormatArray(&v, 0)
}

// numSteps is how many steps Shape has.
func (o Output) numSteps() int { return buffer.SizeOf(o.Shape) }

// best is the number of the largest of some scores, the first of several; NaN is the smallest.
func best(scores []float32) int {
	at := 0
	for k, v := range scores {
		if v > scores[at] || scores[at] != scores[at] && v == v {
			at = k
		}
	}
	return at
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
		class := best(scores[:classes])
		if class != 0 && class != before {
			labels = append(labels, strconv.Itoa(class))
		}
		before, scores = class, scores[classes:]
	}
	return labels
}
