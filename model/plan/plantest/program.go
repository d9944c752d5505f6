package plantest

// programModels are networks whose losses are functions given as text, which together use every operation of package expr.
func programModels() []Model {
	network := Sequential(4, `Dense {"units":6,"activation":"tanh"}`, `Dense {"units":4}`)
	text := func(name, function string) Model {
		return Model{"function " + name, network, []string{function}}
	}
	return []Model{
		text("of elements", "let p = softplus(y_pred) + 0.3\nlog(p) + sqrt(p) + log1p(p) * rsqrt(p) + reciprocal(p + y_true) + expm1(-p) + abs(y_pred - 0.37)"),
		text("of waves", "sin(y_pred) * cosh(tanh(y_pred)) + cos(y_pred) * sinh(tanh(y_pred)) + softsign(y_pred) - log_sigmoid(y_pred) + exp(sigmoid(y_pred))"),
		text("without slope", "y_pred * sign(y_pred) + y_pred * (round(y_pred) + floor(y_pred) - ceil(y_pred)) + ones_like(y_pred) * relu(y_pred)"),
		text("of quotients", "y_true / (1.2 + sigmoid(y_pred)) - y_pred / (square(y_pred) + 1) + 2 / (1.5 + tanh(y_pred)) + y_pred / 3"),
		text("of powers", "let p = sigmoid(y_pred)\np ** (y_true + 0.3) + p ** 2.5 + p ** 3 + (p + 0.1) ** 0.5 + 1.7 ** y_pred + (p + 0.2) ** y_pred"),
		text("of choices", "where(y_true > 0.5, square(y_pred), 0.3 * y_pred) + maximum(y_pred, 0.1) * minimum(y_pred, sin(y_pred)) + clip(y_pred, -0.4, 0.6)"),
		text("of rows", "let s = softmax(y_pred) - 0.1 * log_softmax(y_pred)\nlet m = max(y_pred, axis=-1)\nsum(s * y_true, axis=-1) * m + mean(s * y_pred, axis=1) + "+
			"argmax(y_true) * y_pred[:, 1] * sum(y_pred[:, 1:3], axis=-1)"),
		text("of a constant", "y_pred * stop_gradient(y_true + 2) - y_pred * cast(y_true == 0, 'float32')"),
		text("of a batch", "sqrt(mean(square(y_true - y_pred)) + 0.1) + sum(y_pred, axis=0)[2] * 0.1 + log(1 + square(sum(softmax(y_pred, axis=0)[:, 1] * y_true[:, 0])))"),
	}
}
