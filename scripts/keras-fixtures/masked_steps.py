"""The networks of references.py whose outputs have steps with a mask: their losses and metrics are those of the steps that count.

Losses are objects here: Keras applies a mask in these, and not in the functions of the same names.
"""

import keras
from keras import layers

from dimensions import numbers_per_step, per_step
from networks import FEW_OPTIMIZERS

FIT = "batch_size=7, epochs=4, shuffle=False"


def sparse_tagger():
    """Steps of which all numbers are 0 do not count."""
    return keras.Sequential([
        keras.Input((5, 2)), layers.Masking(), layers.LSTM(4, return_sequences=True), layers.Dense(3, activation="softmax"),
    ])


def tagger():
    a = keras.Input((6,))
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(layers.Embedding(4, 4, mask_zero=True)(a))
    return keras.Model(a, layers.TimeDistributed(layers.Dense(4, activation="softmax"))(x))


def translator():
    """An encoder and a decoder, each with words that do not count."""
    a, b = keras.Input((4,)), keras.Input((5,))
    _, h, c = layers.LSTM(3, return_state=True)(layers.Embedding(5, 3, mask_zero=True)(a))
    y = layers.LSTM(3, return_sequences=True)(layers.Embedding(4, 3, mask_zero=True)(b), initial_state=[h, c])
    return keras.Model([a, b], layers.Dense(4, activation="softmax")(y))


def forecast():
    """Steps of numbers, some of which a mask made of numbers leaves out, and an output without steps."""
    a = keras.Input((5, 2))
    x = layers.Masking()(layers.Dense(2, activation="relu")(a))
    x = layers.GRU(4, return_sequences=True)(x)
    return keras.Model(a, [layers.Dense(2, name="steps")(x), layers.Dense(1, name="end")(layers.Flatten()(x))])


def detector():
    """One number per step."""
    return keras.Sequential([
        keras.Input((6,)), layers.Embedding(3, 3, mask_zero=True), layers.SimpleRNN(4, return_sequences=True), layers.Dense(1, activation="sigmoid"),
    ])


def network(model, targets, losses, metrics=(), words=None):
    return {
        "model": model, "targets": targets, "rows": 20, "gradients": [{"loss": loss} for loss in losses],
        "evaluations": [f"loss={loss!r}, metrics={list(metrics)!r}" for loss in losses],
        "runs": [(f"loss={losses[0]!r}, optimizer={o!r}", FIT) for o in FEW_OPTIMIZERS[:2]], **({"words": words} if words else {}),
    }


FILES = {
    "masked_steps": {
        "classes of steps after Masking": network(sparse_tagger, [per_step], ["CategoricalCrossentropy()", "CategoricalHinge()", "MeanSquaredError()", "Dice()"], [
            "accuracy", "mse", "kl_divergence", "CosineSimilarity()", "AUC()", "Precision()", "RootMeanSquaredError()", "OneHotMeanIoU(num_classes=3)"], words=[2]),
        "class numbers of words": network(tagger, [numbers_per_step], ["SparseCategoricalCrossentropy()"], ["accuracy", "sparse_categorical_crossentropy"], words=[4]),
        "words of a translation": network(translator, [numbers_per_step], ["SparseCategoricalCrossentropy()"], ["accuracy"], words=[5, 4]),
        "two outputs, one with steps": network(forecast, ["reals", "reals"], ["MeanSquaredError()", "Huber()"], ["mae"]),
        "two classes of steps": network(detector, ["labels"], ["BinaryCrossentropy()"], ["accuracy", "binary_crossentropy", "Recall()"], words=[3]),
    },
}
