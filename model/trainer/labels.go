package trainer

import (
	"fmt"
	"math"
)

// A Label is what the labels of an output are: Width elements per row, one-hot or numbers.
type Label struct {
	Width   int
	Numeric bool
}

// CheckLabels checks what the labels of every output are, before there are any: as wide as the output, or class numbers for a
// loss of class numbers. classWeight tells whether rows are weighted by class.
func (m *Model) CheckLabels(labels []Label, classWeight bool) error {
	if m.optimizer == nil {
		return errPredictOnly
	}
	if len(labels) != len(m.outWidth) {
		return fmt.Errorf("trainer: labels of %d outputs, the model has %d", len(labels), len(m.outWidth))
	}
	for i, l := range labels {
		if err := m.checkLabel(i, l); err != nil {
			return err
		}
		if classWeight && l.Numeric && l.Width > 1 {
			return fmt.Errorf("class_weight needs labels that are classes, those of output %q are numbers", m.outNames[i])
		}
	}
	return nil
}

func (m *Model) checkLabel(output int, l Label) error {
	switch w := m.outWidth[output]; {
	case l.Width == w || m.classNumbers(output, l):
		return nil
	case l.Width == 1 && l.Numeric:
		return fmt.Errorf("the labels of output %q are one number per row, the output is %d wide and its loss is %s; "+
			"class numbers need a loss such as sparse_categorical_crossentropy", m.outNames[output], w, m.losses[output])
	default:
		return fmt.Errorf("the labels of output %q are %d wide, the output is %d wide", m.outNames[output], l.Width, w)
	}
}

// classNumbers tells whether labels are class numbers, which become one-hot.
func (m *Model) classNumbers(output int, l Label) bool {
	return l.Numeric && l.Width == 1 && m.outWidth[output] > 1 && m.losses[output].Sparse
}

// numbers are the labels of an output where they are numbers; ok is false where they are one-hot.
func (b *Buffer) numbers(output int) (values []float32, ok bool) {
	if output >= len(b.Numbers) || b.Numbers[output] == nil {
		return nil, false
	}
	return b.Numbers[output], true
}

// checkLabels checks the labels of a buffer.
func (m *Model) checkLabels(b *Buffer) error {
	if len(b.Labels) != len(m.outWidth) {
		return fmt.Errorf("trainer: %d label arrays, the model has %d outputs", len(b.Labels), len(m.outWidth))
	}
	for i, w := range m.outWidth {
		values, numeric := b.numbers(i)
		n := len(values)
		if !numeric {
			n = len(b.Labels[i])
		}
		if n == b.N*w {
			continue
		}
		if l := (Label{Width: n / max(b.N, 1), Numeric: numeric}); n != b.N || !m.classNumbers(i, l) {
			return fmt.Errorf("trainer: labels of output %q: %d elements for %d rows, the output is %d wide", m.outNames[i], n, b.N, w)
		}
		for row, v := range values {
			if err := m.checkClass(i, v); err != nil {
				return fmt.Errorf("labels of output %q: row %d: %w", m.outNames[i], row+1, err)
			}
		}
	}
	return nil
}

// checkClass checks a class number.
func (m *Model) checkClass(output int, v float32) error {
	class, ignore := float64(v), m.losses[output].Ignore
	switch {
	case class != math.Trunc(class):
		return fmt.Errorf("%v is no class number", v)
	case class >= 0 && class < float64(m.outWidth[output]), ignore != nil && class == float64(*ignore):
		return nil
	}
	return fmt.Errorf("class number %v, the output has classes 0 to %d", v, m.outWidth[output]-1)
}

// checkClasses checks that rows can be weighted by the class of their labels, for a model with one output.
func (m *Model) checkClasses(b *Buffer) error {
	values, numeric := b.numbers(0)
	if !numeric || len(values) != b.N*m.outWidth[0] {
		return nil
	}
	for row, v := range values {
		if v != 0 && v != 1 {
			return fmt.Errorf("class_weight: row %d: the label %v is no class; with an output of width 1 they are 0 and 1", row+1, v)
		}
	}
	return nil
}

// label writes the label of a row to a place as wide as the output; a class number as one-hot, or zeros where it is none of
// the output's, which only a class that is ignored may be.
func (b *Buffer) label(output, row int, to []float32) {
	w := len(to)
	values, numeric := b.numbers(output)
	switch {
	case !numeric:
		for j, v := range b.Labels[output][row*w : (row+1)*w] {
			to[j] = float32(v)
		}
	case len(values) == b.N*w:
		copy(to, values[row*w:(row+1)*w])
	default:
		clear(to)
		if class := int(values[row]); class >= 0 && class < w {
			to[class] = 1
		}
	}
}

// count finds how many rows of a batch the loss of each output counts, at least 1.
func (p *pass) count(rows []int32) {
	for i, l := range p.model.losses {
		p.counted[i] = len(rows)
		if l.Ignore == nil {
			continue
		}
		n, label := 0, p.label[:p.model.outWidth[i]]
		for _, row := range rows {
			b, at := p.index.find(int(row))
			b.label(i, at, label)
			if !l.Ignores(label) {
				n++
			}
		}
		p.counted[i] = max(n, 1)
	}
}
