package expr

import (
	"math"
	"slices"
	"strings"
)

// everywhere are the modules with NumPy's names.
const everywhere = "K tf tf.math ops np "

// table is every function: a new one is a row here, and where it computes something new, an operation of Program.
var table = []definition{
	// of every element
	element("abs", everywhere+"math:fabs"),
	element("ceil", "tf tf.math tf.math:ceil ops np math"),
	element("cos", everywhere+"math"),
	element("cosh", "tf tf.math ops np math"),
	element("exp", everywhere+"math"),
	element("expm1", "tf tf.math ops np math"),
	element("floor", "tf tf.math ops np math"),
	element("log", everywhere+"math"),
	element("log1p", "tf.math ops np math"),
	element("log_sigmoid", "tf.math ops activations"),
	element("reciprocal", "tf.math ops np"),
	element("relu", "K tf.nn ops activations"),
	element("round", everywhere),
	element("rsqrt", "tf.math ops"),
	element("sigmoid", "K tf tf.math tf.nn ops activations"),
	element("sign", everywhere),
	element("sin", everywhere+"math"),
	element("sinh", "tf tf.math ops np math"),
	element("softplus", "K tf.math tf.nn ops activations"),
	element("softsign", "K tf.math tf.nn ops activations"),
	element("sqrt", everywhere+"math"),
	element("tanh", "K tf tf.math tf.nn ops np math activations"),
	{name: "negative", spelled: "tf tf.math ops np", params: "x", make: func(b *binder, a *arguments) value { return b.negative(a.x("x"), a.pos) }},
	{name: "square", spelled: everywhere, params: "x", text: "x * x"},

	// of two
	pair("add", "tf tf.math ops np"),
	pair("divide", "tf tf.math ops np tf:truediv tf.math:truediv ops:true_divide np:true_divide"),
	pair("equal", everywhere),
	pair("greater", everywhere),
	pair("greater_equal", everywhere),
	pair("less", everywhere),
	pair("less_equal", everywhere),
	pair("logical_and", "tf tf.math ops np"),
	pair("logical_or", "tf tf.math ops np"),
	pair("logical_xor", "tf.math ops np"),
	pair("maximum", everywhere),
	pair("minimum", everywhere),
	pair("multiply", "tf tf.math ops np"),
	pair("not_equal", everywhere),
	pair("pow", "K tf tf.math math ops:power np:power"),
	pair("subtract", "tf tf.math ops np"),
	{name: "logical_not", spelled: "tf tf.math ops np", params: "x", make: func(b *binder, a *arguments) value { return b.not(a.x("x"), a.pos) }},
	{name: "squared_difference", spelled: "tf.math tf.math:squared_difference", params: "x y", text: "square(x - y)"},
	{name: "divide_no_nan", spelled: "tf.math ops", params: "x y", text: "let z = y == 0\nwhere(z, 0, x / where(z, 1, y))"},

	// of conditions
	{name: "where", spelled: "K:switch tf ops np", params: "condition x|then_expression|x1 y|else_expression|x2", make: whereOf},
	{name: "cast", spelled: "K tf ops", params: "x dtype", make: castOf},
	{name: "clip", spelled: "K ops np tf:clip_by_value", params: "x|t|a min|min_value|x_min|clip_value_min|a_min max|max_value|x_max|clip_value_max|a_max", make: clipOf},

	// over axes
	reduction("sum", "K tf:reduce_sum tf.math:reduce_sum ops np", Sum),
	reduction("mean", "K tf:reduce_mean tf.math:reduce_mean ops np", Mean),
	reduction("max", "K tf:reduce_max tf.math:reduce_max ops ops:amax np", Max),
	{
		name: "min", spelled: "K tf:reduce_min tf.math:reduce_min ops ops:amin np", params: axesParams,
		text: "-max(-x, axis=axis, keepdims=keepdims)",
	},
	truths("any", "K tf:reduce_any tf.math:reduce_any ops np", "max(x, axis=axis, keepdims=keepdims) > 0"),
	truths("all", "K tf:reduce_all tf.math:reduce_all ops np", "min(x, axis=axis, keepdims=keepdims) > 0"),
	{
		name: "var", spelled: "K tf.math:reduce_variance ops np", params: axesParams,
		text: "mean(square(x - mean(x, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)",
	},
	{
		name: "std", spelled: "K tf.math:reduce_std ops np", params: axesParams,
		text: "sqrt(var(x, axis=axis, keepdims=keepdims))",
	},
	{
		name: "logsumexp", spelled: "K tf:reduce_logsumexp tf.math:reduce_logsumexp ops", params: axesParams,
		text: "let m = stop_gradient(max(x, axis=axis, keepdims=True))\n" +
			"log(sum(exp(x - m), axis=axis, keepdims=keepdims)) + stop_gradient(max(x, axis=axis, keepdims=keepdims))",
	},
	{name: "argmax", spelled: "K tf tf.math ops np", params: "x|input axis=None", make: argMaxOf},
	{name: "argmin", spelled: "K tf tf.math ops np", params: "x|input axis=None", make: argMinOf},
	{name: "softmax", spelled: "K tf.nn ops activations", params: "x|logits axis=-1", make: alongOf(Softmax)},
	{name: "log_softmax", spelled: "tf.nn ops activations", params: "x|logits axis=-1", make: alongOf(LogSoftmax)},
	{
		name: "l2_normalize", spelled: "K tf.math tf.nn", params: "x axis=None epsilon=1e-12",
		text: "x * rsqrt(maximum(sum(square(x), axis=axis, keepdims=True), epsilon))",
	},

	// of shapes
	{name: "expand_dims", spelled: "K tf ops np", params: "x|input axis=-1", make: expandDimsOf},
	{name: "squeeze", spelled: "K tf ops np", params: "x|input axis=None", make: squeezeOf},
	{name: "flatten", spelled: "K ops:ravel np:ravel", params: "x", make: flattenOf},
	{name: "batch_flatten", spelled: "K", params: "x", make: batchFlattenOf},
	{name: "reshape", spelled: "K tf ops np", params: "x|tensor shape|newshape", make: reshapeOf},
	{name: "ones_like", spelled: "K tf ops np", params: "x|input dtype=None", make: onesOf},
	{name: "zeros_like", spelled: "K tf ops np", params: "x|input dtype=None", text: "ones_like(x) - 1"},

	// of nothing else
	{name: "stop_gradient", spelled: "K tf ops", params: "x|variables|input|variable", make: stopOf},
	{name: "identity", spelled: "tf", params: "x|input", make: func(_ *binder, a *arguments) value { return a.x("x") }},
	{
		name: "convert_to_tensor", spelled: "tf ops K:constant tf:constant", params: "x|value dtype=None",
		make: func(_ *binder, a *arguments) value { return a.x("x") },
	},
	{name: "epsilon", spelled: "K", params: "", make: func(*binder, *arguments) value { return constants["epsilon"] }},
	{name: "floatx", spelled: "K", params: "", make: func(*binder, *arguments) value { return typeName("float32") }},

	// losses and metrics of Keras, as their sources in keras/src/losses/losses.py and keras/src/metrics have them
	{
		name: "elementwise_binary_crossentropy", spelled: "K:binary_crossentropy ops:binary_crossentropy",
		params: "target output from_logits=False",
		text: "let q = clip(output, epsilon, 1 - epsilon)\n" +
			"where(from_logits, sigmoid_cross_entropy_with_logits(target, output), -(target * log(q) + (1 - target) * log(1 - q)))",
	},
	{
		name: "sigmoid_cross_entropy_with_logits", spelled: "tf.nn", params: "labels logits",
		text: "relu(logits) - logits * labels + log1p(exp(-abs(logits)))",
	},
	{
		name: "softmax_cross_entropy_with_logits", spelled: "tf.nn", params: "labels logits axis=-1",
		text: "-sum(labels * log_softmax(logits, axis=axis), axis=axis)",
	},
	{
		name: "binary_crossentropy", spelled: "losses metrics", params: "y_true y_pred from_logits=False label_smoothing=0 axis=-1",
		text: "let t = y_true * (1 - label_smoothing) + 0.5 * label_smoothing\n" +
			"mean(elementwise_binary_crossentropy(t, y_pred, from_logits), axis=axis)",
	},
	{
		name: "categorical_crossentropy", spelled: "K ops losses metrics",
		params: "y_true|target y_pred|output from_logits=False axis=-1",
		text: "let q = clip(y_pred / sum(y_pred, axis=axis, keepdims=True), epsilon, 1 - epsilon)\n" +
			"where(from_logits, softmax_cross_entropy_with_logits(y_true, y_pred, axis), -sum(y_true * log(q), axis=axis))",
	},
	{name: "mean_squared_error", spelled: "losses losses:mse losses:MSE metrics metrics:mse", params: "y_true y_pred", text: "mean(square(y_true - y_pred), axis=-1)"},
	{name: "mean_absolute_error", spelled: "losses losses:mae losses:MAE metrics metrics:mae", params: "y_true y_pred", text: "mean(abs(y_true - y_pred), axis=-1)"},
	{
		name: "kl_divergence", spelled: "losses losses:kld losses:KLD metrics metrics:kld", params: "y_true y_pred",
		text: "let t = clip(y_true, epsilon, 1)\nlet p = clip(y_pred, epsilon, 1)\nsum(t * log(t / p), axis=-1)",
	},
	{
		name: "huber", spelled: "losses", params: "y_true y_pred delta=1",
		text: "let e = abs(y_true - y_pred)\nmean(where(e <= delta, 0.5 * square(e), delta * e - 0.5 * square(delta)), axis=-1)",
	},
	{
		name: "categorical_accuracy", spelled: "metrics", params: "y_true y_pred",
		text: "argmax(y_true, axis=-1) == argmax(y_pred, axis=-1)",
	},
	{
		name: "binary_accuracy", spelled: "metrics", params: "y_true y_pred threshold=0.5",
		text: "mean(y_true == cast(y_pred > threshold, 'float32'), axis=-1)",
	},
	{
		name: "top_k_categorical_accuracy", spelled: "metrics", params: "y_true y_pred k=5",
		text: "let own = sum(where(y_true == max(y_true, axis=-1, keepdims=True), y_pred, 0), axis=-1, keepdims=True)\n" +
			"let finite = all(y_pred - y_pred == 0, axis=-1)\n" +
			"(sum(y_pred > own, axis=-1) < k) & finite",
	},
}

const axesParams = "x|input_tensor|tensor axis=None keepdims=False"

// element is a function of every element.
func element(name, spelled string) definition {
	return definition{
		name: name, spelled: spelled, params: "x|features|input",
		make: func(b *binder, a *arguments) value { return b.apply(name, a.x("x"), a.pos) },
	}
}

// pair is an operation of two operands.
func pair(name, spelled string) definition {
	operation := strings.TrimPrefix(name, "logical_")
	if name == "pow" {
		operation = "power"
	}
	return definition{
		name: name, spelled: spelled, params: "x|x1 y|a|x2",
		make: func(b *binder, a *arguments) value { return b.binary(operation, a.x("x"), a.x("y"), a.pos, a.word) },
	}
}

// reduction is an operation over axes.
func reduction(name, spelled string, op Op) definition {
	return definition{name: name, spelled: spelled, params: axesParams, make: func(b *binder, a *arguments) value {
		x := a.x("x")
		return b.reduce(op, x, a.axes("axis", x), a.flag("keepdims"), a.pos)
	}}
}

// truths is a condition of conditions along axes.
func truths(name, spelled, text string) definition {
	return definition{name: name, spelled: spelled, params: axesParams, text: text}
}

// functions of every element are what they are of a number. Those of arrays belong to package graph.
var functions = map[string]func(float64) float64{
	"abs":         math.Abs,
	"ceil":        math.Ceil,
	"cos":         math.Cos,
	"cosh":        math.Cosh,
	"exp":         math.Exp,
	"expm1":       math.Expm1,
	"floor":       math.Floor,
	"log":         math.Log,
	"log1p":       math.Log1p,
	"log_sigmoid": func(x float64) float64 { return -softplus(-x) },
	"one":         func(float64) float64 { return 1 },
	"reciprocal":  func(x float64) float64 { return 1 / x },
	"relu":        func(x float64) float64 { return max(x, 0) },
	"round":       math.RoundToEven,
	"rsqrt":       func(x float64) float64 { return 1 / math.Sqrt(x) },
	"sigmoid":     func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
	"sign":        sign64,
	"sin":         math.Sin,
	"sinh":        math.Sinh,
	"softplus":    softplus,
	"softsign":    func(x float64) float64 { return x / (1 + math.Abs(x)) },
	"sqrt":        math.Sqrt,
	"tanh":        math.Tanh,
}

// flatFunctions have the slope 0.
var flatFunctions = []string{"ceil", "floor", "one", "round", "sign"}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func sign64(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0 * x
}

func whereOf(b *binder, a *arguments) value {
	c, x, y := a.x("condition"), a.x("x"), a.x("y")
	switch {
	case !b.isTruth(c):
		b.fail(a.places["condition"], "%s: the condition must be one, such as y_pred > 0.5, found %s", a.word, b.describe(c))
	case c.kind != ofArray && c.num != 0:
		return x
	case c.kind != ofArray:
		return y
	}
	n := Node{Op: Where, Args: []int{c.node, b.operand(x, a.pos), b.operand(y, a.pos)}, truth: b.isTruth(x) && b.isTruth(y)}
	n.Shape = b.together(a.pos, a.word, n.Args...)
	return b.array(n, a.pos)
}

// castOf changes nothing but what a value may be used for: all arrays are float32.
func castOf(b *binder, a *arguments) value {
	x, t := a.x("x"), a.values["dtype"]
	if t.kind != ofText {
		b.fail(a.places["dtype"], "%s: the type must be a text such as 'float32', found %s", a.word, b.describe(t))
	}
	switch {
	case t.text == "bool":
		return b.binary("not_equal", x, number64(0), a.pos, a.word)
	case strings.HasPrefix(t.text, "float"), strings.HasPrefix(t.text, "bfloat"), b.isTruth(x), x.kind != ofArray:
		return x
	case strings.HasPrefix(t.text, "int"), strings.HasPrefix(t.text, "uint"):
		if n := b.node(x.node); n.Op == ArgMax || n.Op == Apply && slices.Contains(flatFunctions, n.Name) {
			return x
		}
		b.fail(a.pos, "%s to whole numbers: write round, floor or ceil", a.word)
	}
	b.fail(a.places["dtype"], "%s: the type %q is not read", a.word, t.text)
	return value{}
}

// clipOf: a bound that is None is none.
func clipOf(b *binder, a *arguments) value {
	v := a.x("x")
	for _, bound := range []struct{ name, operation string }{{"min", "maximum"}, {"max", "minimum"}} {
		if a.values[bound.name].kind != ofNone {
			v = b.binary(bound.operation, v, a.x(bound.name), a.pos, a.word)
		}
	}
	return v
}

// argMaxOf: the axis is the last one for K and our own form; elsewhere other defaults are nothing that people want of rows.
func argMaxOf(b *binder, a *arguments) value {
	x := a.x("x")
	if x.kind != ofArray {
		b.fail(a.places["x"], "%s of a number", a.word)
	}
	axis := len(b.shape(x)) - 1
	switch {
	case a.given["axis"]:
		axis = a.axis("axis", x)
	case a.word != "argmax" && a.word != "argmin" && !strings.HasPrefix(b.full(a.word), "keras.backend."):
		b.fail(a.pos, "%s needs axis, such as axis=-1: without it the rows are compared with each other", a.word)
	case axis < 0:
		b.fail(a.pos, "%s of a single number", a.word)
	}
	return b.along(ArgMax, x, axis, true, a.pos)
}

func argMinOf(b *binder, a *arguments) value {
	a.values["x"] = b.negative(a.x("x"), a.pos)
	return argMaxOf(b, a)
}

func alongOf(op Op) func(b *binder, a *arguments) value {
	return func(b *binder, a *arguments) value {
		x := a.x("x")
		if x.kind != ofArray {
			b.fail(a.places["x"], "%s of a number", a.word)
		}
		return b.along(op, x, a.axis("axis", x), false, a.pos)
	}
}

func expandDimsOf(b *binder, a *arguments) value {
	x := a.x("x")
	shape := slices.Clone(b.shape(value{kind: ofArray, node: b.operand(x, a.pos)}))
	axis := a.axisOf(a.values["axis"], "axis", len(shape)+1)
	return b.reshape(x, slices.Insert(shape, axis, Dim{N: 1}), a.pos)
}

func squeezeOf(b *binder, a *arguments) value {
	x := a.x("x")
	axes := a.axes("axis", x)
	var shape Shape
	for axis, d := range b.shape(x) {
		one := d == Dim{N: 1}
		if slices.Contains(axes, axis) && !one {
			b.fail(a.pos, "%s: the axis %d of an array of shape %v, which has more than one element", a.word, axis, b.shape(x))
		}
		if axes == nil && one || slices.Contains(axes, axis) {
			continue
		}
		shape = append(shape, d)
	}
	return b.reshape(x, shape, a.pos)
}

// flattened is the product of dimensions.
func flattened(s Shape) Dim {
	d := Dim{N: 1}
	for _, e := range s {
		d.N, d.Rows = min(d.N*e.N, math.MaxInt32), d.Rows || e.Rows
	}
	return d
}

func flattenOf(b *binder, a *arguments) value {
	x := a.x("x")
	if _, rows := b.shape(x).elements(); rows > 1 {
		b.fail(a.pos, "%s of an array of shape %v", a.word, b.shape(x))
	}
	return b.reshape(x, Shape{flattened(b.shape(x))}, a.pos)
}

func batchFlattenOf(b *binder, a *arguments) value {
	x := a.x("x")
	if s := b.shape(x); x.kind != ofArray || !s.byRows() {
		b.fail(a.pos, "%s of %s: expected an array with the rows in front", a.word, b.describe(x))
	}
	return b.reshape(x, Shape{b.shape(x)[0], flattened(b.shape(x)[1:])}, a.pos)
}

// reshapeOf takes shapes with -1 in front, which are the rows, or -1 alone.
func reshapeOf(b *binder, a *arguments) value {
	x, to := a.x("x"), a.values["shape"]
	from := b.shape(x)
	refuse := func() {
		b.fail(a.places["shape"], "%s: the shape must be -1, or -1 for the rows and then as many elements as a row of %v has", a.word, from)
	}
	var sizes []int
	items := to.items
	if to.kind == ofNumber {
		items = []value{to}
	}
	for _, item := range items {
		if item.kind != ofNumber || !item.whole || item.num != float64(int32(item.num)) || item.num == 0 || item.num < -1 {
			refuse()
		}
		sizes = append(sizes, int(item.num))
	}
	if len(sizes) == 1 && sizes[0] == -1 {
		return flattenOf(b, a)
	}
	if x.kind != ofArray || !from.byRows() || len(sizes) == 0 || sizes[0] != -1 {
		refuse()
	}
	shape, total := Shape{from[0]}, 1
	for _, n := range sizes[1:] {
		if n < 0 || total > math.MaxInt32 {
			refuse()
		}
		total *= n
		shape = append(shape, Dim{N: n})
	}
	if flattened(from[1:]).N != total {
		refuse()
	}
	return b.reshape(x, shape, a.pos)
}

func onesOf(b *binder, a *arguments) value { return b.apply("one", a.x("x"), a.pos) }

func stopOf(b *binder, a *arguments) value {
	x := a.x("x")
	if x.kind != ofArray {
		return x
	}
	return b.array(Node{Op: Stop, Args: []int{x.node}, Shape: b.shape(x), truth: b.isTruth(x)}, a.pos)
}
