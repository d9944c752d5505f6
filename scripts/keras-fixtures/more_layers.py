"""The networks of references.py that test layers which join, pool, frame and regularize, and ResNet-20.

The format is that of networks.py.
"""

import keras
import numpy as np
from keras import layers

from networks import CROSSENTROPY, FEW_OPTIMIZERS, layer_under_test, runs


def residual_block(k, x, filters, stride, projection):
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the width changes."""
    conv = lambda size, s: k.layers.Conv2D(  # noqa: E731
        filters, size, strides=s, padding="same", kernel_initializer="he_normal", kernel_regularizer=k.regularizers.L2(1e-4))
    y = k.layers.Activation("relu")(k.layers.BatchNormalization()(conv(3, stride)(x)))
    y = k.layers.BatchNormalization()(conv(3, 1)(y))
    if projection:
        x = conv(1, stride)(x)
    return k.layers.Activation("relu")(k.layers.add([x, y]))


def resnet20(k, size=32, filters=16, classes=10):
    """ResNet-20 v1 of Keras' CIFAR-10 example."""
    inputs = k.Input((size, size, 3))
    x = k.layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal",
                        kernel_regularizer=k.regularizers.L2(1e-4))(inputs)
    x = k.layers.Activation("relu")(k.layers.BatchNormalization()(x))
    for stack in range(3):
        for block in range(3):
            down = stack > 0 and block == 0
            x = residual_block(k, x, filters * 2**stack, 2 if down else 1, down)
    x = k.layers.Flatten()(k.layers.AveragePooling2D(size // 4)(x))
    outputs = k.layers.Dense(classes, activation="softmax", kernel_initializer="he_normal")(x)
    return k.Model(inputs, outputs, name="resnet20")


def joined(join, *shapes):
    """Dense layers over one input, given shapes and joined."""

    def build():
        a = keras.Input((5,))
        parts = []
        for shape in shapes:
            n = 1
            for d in shape:
                n *= d
            parts.append(layers.Reshape(shape)(layers.Dense(n, activation="tanh")(a)))
        return keras.Model(a, layers.Dense(3)(layers.Flatten()(join()(parts))))

    return {"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}]}


def regularized():
    r = keras.regularizers
    return keras.Sequential([
        keras.Input((5, 4, 2)),
        layers.Conv2D(3, 2, activation="tanh", kernel_regularizer=r.L1L2(0.01, 0.02), bias_regularizer=r.L1(0.03)),
        layers.BatchNormalization(gamma_regularizer=r.L2(0.05), beta_regularizer="l1"),
        layers.ActivityRegularization(l1=0.01, l2=0.02),
        layers.Flatten(),
        layers.Dense(4, activation="tanh", trainable=False, kernel_regularizer="l2"),
        layers.Dense(5, activation="tanh", activity_regularizer=r.L2(0.1)),
        layers.Dense(3, activation="softmax", kernel_regularizer=r.L1L2(l1=0.01)),
    ], name="regularized")


def embedded():
    """Numbers of words, made of positive inputs."""
    return keras.Sequential([
        keras.Input((4,)),
        layers.ReLU(),
        layers.Rescaling(2),
        layers.Embedding(9, 3, embeddings_regularizer="l2"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    ], name="embedded")


same = ((2, 3), (2, 3), (2, 3))
spread = ((3,), (2, 3), (1, 3), (2, 1))
MERGES = ("Add", "Multiply", "Average", "Maximum", "Minimum")

FILES = {
    "more_networks": {
        "resnet20": {
            "model": lambda: resnet20(keras, size=8, filters=4),
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(["SGD(learning_rate=0.05, momentum=0.9)"], CROSSENTROPY),
        },
        "embedded": {
            "model": embedded,
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY),
        },
        "regularized": {
            "model": regularized,
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY) + runs(
                ["SGD(learning_rate=0.05)"], CROSSENTROPY, "batch_size=9, epochs=2, shuffle=False"),
        },
    },
    "more_layers": {
        **{f"{m.lower()}": joined(getattr(layers, m), *same) for m in MERGES},
        **{f"{m.lower()} broadcast": joined(getattr(layers, m), *spread) for m in MERGES},
        "subtract": joined(layers.Subtract, (2, 3), (2, 3)),
        "subtract broadcast": joined(layers.Subtract, (4,), (3, 1)),
        "concatenate": joined(layers.Concatenate, (2, 3), (2, 1), (2, 4)),
        "concatenate axis 1": joined(lambda: layers.Concatenate(axis=1), (2, 3), (1, 3), (4, 3)),
        "concatenate axis -2": joined(lambda: layers.Concatenate(axis=-2), (2, 2, 3), (2, 1, 3)),
        "average pool": layer_under_test((6, 4, 2), lambda: layers.AveragePooling2D(2)),
        "average pool overlap": layer_under_test((7, 6, 2), lambda: layers.AveragePooling2D(3, strides=(1, 2))),
        "average pool same": layer_under_test((7, 6, 2), lambda: layers.AveragePooling2D((3, 2), strides=2, padding="same")),
        "average pool 1D": layer_under_test((7, 3), lambda: layers.AveragePooling1D(3, strides=2, padding="same")),
        "max pool 1D": layer_under_test((7, 3), lambda: layers.MaxPooling1D(2)),
        "global average": layer_under_test((3, 4, 2), lambda: layers.GlobalAveragePooling2D()),
        "global average kept": layer_under_test((3, 4, 2), lambda: layers.GlobalAveragePooling2D(keepdims=True)),
        "global average 1D": layer_under_test((5, 3), lambda: layers.GlobalAveragePooling1D()),
        "global max": layer_under_test((3, 4, 2), lambda: layers.GlobalMaxPooling2D()),
        "global max 1D kept": layer_under_test((5, 3), lambda: layers.GlobalMaxPooling1D(keepdims=True)),
        "zero padding": layer_under_test((3, 4, 2), lambda: layers.ZeroPadding2D(((1, 0), (2, 3)))),
        "zero padding pair": layer_under_test((3, 4, 2), lambda: layers.ZeroPadding2D((1, 2))),
        "zero padding 1D": layer_under_test((3, 4), lambda: layers.ZeroPadding1D((0, 2))),
        "cropping": layer_under_test((5, 6, 2), lambda: layers.Cropping2D(((1, 0), (2, 1)))),
        "cropping 1D": layer_under_test((5, 3), lambda: layers.Cropping1D((1, 2))),
        "up sampling": layer_under_test((2, 3, 2), lambda: layers.UpSampling2D((2, 3))),
        "up sampling 1D": layer_under_test((3, 2), lambda: layers.UpSampling1D(3)),
        "repeat vector": layer_under_test((4,), lambda: layers.RepeatVector(3)),
        "relu layer": layer_under_test((6,), lambda: layers.ReLU()),
        "relu with arguments": layer_under_test((6,), lambda: layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2)),
        "leaky relu": layer_under_test((6,), lambda: layers.LeakyReLU()),
        "elu with alpha": layer_under_test((6,), lambda: layers.ELU(alpha=0.7)),
        "prelu": layer_under_test((2, 3), lambda: layers.PReLU()),
        "prelu shared": layer_under_test((3, 2, 4), lambda: layers.PReLU(shared_axes=[1, 2])),
        "softmax layer": layer_under_test((6,), lambda: layers.Softmax()),
        "softmax axis 1": layer_under_test((3, 2, 4), lambda: layers.Softmax(axis=1)),
        "rescaling": layer_under_test((4,), lambda: layers.Rescaling(-0.5, offset=2)),
        "rescaling by arrays": layer_under_test(
            (2, 3), lambda: layers.Rescaling([0.5, -1, 2], offset=[[0.25], [-0.5]]),
            lambda: layers.TimeDistributed(layers.Rescaling(-2, offset=np.array([[0.25, 0.5, 1]])))),
        "rescaling channels": layer_under_test(
            (3, 2, 2), lambda: layers.Conv2D(2, 1), lambda: layers.Rescaling([0.5, -1]), lambda: layers.Conv2D(2, 2)),
        "noise in inference": {**layer_under_test((6,), lambda: layers.GaussianNoise(0.5), lambda: layers.GaussianDropout(0.3)),
                               "gradients": []},
        "spatial dropout in inference": {**layer_under_test((3, 2, 4), lambda: layers.SpatialDropout2D(0.5)), "gradients": []},
        "conv 1D": layer_under_test((7, 3), lambda: layers.Conv1D(4, 3, activation="tanh")),
        "conv 1D same": layer_under_test((7, 4), lambda: layers.Conv1D(4, 3, strides=2, padding="same", groups=2)),
        "conv 1D causal": layer_under_test((7, 3), lambda: layers.Conv1D(4, 3, dilation_rate=2, padding="causal")),
        "depthwise": layer_under_test((6, 5, 3), lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh")),
        "depthwise same": layer_under_test((6, 5, 3), lambda: layers.DepthwiseConv2D((2, 3), padding="same", strides=2)),
        "separable": layer_under_test((6, 5, 3), lambda: layers.SeparableConv2D(4, 3, padding="same", activation="tanh")),
        "separable multiplied": layer_under_test((6, 5, 2), lambda: layers.SeparableConv2D(4, 2, depth_multiplier=3)),
        "separable 1D": layer_under_test((6, 3), lambda: layers.SeparableConv1D(4, 3, padding="same")),
        "transposed": layer_under_test((3, 4, 2), lambda: layers.Conv2DTranspose(3, 3, activation="tanh")),
        "transposed strides": layer_under_test((3, 4, 2), lambda: layers.Conv2DTranspose(3, (3, 2), strides=(2, 3))),
        "transposed same": layer_under_test((3, 4, 2), lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same")),
        "transposed same wide": layer_under_test((3, 4, 2), lambda: layers.Conv2DTranspose(2, 5, strides=(1, 2), padding="same")),
        "transposed small kernel": layer_under_test((3, 4, 2), lambda: layers.Conv2DTranspose(2, 1, strides=2, use_bias=False)),
        "layer norm": layer_under_test((5,), lambda: layers.LayerNormalization()),
        "layer norm of images": layer_under_test((3, 2, 4), lambda: layers.LayerNormalization(axis=[1, 2, 3], epsilon=1e-2)),
        "layer norm axis 1": layer_under_test((3, 2, 4), lambda: layers.LayerNormalization(axis=1, scale=False)),
        "layer norm plain": layer_under_test((5,), lambda: layers.LayerNormalization(center=False, scale=False)),
        "unit norm": layer_under_test((5,), lambda: layers.UnitNormalization()),
        "unit norm axes": layer_under_test((3, 2, 4), lambda: layers.UnitNormalization(axis=[1, 2])),
        "permute": layer_under_test((2, 3, 4), lambda: layers.Permute((3, 1, 2)), lambda: layers.Conv2D(2, 2)),
    },
}
