"""Layers that work on rows of any shape: dense ones, activations, normalisations, changes of shape."""

import numpy as np
from keras import layers, regularizers

from drawn.source import ACTIVATIONS


def plain(make):
    """A row for a layer of one input: make draws the layer from the source and the shape of a row."""
    return lambda r, x: make(r, tuple(x.shape[1:]))(x)


def masked(x):
    return getattr(x, "_keras_mask", None) is not None


def unmasked(apply):
    """A row for a layer that is not for inputs with a mask: beamfit refuses it there."""

    def apply_unmasked(r, x):
        if masked(x):
            raise ValueError("the input has a mask")
        return apply(r, x)

    return apply_unmasked


def dense(r, shape):
    chosen = r.common("kernel", "bias")
    vectors, mode = 2, "rows"
    if r.chance(0.15):
        factor, mode = r.number(0.01, 0.1), r.one(["rows", "columns"])
        chosen["kernel_regularizer"] = regularizers.OrthogonalRegularizer(factor, mode)
        vectors = shape[-1]
    units = r.int(1, 8)
    if (units if mode == "columns" else vectors) < 2:
        raise ValueError("a lone vector has no pairs: Keras divides 0 by 0, beamfit refuses it")
    return layers.Dense(units, activation=r.activation(), use_bias=r.chance(0.8), **chosen)


def axes(r, shape):
    """Axes in ascending order, counted with the batch."""
    return r.some(range(1, len(shape) + 1))


def batch_normalization(r, x):
    """With a mask Keras takes statistics of the steps that count, which beamfit refuses: it is frozen then."""
    trainable = r.chance(0.8) and not masked(x)
    return layers.BatchNormalization(
        axis=r.one([-1, r.int(1, len(x.shape) - 1)]), momentum=r.number(0.5, 0.99), epsilon=r.number(0.001, 0.1),
        center=r.chance(0.8), scale=r.chance(0.8), trainable=trainable, **r.of_weights("gamma", "beta"))(x)


def layer_normalization(r, shape):
    return layers.LayerNormalization(
        axis=r.one([-1, axes(r, shape)]), epsilon=r.number(0.001, 0.1), center=r.chance(0.8), scale=r.chance(0.8),
        **r.of_weights("gamma", "beta"))


def group_normalization(r, shape):
    axis = r.one([len(shape), r.int(1, len(shape))])
    channels = shape[axis - 1]
    groups = r.one([-1] + [d for d in range(1, channels + 1) if channels % d == 0])
    return layers.GroupNormalization(
        groups, axis=r.one([axis, axis - len(shape) - 1]), epsilon=r.number(0.001, 0.1), center=r.chance(0.8), scale=r.chance(0.8),
        **r.of_weights("gamma", "beta"))


def normalization(r, shape):
    """Mean and variance are given for the last axis, or for all elements together; else they are weights."""
    invert = r.chance(0.3)
    if r.chance(0.4):
        return layers.Normalization(axis=r.one([-1, None, tuple(axes(r, shape))]), invert=invert)
    n = shape[-1] if r.chance(0.7) else 1
    mean, variance = [r.number(-1, 1) for _ in range(n)], [r.number(0.3, 2) for _ in range(n)]
    return layers.Normalization(axis=-1 if n > 1 else None, mean=mean if n > 1 else mean[0],
                                variance=variance if n > 1 else variance[0], invert=invert)


def relu(r, _):
    return layers.ReLU(max_value=r.one([None, r.number(0.3, 2)]), negative_slope=r.number(0, 0.5), threshold=r.number(0, 0.5))


def prelu(r, shape):
    shared = [i + 1 for i in range(len(shape)) if r.chance(0.5)]
    return layers.PReLU(shared_axes=shared or None, **r.of_weights("alpha"))


def softmax(r, shape):
    return layers.Softmax(axis=r.one([-1, r.int(1, len(shape)), axes(r, shape)]))


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


def permute(r, shape):
    return layers.Permute(tuple(int(d) + 1 for d in r.rng.permutation(len(shape))))


def rescaling(r, shape):
    """By numbers, or by an array for the last dimensions."""

    def drawn(low, high):
        if r.chance(0.6):
            return r.number(low, high)
        last = shape[len(shape) - r.int(1, len(shape)):]
        return np.array([r.number(low, high) for _ in range(int(np.prod(last)))]).reshape(last).tolist()

    return layers.Rescaling(drawn(-2, 2), offset=drawn(-1, 1))


def dropping(cls):
    """A layer that does something in training only."""
    return plain(lambda r, _: cls(r.rate()))


PLAIN = {
    "Dense": plain(dense),
    "Activation": plain(lambda r, _: layers.Activation(r.one(ACTIVATIONS))),
    "ActivityRegularization": plain(lambda r, _: layers.ActivityRegularization(r.number(0, 0.1), r.number(0, 0.1))),
    "BatchNormalization": batch_normalization,
    **{cls.__name__: dropping(cls) for cls in (layers.Dropout, layers.AlphaDropout, layers.GaussianDropout, layers.GaussianNoise)},
    "ELU": plain(lambda r, _: layers.ELU(r.number(0, 1.5))),
    "Identity": plain(lambda r, _: layers.Identity()),
    "LayerNormalization": plain(layer_normalization),
    "LeakyReLU": plain(lambda r, _: layers.LeakyReLU(r.number(0, 0.5))),
    "GroupNormalization": plain(group_normalization),
    "Normalization": plain(normalization),
    "PReLU": plain(prelu),
    "Permute": plain(permute),
    "ReLU": plain(relu),
    "Rescaling": plain(rescaling),
    "Reshape": plain(reshape),
    "RMSNormalization": plain(lambda r, _: layers.RMSNormalization(epsilon=r.number(0.001, 0.1))),
    "Softmax": unmasked(plain(softmax)),
    "UnitNormalization": plain(lambda r, shape: layers.UnitNormalization(axis=r.one([-1, axes(r, shape)]))),
}
