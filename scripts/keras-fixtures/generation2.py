"""Write tests/keras/testdata/generation2.json: what tf.keras (Keras 2) computes where it differs from Keras 3.

The differences: hard_sigmoid, the masks of layers that join, a BatchNormalization inside a TimeDistributed, a RandomCrop in inference, a causal SeparableConv1D, and
a Normalization by numbers with the dimensions of a batch. The format is that of references.py.

Usage: generation2.py FOLDER
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers

import architectures
from references import f32, flat, initial, inputs, targets, tensor

ROWS = 12


def sequences():
    """sequences of architectures.py without dropout."""
    model = architectures.sequences(tf_keras)
    for layer in model.layers:
        if hasattr(layer, "recurrent_dropout"):
            layer.cell.dropout = layer.cell.recurrent_dropout = 0.0
    return model


def hard_gates():
    return tf_keras.Sequential([
        tf_keras.Input((5, 3)),
        layers.Masking(-1.0),
        layers.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True),
        layers.Bidirectional(layers.GRU(3, reset_after=False, return_sequences=True, recurrent_activation="hard_sigmoid"), merge_mode="ave"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(2),
    ])


def concatenated():
    """Masks of sequences beside each other and one after the other."""
    a, b, c = tf_keras.Input((4,)), tf_keras.Input((4, 3)), tf_keras.Input((2, 3))
    x = layers.Embedding(3, 3, mask_zero=True)(a)
    masked, plain = layers.Masking(-1.0)(b), layers.Dense(2)(b)
    y = layers.LSTM(3)(layers.Concatenate()([x, masked, plain]))
    z = layers.GRU(2, return_sequences=True)(layers.Concatenate(axis=1)([x, masked, layers.Masking(-1.0)(c)]))
    z = layers.GlobalAveragePooling1D()(z)
    return tf_keras.Model([a, b, c], layers.Dense(2)(layers.Concatenate()([y, z])))


def operations():
    """Arithmetic as TensorFlow's functions, and a base that is called with training=False."""
    a, b = tf_keras.Input((4, 6)), tf_keras.Input((4, 6))
    base = tf_keras.Sequential([tf_keras.Input((4, 6)), layers.Dense(6, activation="tanh"), layers.BatchNormalization(), layers.Dropout(0.5)])
    x, y = base(a, training=False), layers.Dense(6, activation="tanh")(b)
    made = [-x, x / 127.5 - 1, tf.math.reciprocal(y + 3.0), x - y, x / (y + 3.0), x[:, 1:3, ::-2], tf.reduce_mean(x, axis=1), tf.split(y, [1, 3], axis=1)[1],
            tf.matmul(x, y, transpose_b=True), tf.math.l2_normalize(x, axis=-1), tf.nn.gelu(y, approximate=True), tf.nn.leaky_relu(x, 0.1), x - [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            tf.nn.bias_add(y, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), tf.clip_by_value(y, -0.5, 0.25), tf.add_n([x, y]), tf.repeat(x, 2, axis=1)]
    return tf_keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([layers.Flatten()(m) for m in made])))


def crops():
    """Images that are cropped to the middle, resized, or both."""
    a = tf_keras.Input((6, 8, 2))
    x = layers.Dense(2, activation="tanh")(a)
    made = [layers.RandomCrop(*size)(x, training=False) for size in ((3, 4), (3, 8), (5, 2), (9, 9), (6, 8), (1, 5))]
    return tf_keras.Model(a, layers.Dense(2)(layers.Concatenate()([layers.Flatten()(m) for m in made])))


def causal():
    """Separable convolutions of sequences that look at no later step."""
    return tf_keras.Sequential([
        tf_keras.Input((9, 3)),
        layers.SeparableConv1D(4, 3, padding="causal", dilation_rate=2, depth_multiplier=2, activation="tanh"),
        layers.SeparableConv1D(2, 2, padding="causal", strides=2),
        layers.Flatten(),
        layers.Dense(2),
    ])


def standardised():
    """Means and variances with the dimensions of a batch, as x.mean(axis=..., keepdims=True) has them, of a row, and of its last axes."""
    a = tf_keras.Input((4, 3))
    x = layers.Dense(3, activation="tanh")(a)
    made = [layers.Normalization(axis=axis, mean=np.linspace(-1, 1, int(np.prod(shape))).reshape(shape), variance=np.linspace(0.5, 2, int(np.prod(shape))).reshape(shape))(x)
            for axis, shape in [(-1, (1, 1, 3)), (-1, (1, 3)), (-1, (1, 1, 1)), (1, (4,)), ((1, 2), (1, 4, 3)), ((1, 2), (4, 3)), ((1, 2), (3,)), (None, (1, 1, 1))]]
    return tf_keras.Model(a, layers.Dense(2)(layers.Concatenate()([layers.Flatten()(m) for m in made])))


# each with the number of words of every input, or None for an input of numbers
NETWORKS = {
    "sequences of Keras 2": (sequences, [9, None]),
    "hard gates of Keras 2": (hard_gates, [None]),
    "concatenated masks of Keras 2": (concatenated, [3, None, None]),
    "operations of Keras 2": (operations, [None, None]),
    "crops of Keras 2": (crops, [None]),
    "causal separable convolutions of Keras 2": (causal, [None]),
    "means of batches of Keras 2": (standardised, [None]),
}


class Named:
    """A variable as references.initial wants it."""

    def __init__(self, variable):
        self.shape, self.path, self.dtype = tuple(variable.shape), variable.name, variable.dtype.name


def variables(model):
    return [v for layer in model.layers for v in layer.weights]


def values(rng, shape, words):
    """Inputs in which some steps are -1 throughout, which the Masking layers exclude."""
    x = inputs(rng, (ROWS, *shape[1:]), words)
    if not words:
        x[rng.random(x.shape[:2]) < 0.4] = -1
    return x


def reference(name, build, words):
    text = build().to_json()
    rng = np.random.default_rng(5)
    tf_keras.backend.set_floatx("float64")

    def fresh():
        return tf_keras.models.model_from_json(text.replace('"float32"', '"float64"'))

    model = fresh()
    weights = [initial(rng, Named(v)) for v in variables(model)]
    x = [values(rng, t.shape, w) for t, w in zip(model.inputs, words)]
    y = targets(rng, (ROWS, *model.output.shape[1:]), "numbers")
    model.set_weights(weights)
    inference = model(x, training=False)
    with tf.GradientTape() as tape:
        output = model(x, training=True)
        loss = tf.reduce_mean((output - y) ** 2) + sum(model.losses)
    trainable = model.trainable_weights
    found = {v.ref(): tf.convert_to_tensor(g).numpy() for v, g in zip(trainable, tape.gradient(loss, trainable))}
    gradients = [found.get(v.ref(), np.zeros(v.shape)) for v in variables(model)]
    tf_keras.backend.set_floatx("float32")
    return {
        "name": name,
        "architecture": json.loads(text),
        "inputs": [tensor(f32(v)) for v in x],
        "targets": [tensor(y)],
        "weights": flat(weights),
        "inference": [tensor(inference)],
        "training": {"outputs": [tensor(output)], "weights": flat([v.numpy() for v in variables(model)])},
        "gradients": [{"compile": "optimizer='sgd', loss='mse'", "loss": float(loss), "gradients": flat(gradients)}],
        "evaluations": [],
        "runs": [],
    }


def main(folder):
    networks = [reference(name, build, words) for name, (build, words) in NETWORKS.items()]
    content = {"format": 1, "keras": tf_keras.__version__, "networks": networks}
    (folder / "generation2.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
