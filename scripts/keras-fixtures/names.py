"""Writes the public names of every kind of Keras object, one "kind name" per line: what docs/keras.md is checked against.

    python names.py FILE
"""

import inspect
import sys

import env  # noqa: F401  (sets the environment before Keras is imported)
import keras


def classes(module, base):
    found = {}
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, base) and value is not base:
            # Aliases (Conv1D and Convolution1D) count once, under the class's own name.
            found[value.__name__] = value
    return sorted(found)


def functions(module):
    skip = {"serialize", "deserialize", "get"}
    return sorted(n for n, v in vars(module).items() if inspect.isfunction(v) and not n.startswith("_") and n not in skip)


KINDS = {
    "layer": classes(keras.layers, keras.layers.Layer),
    "activation": functions(keras.activations),
    "initializer": classes(keras.initializers, keras.initializers.Initializer),
    "regularizer": classes(keras.regularizers, keras.regularizers.Regularizer),
    "constraint": classes(keras.constraints, keras.constraints.Constraint),
    "loss": classes(keras.losses, keras.losses.Loss),
    "metric": classes(keras.metrics, keras.metrics.Metric),
    "optimizer": classes(keras.optimizers, keras.optimizers.Optimizer),
    "schedule": classes(keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
}

with open(sys.argv[1], "w") as f:
    for kind, names in KINDS.items():
        for name in names:
            print(kind, name, file=f)
