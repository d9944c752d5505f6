package expr

import "strings"

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
