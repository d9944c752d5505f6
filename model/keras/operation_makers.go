package keras

import (
	"math"
	"slices"
)

// one is the list of a single result.
func one(t int) []int { return []int{t} }

// unary applies a layer to the only operand.
func unary(k kind) operation {
	return func(o *operated) []int { return one(o.call(k, o.tensor("x", "input"))) }
}

// activates applies an activation.
func activates(name string) operation {
	return func(o *operated) []int {
		return one(o.call(&Activation{name}, o.tensor("x", "features", "logits")))
	}
}

// arithmetic joins two operands, of which one may be a number or an array of numbers.
func arithmetic(name string) operation {
	return func(o *operated) []int { return one(o.arithmetic(name, o.value("x1", "x"), o.value("x2", "y"))) }
}

func (o *operated) arithmetic(name string, x, y any) int {
	px, xTensor := x.(place)
	py, yTensor := y.(place)
	switch {
	case xTensor && yTensor:
		a, b := o.tensors[px], o.tensors[py]
		if len(o.shape(a)) != len(o.shape(b)) {
			o.fail("joins shapes %s and %s, which have different numbers of dimensions", shapeText(o.shape(a)), shapeText(o.shape(b)))
		}
		return o.call(&Merge{name}, a, b)
	case !xTensor && !yTensor:
		o.fail("is called with %s and %s, one of which must be a tensor", show(x), show(y))
		return -1
	case xTensor:
		return o.withConstant(name, o.tensors[px], y, false)
	}
	return o.withConstant(name, o.tensors[py], x, true)
}

// withConstant joins a tensor and a constant, which is the first of the two or the second. One number becomes a linear function.
func (o *operated) withConstant(name string, t int, v any, first bool) int {
	c, ok := constant(v)
	if !ok {
		o.fail("is called with %s, which must be a tensor or numbers", show(v))
		return -1
	}
	if len(c.values) == 1 && len(c.shape) <= len(o.shape(t)) {
		n := c.values[0]
		switch {
		case name == "Add":
			return o.call(&Rescaling{1, n}, t)
		case name == "Subtract" && first:
			return o.call(&Rescaling{-1, n}, t)
		case name == "Subtract":
			return o.call(&Rescaling{1, -n}, t)
		case name == "Multiply":
			return o.call(&Rescaling{n, 0}, t)
		case name == "Divide" && first:
			return o.call(&Rescaling{n, 0}, o.call(&Function{"reciprocal"}, t))
		case name == "Divide":
			return o.call(&Rescaling{1 / n, 0}, t)
		}
	}
	shape := c.shape
	if len(shape) == len(o.shape(t))+1 && shape[0] == 1 { // of the batch
		shape = shape[1:]
	}
	if len(shape) > len(o.shape(t)) {
		o.fail("joins the shape %s and an array of shape %s, which is not supported", shapeText(o.shape(t)), shapeText(c.shape))
	}
	if len(shape) == 0 {
		shape = []int{1}
	}
	numbers := o.call(&Constant{Shape: shape, Values: c.values}, t)
	if first {
		return o.call(&Merge{name}, numbers, t)
	}
	return o.call(&Merge{name}, t, numbers)
}

// biased adds an array along the channels.
func biased(o *operated) []int {
	x, bias := o.value("value"), o.value("bias")
	if format := o.value("data_format"); format != nil && format != "NHWC" {
		o.fail("data_format %s is not supported (known: NHWC)", show(format))
	}
	return one(o.arithmetic("Add", x, bias))
}

// summed adds all operands up.
func summed(o *operated) []int { return one(o.call(&Merge{"Add"}, o.list("inputs")...)) }

// power raises to a whole power, or takes a root.
func power(o *operated) []int {
	x := o.tensor("x1", "x")
	p := o.number(math.NaN(), "x2", "y")
	const most = 16
	inverse := p < 0
	p = math.Abs(p)
	out := x
	switch {
	case p == 0.5:
		out = o.call(&Function{"sqrt"}, x)
	case p != math.Trunc(p) || p < 1 || p > most:
		o.fail("raises to the power of a number that is not supported (known: 1 to %d, 0.5, and these negative)", most)
	default:
		for range int(p) - 1 {
			out = o.call(&Merge{"Multiply"}, out, x)
		}
	}
	if inverse {
		out = o.call(&Function{"reciprocal"}, out)
	}
	return one(out)
}

func square(o *operated) []int {
	x := o.tensor("x")
	return one(o.call(&Merge{"Multiply"}, x, x))
}

// clip keeps numbers between two others.
func clip(o *operated) []int {
	t := o.value("x", "t")
	least, most := o.value("x_min", "clip_value_min"), o.value("x_max", "clip_value_max")
	p, ok := t.(place)
	if !ok {
		o.fail("is called with %s, which must be a tensor", show(t))
		return one(-1)
	}
	return one(o.withConstant("Minimum", o.withConstant("Maximum", o.tensors[p], least, false), most, false))
}

// cast gives numbers another type: whole numbers lose their fractions.
func cast(o *operated) []int {
	x := o.tensor("x")
	name, _ := o.value("dtype").(string)
	switch {
	case floats[name] != "":
		return one(o.call(&Identity{}, x))
	case name == "bool":
		return one(o.call(&NotEqual{}, x))
	case integers[name]:
		return one(o.call(&Function{"truncate"}, x))
	}
	o.fail("casts to %q, which is not supported", name)
	return one(-1)
}

// converted makes a tensor of a tensor.
func converted(o *operated) []int {
	x := o.tensor("x", "value")
	if name, _ := o.value("dtype").(string); name != "" && floats[name] == "" {
		o.fail("converts to %q, which is not supported", name)
	}
	if o.bool("sparse") || o.bool("ragged") {
		o.fail("makes a sparse or ragged tensor, which is not supported")
	}
	o.skip("dtype_hint")
	return one(o.call(&Identity{}, x))
}

// gaussian is gelu, which is approximate or not where the call does not say.
func gaussian(byDefault bool) operation {
	return func(o *operated) []int {
		x := o.tensor("x", "features")
		approximate := byDefault
		if v, ok := o.value("approximate").(bool); ok {
			approximate = v
		}
		if approximate {
			return one(o.call(&Function{"gelu_tanh"}, x))
		}
		return one(o.call(&Activation{"gelu"}, x))
	}
}

// leaky is LeakyReLU with a slope where the call has none.
func leaky(byDefault float64) operation {
	return func(o *operated) []int {
		x := o.tensor("x", "features")
		slope := o.number(byDefault, "negative_slope", "alpha")
		return one(o.call(&ReLU{MaxValue: math.Inf(1), NegativeSlope: slope}, x))
	}
}

// rectified is ReLU with its arguments.
func rectified(o *operated) []int {
	x := o.tensor("x")
	k := &ReLU{MaxValue: math.Inf(1)}
	k.NegativeSlope = o.number(0, "negative_slope")
	k.MaxValue = o.number(k.MaxValue, "max_value")
	k.Threshold = o.number(0, "threshold")
	return one(o.call(k, x))
}

func scaledExponential(o *operated) []int {
	x := o.tensor("x", "features")
	alpha := o.number(1, "alpha")
	if alpha < 0 {
		o.fail("alpha must be at least 0, found %g", alpha)
	}
	return one(o.call(&ELU{alpha}, x))
}

// continuousExponential is celu, alpha·elu(x/alpha): x for x > 0, else alpha·(exp(x/alpha) - 1).
//
// Source: keras/src/backend/tensorflow/nn.py, celu.
func continuousExponential(o *operated) []int {
	x := o.tensor("x")
	alpha := o.number(1, "alpha")
	switch {
	case alpha <= 0:
		o.fail("alpha must be greater than 0, found %g", alpha)
	case alpha != 1:
		return one(o.call(&Rescaling{Scale: alpha}, o.call(&ELU{1}, o.call(&Rescaling{Scale: 1 / alpha}, x))))
	}
	return one(o.call(&ELU{1}, x))
}

// overAxis is softmax, or its logarithm, over any axis. An axis of None is the last one in TensorFlow, all of them in Keras 3.
func overAxis(name string, noneIsAll bool) operation {
	return func(o *operated) []int {
		x := o.tensor("x", "logits")
		axis, given := o.named["axis"]
		if noneIsAll && given && axis == nil {
			o.fail("is over all axes, the batch among them, which is not supported")
			return one(-1)
		}
		axes := o.integers("axis")
		if axes == nil {
			axes = []int{-1}
		}
		if name == "softmax" {
			return one(o.call(&Softmax{axes: axes}, x))
		}
		if resolved := o.axes(axes, x); o.err == nil && (len(resolved) != 1 || resolved[0] != len(o.shape(x))) {
			o.fail("axis %v is not supported (known: the last)", axes)
		}
		return one(o.call(&Activation{name}, x))
	}
}

// normalized divides by the Euclidean norm: at least epsilon, 1e-7.
//
// Source: keras/src/ops/nn.py, _normalize.
func normalized(o *operated) []int {
	x := o.tensor("x")
	axes := o.integers("axis")
	if axes == nil {
		axes = []int{-1}
	}
	if order := o.integer(2, "order"); order != 2 {
		o.fail("order %d is not supported (known: 2)", order)
	}
	return one(o.call(&UnitNormalization{Axes: o.axes(axes, x), LeastNorm: o.leastNorm(1e-7)}, x))
}

// l2Normalized divides by the Euclidean norm, the square of which is at least epsilon, 1e-12.
//
// Source: tensorflow/python/ops/nn_impl.py, l2_normalize_v2.
func l2Normalized(o *operated) []int {
	x := o.tensor("x")
	axes := o.integers("axis")
	if axes == nil {
		o.fail("is over all axes, the batch among them, which is not supported")
		return one(-1)
	}
	return one(o.call(&UnitNormalization{Axes: o.axes(axes, x), LeastNorm: math.Sqrt(o.leastNorm(1e-12))}, x))
}

// leastNorm is an argument epsilon.
func (o *operated) leastNorm(none float64) float64 {
	epsilon := o.number(none, "epsilon")
	if !(epsilon > 0) {
		o.fail("epsilon must be greater than 0, found %g", epsilon)
	}
	return epsilon
}

// reduced sums, averages or takes the extremum over some axes.
func reduced(name string) operation {
	return func(o *operated) []int {
		x := o.tensor("x", "input_tensor")
		axes, keep := o.integers("axis"), false
		keep = o.bool("keepdims")
		if axes == nil {
			o.fail("reduces over all axes, the batch among them, which is not supported")
			return one(-1)
		}
		return one(o.call(&Reduce{Operation: name, Axes: o.axes(axes, x), KeepDims: keep}, x))
	}
}

// spread is the variance or the standard deviation over some axes.
func spread(root bool) operation {
	return func(o *operated) []int {
		x := o.tensor("x", "input_tensor")
		axes := o.integers("axis")
		keep := o.bool("keepdims")
		if axes == nil {
			o.fail("reduces over all axes, the batch among them, which is not supported")
			return one(-1)
		}
		axes = o.axes(axes, x)
		d := o.call(&Merge{"Subtract"}, x, o.call(&Reduce{Operation: "Mean", Axes: axes, KeepDims: true}, x))
		out := o.call(&Reduce{Operation: "Mean", Axes: axes, KeepDims: keep}, o.call(&Merge{"Multiply"}, d, d))
		if root {
			out = o.call(&Function{"sqrt"}, out)
		}
		return one(out)
	}
}

// product multiplies matrices: (m, k) by (k, n), row by row.
func product(o *operated) []int {
	x, y := o.tensor("x1", "a"), o.tensor("x2", "b")
	turnX, turnY := o.bool("transpose_a"), o.bool("transpose_b")
	if o.err == nil && (len(o.shape(x)) != 2 || len(o.shape(y)) != 2) {
		o.fail("multiplies shapes %s and %s, which is not supported (known: one matrix per row and tensor)", shapeText(o.shape(x)), shapeText(o.shape(y)))
	}
	axes := []int{2, 1}
	if turnX {
		axes[0] = 1
	}
	if turnY {
		axes[1] = 2
	}
	return one(o.call(&Dot{axes: axes}, x, y))
}

// resized gives images another size.
func resized(o *operated) []int {
	x := o.tensor("images", "x")
	size := o.integers("size")
	method, _ := o.value("interpolation", "method").(string)
	if method == "" {
		method = "bilinear"
	}
	for _, name := range []string{"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "preserve_aspect_ratio"} {
		if o.bool(name) {
			o.fail("%s is not supported", name)
		}
	}
	o.skip("fill_mode", "fill_value")
	if format := o.value("data_format"); format != nil && format != "channels_last" {
		o.fail("data_format %s is not supported", show(format))
	}
	if len(size) != 2 || min(size[0], size[1]) < 1 || !slices.Contains(interpolations, method) {
		o.fail("size %v with the interpolation %q is not supported (known: two sizes, %q)", size, method, interpolations)
		return one(-1)
	}
	return one(o.call(&Resizing{Size: [2]int{size[0], size[1]}, Interpolation: method}, x))
}
