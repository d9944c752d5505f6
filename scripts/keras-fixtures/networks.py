"""The networks of references.py.

Each is a dict: model (a function that builds it), targets (one kind per output: classes = one-hot, labels =
each 0 or 1, signs = each -1 or 1, numbers = whole numbers, reals = any numbers, halves = reals of half the width, class numbers = one
per row; or a function of a random generator and the output's shape), and what is computed: gradients (arguments loss, loss_weights),
evaluations (compile_params texts), runs (compile_params and fit_params texts; never shuffled). Where needed also: rows (40
where it is left out), words (per input, how many words there are, or None for an input of numbers), eager (Keras runs
without making TensorFlow graphs, which is faster for a few steps), scale (the standard deviation of inputs, 1 where it is left out), initial ("keras": the weights that Keras draws), history
(whether runs have the scores after each epoch).
"""

import json
import pathlib

import keras
from keras import layers

TESTDATA = pathlib.Path(__file__).parents[2] / "model" / "keras" / "testdata"

CROSSENTROPY = "categorical_crossentropy"


def old(file):
    """A network of the MADlib page, written by Keras 2.1, built again."""

    def build():
        configs = [layer["config"] for layer in json.loads((TESTDATA / file).read_text())["config"]]
        dense = [
            layers.Dense(c["units"], activation=c["activation"], trainable=c["trainable"], name=c["name"]) for c in configs
        ]
        return keras.Sequential([keras.Input(configs[0]["batch_input_shape"][1:]), *dense], name=file.split(".")[0])

    return build


def cnn():
    return keras.Sequential([
        keras.Input((9, 8, 2)),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        # without it the next normalisation would undo beta: its gradient would be rounding noise, which Adam scales up
        layers.Activation("tanh"),
        layers.Conv2D(5, (3, 2), strides=(1, 2), use_bias=False),
        layers.BatchNormalization(momentum=0.9, epsilon=1e-2, scale=False),
        layers.Activation("relu"),
        layers.MaxPooling2D(2),
        layers.BatchNormalization(trainable=False),
        layers.Flatten(),
        layers.Dense(6, activation="tanh"),
        layers.BatchNormalization(center=False),
        layers.Dense(4, activation="softmax"),
    ], name="cnn")


def towers():
    """Two inputs, two outputs and a layer that serves both."""
    a = keras.Input((5,), name="a")
    b = keras.Input((4, 4, 2), name="b")
    x = layers.Conv2D(3, 2, activation="relu", name="conv")(b)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(5, activation="tanh", name="narrow")(x)
    shared = layers.Dense(6, activation="sigmoid", name="shared")
    first = layers.Dense(3, activation="softmax", name="first")(shared(a))
    second = layers.Dense(4, activation="softmax", name="second")(shared(x))
    return keras.Model([a, b], [first, second], name="towers")


def binary():
    return keras.Sequential([
        keras.Input((6,)),
        layers.Dense(7, activation="tanh"),
        layers.Dense(4, activation="sigmoid"),
    ], name="binary")


def many_classes():
    return keras.Sequential([keras.Input((6,)), layers.Dense(12, activation="softmax")], name="many_classes")


def layer_under_test(shape, *under_test):
    """The layers between two that have weights, so that gradients show what passes through."""

    def build():
        first = layers.Conv2D(shape[-1], 1) if len(shape) == 3 else layers.Dense(shape[-1])
        return keras.Sequential([keras.Input(shape), first, *[t() for t in under_test], layers.Flatten(), layers.Dense(3)])

    return {"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}]}


# 40 rows in batches of 8: 10 steps
TEN_STEPS = "batch_size=8, epochs=2, shuffle=False"

OPTIMIZERS = [
    "SGD(learning_rate=0.05)",
    "SGD(learning_rate=0.05, momentum=0.9)",
    "SGD(learning_rate=0.05, momentum=0.9, nesterov=True)",
    "SGD(lr=0.05, decay=0.1)",
    "SGD(lr=0.05, decay=0.1, momentum=0.9, nesterov=True)",
    "RMSprop(learning_rate=0.01)",
    "RMSprop(learning_rate=0.01, rho=0.8, epsilon=1e-5)",
    "RMSprop(learning_rate=0.01, momentum=0.5)",
    "RMSprop(learning_rate=0.01, centered=True)",
    "RMSprop(lr=0.01, decay=0.1)",
    "Adam()",
    "Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-4)",
    "Adam(learning_rate=0.01, amsgrad=True)",
    "Adam(lr=0.01, decay=0.1)",
]
FEW_OPTIMIZERS = ["SGD(learning_rate=0.05, momentum=0.9)", "RMSprop(learning_rate=0.01)", "Adam(learning_rate=0.01)"]


def runs(optimizers, loss, fit=TEN_STEPS):
    return [(f"loss={loss!r}, optimizer={o!r}", fit) for o in optimizers]


ALL_LOSSES = [{"loss": name} for name in (CROSSENTROPY, "mse", "mae", "binary_crossentropy")]

FILES = {
    "networks": {
        "iris": {
            "model": old("iris.k216.json"),
            "targets": ["classes"],
            "gradients": ALL_LOSSES,
            "evaluations": [
                f"loss='{CROSSENTROPY}', metrics=['accuracy', 'categorical_accuracy', 'mse', 'mae']",
                "loss='mse', metrics=['binary_accuracy']",
            ],
            "runs": runs(OPTIMIZERS, CROSSENTROPY) + runs(
                ["Adam(learning_rate=0.01)"], CROSSENTROPY, "batch_size=7, epochs=3, shuffle=False") + runs(
                ["Adam(learning_rate=0.01)"], CROSSENTROPY,
                "batch_size=7, epochs=2, shuffle=False, class_weight={0: 1.0, 1: 2.5, 2: 0.5}") + runs(
                ["SGD(learning_rate=0.05)"], CROSSENTROPY, "batch_size=8, epochs=5, initial_epoch=3, shuffle=False"),
        },
        "iris_transfer": {
            "model": old("iris_transfer.k216.json"),
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY),
        },
        "binary": {
            "model": binary,
            "targets": ["labels"],
            "gradients": ALL_LOSSES,
            "evaluations": ["loss='binary_crossentropy', metrics=['accuracy', 'binary_accuracy', 'mae']"],
            "runs": runs(FEW_OPTIMIZERS, "binary_crossentropy"),
        },
        "many_classes": {
            "model": many_classes,
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['top_k_categorical_accuracy', 'accuracy']"],
        },
        "cnn": {
            "model": cnn,
            "seed": 10,  # far from ties of max and kinks of relu, where float32 could take the other side
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}, {"loss": "mse"}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY) + runs(
                ["Adam(learning_rate=0.01)"], CROSSENTROPY, "batch_size=9, epochs=2, shuffle=False"),
        },
        "towers": {
            "model": towers,
            "targets": ["classes", "classes"],
            "gradients": [{"loss": CROSSENTROPY}, {"loss": [CROSSENTROPY, "mse"], "loss_weights": [1.0, 0.25]}],
            "evaluations": [f"loss='{CROSSENTROPY}'", f"loss=['{CROSSENTROPY}', 'mse'], loss_weights=[1.0, 0.25]"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY) + [
                (f"loss=['{CROSSENTROPY}', 'mse'], loss_weights=[1.0, 0.25], optimizer='Adam(learning_rate=0.01)'", TEN_STEPS),
            ],
        },
    },
    "layers": {
        "dense on rows of vectors": layer_under_test((3, 4), lambda: layers.Dense(5, activation="relu")),
        "dense without bias": layer_under_test((4,), lambda: layers.Dense(5, use_bias=False)),
        **{f"activation {a}": layer_under_test((6,), lambda a=a: layers.Activation(a))
           for a in ("linear", "relu", "sigmoid", "softmax", "tanh")},
        **{f"dense {a}": layer_under_test((6,), lambda a=a: layers.Dense(5, activation=a))
           for a in ("relu", "sigmoid", "softmax", "tanh")},
        "softmax over channels": layer_under_test((3, 2, 4), lambda: layers.Activation("softmax")),
        "reshape": layer_under_test((3, 8), lambda: layers.Reshape((2, -1, 2)), lambda: layers.Conv2D(2, 2)),
        "dropout in inference": {**layer_under_test((6,), lambda: layers.Dropout(0.0)), "gradients": []},
        "conv valid": layer_under_test((7, 6, 3), lambda: layers.Conv2D(4, 3)),
        "conv same": layer_under_test((7, 6, 3), lambda: layers.Conv2D(4, 3, padding="same", activation="tanh")),
        "conv even same": layer_under_test((7, 6, 3), lambda: layers.Conv2D(4, (2, 4), padding="same")),
        "conv strides valid": layer_under_test((8, 7, 3), lambda: layers.Conv2D(4, 3, strides=2)),
        "conv strides same": layer_under_test((8, 7, 3), lambda: layers.Conv2D(4, (3, 5), strides=(2, 3), padding="same")),
        "conv 1x1": layer_under_test((4, 4, 3), lambda: layers.Conv2D(5, 1, use_bias=False)),
        "conv 1x1 strides": layer_under_test((5, 4, 3), lambda: layers.Conv2D(5, 1, strides=2)),
        "conv dilation valid": layer_under_test((9, 8, 2), lambda: layers.Conv2D(3, 3, dilation_rate=(2, 3))),
        "conv dilation same": layer_under_test((9, 8, 2), lambda: layers.Conv2D(3, 3, dilation_rate=2, padding="same")),
        "conv groups": layer_under_test((6, 5, 4), lambda: layers.Conv2D(6, 3, groups=2, padding="same")),
        "conv groups each": layer_under_test((6, 5, 3), lambda: layers.Conv2D(6, 2, groups=3, use_bias=False)),
        "pool": layer_under_test((6, 4, 2), lambda: layers.MaxPooling2D()),
        "pool rest": layer_under_test((7, 5, 2), lambda: layers.MaxPooling2D(2)),
        "pool overlap": layer_under_test((7, 6, 2), lambda: layers.MaxPooling2D(3, strides=(1, 2))),
        "pool same": layer_under_test((7, 6, 2), lambda: layers.MaxPooling2D((3, 2), strides=2, padding="same")),
        "batch norm of vectors": layer_under_test((5,), lambda: layers.BatchNormalization(epsilon=1e-2)),
        "batch norm of images": layer_under_test((4, 3, 2), lambda: layers.BatchNormalization()),
        "batch norm axis 1": layer_under_test((4, 3, 2), lambda: layers.BatchNormalization(axis=1, momentum=0.7)),
        "batch norm axis 2": layer_under_test((4, 5), lambda: layers.BatchNormalization(axis=2)),
        "batch norm plain": layer_under_test((5,), lambda: layers.BatchNormalization(center=False, scale=False)),
        "batch norm frozen": layer_under_test((4, 3, 2), lambda: layers.BatchNormalization(trainable=False)),
    },
}
