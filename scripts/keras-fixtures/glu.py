"""The networks of references.py with the activation glu, which halves its input; see networks.py for the form.

Keras takes its result for as wide as the input, so that in its networks no layer after it has weights or wants the shape.
"""

import keras
from keras import layers


def half(rng, shape):
    """Whole numbers for an output that Keras takes for twice as wide as it is."""
    return rng.integers(-2, 3, size=(*shape[:-1], shape[-1] // 2)).astype(float)


def network(shape, *ends):
    def build():
        return keras.Sequential([keras.Input(shape), layers.Dense(7, activation="tanh"), *[end() for end in ends]])

    return {
        "model": build, "targets": [half], "gradients": [{"loss": "mse"}], "rows": 20,
        "runs": [("loss='mse', optimizer='SGD(learning_rate=0.05)'", "batch_size=8, epochs=2, shuffle=False")],
    }


FILES = {
    "glu": {
        "dense glu": network((5,), lambda: layers.Dense(8, activation="glu")),
        "activation glu": network((5,), lambda: layers.Dense(6), lambda: layers.Activation("glu")),
        "glu of steps": network((4, 3), lambda: layers.Dense(6, activation="glu"), lambda: layers.Activation("tanh"),
                                lambda: layers.GlobalAveragePooling1D()),
    },
}
