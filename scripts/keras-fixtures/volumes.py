"""The networks of references.py that test layers of volumes (depth, height, width, channels), and layers that keras.applications define.

The format is that of networks.py.
"""

import keras
from keras import layers
from keras.src.applications.convnext import LayerScale, StochasticDepth
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

from more_layers import joined
from networks import FEW_OPTIMIZERS, layer_under_test, runs
from other_layers import TO_FIRST, TO_LAST, small

VOLUME = (4, 5, 3, 2)
TO_LAST[4], TO_FIRST[4] = (2, 3, 4, 1), (4, 1, 2, 3)


def under_test(*args):
    return small(layer_under_test(VOLUME, *args))


def first_and_last():
    """A convolution whose channels come first, and one beside it with permutations around the layer."""

    def build(data_format):
        x = inputs = keras.Input((2, 4, 5, 3))
        layer = layers.Conv3D(3, 2, padding="same", activation="tanh", data_format=data_format)
        x = layer(x) if data_format == "channels_first" else layers.Permute(TO_FIRST[4])(layer(layers.Permute(TO_LAST[4])(x)))
        return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))

    return small({"model": lambda: build("channels_first"), "stand_in": lambda: build("channels_last"), "targets": ["numbers"],
                  "gradients": [{"loss": "mse"}]})


def pooled(kind, shape, size, strides, padding):
    """Pooling by windows in height and width, and then in depth: TensorFlow pools volumes in float32 only."""
    of_lines, of_images, of_volumes = (getattr(layers, f"{kind}Pooling{d}D") for d in (1, 2, 3))

    def pooling(x):
        depth, height, width, channels = of_volumes(size, strides, padding).compute_output_shape((None, *shape))[1:]
        step = strides or size
        x = layers.TimeDistributed(of_images(size[1:], step[1:], padding))(x)
        x = of_lines(size[0], step[0], padding)(layers.Reshape((shape[0], height * width * channels))(x))
        return layers.Reshape((depth, height, width, channels))(x)

    def build(stand_in):
        x = inputs = keras.Input(shape)
        x = layers.Dense(shape[-1])(x)
        x = pooling(x) if stand_in else of_volumes(size, strides, padding)(x)
        return keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))

    return small({"model": lambda: build(False), "stand_in": lambda: build(True), "targets": ["numbers"], "gradients": [{"loss": "mse"}]})


def film():
    """A small classifier of films."""
    return keras.Sequential([
        keras.Input((6, 8, 8, 1)),
        layers.ZeroPadding3D(1),
        layers.Conv3D(4, (3, 3, 3), strides=(1, 2, 2), activation="relu"),
        layers.BatchNormalization(),
        layers.Conv3D(6, 3, padding="same", activation="relu"),
        layers.Cropping3D(((0, 0), (1, 0), (0, 1))),
        layers.SpatialDropout3D(0),
        layers.GlobalAveragePooling3D(),
        layers.Dense(3, activation="softmax"),
    ], name="film")


WINDOWS = [((2, 2, 2), None, "valid"), ((1, 3, 2), (2, 1, 1), "same"), ((3, 2, 2), (2, 2, 2), "same")]

FILES = {
    "volumes": {
        "conv 3D": under_test(lambda: layers.Conv3D(4, (2, 3, 1), activation="tanh")),
        "conv 3D same strides": under_test(lambda: layers.Conv3D(3, 3, strides=(2, 1, 2), padding="same")),
        "conv 3D dilation": under_test(lambda: layers.Conv3D(3, 2, dilation_rate=(3, 2, 1), use_bias=False)),
        "conv 3D groups": under_test(lambda: layers.Conv3D(6, (3, 2, 2), groups=2, activation="softmax")),
        "conv 3D of one slice": under_test(lambda: layers.Conv3D(3, (1, 2, 2), strides=(2, 1, 1))),
        "conv 3D channels first": first_and_last(),
        **{f"{kind} pool of volumes {i}": pooled(kind, VOLUME, *w) for kind in ("Max", "Average") for i, w in enumerate(WINDOWS)},
        **{f"{name} keepdims {k}": under_test(lambda n=name, k=k: getattr(layers, n)(keepdims=k))
           for name in ("GlobalMaxPooling3D", "GlobalAveragePooling3D") for k in (False, True)},
        "padding of volumes": under_test(lambda: layers.ZeroPadding3D(((1, 0), (0, 2), (3, 1)))),
        "cropping of volumes": under_test(lambda: layers.Cropping3D(((1, 0), (0, 2), (1, 1)))),
        "upsampling of volumes": under_test(lambda: layers.UpSampling3D((2, 1, 3))),
        "film": {"model": film, "targets": ["classes"], "rows": 16, "gradients": [{"loss": "categorical_crossentropy"}],
                 "runs": runs(FEW_OPTIMIZERS[:1], "categorical_crossentropy")},
        "layer scale": small(layer_under_test((4, 3), lambda: LayerScale(0.3, 3), lambda: StochasticDepth(0.0))),
        "scaled residual": small(joined(lambda: CustomScaleLayer(0.17), (3, 4), (3, 4))),
    },
}
