package trainer

// gather copies rows of the shard to the places 0, 1, ... of the batch: inputs as they are, labels as float32, and the weights of rows
// where they have some. Rows lie anywhere in memory: where nothing but their inputs is copied in a loop, a core waits for those of several
// rows at once.
func (b *bound) gather(m *Model, x *Index, rows []int32) {
	for i, w := range m.inWidth {
		for place, row := range rows {
			buffer, at := x.find(int(row))
			copy(b.inputs[i][place*w:(place+1)*w], buffer.Inputs[i][at*w:])
		}
	}
	weighted := false
	for place, row := range rows {
		buffer, at := x.find(int(row))
		if buffer.Weights != nil {
			if b.room == nil {
				b.room = make([]float32, len(b.labels[0])/m.labelWidth[0])
			}
			b.room[place], weighted = buffer.Weights[at], true
		}
		for i, w := range m.labelWidth {
			m.label(buffer, i, at, b.labels[i][place*w:(place+1)*w])
		}
	}
	b.weights = nil
	if weighted {
		b.weights = b.room[:len(rows)]
	}
}

// scale writes what each row counts: the output's loss weight, times the row's weight or the class weight of its label, divided by the
// rows of the batch that the output's loss counts. classWeight has the weights of classes that have another one than 1.
func (b *bound) scale(m *Model, classWeight map[int]float64, counted []int) {
	for i, scale := range b.scales {
		s := float32(m.lossWeights[i] / float64(counted[i]))
		for r := range scale {
			scale[r] = s
			if b.weights != nil {
				scale[r] *= b.weights[r]
			}
			if len(classWeight) == 0 {
				continue
			}
			w := m.labelWidth[i]
			if weight, ok := classWeight[m.class(i, b.labels[i][r*w:(r+1)*w])]; ok {
				scale[r] *= float32(weight)
			}
		}
	}
}
