"""The networks of references.py that test products of inputs, less used normalisations and convolutions, and images with
their channels first.

The format is that of networks.py. TensorFlow cannot compute channels_first on a CPU; such a network has a second one beside
it (stand_in), with the same weights, that permutes to channels_last and back around every layer.
"""

import keras
import numpy as np
from keras import layers

from more_layers import joined
from networks import CROSSENTROPY, FEW_OPTIMIZERS, layer_under_test, runs

TO_LAST = {2: (2, 1), 3: (2, 3, 1)}
TO_FIRST = {2: (2, 1), 3: (3, 1, 2)}


def sequence(shape, *make):
    """Layers in a row; each function gets the data format, or nothing where its layer has none."""

    def build(data_format):
        x = inputs = keras.Input(shape)
        for m in make:
            if not m.__code__.co_argcount:
                x = m()(x)
                continue
            layer = m(data_format)
            if data_format == "channels_first":
                x = layer(x)
                continue
            dims = len(x.shape) - 1
            x = layer(layers.Permute(TO_LAST[dims])(x))
            if len(x.shape) - 1 == dims:
                x = layers.Permute(TO_FIRST[dims])(x)
        return keras.Model(inputs, x)

    return {"model": lambda: build("channels_first"), "stand_in": lambda: build("channels_last")}


def channels_first(shape, *make):
    """Layers under test between two that have weights."""
    size = {2: layers.Conv1D, 3: layers.Conv2D}[len(shape)]
    first = lambda f: size(3, 1, activation="tanh", data_format=f)  # noqa: E731
    return {**sequence(shape, first, *make, lambda: layers.Flatten(), lambda: layers.Dense(3)), "targets": ["numbers"],
            "gradients": [{"loss": "mse"}], "rows": 10}


def small(network):
    return {**network, "rows": 10}


def under_test(*args):
    return small(layer_under_test(*args))


def resampled(shape, interpolation, layer):
    """TensorFlow has the gradient of Lanczos' filters in float32 only."""
    network = under_test(shape, layer)
    return {**network, "gradients": []} if "lanczos" in interpolation else network


def dotted(axes, *shapes, **kwargs):
    return small(joined(lambda: layers.Dot(axes=axes, **kwargs), *shapes))


IMAGE, LINE = (2, 6, 5), (2, 7)

FIRST = {
    "conv": channels_first(IMAGE, lambda f: layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="tanh", data_format=f)),
    "conv groups": channels_first(IMAGE, lambda f: layers.Conv2D(6, 2, groups=3, use_bias=False, data_format=f)),
    "conv softmax": channels_first(IMAGE, lambda f: layers.Conv2D(4, 2, data_format=f), lambda: layers.Softmax(axis=1)),
    "conv 1D": channels_first(LINE, lambda f: layers.Conv1D(4, 3, dilation_rate=2, data_format=f)),
    "depthwise": channels_first(IMAGE, lambda f: layers.DepthwiseConv2D(3, depth_multiplier=2, data_format=f)),
    "separable": channels_first(IMAGE, lambda f: layers.SeparableConv2D(4, 2, data_format=f)),
    "separable 1D": channels_first(LINE, lambda f: layers.SeparableConv1D(4, 2, data_format=f)),
    "transposed": channels_first(IMAGE, lambda f: layers.Conv2DTranspose(4, 3, strides=2, data_format=f)),
    "max pool": channels_first(IMAGE, lambda f: layers.MaxPooling2D((3, 2), padding="same", data_format=f)),
    "average pool 1D": channels_first(LINE, lambda f: layers.AveragePooling1D(2, data_format=f)),
    "global average": channels_first(IMAGE, lambda f: layers.GlobalAveragePooling2D(data_format=f)),
    "global max kept": channels_first(IMAGE, lambda f: layers.GlobalMaxPooling2D(keepdims=True, data_format=f)),
    "global average 1D": channels_first(LINE, lambda f: layers.GlobalAveragePooling1D(data_format=f)),
    "up sampling": channels_first(IMAGE, lambda f: layers.UpSampling2D((2, 3), data_format=f)),
    "zero padding": channels_first(IMAGE, lambda f: layers.ZeroPadding2D(((1, 0), (2, 3)), data_format=f)),
    "cropping": channels_first(IMAGE, lambda f: layers.Cropping2D(((1, 0), (1, 2)), data_format=f)),
    "flatten": channels_first(IMAGE, lambda f: layers.Flatten(data_format=f)),
    "batch norm": channels_first(IMAGE, lambda: layers.BatchNormalization(axis=1), lambda: layers.ReLU(max_value=0.8),
                                 lambda f: layers.Conv2D(4, 2, data_format=f)),
    "network": {
        **sequence(
            (3, 8, 8),
            lambda f: layers.Conv2D(4, 3, padding="same", activation="relu", data_format=f),
            lambda: layers.BatchNormalization(axis=1),
            lambda: layers.Activation("tanh"),
            lambda f: layers.MaxPooling2D(2, data_format=f),
            lambda f: layers.Conv2D(6, 3, data_format=f),
            lambda: layers.LeakyReLU(0.2),
            lambda f: layers.GlobalAveragePooling2D(data_format=f),
            lambda: layers.Dense(4, activation="softmax"),
        ),
        "targets": ["classes"],
        "gradients": [{"loss": CROSSENTROPY}],
        "runs": runs(FEW_OPTIMIZERS[:1], CROSSENTROPY),
    },
}

FILES = {
    "other_layers": {
        "dot": dotted(1, (4,), (4,)),
        "dot normalized": dotted(-1, (4,), (4,), normalize=True),
        "dot matrices": dotted((1, 2), (3, 4), (2, 3)),
        "dot last": dotted((2, 2), (3, 4), (2, 4)),
        "dot first": dotted(1, (3, 4), (3, 2)),
        "dot vector": dotted((2, 1), (3, 4), (4,)),
        "dot many": dotted((2, 3), (3, 4, 2), (2, 3, 4), normalize=True),
        "group norm": under_test((3, 2, 4), lambda: layers.GroupNormalization(2)),
        "group norm of one": under_test((5, 6), lambda: layers.GroupNormalization(-1, epsilon=1e-2, scale=False)),
        "group norm axis 1": under_test((4, 2, 3), lambda: layers.GroupNormalization(2, axis=1, center=False)),
        "rms norm": under_test((5,), lambda: layers.RMSNormalization()),
        "rms norm axes": under_test((4, 3, 2), lambda: layers.RMSNormalization(axis=[2, 3], epsilon=1e-2)),
        "normalization": under_test((4, 3), lambda: layers.Normalization()),
        "normalization of all": under_test((4, 3), lambda: layers.Normalization(axis=None)),
        "normalization given": under_test((4, 3), lambda: layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.5, 0.0, 2.0])),
        "normalization inverted": under_test((4, 3), lambda: layers.Normalization(mean=1.0, variance=4.0, invert=True)),
        "normalization axes": under_test(
            (4, 3), lambda: layers.Normalization(axis=(1, 2), mean=np.arange(12.0).reshape(4, 3), variance=np.ones((4, 3)))),
        "identity": under_test((4,), lambda: layers.Identity()),
        "alpha dropout in inference": {**under_test((6,), lambda: layers.AlphaDropout(0.5)), "gradients": []},
        "depthwise 1D": under_test((7, 3), lambda: layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same", activation="tanh")),
        "transposed 1D": under_test((4, 3), lambda: layers.Conv1DTranspose(2, 3, strides=2, activation="tanh")),
        "transposed 1D same": under_test((4, 3), lambda: layers.Conv1DTranspose(2, 3, strides=2, padding="same", use_bias=False)),
        "center crop": under_test((6, 5, 2), lambda: layers.CenterCrop(3, 4)),
        "softmax axes": under_test((3, 2, 4), lambda: layers.Softmax(axis=[1, 2])),
        **{f"up sampling {i}": resampled((3, 4, 2), i, lambda i=i: layers.UpSampling2D((2, 3), interpolation=i))
           for i in ("bilinear", "bicubic", "lanczos3", "lanczos5")},
        **{f"resizing {i}": resampled((5, 6, 2), i, lambda i=i: layers.Resizing(7, 4, interpolation=i))
           for i in ("bilinear", "nearest", "bicubic", "lanczos3")},
        "transposed output padding": under_test((3, 4, 2), lambda: layers.Conv2DTranspose(2, 3, strides=2, output_padding=1)),
        "transposed output padding same": under_test(
            (3, 4, 2), lambda: layers.Conv2DTranspose(2, 3, strides=(2, 3), padding="same", output_padding=(0, 1))),
        "transposed output padding 1D": under_test(
            (4, 3), lambda: layers.Conv1DTranspose(2, 3, strides=2, padding="same", output_padding=1)),
        "sparsemax": under_test((3, 4), lambda: layers.Activation("sparsemax")),
        **{f"channels first: {name}": network for name, network in FIRST.items()},
    },
}
