"""The networks of references.py with losses of whole batches (circle, and dice and tversky without an axis) and of sequences
(ctc); see networks.py for the form.

TensorFlow has ctc in float32 only: what depends on it is as exact as that.
"""

import keras
import numpy as np
from keras import layers

from objects import small


def embeddings():
    return keras.Sequential([
        keras.Input((5,)),
        layers.Dense(7, activation="tanh"),
        layers.Dense(4),
        layers.UnitNormalization(),
    ], name="embeddings")


def frames(count, classes):
    def build():
        return keras.Sequential([
            keras.Input((count, 3)),
            layers.Conv1D(5, 3, padding="same", activation="tanh"),
            layers.Dense(classes),
        ], name="frames")

    return build


def numbers_of(classes):
    """Class numbers; the last class has one row only, which has no other row to be near to."""

    def draw(rng, shape):
        y = rng.integers(classes - 1, size=(shape[0], 1)).astype(np.float64)
        y[1] = classes - 1
        return y

    return draw


def sequences(width, impossible=False):
    """Sequences of labels, zeros at their ends: of any length from 0 on that there are frames for, also with a blank between two
    that are the same, and where impossible also some that there are not.
    """

    def draw(rng, shape):
        rows, count, classes = shape
        y = np.zeros((rows, width))
        for r in range(rows):
            while True:
                length = rng.integers(min(width, count) + 1)
                labels = rng.integers(1, classes, size=length)
                if length > 1 and rng.random() < 0.5:
                    labels[1] = labels[0]
                if length + (labels[1:] == labels[:-1]).sum() <= count:
                    break
            y[r, :length] = labels
        if impossible:
            y[3:6, :count] = 1
        return y

    return draw


CIRCLES = ["Circle(gamma=8.0)", "Circle(gamma=4.0, margin=0.25, remove_diagonal=False)"]
BATCHES = ["Dice()", "Tversky(alpha=0.3, beta=0.6)"]
SGD = "SGD(learning_rate=0.05)"
STEPS = "batch_size=16, epochs=2, shuffle=False"
WEIGHTED = [STEPS, STEPS + ", class_weight={0: 2.0, 3: 0.5}"]

FILES = {
    "more_losses": {
        "circle": {
            "model": embeddings,
            "targets": [numbers_of(5)],
            "rows": 70,
            "gradients": [{"loss": name} for name in CIRCLES],
            "evaluations": [f"loss={name!r}" for name in ("circle", *CIRCLES)],
            "runs": [(f"loss={CIRCLES[0]!r}, optimizer={SGD!r}", fit) for fit in WEIGHTED],
        },
        "dice of a batch": {
            "model": small("sigmoid"),
            "targets": ["labels"],
            "rows": 70,
            "gradients": [{"loss": name} for name in BATCHES],
            "evaluations": [f"loss={name!r}" for name in BATCHES],
            "runs": [(f"loss={BATCHES[1]!r}, optimizer={SGD!r}", fit) for fit in WEIGHTED],
        },
        "ctc": {
            "model": frames(6, 4),
            "targets": [sequences(4)],
            "gradients": [{"loss": "ctc"}],
            "evaluations": ["loss='CTC()'"],
            "runs": [(f"loss='ctc', optimizer={SGD!r}", STEPS)],
        },
        "ctc without room": {
            "model": frames(4, 3),
            "targets": [sequences(6, impossible=True)],
            "gradients": [{"loss": "ctc"}],
            "evaluations": ["loss='ctc'"],
        },
    },
}
