"""Write what Keras computes for networks of the policy mixed_bfloat16, in the format of references.py.

TensorFlow computes it in bfloat16 itself: these references carry its rounding, and tests compare within that.

Usage: mixed.py FILE
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
from keras import layers

import references


def mlp():
    return keras.Sequential([
        keras.Input((30,)),
        layers.Dense(40, activation="relu"),
        layers.Dense(40, activation="tanh"),
        layers.Dense(5, activation="softmax"),
    ], name="mlp")


def last_in_float32():
    return keras.Sequential([
        keras.Input((30,)),
        layers.Dense(40, activation="relu"),
        layers.LayerNormalization(),
        layers.Dense(5),
        layers.Activation("softmax", dtype="float32"),
    ], name="last_in_float32")


def cnn():
    return keras.Sequential([
        keras.Input((12, 12, 3)),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.Conv2D(8, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(5, activation="softmax", dtype="float32"),
    ], name="cnn")


def lstm():
    return keras.Sequential([
        keras.Input((9, 6)),
        layers.LSTM(16, return_sequences=True),
        layers.LSTM(16),
        layers.Dense(5, activation="softmax", dtype="float32"),
    ], name="lstm")


def gru():
    a = keras.Input((9,), name="words")
    x = layers.Embedding(300, 12)(a)
    x = layers.Bidirectional(layers.GRU(10, return_sequences=True))(x)
    x = layers.MultiHeadAttention(2, 6)(x, x)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(a, layers.Dense(5, activation="softmax", dtype="float32")(x), name="gru")


LOSS = "categorical_crossentropy"


def spec(model, **more):
    def mixed():
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            return model()
        finally:
            keras.config.set_dtype_policy("float32")

    runs = [(f"loss='{LOSS}', optimizer='SGD(lr=0.05)'", "batch_size=16, epochs=3")]
    return dict(model=mixed, targets=["classes"], gradients=[dict(loss=LOSS)], runs=runs, rows=64, initial="keras", **more)


NETWORKS = {"mlp": spec(mlp), "last_in_float32": spec(last_in_float32), "cnn": spec(cnn), "lstm": spec(lstm), "gru": spec(gru, words=[300])}


def main(path):
    networks = [references.Network(name, s, i + 1, precision="float32").run() for i, (name, s) in enumerate(NETWORKS.items())]
    lines = ",\n".join(json.dumps(n, separators=(",", ":")) for n in networks)
    pathlib.Path(path).write_text(f'{{"format":1,"keras":"{keras.__version__}","networks":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main(sys.argv[1])
