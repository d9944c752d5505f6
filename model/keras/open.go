package keras

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An OpenError says that a model leaves dimensions of its inputs open: the rows tell them (Build). Inputs are all inputs; a
// dimension that is open is 0, and the shape is nil where the model states none.
type OpenError struct{ Inputs []Tensor }

// IsOpen says whether a shape of Inputs leaves anything open. One that does not need not be that of the rows: an input may be one text, and the rows hold the
// tokens of it.
func IsOpen(shape []int) bool { return shape == nil || slices.Contains(shape, 0) }

func (e *OpenError) Error() string {
	var texts []string
	for _, in := range e.Inputs {
		if in.Shape == nil {
			texts = append(texts, fmt.Sprintf("input %q has no shape", in.Name))
		} else if slices.Contains(in.Shape, 0) {
			texts = append(texts, fmt.Sprintf("input %q has the shape %s", in.Name, openText(in.Shape)))
		}
	}
	return "the model leaves dimensions open: " + strings.Join(texts, "; ")
}

// openText writes a shape with None for what is open.
func openText(shape []int) string {
	return strings.NewReplacer("(0", "(None", " 0", " None").Replace(shapeText(shape))
}

// atLeast1 is a shape with 1 for what is open.
func atLeast1(shape []int) []int {
	out := slices.Clone(shape)
	for i, d := range out {
		if d == 0 {
			out[i] = 1
		}
	}
	return out
}

// closed are the inputs of a model with all their dimensions. Of what choose says only the shapes of open inputs count: what rows hold of others is known
// when the layers are.
func closed(inputs []input, choose func(*OpenError) ([][]int, error)) ([]input, error) {
	if !slices.ContainsFunc(inputs, func(in input) bool { return IsOpen(in.Shape) }) {
		return inputs, nil
	}
	open := &OpenError{}
	for _, in := range inputs {
		open.Inputs = append(open.Inputs, in.Tensor)
	}
	shapes, err := choose(open)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(inputs)
	for i, in := range inputs {
		if !IsOpen(in.Shape) {
			continue
		}
		if out[i].Shape, err = RowShape(in.Shape, shapes[i]); err != nil {
			return nil, fmt.Errorf("input %q: %w", in.Name, err)
		}
		if err := checkRow(out[i].Shape); err != nil {
			return nil, fmt.Errorf("input %q: %w", in.Name, err)
		}
	}
	return out, nil
}

// RowShape is the shape of an input for rows of a shape: the input's own, with the dimensions of the rows where it is open (0; nil: all of
// it). As Keras does, it takes rows that have a last dimension of 1 more, or less.
func RowShape(input, rows []int) ([]int, error) {
	fail := func() ([]int, error) {
		return nil, fmt.Errorf("shape %s, expected %s", shapeText(rows), openText(input))
	}
	if input == nil {
		return slices.Clone(rows), nil
	}
	switch n := len(rows); {
	case n == len(input)+1 && rows[n-1] == 1 && n > 1:
		rows = rows[:n-1]
	case n == len(input)-1 && (input[n] == 1 || input[n] == 0):
		rows = append(slices.Clone(rows), 1)
	case n != len(input):
		return fail()
	}
	out := slices.Clone(rows)
	for i, d := range input {
		if d != 0 && d != out[i] {
			return fail()
		}
	}
	return out, nil
}

// trials are the sizes that ParseOpen puts in the place of open dimensions: enough of them for networks that make images smaller.
var trials = []int{32, 64, 128, 256, 512, 224, 299, 1}

// ParseOpen is Parse for a model whose open dimensions nobody knows yet: it takes sizes with which the layers fit. open is nil where the
// model leaves none open. spec is nil where the model states no shape at all; its layers are read then, but not connected.
func ParseOpen(data []byte) (spec *Spec, open *OpenError, err error) {
	unstated := errors.New("no shape")
	for _, size := range trials {
		spec, err = parseWith(data, func(e *OpenError) ([][]int, error) {
			open = e
			shapes := make([][]int, len(e.Inputs))
			for i, in := range e.Inputs {
				if in.Shape == nil {
					return nil, unstated
				}
				shapes[i] = slices.Clone(in.Shape)
				for k, d := range in.Shape {
					if d == 0 {
						shapes[i][k] = size
					}
				}
			}
			return shapes, nil
		})
		if err == nil || open == nil {
			return spec, open, err
		}
		if errors.Is(err, unstated) {
			return nil, open, nil
		}
	}
	return nil, open, err
}

// Build is the JSON of a model with the dimensions that it leaves open. shapes has one per input, in their order, as the rows have
// them; all else stays as it is (see Text).
func Build(data []byte, shapes [][]int) ([]byte, error) {
	text, err := Text(data)
	if err != nil {
		return nil, err
	}
	var open *OpenError
	spec, err := parseWith(text, func(e *OpenError) ([][]int, error) {
		if open = e; len(shapes) != len(e.Inputs) {
			return nil, fmt.Errorf("the model has %d inputs, found %d shapes", len(e.Inputs), len(shapes))
		}
		return shapes, nil
	})
	if err == nil {
		err = spec.fits(shapes, open)
	}
	if err != nil {
		return nil, err
	}
	if open == nil {
		return text, nil
	}
	var inputs []Tensor
	for i, in := range open.Inputs {
		if IsOpen(in.Shape) {
			in.Shape, _ = RowShape(in.Shape, shapes[i]) // which is what the model was connected with
			inputs = append(inputs, in)
		}
	}
	return stated(text, inputs)
}

// fits says whether rows of such shapes are what the inputs of a model take; those that were open have them.
func (s *Spec) fits(shapes [][]int, open *OpenError) error {
	if len(shapes) != len(s.Inputs) {
		return fmt.Errorf("the model has %d inputs, found %d shapes", len(s.Inputs), len(shapes))
	}
	for i, in := range s.Inputs {
		if open != nil && IsOpen(open.Inputs[i].Shape) {
			continue
		}
		if _, err := RowShape(s.Tensors[in].Shape, shapes[i]); err != nil {
			return fmt.Errorf("input %q: %w", s.Tensors[in].Name, err)
		}
	}
	return nil
}

// shapeJSON is a shape with the batch in front.
func shapeJSON(shape []int) string {
	parts := []string{"null"}
	for _, d := range shape {
		parts = append(parts, strconv.Itoa(d))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
