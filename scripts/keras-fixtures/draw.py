"""Random networks for check.py.

LAYERS is the table of what a network is made of: a new layer is a row. A row says for which inputs the layer is (the number
of dimensions of a row: 1 vectors, 2 sequences, 3 images) and how to draw its arguments and apply it. A row that cannot be
applied to an input (a kernel larger than the image, ...) raises ValueError, as Keras does, and another one is drawn.
"""

import keras
import numpy as np
from keras import layers

MOST_ELEMENTS = 400  # per row of a tensor

ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
    "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink",
]


class Draw:
    """A source of random arguments."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def int(self, low, high):
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def ints(self, n, low, high):
        return tuple(self.int(low, high) for _ in range(n))

    def one(self, options):
        return options[self.int(0, len(options) - 1)]

    def number(self, low, high):
        """A number with few digits, so that its text says it exactly."""
        return round(float(self.rng.uniform(low, high)), 3)

    def chance(self, p):
        return bool(self.rng.random() < p)

    def activation(self):
        return self.one(ACTIVATIONS) if self.chance(0.5) else self.one([None, "relu", "tanh", "sigmoid"])

    def regularizer(self):
        r = keras.regularizers
        return self.one([r.L1(self.number(0, 0.1)), r.L2(self.number(0, 0.1)), r.L1L2(self.number(0, 0.1), self.number(0, 0.1))])

    def constraint(self):
        c = keras.constraints
        axis = self.one([0, -1, None])
        return self.one([c.MaxNorm(self.number(0.2, 2), axis), c.UnitNorm(axis), c.NonNeg(), c.MinMaxNorm(
            self.number(0, 0.5), self.number(0.5, 1.5), self.number(0.1, 1), axis)])

    def of_weights(self, *names):
        """Arguments that a layer has for each of its weights."""
        regularizers = {f"{name}_regularizer": self.regularizer() for name in names if self.chance(0.15)}
        return regularizers | {f"{name}_constraint": self.constraint() for name in names if self.chance(0.15)}

    def common(self, *names):
        """Arguments of every layer that has weights."""
        chosen = self.of_weights(*names)
        if self.chance(0.1):
            chosen["trainable"] = False
        if self.chance(0.1):
            chosen["activity_regularizer"] = self.regularizer()
        return chosen

    def padding(self, *others):
        return self.one(["valid", "same", *others])


def plain(make):
    """A row for a layer of one input: make draws the layer from the source and the shape of a row."""
    return lambda r, x: make(r, tuple(x.shape[1:]))(x)


def convolution(cls, dims, **more):
    def make(r, shape):
        kernel, strides, dilation = r.ints(dims, 1, 4), (1,) * dims, (1,) * dims
        if r.chance(0.3):
            strides = (r.int(2, 3),) * dims if cls in SQUARE_STRIDES else r.ints(dims, 1, 3)
        elif r.chance(0.3) and cls not in (layers.Conv1DTranspose, layers.Conv2DTranspose):
            dilation = (r.int(2, 3),) * dims if cls in SQUARE_STRIDES else r.ints(dims, 1, 3)
        padding = r.padding(*(["causal"] if cls is layers.Conv1D else []))
        return cls(kernel_size=kernel, strides=strides, dilation_rate=dilation, padding=padding, activation=r.activation(),
                   use_bias=r.chance(0.8), **{name: draw(r, shape) for name, draw in more.items()}, **r.common(*OF_CONVOLUTION[cls]))

    return plain(make)


# TensorFlow's depthwise convolution wants one number for both directions.
SQUARE_STRIDES = (layers.DepthwiseConv2D, layers.SeparableConv2D)

OF_CONVOLUTION = {
    layers.Conv1D: ("kernel", "bias"),
    layers.Conv2D: ("kernel", "bias"),
    layers.Conv1DTranspose: ("kernel", "bias"),
    layers.Conv2DTranspose: ("kernel", "bias"),
    layers.DepthwiseConv1D: ("depthwise", "bias"),
    layers.DepthwiseConv2D: ("depthwise", "bias"),
    layers.SeparableConv1D: ("depthwise", "pointwise", "bias"),
    layers.SeparableConv2D: ("depthwise", "pointwise", "bias"),
}


def groups(r, shape):
    """1, or now and then another divisor of the channels: Keras compiles each convolution in groups by XLA, which takes long."""
    return r.one([g for g in range(1, shape[-1] + 1) if shape[-1] % g == 0]) if r.chance(0.3) else 1


def grouped(cls, dims):
    """A convolution in groups, whose number divides channels and filters."""

    def apply(r, x):
        g = groups(r, x.shape[1:])
        return convolution(cls, dims, filters=lambda r, _: g * r.int(1, 3), groups=lambda *_: g)(r, x)

    return apply


def filters(r, _):
    return r.int(1, 6)


def multiplier(r, _):
    return r.int(1, 3)


def pooling(cls, dims):
    return plain(lambda r, _: cls(pool_size=r.ints(dims, 1, 3), strides=r.one([None, r.ints(dims, 1, 3)]), padding=r.padding()))


def global_pooling(cls):
    return plain(lambda r, _: cls(keepdims=r.chance(0.3)))


def frame(cls, dims):
    """Padding or cropping, the same or another number on each side."""

    def make(r, _):
        sides = tuple(r.ints(2, 0, 2) for _ in range(dims))
        return cls(r.one([r.int(0, 2), sides if dims > 1 else sides[0]]))

    return plain(make)


def batch_normalization(r, shape):
    return layers.BatchNormalization(
        axis=r.one([-1, r.int(1, len(shape))]), momentum=r.number(0.5, 0.99), epsilon=r.number(0.001, 0.1), center=r.chance(0.8),
        scale=r.chance(0.8), trainable=r.chance(0.8), **r.of_weights("gamma", "beta"))


def axes(r, shape):
    """Axes in ascending order, counted with the batch."""
    chosen = [i + 1 for i in range(len(shape)) if r.chance(0.5)]
    return chosen or [len(shape)]


def layer_normalization(r, shape):
    return layers.LayerNormalization(
        axis=r.one([-1, axes(r, shape)]), epsilon=r.number(0.001, 0.1), center=r.chance(0.8), scale=r.chance(0.8),
        **r.of_weights("gamma", "beta"))


def group_normalization(r, shape):
    return layers.GroupNormalization(
        groups=r.one([d for d in range(1, shape[-1] + 1) if shape[-1] % d == 0]), epsilon=r.number(0.001, 0.1), center=r.chance(0.8),
        scale=r.chance(0.8), **r.of_weights("gamma", "beta"))


def relu(r, _):
    return layers.ReLU(max_value=r.one([None, r.number(0.3, 2)]), negative_slope=r.number(0, 0.5), threshold=r.number(0, 0.5))


def prelu(r, shape):
    shared = [i + 1 for i in range(len(shape)) if r.chance(0.5)]
    return layers.PReLU(shared_axes=shared or None, **r.of_weights("alpha"))


def reshape(r, shape):
    """The factors of the number of elements in up to three dimensions, one of them sometimes -1."""
    rest, target = int(np.prod(shape)), []
    for _ in range(r.int(0, 2)):
        target.append(r.one([d for d in range(1, rest + 1) if rest % d == 0]))
        rest //= target[-1]
    target.append(rest)
    if r.chance(0.3):
        target[r.int(0, len(target) - 1)] = -1
    return layers.Reshape(target)


def dropout(r, shape):
    """Layers that do something only in training, with a rate at which they do nothing."""
    options = [layers.Dropout(0.0), layers.GaussianNoise(0.0), layers.GaussianDropout(0.0), layers.AlphaDropout(0.0)]
    if len(shape) == 2:
        options.append(layers.SpatialDropout1D(0.0))
    if len(shape) == 3:
        options.append(layers.SpatialDropout2D(0.0))
    return r.one(options)


def similar(r, x):
    """Another tensor of the same shape."""
    return layers.Dense(x.shape[-1], activation=r.activation(), **r.common("kernel", "bias"))(x)


def merge(cls):
    def apply(r, x):
        if cls is layers.Concatenate:
            axis = r.int(1, len(x.shape) - 1)
            return cls(axis=r.one([axis, axis - len(x.shape)]))([similar(r, x) for _ in range(r.int(1, 2))] + [x])
        parts = [x] + [similar(r, x) for _ in range(1 if cls is layers.Subtract else r.int(1, 3))]
        if r.chance(0.2) and len(x.shape) > 2:  # broadcast
            parts[-1] = layers.Dense(x.shape[-1])(layers.Flatten()(x))
            parts[-1] = layers.Reshape((1,) * (len(x.shape) - 2) + (x.shape[-1],))(parts[-1])
        return cls()(parts)

    return apply


def shared(r, x):
    """One layer applied twice."""
    layer = layers.Dense(x.shape[-1], activation=r.activation(), **r.common("kernel", "bias"))
    return layer(layer(x))


def masked(x):
    return getattr(x, "_keras_mask", None) is not None


def unmasked(apply):
    """A row for a layer that is not for inputs with a mask: beamfit refuses it there, or some rows could have no step at all."""

    def apply_unmasked(r, x):
        if masked(x):
            raise ValueError("the input has a mask")
        return apply(r, x)

    return apply_unmasked


def recurrent(cls, inside=False):
    def make(r, _):
        more = {} if cls is layers.SimpleRNN else {"recurrent_activation": r.one(["sigmoid", r.one(OF_RECURRENT)])}
        if cls is layers.LSTM:
            more["unit_forget_bias"] = r.chance(0.5)
        if cls is layers.GRU:
            more["reset_after"] = r.chance(0.5)
        if not inside:
            more |= {"go_backwards": r.chance(0.3), **r.common("kernel", "recurrent", "bias")}
        return cls(r.int(1, 5), activation=r.one(["tanh", r.one(OF_RECURRENT)]), use_bias=r.chance(0.8),
                   return_sequences=r.chance(0.6), zero_output_for_mask=r.chance(0.3), **more)

    return make


# hard_sigmoid and the like have kinks, exponential and its kin grow from step to step
OF_RECURRENT = ["tanh", "sigmoid", "linear", "softsign", "relu", "elu"]
RECURRENT = (layers.LSTM, layers.GRU, layers.SimpleRNN)


def bidirectional(r, shape):
    inside = recurrent(r.one(RECURRENT), inside=True)(r, shape)
    return layers.Bidirectional(inside, merge_mode=r.one(["concat", "sum", "mul", "ave"]))


def each_step(r, x):
    """A layer for every step of sequences, or of sequences of sequences."""
    options = [layers.Dense(r.int(1, 4), activation=r.activation(), **r.of_weights("kernel", "bias"))]
    if not masked(x):
        options.append(layers.BatchNormalization(momentum=r.number(0.5, 0.99), scale=r.chance(0.8), trainable=r.chance(0.8)))
    if len(x.shape) == 4:
        options += [layers.Conv1D(r.int(1, 4), r.int(1, 2), padding="same"), recurrent(r.one(RECURRENT), inside=True)(r, None)]
    return layers.TimeDistributed(r.one(options))(x)


def masking(r, x):
    """Steps that are 0 throughout do not count."""
    return layers.Masking()(layers.ReLU()(x))


def dot(r, x):
    axes = 1 if len(x.shape) == 2 else r.one([1, 2, (1, 1), -1])
    return layers.Dot(axes=axes, normalize=r.chance(0.3))([x, similar(r, x)])


def multi_head_attention(r, x):
    """Heads are at least 2 wide: with as many steps as heads of width 1, Keras on TensorFlow adds the bias of a head to a step."""
    layer = layers.MultiHeadAttention(
        r.int(1, 3), r.int(2, 4), value_dim=r.one([None, r.int(2, 4)]), use_bias=r.chance(0.8),
        output_shape=r.one([None, r.int(1, 5)]), **r.of_weights("kernel", "bias"))
    return layer(x, r.one([x, similar(r, x)]), use_causal_mask=r.chance(0.3))


def attention(r, x):
    if r.chance(0.4):
        layer = layers.AdditiveAttention(use_scale=r.chance(0.7))
    else:
        layer = layers.Attention(use_scale=r.chance(0.5), score_mode=r.one(["dot", "concat"]))
    return layer([x, similar(r, x)] + ([similar(r, x)] if r.chance(0.3) else []), use_causal_mask=r.chance(0.3))


def model_inside(r, x):
    """A model as a layer, applied once or twice."""
    a = keras.Input(x.shape[1:])
    y = layers.Dense(x.shape[-1], activation=r.activation())(a)
    if r.chance(0.5):
        inside = keras.Model(a, layers.Add()([y, a]))
    else:
        inside = keras.Sequential([keras.Input(x.shape[1:]), layers.Dense(x.shape[-1], activation=r.activation()), layers.ELU()])
    inside.trainable = r.chance(0.8)
    return inside(inside(x)) if r.chance(0.3) else inside(x)


VECTORS, SEQUENCES, IMAGES, ALL = (1,), (2,), (3,), (1, 2, 3)

LAYERS = {
    "Dense": (ALL, plain(lambda r, _: layers.Dense(
        r.int(1, 8), activation=r.activation(), use_bias=r.chance(0.8), **r.common("kernel", "bias")))),
    "Dense applied twice": (ALL, shared),
    "Activation": (ALL, plain(lambda r, _: layers.Activation(r.one(ACTIVATIONS)))),
    "ActivityRegularization": (ALL, plain(lambda r, _: layers.ActivityRegularization(r.number(0, 0.1), r.number(0, 0.1)))),
    "BatchNormalization": (ALL, unmasked(plain(batch_normalization))),
    "Dropout": (ALL, plain(dropout)),
    "ELU": (ALL, plain(lambda r, _: layers.ELU(r.number(0, 1.5)))),
    "Flatten": (ALL, plain(lambda r, _: layers.Flatten())),
    "LayerNormalization": (ALL, plain(layer_normalization)),
    "LeakyReLU": (ALL, plain(lambda r, _: layers.LeakyReLU(r.number(0, 0.5)))),
    "PReLU": (ALL, plain(prelu)),
    "Permute": (ALL, plain(lambda r, shape: layers.Permute(tuple(int(d) + 1 for d in r.rng.permutation(len(shape)))))),
    "ReLU": (ALL, plain(relu)),
    "RepeatVector": (VECTORS, plain(lambda r, _: layers.RepeatVector(r.int(1, 4)))),
    "Rescaling": (ALL, plain(lambda r, _: layers.Rescaling(r.number(-2, 2), offset=r.number(-1, 1)))),
    "Reshape": (ALL, plain(reshape)),
    "GroupNormalization": (ALL, unmasked(plain(group_normalization))),
    "RMSNormalization": (ALL, plain(lambda r, _: layers.RMSNormalization(epsilon=r.number(0.001, 0.1)))),
    "Identity": (ALL, plain(lambda r, _: layers.Identity())),
    "model": (ALL, unmasked(model_inside)),
    "Dot": ((1, 2), unmasked(dot)),
    "MultiHeadAttention": (SEQUENCES, unmasked(multi_head_attention)),
    "Attention": (SEQUENCES, unmasked(attention)),
    "Softmax": (ALL, unmasked(plain(lambda r, shape: layers.Softmax(axis=r.one([-1, r.int(1, len(shape))]))))),
    "UnitNormalization": (ALL, plain(lambda r, shape: layers.UnitNormalization(axis=r.one([-1, axes(r, shape)])))),
    **{cls.__name__: (ALL, merge(cls)) for cls in (layers.Add, layers.Average, layers.Concatenate, layers.Subtract)},
    **{cls.__name__: (ALL, unmasked(merge(cls))) for cls in (layers.Maximum, layers.Minimum, layers.Multiply)},
    "Conv1D": (SEQUENCES, grouped(layers.Conv1D, 1)),
    "Conv2D": (IMAGES, grouped(layers.Conv2D, 2)),
    "Conv1DTranspose": (SEQUENCES, convolution(layers.Conv1DTranspose, 1, filters=filters)),
    "DepthwiseConv1D": (SEQUENCES, convolution(layers.DepthwiseConv1D, 1, depth_multiplier=multiplier)),
    "Conv2DTranspose": (IMAGES, convolution(layers.Conv2DTranspose, 2, filters=filters)),
    "DepthwiseConv2D": (IMAGES, convolution(layers.DepthwiseConv2D, 2, depth_multiplier=multiplier)),
    "SeparableConv1D": (SEQUENCES, convolution(layers.SeparableConv1D, 1, filters=filters, depth_multiplier=multiplier)),
    "SeparableConv2D": (IMAGES, convolution(layers.SeparableConv2D, 2, filters=filters, depth_multiplier=multiplier)),
    "AveragePooling1D": (SEQUENCES, pooling(layers.AveragePooling1D, 1)),
    "AveragePooling2D": (IMAGES, pooling(layers.AveragePooling2D, 2)),
    "MaxPooling1D": (SEQUENCES, pooling(layers.MaxPooling1D, 1)),
    "MaxPooling2D": (IMAGES, pooling(layers.MaxPooling2D, 2)),
    "GlobalAveragePooling1D": (SEQUENCES, global_pooling(layers.GlobalAveragePooling1D)),
    "GlobalAveragePooling2D": (IMAGES, global_pooling(layers.GlobalAveragePooling2D)),
    "GlobalMaxPooling1D": (SEQUENCES, global_pooling(layers.GlobalMaxPooling1D)),
    "GlobalMaxPooling2D": (IMAGES, global_pooling(layers.GlobalMaxPooling2D)),
    **{cls.__name__: (SEQUENCES, plain(recurrent(cls))) for cls in RECURRENT},
    "Bidirectional": (SEQUENCES, plain(bidirectional)),
    "TimeDistributed": (SEQUENCES + IMAGES, each_step),
    "Masking": (SEQUENCES, masking),
    "Cropping1D": (SEQUENCES, frame(layers.Cropping1D, 1)),
    "Cropping2D": (IMAGES, frame(layers.Cropping2D, 2)),
    "ZeroPadding1D": (SEQUENCES, frame(layers.ZeroPadding1D, 1)),
    "ZeroPadding2D": (IMAGES, frame(layers.ZeroPadding2D, 2)),
    "UpSampling1D": (SEQUENCES, plain(lambda r, _: layers.UpSampling1D(r.int(1, 3)))),
    "UpSampling2D": (IMAGES, plain(lambda r, _: layers.UpSampling2D(r.ints(2, 1, 3)))),
}


def apply_one(r, x):
    """x after one layer, drawn among those for its shape."""
    rank = len(x.shape) - 1
    rows = [row for row in LAYERS.values() if rank in row[0]]
    special = [row for row in rows if row[0] != ALL] or rows  # of convolutions and the like, not one in ten
    while True:
        try:
            y = r.one(r.one([rows, special]))[1](r, x)
        except ValueError:
            continue
        shape = y.shape[1:]
        if len(shape) <= 3 and all(shape) and np.prod(shape) <= MOST_ELEMENTS:
            return y


def first(r):
    """An input, what its numbers are, and the tensor that the network goes on with."""
    kind = r.int(0, 3)
    if kind == 0:
        words = r.int(3, 12)
        x = keras.Input((r.int(2, 6),))
        return x, words, layers.Embedding(words, r.int(1, 5), mask_zero=r.chance(0.5), **r.common("embeddings"))(x)
    shape = [(r.int(2, 10),), (r.int(3, 9), r.int(1, 5)), (r.int(4, 9), r.int(4, 9), r.int(1, 4))][kind - 1]
    x = keras.Input(shape)
    return x, None, x


# What an output can be: its activation, the kind of its targets, its losses and its metrics.
OF_NUMBERS = ["mse", "mae", "huber", "log_cosh", "cosine_similarity", "Huber(delta=0.3)", "mean_squared_logarithmic_error",
              "mean_absolute_percentage_error"]
OF_SHARES = ["kl_divergence", "poisson", "binary_crossentropy", "binary_focal_crossentropy", "Dice(axis=-1)",
             "Tversky(axis=-1, alpha=0.3, beta=0.6)", "BinaryCrossentropy(label_smoothing=0.2)",
             "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.7, gamma=1.5, label_smoothing=0.1)"]
OF_CLASSES = ["categorical_crossentropy", "CategoricalCrossentropy(label_smoothing=0.2)", "categorical_focal_crossentropy",
              "CategoricalFocalCrossentropy(alpha=0.5, gamma=3.0, label_smoothing=0.1)", "categorical_hinge"]
OF_LOGITS = ["BinaryCrossentropy(from_logits=True)", "BinaryCrossentropy(from_logits=True, label_smoothing=0.2)",
             "CategoricalCrossentropy(from_logits=True)", "CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)",
             "BinaryFocalCrossentropy(from_logits=True)", "CategoricalFocalCrossentropy(from_logits=True, gamma=1.5)"]
MEANS = ["mse", "mae", "mape", "msle", "log_cosh_error", "cosine_similarity"]
OUTPUTS = [
    ("softmax", "classes", OF_CLASSES, [*MEANS, "accuracy", "categorical_accuracy", "categorical_crossentropy", "kl_divergence"]),
    ("softmax", "classes", OF_NUMBERS + OF_SHARES + OF_CLASSES, ["accuracy", "categorical_hinge", "poisson"]),
    ("sigmoid", "labels", OF_NUMBERS + OF_SHARES, [*MEANS, "accuracy", "binary_accuracy", "binary_crossentropy", "hinge"]),
    ("linear", "numbers", OF_NUMBERS, MEANS),
    ("tanh", "signs", ["hinge", "squared_hinge", "mse"], ["hinge", "squared_hinge", "mae"]),
    ("linear", "classes", OF_LOGITS, ["accuracy", "mse"]),
]

OPTIMIZERS = [
    lambda r: f"SGD(learning_rate={r.number(0.01, 0.1)})",
    lambda r: f"SGD(learning_rate={r.number(0.01, 0.1)}, momentum={r.number(0.1, 0.9)}, nesterov={r.chance(0.5)})",
    lambda r: f"SGD(lr={r.number(0.01, 0.1)}, decay={r.number(0.01, 0.2)}, {clipping(r)})",
    lambda r: f"RMSprop(learning_rate={rate(r)}, rho={r.number(0.5, 0.9)}, epsilon={epsilon(r)}, centered={r.chance(0.3)})",
    lambda r: f"RMSprop(learning_rate={rate(r)}, momentum={r.number(0.1, 0.9)}, epsilon={epsilon(r)})",
    lambda r: f"Adam(learning_rate={rate(r)}, epsilon={epsilon(r)}, amsgrad={r.chance(0.3)}, {clipping(r)})",
    lambda r: f"Adam(learning_rate={schedule(r)}, beta_1={r.number(0.5, 0.95)}, beta_2={r.number(0.8, 0.999)})",
    lambda r: f"AdamW(learning_rate={rate(r)}, weight_decay={r.number(0.001, 0.1)}, epsilon={epsilon(r)})",
    lambda r: f"Adamax(learning_rate={rate(r)}, epsilon={epsilon(r)})",
    lambda r: f"Nadam(learning_rate={rate(r)}, epsilon={epsilon(r)})",
    lambda r: f"Adagrad(learning_rate={r.number(0.01, 0.1)}, initial_accumulator_value={r.number(0.01, 0.2)})",
    lambda r: f"Adadelta(learning_rate={r.number(0.1, 1)}, rho={r.number(0.5, 0.95)}, epsilon={epsilon(r)})",
    lambda r: f"Ftrl(learning_rate={r.number(0.01, 0.1)}, l1_regularization_strength={r.number(0, 0.1)}, beta={r.number(0, 0.2)})",
    lambda r: f"Adam(learning_rate={rate(r)}, use_ema=True, ema_momentum={r.number(0.3, 0.99)})",
    lambda r: f"SGD(learning_rate={rate(r)}, use_ema=True, ema_momentum={r.number(0.3, 0.9)}, ema_overwrite_frequency={r.int(1, 4)})",
    lambda r: f"Lion(learning_rate={rate(r)}, beta_1={r.number(0.5, 0.9)}, weight_decay={r.number(0.001, 0.1)})",
]


def rate(r):
    return r.one([r.number(0.001, 0.02), schedule(r)]) if r.chance(0.3) else r.number(0.001, 0.02)


def epsilon(r):
    return r.one([1e-7, 1e-5, 1e-3])


def clipping(r):
    return f"{r.one(['clipnorm', 'global_clipnorm', 'clipvalue'])}={r.number(0.005, 0.5)}"


def schedule(r):
    start, steps = r.number(0.005, 0.05), r.int(1, 6)
    return r.one([
        f"ExponentialDecay({start}, {steps}, {r.number(0.3, 0.9)}, staircase={r.chance(0.5)})",
        f"PolynomialDecay({start}, {steps}, power={r.number(0.5, 2)}, cycle={r.chance(0.5)})",
        f"CosineDecay({start}, {steps})",
        f"CosineDecayRestarts({start}, {steps})",
        f"InverseTimeDecay({start}, {steps}, {r.number(0.1, 0.9)})",
        f"PiecewiseConstantDecay([1, 3], [{start}, {r.number(0.005, 0.05)}, 0.001])",
    ])


def output(r, x):
    """The last layer on x, and a kind of output from OUTPUTS."""
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    kind = r.one(OUTPUTS)
    return layers.Dense(1 if kind[1] == "signs" else r.int(2, 6), activation=kind[0])(x), kind


def graph(r):
    """Some layers with one output, rarely two inputs, or two outputs."""
    inputs, words, x = zip(*[first(r) for _ in range(2 if r.chance(0.15) else 1)])
    x = list(x)
    for _ in range(r.int(1, 6)):
        i = r.int(0, len(x) - 1)
        x[i] = apply_one(r, x[i])
    if len(x) > 1 and r.chance(0.7):
        flat = [layers.Flatten()(t) if len(t.shape) > 2 else t for t in x]
        x = [layers.Concatenate()(flat)]
    outputs, kinds = zip(*[output(r, t) for t in x])
    return keras.Model(single(inputs), single(outputs)), words, kinds


def single(tensors):
    return tensors[0] if len(tensors) == 1 else list(tensors)


def sequence(model):
    """A model that is a chain of layers as a Sequential, else the model."""
    chain = all(len(layer._inbound_nodes) == 1 for layer in model.layers)
    if not chain or any(len(layer._inbound_nodes[0].parent_nodes) > 1 for layer in model.layers):
        return model
    return keras.Sequential([keras.Input(model.inputs[0].shape[1:]), *model.layers[1:]])


def network(seed, rows):
    """A random network in the form of networks.py."""
    r = Draw(seed)
    keras.backend.clear_session()
    keras.backend.set_floatx("float32")
    model, words, kinds = graph(r)
    if len(model.inputs) == len(model.outputs) == 1 and r.chance(0.5):
        model = sequence(model)
    losses = [r.one(kind[2]) for kind in kinds]
    compiled = {"loss": losses[0] if len(losses) == 1 else losses}
    if len(losses) > 1 and r.chance(0.7):
        compiled["loss_weights"] = [r.number(0.1, 2) for _ in losses]
    text = ", ".join(f"{k}={v!r}" for k, v in compiled.items())
    metrics = ""
    if len(losses) == 1:
        metrics = f", metrics={sorted({r.one(kinds[0][3]) for _ in range(3)})}"
    fit = f"batch_size={r.int(3, rows)}, epochs={r.int(1, 2)}, shuffle=False"
    return {
        "model": lambda: model,
        "words": words,
        "targets": [kind[1] for kind in kinds],
        "rows": rows,
        "eager": True,
        "gradients": [compiled],
        "evaluations": [text + metrics],
        "runs": [(f"{text}, optimizer={r.one(OPTIMIZERS)(r)!r}", fit)],
    }
