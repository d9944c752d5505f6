"""The networks of references.py that test layers which change images at random.

The format is that of networks.py. What is drawn lies in a range of one number, so that everybody draws the same.
"""

import functools

import keras
from keras import layers
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import BaseImagePreprocessingLayer

from other_layers import TO_FIRST, TO_LAST, small

IMAGE = (5, 6, 2)


def in_single_precision(compute):
    """The matrix of a rotation, which Keras computes of numbers of float32 and of floatx; TensorFlow multiplies none of float64 with them."""

    @functools.wraps(compute)
    def computed(self, **numbers):
        return compute(self, **{k: keras.ops.cast(v, "float32") if keras.ops.is_tensor(v) else v for k, v in numbers.items()})

    return computed


BaseImagePreprocessingLayer._compute_affine_matrix = in_single_precision(BaseImagePreprocessingLayer._compute_affine_matrix)


def under_test(*makes, gradients=True):
    """Layers beside each other, each with one that has weights before and behind it, so that gradients show what passes through."""

    def build():
        x = inputs = keras.Input(IMAGE)
        x = layers.Dense(IMAGE[-1])(x)
        return keras.Model(inputs, layers.Dense(3)(layers.Concatenate()([layers.Flatten()(make(x)) for make in makes])))

    return small({"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}] if gradients else []})


def fixed(value):
    return (value, value)


def first_and_last():
    """A layer whose channels come first, and one beside it with permutations around the layer."""

    def build(data_format):
        x = inputs = keras.Input((2, 5, 6))
        layer = layers.RandomZoom(fixed(0.3), fixed(-0.4), data_format=data_format)
        x = layer(x) if data_format == "channels_first" else layers.Permute(TO_FIRST[3])(layer(layers.Permute(TO_LAST[3])(x)))
        return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))

    return small({"model": lambda: build("channels_first"), "stand_in": lambda: build("channels_last"), "targets": ["numbers"],
                  "gradients": [{"loss": "mse"}]})


def moves(mode):
    """Every layer that moves images, with both interpolations."""
    made = []
    for interpolation in ("bilinear", "nearest"):
        more = {"fill_mode": mode, "interpolation": interpolation, "fill_value": 0.7}
        made += [lambda x, m=more: layers.RandomTranslation(fixed(0.37), fixed(-0.62), **m)(x),
                 lambda x, m=more: layers.RandomZoom(fixed(0.83), fixed(-0.31), **m)(x),
                 lambda x, m=more: layers.RandomRotation(fixed(0.17), **m)(x)]
    return under_test(*made)


def of_bytes(layer):
    return lambda x: layers.Rescaling(0.01)(layer(layers.Rescaling(100, 120)(x)))


FILES = {
    "augmentations": {
        **{f"moves {mode}": moves(mode) for mode in ("constant", "nearest", "reflect", "wrap")},
        "moves far": under_test(
            lambda x: layers.RandomZoom(fixed(-0.27))(x), lambda x: layers.RandomZoom(fixed(0.97), fixed(0.93))(x),
            lambda x: layers.RandomTranslation(fixed(-0.97), fixed(0.88), "wrap")(x), lambda x: layers.RandomRotation(fixed(-0.61))(x)),
        "zoom channels first": first_and_last(),
        "colors": under_test(
            lambda x: layers.RandomBrightness(fixed(0.2), (-1.1, 0.9))(x), of_bytes(lambda x: layers.RandomBrightness(fixed(-0.3))(x)),
            lambda x: layers.RandomContrast((-0.3, 0.3), (-0.9, 1.2))(x), of_bytes(lambda x: layers.RandomContrast((-0.4, 0.4))(x)),
            lambda x: layers.RandomCrop(5, 6)(x)),
        "augmentations in inference": under_test(
            lambda x: layers.RandomFlip()(x), lambda x: layers.RandomFlip("horizontal", seed=3)(x), lambda x: layers.RandomTranslation(0.2, 0.3)(x),
            lambda x: layers.RandomContrast(0.3)(x), gradients=False),
    },
}
