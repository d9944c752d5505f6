package trainer

import "math"

// gather copies rows of the shard to the places 0, 1, ... of the batch: inputs as they are, labels as float32.
func (b *bound) gather(m *Model, x *rowIndex, rows []int32) {
	for place, row := range rows {
		buffer, at := x.find(int(row))
		for i, w := range m.inWidth {
			copy(b.inputs[i][place*w:(place+1)*w], buffer.Inputs[i][at*w:])
		}
		for i, w := range m.outWidth {
			buffer.label(i, at, b.labels[i][place*w:(place+1)*w])
		}
	}
}

// scale writes what each row counts: the output's loss weight, times the class weight of the row's label, divided by the rows
// of the batch that the output's loss counts. classWeight is nil or has one weight per class.
func (b *bound) scale(m *Model, classWeight []float32, counted []int) {
	for i, scale := range b.scales {
		s := float32(m.lossWeights[i] / float64(counted[i]))
		for r := range scale {
			scale[r] = s
			if classWeight != nil {
				scale[r] *= classWeight[class(b.labels[i][r*m.outWidth[i]:(r+1)*m.outWidth[i]])]
			}
		}
	}
}

// class is the class of a label: the first maximum, or the value itself where the output is one number.
func class(label []float32) int {
	if len(label) == 1 {
		return min(max(int(math.RoundToEven(float64(label[0]))), 0), 1)
	}
	best := 0
	for j, v := range label {
		if v > label[best] {
			best = j
		}
	}
	return best
}

// classWeights is one weight per class, 1 for those that the map leaves out; nil where it is nil.
func (m *Model) classWeights(byClass map[int]float64) []float32 {
	if byClass == nil {
		return nil
	}
	weights := make([]float32, max(m.outWidth[0], 2))
	for i := range weights {
		weights[i] = 1
		if w, ok := byClass[i]; ok {
			weights[i] = float32(w)
		}
	}
	return weights
}
