package reporting

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beamfit/beamfit/model/keras"
	"github.com/beamfit/beamfit/pipelines/report"
)

// Network describes the layers of a network, in the order of Keras' summary.
func Network(spec *keras.Spec) report.Network {
	var n report.Network
	for _, i := range spec.Inputs {
		n.Inputs = append(n.Inputs, report.Fact{Name: spec.Tensors[i].Name, Value: shapeText(spec.Tensors[i].Shape)})
	}
	for _, i := range spec.Outputs {
		n.Outputs = append(n.Outputs, report.Fact{Name: spec.Tensors[i].Name, Value: shapeText(spec.Tensors[i].Shape)})
	}
	before := ""
	for _, l := range spec.Layers {
		row := report.Layer{Name: l.Name, Class: l.Class}
		for _, w := range l.Weights {
			row.Parameters += int64(w.Size())
			if w.Trainable {
				n.Trainable += int64(w.Size())
			}
		}
		row.Frozen = !l.Trainable && row.Parameters > 0
		n.Parameters += row.Parameters
		var shapes []string
		for _, c := range spec.Calls {
			if c.Layer != l {
				continue
			}
			for _, out := range c.Outputs {
				if s := shapeText(spec.Tensors[out].Shape); !slices.Contains(shapes, s) {
					shapes = append(shapes, s)
				}
			}
			for _, in := range c.Inputs {
				row.From = append(row.From, spec.Tensors[in].Name)
			}
		}
		for _, in := range spec.Inputs {
			if spec.Tensors[in].Name == l.Name {
				shapes = []string{shapeText(spec.Tensors[in].Shape)}
			}
		}
		if row.Shape = strings.Join(shapes, ", "); len(row.From) == 1 && (row.From[0] == before || before == "") {
			row.From = nil
		}
		before = l.Name
		n.Layers = append(n.Layers, row)
	}
	return n
}

// shapeText writes the shape of a row: 28 × 28 × 1.
func shapeText(shape []int) string {
	if len(shape) == 0 {
		return "1"
	}
	texts := make([]string, len(shape))
	for i, d := range shape {
		texts[i] = fmt.Sprint(d)
	}
	return strings.Join(texts, " × ")
}
