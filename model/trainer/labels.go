package trainer

import (
	"fmt"
	"math"

	"github.com/beamfit/beamfit/model/loss"
)

// A Label is what the labels of an output are: Width elements per row, one-hot or numbers. One-hot labels are those of so many Steps.
type Label struct {
	Width   int
	Numeric bool
	Steps   int
}

// A LabelError is why the labels of an output cannot be.
type LabelError struct {
	Output int
	Err    error
}

func (e *LabelError) Error() string { return e.Err.Error() }

func (e *LabelError) Unwrap() error { return e.Err }

// CheckLabels checks what the labels of every output are, before there are any: what the output's loss takes (loss.Labels), or
// class numbers for a loss that takes these one-hot; else the error is a *LabelError. classWeight tells whether rows are weighted by
// class.
func (m *Model) CheckLabels(labels []Label, classWeight bool) error {
	if m.optimizer == nil {
		return errPredictOnly
	}
	if len(labels) != len(m.outWidth) {
		return fmt.Errorf("trainer: labels of %d outputs, the model has %d", len(labels), len(m.outWidth))
	}
	for i, l := range labels {
		err := m.checkLabel(i, l)
		if err == nil && classWeight && l.Numeric && l.Width > 1 {
			err = fmt.Errorf("class_weight needs labels that are classes, those of output %q are numbers", m.outNames[i])
		}
		if err != nil {
			return &LabelError{Output: i, Err: err}
		}
	}
	return nil
}

func (m *Model) checkLabel(output int, l Label) error {
	w, name, of := m.outWidth[output], m.outNames[output], m.losses[output]
	steps := m.steps(output)
	switch {
	case steps > 1 && l.Numeric && (l.Width == steps*w || m.classNumbers(output, l)):
		return nil
	case steps > 1 && !l.Numeric && l.Steps == steps && (l.Width == steps*w || m.twoClasses(output, l)):
		return nil
	case steps > 1 && !l.Numeric && l.Steps == steps:
		return fmt.Errorf("the labels of output %q have %d classes at each of %d steps, the output has shape %v", name, l.Width/steps, steps, m.spec.OutputShapes()[output])
	case !l.Numeric && l.Steps > 1:
		return fmt.Errorf("the labels of output %q are classes of %d steps, the output of shape %v has %d", name, l.Steps, m.spec.OutputShapes()[output], steps)
	case steps > 1:
		shape := m.spec.OutputShapes()[output]
		return fmt.Errorf("the labels of output %q are %d elements per row, expected arrays of classes, or numeric labels: arrays of %d elements, as the output of shape %v, "+
			"or of %d class numbers with a loss such as sparse_categorical_crossentropy", name, l.Width, steps*w, shape, steps)
	case of.Labels == loss.ClassNumbers && l.Numeric && l.Width != 1:
		return fmt.Errorf("the labels of output %q are %d numbers per row; the loss %s takes classes, or one class number per row",
			name, l.Width, of)
	case of.Labels == loss.Sequences && !l.Numeric:
		return fmt.Errorf("the labels of output %q are classes; the loss %s takes sequences of class numbers, which are numeric labels",
			name, of)
	case of.Labels != loss.LikeOutput, l.Width == w, m.classNumbers(output, l), m.twoClasses(output, l):
		return nil
	case w == 1 && !l.Numeric:
		return fmt.Errorf("the labels of output %q have %d classes, and the output has one unit, which tells two classes apart; "+
			"a softmax of %d units with the loss categorical_crossentropy tells all", name, l.Width, l.Width)
	case l.Width == 1 && l.Numeric:
		return fmt.Errorf("the labels of output %q are one number per row, the output is %d wide and its loss is %s; "+
			"class numbers need a loss such as sparse_categorical_crossentropy", name, w, of)
	}
	return fmt.Errorf("the labels of output %q are %d wide, the output is %d wide", name, l.Width, w)
}

// classNumbers tells whether labels are class numbers, which become one-hot.
func (m *Model) classNumbers(output int, l Label) bool {
	return l.Numeric && l.Width == m.steps(output) && m.meaning(output, l) == OfClasses
}

// twoClasses tells whether labels are two classes, of each step where there are several, for an output of one unit, which says how probable
// the second of them is: the label becomes 0 or 1.
func (m *Model) twoClasses(output int, l Label) bool {
	return !l.Numeric && l.Width == 2*m.steps(output) && m.meaning(output, l) == OfSecondClass
}

func (m *Model) meaning(output int, l Label) Meaning {
	return MeaningOf(m.losses[output], m.outWidth[output], l.Numeric)
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
	for i := range m.outWidth {
		values, numeric := b.numbers(i)
		n := len(values)
		if !numeric {
			n = len(b.Labels[i])
		}
		l := Label{Width: n / max(b.N, 1), Numeric: numeric, Steps: m.steps(i)} // as CheckLabels has found them to be
		if n != b.N*l.Width || b.N > 0 && m.checkLabel(i, l) != nil {
			return fmt.Errorf("trainer: labels of output %q: %d elements for %d rows, the output is %d wide",
				m.outNames[i], n, b.N, m.outWidth[i])
		}
		check := m.checkOf(i, l)
		for row := 0; check != nil && row < b.N; row++ {
			if err := check(i, values[row*l.Width:(row+1)*l.Width]); err != nil {
				return &LabelError{i, fmt.Errorf("labels of output %q, row %d of the buffer: %w", m.outNames[i], row+1, err)}
			}
		}
	}
	return nil
}

// checkOf is the check of the numbers of a row; nil where any are good.
func (m *Model) checkOf(output int, l Label) func(output int, values []float32) error {
	switch kind := m.losses[output].Labels; {
	case !l.Numeric:
		return nil
	case kind == loss.Sequences:
		return m.checkSequence
	case kind == loss.ClassNumbers:
		return m.checkNumber
	case m.classNumbers(output, l):
		return m.checkClass
	}
	return nil
}

// checkNumber checks the number of a class that need not be one of the output's. From 2^24 on float32 does not have every whole number, and different
// classes would be one.
func (m *Model) checkNumber(_ int, values []float32) error {
	if v := math.Abs(float64(values[0])); v >= 1<<24 && !math.IsInf(v, 0) {
		return fmt.Errorf("class number %v, they must be below %d", values[0], 1<<24)
	}
	if v := float64(values[0]); v != math.Trunc(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%v is no class number", v)
	}
	return nil
}

// checkClass checks a class number.
func (m *Model) checkClass(output int, values []float32) error {
	ignore := m.losses[output].Ignore
	for _, v := range values {
		switch class := float64(v); {
		case class != math.Trunc(class):
			return fmt.Errorf("%v is no class number", v)
		case class >= 0 && class < float64(m.outWidth[output]), ignore.On && class == float64(ignore.Class):
		default:
			return fmt.Errorf("class number %v, the output has classes 0 to %d", v, m.outWidth[output]-1)
		}
	}
	return nil
}

// CheckClasses checks that rows can be weighted by the class of their labels, for a model with one output. The error is a *LabelError.
func (m *Model) CheckClasses(b Buffer) error {
	values, numeric := b.numbers(0)
	if !numeric || m.losses[0].Labels != loss.LikeOutput || len(values) != b.N*m.outWidth[0] {
		return nil
	}
	for row, v := range values {
		if v != 0 && v != 1 {
			return &LabelError{0, fmt.Errorf("labels of output %q, row %d of the buffer: %v is no class, by which class_weight could weigh the row; with an output of width 1 they are 0 and 1", m.outNames[0], row+1, v)}
		}
	}
	return nil
}

// label writes the label of a row to its place in a batch; a class number as one-hot, or zeros where it is none of the output's,
// which only a class that is ignored may be.
func (m *Model) label(b *Buffer, output, row int, to []float32) {
	w := len(to)
	values, numeric := b.numbers(output)
	switch kind := m.losses[output].Labels; {
	case kind == loss.Sequences:
		copySequence(values[row*len(values)/b.N:(row+1)*len(values)/b.N], to)
	case kind == loss.ClassNumbers && !numeric:
		k := len(b.Labels[output]) / b.N
		to[0] = float32(classOf(b.Labels[output][row*k : (row+1)*k]))
	case !numeric && m.outWidth[output] == 1 && len(b.Labels[output]) == 2*b.N*w: // see twoClasses
		for j := range to {
			to[j] = float32(b.Labels[output][2*(row*w+j)+1])
		}
	case !numeric:
		for j, v := range b.Labels[output][row*w : (row+1)*w] {
			to[j] = float32(v)
		}
	case len(values) == b.N*w:
		copy(to, values[row*w:(row+1)*w])
	default:
		clear(to)
		steps, k := m.steps(output), m.outWidth[output]
		for s, v := range values[row*steps : (row+1)*steps] {
			if class := int(v); class >= 0 && class < k {
				to[s*k+class] = 1
			}
		}
	}
}

// class is the class of a label in a batch: its number, or of a row as wide as the output the first maximum.
func (m *Model) class(output int, label []float32) int {
	switch {
	case m.losses[output].Labels == loss.ClassNumbers:
		return int(label[0])
	case len(label) == 1:
		return min(max(int(math.RoundToEven(float64(label[0]))), 0), 1)
	}
	return classOf(label)
}

// classOf is the class of a row: the first maximum, or the value itself where it is one number.
func classOf[T int16 | float32](row []T) int {
	if len(row) == 1 {
		return int(row[0])
	}
	best := 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}

// count finds how many rows of the batch the loss of each output counts, at least 1.
func (p *pass) count() {
	rows := p.numbers
	for i, l := range p.model.losses {
		p.counted[i] = len(rows)
		if !l.Ignore.On {
			continue
		}
		n, label := 0, p.label[:p.model.labelWidth[i]]
		for _, row := range rows {
			b, at := p.index.find(int(row))
			p.model.label(b, i, at, label)
			if !l.Ignore.Has(label) {
				n++
			}
		}
		p.counted[i] = max(n, 1)
	}
}
