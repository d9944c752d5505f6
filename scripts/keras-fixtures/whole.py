"""Whole networks as people train them, for docs/keras.md: Keras' initial weights, 20 steps, its history of every epoch.

    python whole.py FILE

writes the references of tests/keras/whole_test.go; scripts/keras-networks calls it. The format is that of references.py;
the history of a run has the values of model.evaluate after each epoch, as Keras' history has them for validation data.
Rows are normally distributed, without any sense: what is compared is arithmetic.
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
from keras import layers

from more_layers import resnet20
from networks import CROSSENTROPY, old, towers
from references import Network


def mnist_cnn():
    """Keras' example mnist_convnet of the Keras 2 years, as scripts/bench has it."""
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.0),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.0),
        layers.Dense(10, activation="softmax"),
    ], name="mnist_cnn")


def cifar_cnn():
    """The CIFAR-10 network of MADlib's examples, which is Keras' example cifar10_cnn."""
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.0),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.0),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
        layers.Dropout(0.0),
        layers.Dense(10, activation="softmax"),
    ], name="cifar_cnn")


def text():
    return keras.Sequential([
        keras.Input((20,)),
        layers.Embedding(100, 16),
        layers.LSTM(24),
        layers.Dense(4, activation="softmax"),
    ], name="text")


def transformer():
    """A block of an encoder: attention and a dense part, each beside a shortcut and followed by a normalisation."""
    a = keras.Input((16,), name="words")
    x = layers.Embedding(80, 16)(a)
    y = layers.MultiHeadAttention(num_heads=2, key_dim=8)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    y = layers.Dense(16)(layers.Dense(32, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(a, layers.Dense(3, activation="softmax")(layers.Dense(20, activation="relu")(x)), name="transformer")


def trained(title, model, optimizer, outputs=1, words=None, scale=1, rows=40, batch=8):
    """rows in batches of batch rows for 20 steps."""
    epochs, rest = divmod(20 * batch, rows)
    assert rest == 0
    compiled = f"loss={CROSSENTROPY!r}, optimizer={optimizer!r}, metrics=['accuracy', 'mse']"
    return {
        "title": title,
        "model": model,
        "initial": "keras",
        "history": True,
        "targets": ["classes"] * outputs,
        **({"words": [words]} if words else {}),
        "scale": scale,
        "rows": rows,
        "runs": [(compiled, f"batch_size={batch}, epochs={epochs}, shuffle=False")],
    }


NETWORKS = [
    trained("MADlib's iris MLP", old("iris.k216.json"), "Adam(lr=0.01)", rows=50, batch=10),
    trained("Keras' MNIST CNN", mnist_cnn, "SGD(learning_rate=0.001, momentum=0.9)"),
    trained("MADlib's CIFAR-10 CNN", cifar_cnn, "SGD(learning_rate=0.001, momentum=0.9)"),
    trained("ResNet-20 v1", lambda: resnet20(keras), "SGD(learning_rate=0.001)", scale=0.25, rows=80, batch=16),
    trained("two inputs, two outputs, a shared layer", towers, "Adam(learning_rate=0.001)", outputs=2),
    trained("text: Embedding, LSTM, Dense", text, "Adam(learning_rate=0.001)", words=100),
    trained("small transformer", transformer, "SGD(learning_rate=0.01, momentum=0.9)", words=80),
]


def main(file, only):
    references = []
    for seed, spec in enumerate(NETWORKS, 1):
        if only and only not in spec["title"]:
            continue
        print(f"Keras trains: {spec['title']}", flush=True)
        references.append(Network(spec["title"], spec, seed).run())
    file.write_text(json.dumps({"format": 1, "keras": keras.__version__, "networks": references}) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
