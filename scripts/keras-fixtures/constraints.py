"""The networks of references.py that test what acts on weights beside gradients: constraints, moving averages, and the
regularizer that is of matrices only; see networks.py.
"""

import keras
from keras import constraints as c
from keras import layers

from networks import CROSSENTROPY, FEW_OPTIMIZERS, runs


def constrained_images():
    return keras.Sequential([
        keras.Input((6, 5, 2)),
        layers.Conv2D(3, 2, activation="tanh", kernel_constraint=c.MaxNorm(0.8, axis=[0, 1, 2]), bias_constraint="non_neg"),
        layers.BatchNormalization(gamma_constraint=c.MinMaxNorm(0.9, 1.1), beta_constraint=c.MaxNorm(0.3)),
        layers.PReLU(alpha_constraint=c.NonNeg(), shared_axes=[1, 2]),
        layers.SeparableConv2D(3, 2, depthwise_constraint=c.UnitNorm(axis=[0, 1]), pointwise_constraint=c.MaxNorm(1, axis=-1)),
        layers.DepthwiseConv2D(2, depthwise_constraint=c.MinMaxNorm(0.2, 0.6, rate=0.5, axis=[0, 1])),
        layers.Conv2DTranspose(2, 2, kernel_constraint=c.MaxNorm(axis=None)),
        layers.Flatten(),
        layers.Dense(3, activation="softmax", kernel_constraint=c.UnitNorm(), bias_constraint=c.MaxNorm(0.5)),
    ], name="constrained_images")


def constrained_rows():
    return keras.Sequential([
        keras.Input((4,)),
        layers.Embedding(9, 3, embeddings_constraint=c.UnitNorm(axis=1)),
        layers.LSTM(4, kernel_constraint=c.MaxNorm(0.9), recurrent_constraint=c.MaxNorm(0.7, axis=1), bias_constraint=c.NonNeg()),
        layers.LayerNormalization(gamma_constraint=c.NonNeg(), beta_constraint=c.MaxNorm(0.2)),
        layers.Dense(4, activation="tanh", trainable=False, kernel_constraint=c.UnitNorm()),
        layers.Dense(3, activation="softmax", kernel_constraint=c.MinMaxNorm(max_value=1.2, axis=1)),
    ], name="constrained_rows")


def orthogonal():
    r = keras.regularizers.OrthogonalRegularizer
    return keras.Sequential([
        keras.Input((5,)),
        layers.Dense(4, activation="tanh", kernel_regularizer=r(0.5)),
        layers.Dense(6, activation="tanh", kernel_regularizer=r(0.3, mode="columns")),
        layers.Dense(3, activation="softmax", kernel_regularizer="orthogonal_regularizer"),
    ], name="orthogonal")


AVERAGING = [
    "SGD(learning_rate=0.05, use_ema=True)",
    "Adam(learning_rate=0.01, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3, clipnorm=0.1)",
    "Adagrad(learning_rate=0.05, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=None)",
]

CONSTRAINED = {
    "targets": ["classes"],
    "runs": runs(FEW_OPTIMIZERS + AVERAGING, CROSSENTROPY),
}

FILES = {
    "constraints": {
        "constrained images": {"model": constrained_images, "seed": 5, **CONSTRAINED},
        "constrained rows": {"model": constrained_rows, "words": [9], **CONSTRAINED},
        "orthogonal": {
            "model": orthogonal,
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}'"],
            **CONSTRAINED,
        },
    },
}
