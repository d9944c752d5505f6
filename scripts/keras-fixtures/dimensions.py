"""The networks of references.py whose outputs have several dimensions: a loss and metrics for every step, pixel or place of a row."""

import keras
import numpy as np
from keras import layers

from networks import CROSSENTROPY, FEW_OPTIMIZERS, runs

SPARSE = "sparse_categorical_crossentropy"


def per_step(rng, shape):
    """One-hot classes of every step."""
    return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]


def numbers_per_step(rng, shape):
    """A class number of every step."""
    return rng.integers(shape[-1], size=shape[:-1]).astype(np.float64)


def parts(rng, shape):
    """Numbers from 0 to 1, as of images."""
    return rng.random(size=shape).astype(np.float32).astype(np.float64)


def autoencoder():
    return keras.Sequential([
        keras.Input((4, 4, 2)), layers.Conv2D(3, 3, strides=2, padding="same", activation="tanh"),
        layers.Conv2DTranspose(2, 3, strides=2, padding="same", activation="sigmoid"),
    ])


def unet():
    a = keras.Input((4, 6, 2))
    x = layers.Conv2D(3, 3, padding="same", activation="relu")(a)
    y = layers.Conv2D(4, 3, padding="same", activation="tanh")(layers.MaxPooling2D()(x))
    y = layers.Concatenate()([layers.UpSampling2D()(y), x])
    return keras.Model(a, layers.Conv2D(3, 1, activation="softmax")(y))


def tagger():
    a = keras.Input((5,))
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(layers.Embedding(7, 4)(a))
    return keras.Model(a, layers.TimeDistributed(layers.Dense(3, activation="softmax"))(x))


def forecast():
    """Steps of numbers, and beside them an output of one dimension."""
    a = keras.Input((5, 2))
    x = layers.LSTM(4, return_sequences=True)(a)
    return keras.Model(a, [layers.Dense(2, name="steps")(x), layers.Dense(1, name="end")(layers.Flatten()(x))])


def network(model, targets, losses, metrics=(), rows=20, **kwargs):
    return {
        "model": model, "targets": targets, "rows": rows, "gradients": [{"loss": loss} for loss in losses],
        "evaluations": [f"loss={loss!r}, metrics={list(metrics)!r}" for loss in losses], "runs": runs(FEW_OPTIMIZERS[:2], losses[0]), **kwargs,
    }


FILES = {
    "dimensions": {
        "autoencoder": network(autoencoder, [parts], ["mse", "binary_crossentropy", "mae", "huber"], ["mae", "mse"]),
        "masks of images": network(autoencoder, ["labels"], ["binary_crossentropy", "BinaryFocalCrossentropy()", "Dice()"], ["accuracy", "BinaryIoU()", "Precision()", "Recall()"]),
        "classes of pixels": network(unet, [per_step], [CROSSENTROPY], ["accuracy", "OneHotMeanIoU(num_classes=3)", "AUC()"]),
        "class numbers of pixels": network(unet, [numbers_per_step], [SPARSE], ["accuracy"]),
        "classes of steps": network(tagger, [per_step], [CROSSENTROPY, "kl_divergence", "categorical_hinge"], ["accuracy", "categorical_crossentropy"], words=[7]),
        "class numbers of steps": network(tagger, [numbers_per_step], [SPARSE], ["accuracy", SPARSE], words=[7]),
        "two outputs": network(forecast, ["reals", "reals"], ["mse", "cosine_similarity"], ["mae"]),
    },
}
