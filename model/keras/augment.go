package keras

import (
	"fmt"
	"slices"
)

// Layers that change images (H, W, C) at random in training, and give them on as they are in inference.

// A Range is where random numbers are drawn from, evenly.
type Range struct{ Low, High float64 }

// factors reads a range: two numbers in any order, or one that counts in both directions. Every number lies from low to high.
func (a *args) factors(key string, low, high float64) Range {
	return a.factorsOf(key, low, high, func(first, second float64) bool { return min(first, second) >= low && max(first, second) <= high })
}

// factorsOf reads a range of one number from low to high, or of two that fit.
func (a *args) factorsOf(key string, low, high float64, fit func(first, second float64) bool) Range {
	v, ok := a.get(key)
	if !ok {
		a.fail("%s is missing", key)
		return Range{}
	}
	bounds := fmt.Sprintf("one or two numbers from %v to %v", low, high)
	list, isList := v.([]any)
	if !isList {
		f, ok := toFloat(v)
		if !ok || f < low || f > high {
			a.wrong(key, bounds)
			return Range{}
		}
		f = max(f, -f)
		return Range{max(-f, low), f}
	}
	if len(list) != 2 {
		a.wrong(key, "a number or a list of two")
		return Range{}
	}
	first, ok := toFloat(list[0])
	second, okSecond := toFloat(list[1])
	if !ok || !okSecond || !fit(first, second) {
		a.wrong(key, bounds)
		return Range{}
	}
	return Range{min(first, second), max(first, second)}
}

// pair reads two numbers in their order.
func (a *args) pair(key string, byDefault Range) Range {
	v, ok := a.get(key)
	if !ok {
		return byDefault
	}
	list, _ := v.([]any)
	if len(list) == 2 {
		first, ok := toFloat(list[0])
		second, okSecond := toFloat(list[1])
		if ok && okSecond {
			return Range{first, second}
		}
	}
	a.wrong(key, "a list of two numbers")
	return byDefault
}

// augmentation reads what all these layers have.
func (a *args) augmentation() *int64 {
	a.dataFormat()
	a.skip("bounding_box_format", "rng_type") // of labels; where tf.keras takes its numbers from
	return a.seed()
}

// inTraining is plain for layers that Keras 3 calls with training=True, which it replaces in fit, evaluate and predict. In Keras 2 they
// would do in inference what they do in training.
func (n node) inTraining() error {
	if n.keras3 {
		return n.inAnyMode()
	}
	return n.plain()
}

// RandomFlip turns images around in half of all cases: the columns, the lines, or both, one by one or together.
type RandomFlip struct {
	Horizontal, Vertical bool
	Together             bool
	Seed                 *int64 // nil: drawn from the run's seed
}

// Class is "RandomFlip".
func (*RandomFlip) Class() string { return "RandomFlip" }

func parseRandomFlip(a *args) kind {
	seed := a.augmentation()
	mode := a.oneOf("mode", "horizontal_and_vertical", "horizontal", "vertical")
	return &RandomFlip{
		Horizontal: mode != "vertical", Vertical: mode != "horizontal", Together: !beforeKeras3(a.version), Seed: seed,
	}
}

func (*RandomFlip) outputShape(in []int) ([]int, error) { return slices.Clone(in), checkImage(in) }

func (*RandomFlip) weights([]int) []array { return nil }

func (*RandomFlip) bind(n node, _ *Call) error { return n.inTraining() }

// RandomMove moves images by shares of their height and width (RandomTranslation), makes them larger or smaller around their middle
// (RandomZoom) or turns them around it (RandomRotation).
type RandomMove struct {
	Kind string // the class
	// Height and Width are what is drawn: shares, factors of the distance from the middle, or, in Height, parts of a full turn. A Width
	// of nil is what was drawn for Height.
	Height        Range
	Width         *Range
	FillMode      string // "constant", "nearest", "reflect" or "wrap": what lies beyond the edges
	FillValue     float64
	Interpolation string // "nearest" or "bilinear"
	Seed          *int64 // nil: drawn from the run's seed
}

// Class is the kind.
func (c *RandomMove) Class() string { return c.Kind }

// parseRandomMove makes the parse function of a class.
func parseRandomMove(class string) func(*args) kind {
	return func(a *args) kind {
		c := &RandomMove{Kind: class, Seed: a.augmentation()}
		c.FillMode = a.oneOf("fill_mode", "reflect", "wrap", "constant", "nearest")
		c.FillValue = a.float("fill_value", 0)
		c.Interpolation = a.oneOf("interpolation", "bilinear", "nearest")
		switch class {
		case "RandomRotation": // Keras 2 has no bounds
			c.Height = a.factors("factor", -1000, 1000)
			a.skip("value_range") // Keras 3.0 to 3.5 write it, and do not use it
		case "RandomTranslation":
			c.Height = a.factors("height_factor", -1, 1)
			width := a.factors("width_factor", -1, 1)
			c.Width = &width
		case "RandomZoom":
			c.Height = a.factors("height_factor", -1, 1)
			c.Height = Range{1 + c.Height.Low, 1 + c.Height.High}
			if a.has("width_factor") {
				width := a.factorsOf("width_factor", -1, 1, func(first, second float64) bool {
					// tf.keras has no upper bound for two numbers
					return min(first, second) >= -1 && (beforeKeras3(a.version) || max(first, second) <= 1)
				})
				c.Width = &Range{1 + width.Low, 1 + width.High}
			}
		}
		return c
	}
}

func (*RandomMove) outputShape(in []int) ([]int, error) { return slices.Clone(in), checkImage(in) }

func (*RandomMove) weights([]int) []array { return nil }

func (*RandomMove) bind(n node, _ *Call) error { return n.inTraining() }

// RandomCrop takes parts of the height and width Size out of images: one place for all images of a batch, evenly drawn. In inference, and
// where images are not large enough, it is what Middle says, resized.
type RandomCrop struct {
	Size [2]int
	Seed *int64 // nil: drawn from the run's seed
	// before3 says that Keras 2 wrote the layer, which draws where Keras 3 has only one place in a direction.
	before3 bool
}

// Class is "RandomCrop".
func (*RandomCrop) Class() string { return "RandomCrop" }

func parseRandomCrop(a *args) kind {
	return &RandomCrop{Seed: a.augmentation(), Size: [2]int{a.positive("height"), a.positive("width")}, before3: beforeKeras3(a.version)}
}

// Draws says whether a place is drawn in training from images of a height and width.
func (c *RandomCrop) Draws(height, width int) bool {
	if c.before3 {
		return height >= c.Size[0] && width >= c.Size[1]
	}
	return height > c.Size[0] && width > c.Size[1]
}

// Middle is the largest part in the middle of images with the proportions of Size: where it begins and how long it is, downwards and to the
// right.
func (c *RandomCrop) Middle(height, width int) [2][2]int {
	h := max(min(height, width*c.Size[0]/c.Size[1]), 1)
	w := max(min(width, height*c.Size[1]/c.Size[0]), 1)
	return [2][2]int{{(height - h) / 2, h}, {(width - w) / 2, w}}
}

func (c *RandomCrop) outputShape(in []int) ([]int, error) {
	out := []int{c.Size[0], c.Size[1], 0}
	if err := checkImage(in); err != nil {
		return nil, err
	}
	out[2] = in[2]
	return out, checkRow(out)
}

func (*RandomCrop) weights([]int) []array { return nil }

func (*RandomCrop) bind(n node, _ *Call) error { return n.inTraining() }

// RandomColor draws a factor for every image, multiplies the distance of its pixels from their mean in each channel by it (RandomContrast)
// or adds it times the length of Values (RandomBrightness), and limits the result to Values.
type RandomColor struct {
	Kind    string // the class
	Factor  Range
	Values  Range
	OfBatch bool   // one factor for all images of a batch
	Seed    *int64 // nil: drawn from the run's seed
}

// Class is the kind.
func (c *RandomColor) Class() string { return c.Kind }

// parseRandomColor makes the parse function of a class.
func parseRandomColor(class string) func(*args) kind {
	return func(a *args) kind {
		c := &RandomColor{Kind: class, Seed: a.augmentation(), Values: a.pair("value_range", Range{0, 255})}
		if class == "RandomBrightness" {
			c.Values = Range{min(c.Values.Low, c.Values.High), max(c.Values.Low, c.Values.High)}
			if beforeKeras3(a.version) {
				c.Factor = a.factors("factor", -1, 1)
			} else { // Keras 3 asks no more of two
				c.Factor = a.factorsOf("factor", -1, 1, func(first, second float64) bool { return first <= 1 && second >= -1 })
			}
			return c
		}
		if c.Values.Low > c.Values.High {
			a.wrong("value_range", "a list of two numbers, the smaller one first")
		}
		c.OfBatch = beforeKeras3(a.version)
		v, _ := a.get("factor")
		if _, isList := v.([]any); !isList { // one number counts downwards and upwards
			f := a.factors("factor", 0, 1).High
			c.Factor = Range{1 - f, 1 + f}
			return c
		}
		f := a.pair("factor", Range{})
		if f.Low > 1 || f.High < 0 {
			a.wrong("factor", "one or two numbers, the first at most 1 and the second at least 0")
		}
		c.Factor = Range{1 - f.Low, 1 + f.High}
		return c
	}
}

func (*RandomColor) outputShape(in []int) ([]int, error) { return slices.Clone(in), checkImage(in) }

func (*RandomColor) weights([]int) []array { return nil }

func (*RandomColor) bind(n node, _ *Call) error { return n.inTraining() }
