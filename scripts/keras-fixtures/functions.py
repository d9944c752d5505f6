"""Write tests/keras/testdata/functions/values.json.gz: losses and metrics of people's own, run by Keras: their values and gradients.

Each is Python, as people write it for Keras, and most are in beamfit's own form too. Those of WRITTEN are what MADlib's page, its
tests and its users write; the others are drawn. What is computed in float64 and in float32 must agree, so that a reference is no
accident of rounding.

    python functions.py FILE
"""

import gzip
import json
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf
from keras import ops

from references import tensor

ROWS, WIDTH = 6, 4
RNG = np.random.default_rng(11)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


DATA = {  # labels and outputs
    "classes": (np.eye(WIDTH)[RNG.integers(WIDTH, size=ROWS)], softmax(RNG.normal(size=(ROWS, WIDTH)))),
    "numbers": (RNG.normal(size=(ROWS, WIDTH)), RNG.normal(size=(ROWS, WIDTH))),
    "flags": (RNG.integers(2, size=(ROWS, WIDTH)).astype(float), 1 / (1 + np.exp(-2 * RNG.normal(size=(ROWS, WIDTH))))),
    "one": (RNG.integers(2, size=(ROWS, 1)).astype(float), 1 / (1 + np.exp(-2 * RNG.normal(size=(ROWS, 1))))),
}
DATA = {name: (y.astype(np.float32), p.astype(np.float32)) for name, (y, p) in DATA.items()}

# (name, data, Python, own form or None). MADlib's tests have test_sum_fn, its page squared_error and rmse.
WRITTEN = [
    ("test_sum_fn", "classes", "def test_sum_fn(a, b):\n  return a+b", "y_true + y_pred"),
    (
        "squared_error", "numbers",
        "import tensorflow.keras.backend as K\ndef squared_error(y_true, y_pred):\n    return K.square(y_pred - y_true)\n",
        "(y_pred - y_true) ** 2",
    ),
    (
        "rmse", "numbers",
        "import tensorflow.keras.backend as K\n\ndef rmse(y_true, y_pred):\n    return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1))\n",
        "sqrt(mean(square(y_pred - y_true), axis=-1))",
    ),
    ("rmse_of_the_batch", "numbers", "def rmse(y_true, y_pred):\n    return K.sqrt(K.mean(K.square(y_pred - y_true)))", "sqrt(mean(square(y_pred - y_true)))"),
    ("mean_of_all", "numbers", "def mse(y_true, y_pred):\n    return 0.5 * K.mean(K.square(y_pred - y_true)) - 1", "0.5 * mean(square(y_pred - y_true)) - 1"),
    ("mean_along_rows", "numbers", "def f(y_true, y_pred):\n    return tf.reduce_mean(tf.abs(y_pred - y_true), axis=0)", "mean(abs(y_pred - y_true), axis=0)"),
    ("sum_of_all", "numbers", "def f(y_true, y_pred):\n    return tf.reduce_sum(tf.abs(y_pred - y_true))", "sum(abs(y_pred - y_true))"),
    (
        "categorical_focal_loss", "classes",
        '''
from tensorflow.keras import backend as K

def categorical_focal_loss(gamma=2., alpha=.25):
    """Focal loss for classes.

    References: https://arxiv.org/pdf/1708.02002.pdf
    """
    def categorical_focal_loss_fixed(y_true, y_pred):
        # Scale predictions so that the class probas of each sample sum to 1
        y_pred /= K.sum(y_pred, axis=-1, keepdims=True)

        # Clip the prediction value to prevent NaN's and Inf's
        epsilon = K.epsilon()
        y_pred = K.clip(y_pred, epsilon, 1. - epsilon)

        # Calculate Cross Entropy
        cross_entropy = -y_true * K.log(y_pred)

        # Calculate Focal Loss
        loss = alpha * K.pow(1 - y_pred, gamma) * cross_entropy

        # Sum the losses in mini_batch
        return K.sum(loss, axis=1)

    return categorical_focal_loss_fixed
''',
        "let p = clip(y_pred / sum(y_pred, axis=-1, keepdims=True), epsilon, 1 - epsilon)\n-sum(0.25 * (1 - p) ** 2 * y_true * log(p), axis=-1)",
    ),
    (
        "binary_focal_loss", "flags",
        '''
import tensorflow as tf
import tensorflow.keras.backend as K

def binary_focal_loss(gamma=2., alpha=.25):
    def binary_focal_loss_fixed(y_true, y_pred):
        y_true = tf.cast(y_true, K.floatx())
        # Define epsilon so that the back-propagation will not result in NaN for 0 divisor case
        epsilon = K.epsilon()
        # Clip the prediction value
        y_pred = K.clip(y_pred, epsilon, 1.0 - epsilon)
        # Calculate p_t
        p_t = tf.where(K.equal(y_true, 1), y_pred, 1 - y_pred)
        # Calculate alpha_t
        alpha_factor = K.ones_like(y_true) * alpha
        alpha_t = tf.where(K.equal(y_true, 1), alpha_factor, 1 - alpha_factor)
        # Calculate cross entropy
        cross_entropy = -K.log(p_t)
        weight = alpha_t * K.pow((1 - p_t), gamma)
        # Calculate focal loss
        loss = weight * cross_entropy
        # Sum the losses in mini_batch
        loss = K.mean(K.sum(loss, axis=1))
        return loss
    return binary_focal_loss_fixed
''',
        "let t = where(y_true == 1, y_pred, 1 - y_pred)\nlet p = clip(t, epsilon, 1 - epsilon)\n"
        "let a = where(y_true == 1, 0.25, 0.75)\nmean(sum(a * (1 - p) ** 2 * -log(p), axis=1))",
    ),
    (
        "focal_by_masks", "flags",
        "def focal(y_true, y_pred, gamma=2.0, alpha=0.25):\n"
        "    pt_1 = tf.where(tf.equal(y_true, 1), y_pred, tf.ones_like(y_pred))\n"
        "    pt_0 = tf.where(tf.equal(y_true, 0), y_pred, tf.zeros_like(y_pred))\n"
        "    return (-K.mean(alpha * K.pow(1. - pt_1, gamma) * K.log(pt_1 + K.epsilon()))\n"
        "            - K.mean((1 - alpha) * K.pow(pt_0, gamma) * K.log(1. - pt_0 + K.epsilon())))\n",
        None,
    ),
    (
        "categorical_crossentropy", "classes", "def f(y_true, y_pred):\n    return K.categorical_crossentropy(y_true, y_pred)",
        "-sum(y_true * log(clip(y_pred / sum(y_pred, axis=-1, keepdims=True), epsilon, 1 - epsilon)), axis=-1)",
    ),
    ("binary_crossentropy", "flags", "def f(y_true, y_pred):\n    return K.mean(K.binary_crossentropy(y_true, y_pred), axis=-1)", "binary_crossentropy(y_true, y_pred)"),
    ("of_losses", "flags", "def f(y_true, y_pred):\n    return keras.losses.binary_crossentropy(y_true, y_pred, label_smoothing=0.1) + keras.losses.mean_squared_error(y_true, y_pred)", "binary_crossentropy(y_true, y_pred, label_smoothing=0.1) + mean_squared_error(y_true, y_pred)"),
    ("huber", "numbers", "def f(y_true, y_pred):\n    return tf.keras.losses.huber(y_true, y_pred, delta=0.7)", "huber(y_true, y_pred, delta=0.7)"),
    ("kl_divergence", "classes", "def f(y_true, y_pred):\n    return keras.losses.kl_divergence(y_true, y_pred)", "kl_divergence(y_true, y_pred)"),
    (
        "weighted", "one",
        "def weighted(y_true, y_pred):\n    weights = y_true * 5.0 + (1.0 - y_true)\n    return K.mean(weights * K.binary_crossentropy(y_true, y_pred))",
        "(y_true * 5 + 1 - y_true) * binary_crossentropy(y_true, y_pred)[:, None]",
    ),
    ("log_cosh", "numbers", "def f(y_true, y_pred):\n    return tf.reduce_mean(tf.math.log(tf.math.cosh(y_pred - y_true)))", "mean(log(cosh(y_pred - y_true)))"),
    ("quantile", "numbers", "def quantile(y_true, y_pred, q=0.9):\n    e = y_true - y_pred\n    return K.mean(K.maximum(q * e, (q - 1) * e), axis=-1)", "let e = y_true - y_pred\nmean(maximum(0.9 * e, -0.1 * e), axis=-1)"),
    (
        "dice", "flags",
        "def dice_loss(y_true, y_pred, smooth=1):\n    y_true_f = K.flatten(y_true)\n    y_pred_f = K.flatten(y_pred)\n"
        "    intersection = K.sum(y_true_f * y_pred_f)\n"
        "    return 1 - (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)\n",
        "1 - (2 * sum(y_true * y_pred) + 1) / (sum(y_true) + sum(y_pred) + 1)",
    ),
    (
        "cosine", "numbers",
        "def f(y_true, y_pred):\n    y_true = tf.nn.l2_normalize(y_true, axis=-1)\n    y_pred = tf.math.l2_normalize(y_pred, axis=-1)\n    return -tf.reduce_sum(y_true * y_pred, axis=-1)",
        "-sum(l2_normalize(y_true, axis=-1) * l2_normalize(y_pred, axis=-1), axis=-1)",
    ),
    ("from_logits", "flags", "def f(y_true, y_pred):\n    return tf.nn.sigmoid_cross_entropy_with_logits(labels=y_true, logits=y_pred)", "sigmoid_cross_entropy_with_logits(y_true, y_pred)"),
    ("softmax_logits", "classes", "def f(y_true, y_pred):\n    return tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=y_pred)", "-sum(y_true * (y_pred - logsumexp(y_pred, axis=-1, keepdims=True)), axis=-1)"),
    (
        "columns", "numbers",
        "def gaussian(y_true, y_pred):\n    mean, scale = 0.1, 2.0\n    return y_pred",
        None,
    ),
    (
        "gaussian", "numbers",
        "def gaussian(y_true, y_pred):\n    mu = y_pred[:, 0:2]\n    log_sigma = y_pred[:, 2:]\n    t = y_true[..., :2]\n"
        "    return K.sum(0.5 * K.square((t - mu) / K.exp(log_sigma)) + log_sigma, axis=-1)",
        "let s = y_pred[:, 2:]\nsum(0.5 * square((y_true[:, :2] - y_pred[:, :2]) / exp(s)) + s, axis=-1)",
    ),
    ("first_column", "numbers", "def f(y_true, y_pred):\n    return K.square(y_true[:, 0] - y_pred[:, -1])", "square(y_true[:, 0] - y_pred[:, -1])"),
    ("pairs", "numbers", "def f(y_true, y_pred):\n    d = tf.expand_dims(y_pred, 2) - tf.expand_dims(y_true, 1)\n    return tf.reduce_mean(tf.reduce_min(tf.abs(d), axis=1), axis=-1)", "mean(min(abs(y_pred[:, :, None] - y_true[:, None, :]), axis=1), axis=-1)"),
    ("pairs_of_rows", "numbers", "def f(y_true, y_pred):\n    d = y_pred[:, 0:1] - tf.reshape(y_pred[:, 0], (1, -1))\n    return tf.reduce_mean(tf.nn.relu(1.0 - d))", None),
    ("stop", "numbers", "def f(y_true, y_pred):\n    return K.sum(K.stop_gradient(y_pred) * y_pred * y_true, axis=-1)", "sum(stop_gradient(y_pred) * y_pred * y_true, axis=-1)"),
    ("powers", "flags", "def f(y_true, y_pred):\n    return y_pred ** y_true + 2.0 ** y_pred + y_pred ** 0.3 + (1 - y_pred) ** 3", "y_pred ** y_true + 2 ** y_pred + y_pred ** 0.3 + (1 - y_pred) ** 3"),
    # without a gradient: metrics only
    ("accuracy", "classes", "def acc(y_true, y_pred):\n    return K.cast(K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1)), K.floatx())", "argmax(y_true) == argmax(y_pred)"),
    ("binary_accuracy", "flags", "def acc(y_true, y_pred):\n    return K.mean(K.cast(K.equal(y_true, K.round(y_pred)), K.floatx()), axis=-1)", "mean(y_true == round(y_pred), axis=-1)"),
    ("top_2", "classes", "def f(y_true, y_pred):\n    return keras.metrics.top_k_categorical_accuracy(y_true, tf.cast(y_pred, tf.float32), k=2)", "top_k_categorical_accuracy(y_true, y_pred, k=2)"),
    ("all_right", "flags", "def f(y_true, y_pred):\n    return tf.cast(tf.reduce_all(tf.logical_and(y_pred > 0.2, tf.logical_not(y_true > 2)), axis=-1), K.floatx())", "cast(all((y_pred > 0.2) & ~(y_true > 2), axis=-1), 'float32')"),
    ("any_right", "flags", "def f(y_true, y_pred):\n    return ops.cast(ops.any(ops.logical_or(y_pred > 0.9, y_true != 1), axis=-1), K.floatx())", "any(y_pred > 0.9 or y_true != 1, axis=-1)"),
]
WRITTEN = [c for c in WRITTEN if c[0] not in ("columns", "pairs_of_rows")]

UNARY = [  # own form, Python; {0} is the operand
    ("sigmoid({0})", "K.sigmoid({0})"), ("tanh({0})", "tf.tanh({0})"), ("softplus({0})", "ops.softplus({0})"),
    ("softsign({0})", "K.softsign({0})"), ("square({0})", "tf.square({0})"), ("abs({0})", "K.abs({0})"),
    ("exp(tanh({0}))", "K.exp(K.tanh({0}))"), ("log(softplus({0}) + 0.5)", "tf.math.log(tf.nn.softplus({0}) + 0.5)"),
    ("sqrt(square({0}) + 0.1)", "ops.sqrt(ops.square({0}) + 0.1)"), ("rsqrt(square({0}) + 0.3)", "tf.math.rsqrt({0} ** 2 + 0.3)"),
    ("relu({0})", "tf.nn.relu({0})"), ("log1p(square({0}))", "tf.math.log1p(K.square({0}))"), ("cos({0})", "K.cos({0})"),
    ("sin({0})", "ops.sin({0})"), ("-({0})", "-({0})"), ("expm1(sin({0}))", "ops.expm1(tf.sin({0}))"),
    ("sinh(tanh({0}))", "tf.sinh(tf.tanh({0}))"), ("cosh(tanh({0}))", "tf.math.cosh(tf.tanh({0}))"),
    ("log_sigmoid({0})", "tf.math.log_sigmoid({0})"), ("clip({0}, -0.5, 0.8)", "K.clip({0}, -0.5, 0.8)"),
    ("reciprocal(square({0}) + 0.5)", "tf.math.reciprocal(tf.square({0}) + 0.5)"), ("({0}) / 3", "({0}) / 3"),
    ("({0}) * 0.7", "0.7 * ({0})"), ("1 - ({0})", "1.0 - ({0})"), ("2 / (1 + square({0}))", "2.0 / (1.0 + K.square({0}))"),
    ("(0.2 + softplus({0})) ** 1.7", "K.pow(0.2 + K.softplus({0}), 1.7)"), ("round({0}) * 0.25", "tf.round({0}) * 0.25"),
    ("floor({0}) * 0.5", "ops.floor({0}) * 0.5"), ("ceil({0}) * 0.5", "tf.math.ceil({0}) * 0.5"), ("sign({0})", "K.sign({0})"),
]
BINARY = [
    ("({0} + {1})", "({0} + {1})"), ("({0} - {1})", "({0} - {1})"), ("({0} * {1})", "({0} * {1})"), ("multiply({0}, {1})", "tf.multiply({0}, {1})"),
    ("{0} / (square({1}) + 0.5)", "{0} / (K.square({1}) + 0.5)"), ("maximum({0}, {1})", "K.maximum({0}, {1})"),
    ("minimum({0}, {1})", "ops.minimum({0}, {1})"), ("where({0} > {1}, {0}, sin({1}))", "tf.where({0} > {1}, {0}, tf.sin({1}))"),
    ("where({0} <= 0.1, {1}, 0.3)", "ops.where({0} <= 0.1, {1}, 0.3)"), ("squared_difference({0}, {1})", "tf.math.squared_difference({0}, {1})"),
    ("(0.3 + softplus({0})) ** tanh({1})", "tf.pow(0.3 + tf.nn.softplus({0}), tf.tanh({1}))"),
    ("divide_no_nan({0}, relu({1}) + 0.2)", "tf.math.divide_no_nan({0}, tf.nn.relu({1}) + 0.2)"),
    ("cast({0} < {1}, 'float32') * {1}", "tf.cast({0} < {1}, K.floatx()) * {1}"),
]
REDUCTIONS = [
    ("sum({0}, axis=-1, keepdims=True)", "K.sum({0}, axis=-1, keepdims=True)"), ("mean({0}, axis=1, keepdims=True)", "tf.reduce_mean({0}, 1, True)"),
    ("max({0}, axis=-1, keepdims=True)", "K.max({0}, axis=-1, keepdims=True)"), ("min({0}, axis=-1, keepdims=True)", "ops.min({0}, axis=-1, keepdims=True)"),
    ("logsumexp({0}, axis=-1, keepdims=True)", "tf.reduce_logsumexp({0}, axis=-1, keepdims=True)"),
    ("var({0}, axis=-1, keepdims=True)", "K.var({0}, axis=-1, keepdims=True)"),
    ("std({0} + y_true + y_pred * 3, axis=-1, keepdims=True)", "tf.math.reduce_std({0} + y_true + y_pred * 3, axis=-1, keepdims=True)"),
    ("({0})[:, 1:2]", "({0})[:, 1:2]"), ("expand_dims(mean({0}, axis=-1))", "K.expand_dims(K.mean({0}, axis=-1))"),
]
SAME = [
    ("softmax({0})", "K.softmax({0})"), ("log_softmax({0})", "tf.nn.log_softmax({0})"), ("softmax({0}, axis=-1)", "ops.softmax({0}, axis=-1)"),
    ("l2_normalize({0} + 2 * y_pred, axis=-1)", "K.l2_normalize({0} + 2 * y_pred, axis=-1)"),
]
RESULTS = [
    ("{0}", "{0}"), ("sum({0}, axis=-1)", "K.sum({0}, axis=-1)"), ("mean({0}, axis=-1)", "tf.reduce_mean({0}, axis=-1)"),
    ("mean({0})", "K.mean({0})"), ("squeeze(max({0}, axis=-1, keepdims=True), -1)", "tf.squeeze(tf.reduce_max({0}, axis=-1, keepdims=True), -1)"),
    ("sqrt(mean(square({0})) + 0.2)", "tf.sqrt(tf.reduce_mean(tf.square({0})) + 0.2)"), ("mean({0}) * 3 + mean(sin({0}))", "K.mean({0}) * 3 + K.mean(K.sin({0}))"),
]


def joined(pattern, *operands):
    """A pattern of both forms, filled in."""
    return tuple(form.format(*(o[i] for o in operands)) for i, form in enumerate(pattern))


def draw(rng, depth):
    """An expression in both forms."""
    def pick(patterns):
        return patterns[rng.integers(len(patterns))]
    if depth == 0 or rng.random() < 0.1:
        return [("y_true", "y_true"), ("y_pred", "y_pred"), ("y_pred", "y_pred")][rng.integers(3)]
    kind = rng.random()
    if kind < 0.4:
        return joined(pick(UNARY), draw(rng, depth - 1))
    if kind < 0.75:
        return joined(pick(BINARY), draw(rng, depth - 1), draw(rng, depth - 1))
    if kind < 0.9:
        return joined(pick(BINARY[:3]), draw(rng, depth - 1), joined(pick(REDUCTIONS), joined(pick(BINARY[:1]), draw(rng, depth - 1), ("y_pred", "y_pred"))))
    return joined(pick(SAME), joined(pick(BINARY[:1]), draw(rng, depth - 1), ("y_pred", "y_pred")))


def drawn(count):
    rng = np.random.default_rng(5)
    for i in range(count):
        own, python = joined(RESULTS[rng.integers(len(RESULTS))], draw(rng, 1 + int(rng.integers(4))))
        yield f"drawn {i}", ["classes", "numbers", "flags"][i % 3], f"def f(y_true, y_pred):\n    return {python}\n", own


def function(python):
    """The function that a text defines."""
    names = {"K": tf.keras.backend, "tf": tf, "keras": keras, "ops": ops, "np": np}
    before = set(names)
    exec(python, names)  # noqa: S102  (texts of this file)
    f = [v for n, v in names.items() if n not in before and callable(v) and hasattr(v, "__code__")][-1]
    return f() if f.__code__.co_varnames[0] not in ("y_true", "a") else f


def computed(python, data, dtype):
    """What Keras makes of a function as loss and as metric, and the gradient of the loss by the output."""
    keras.config.set_floatx(dtype)
    f = function(python)
    y, p = (tf.constant(a, dtype) for a in DATA[data])
    with tf.GradientTape() as tape:
        tape.watch(p)
        loss = keras.src.losses.losses.LossFunctionWrapper(f, dtype=dtype)(y, p)
    gradient = tape.gradient(loss, p)
    metric = keras.metrics.MeanMetricWrapper(f, dtype=dtype)
    metric.update_state(y, p)
    return float(loss), None if gradient is None else gradient.numpy(), float(metric.result())


def case(name, data, python, text):
    loss, gradient, metric = computed(python, data, "float64")
    rough, roughly, _ = computed(python, data, "float32")
    agree = abs(loss - rough) <= 2e-6 * max(1, abs(loss))
    if gradient is not None:
        agree = agree and np.abs(gradient - roughly).max() <= 2e-6 * max(np.abs(gradient).max(), 1e-3) and np.isfinite(gradient).all()
    if gradient is not None and not gradient.any():
        gradient = None  # of a sign, for instance
    if not agree or gradient is not None and np.abs(gradient).max() < 1e-9:
        return None
    out = {"name": name, "data": data, "python": python, "loss": loss, "metric": metric}
    if text is not None:
        out["text"] = text
    if gradient is not None:
        out["gradient"] = tensor(gradient)
    return out


def main(file):
    cases = [case(*c) for c in WRITTEN]
    if None in cases:
        sys.exit(f"{WRITTEN[cases.index(None)][0]}: float32 and float64 differ")
    for c in drawn(int(sys.argv[2]) if len(sys.argv) > 2 else 400):
        made = case(*c)
        if made is not None:
            cases.append(made)
    out = {
        "keras": keras.__version__,
        "data": {name: {"labels": tensor(y), "outputs": tensor(p)} for name, (y, p) in DATA.items()},
        "cases": cases,
    }
    with gzip.GzipFile(file, "wb", mtime=0) as f:
        f.write(json.dumps(out, indent=0).encode())
    print(len(cases), "functions")


if __name__ == "__main__":
    main(sys.argv[1])
