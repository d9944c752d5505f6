"""Write FILE: what Keras makes of rows with weights (sample_weight).

A case is a network, compile parameters, rows with labels and weights, the weights of the network before and after three epochs of fit
without shuffling, and what evaluate says then: the loss, metrics and weighted_metrics.

    python weights.py model/trainer/testdata/weights.json
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np

RNG = np.random.default_rng(5)
ROWS = 23
CASES = [
    ("softmax", "loss='categorical_crossentropy', optimizer=SGD(learning_rate=0.2), metrics=['accuracy'], weighted_metrics=['accuracy', 'mse']"),
    ("softmax", "loss=CategoricalCrossentropy(label_smoothing=0.1), optimizer=Adam(learning_rate=0.05), weighted_metrics=['categorical_accuracy', 'mae']"),
    ("sigmoid", "loss='binary_crossentropy', optimizer=SGD(learning_rate=0.5), metrics=['mse'], weighted_metrics=['accuracy', 'mse', RootMeanSquaredError()]"),
    ("linear", "loss='huber', optimizer=SGD(learning_rate=0.1), weighted_metrics=['mse', 'mae', RootMeanSquaredError()]"),
    ("penalised", "loss='mse', optimizer=SGD(learning_rate=0.1), weighted_metrics=['mse']"),
]


def network(kind):
    last = {"softmax": keras.layers.Dense(3, activation="softmax"), "sigmoid": keras.layers.Dense(1, activation="sigmoid"),
            "linear": keras.layers.Dense(2), "penalised": keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))}[kind]
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh"), last])


def labels(kind):
    if kind == "softmax":
        return np.eye(3)[RNG.integers(0, 3, ROWS)]
    if kind == "sigmoid":
        return RNG.integers(0, 2, (ROWS, 1)).astype(float)
    return RNG.normal(size=(ROWS, 2)).astype("float32")


def flat(model):
    return np.concatenate([w.ravel() for w in model.get_weights()]).tolist()


def case(kind, compile_params):
    model = network(kind)
    scope = {**{n: getattr(m, n) for m in (keras.metrics, keras.losses, keras.optimizers) for n in dir(m)}}
    model.compile(**eval(f"dict({compile_params})", scope))
    x, y = RNG.normal(size=(ROWS, 4)).astype("float32"), labels(kind)
    weights = RNG.choice([0, 0.5, 1, 2.25, 7], ROWS).astype("float32")
    found = {"json": json.loads(model.to_json()), "compile": compile_params, "x": x.ravel().tolist(), "y": y.ravel().tolist(),
             "weights": weights.tolist(), "before": flat(model)}
    model.fit(x, y, sample_weight=weights, batch_size=5, epochs=3, shuffle=False, verbose=0)
    found["after"] = flat(model)
    found["scores"] = {k: float(v) for k, v in model.evaluate(x, y, sample_weight=weights, batch_size=5, verbose=0, return_dict=True).items()}
    return found


out = pathlib.Path(sys.argv[1])
out.write_text("[\n" + ",\n".join(json.dumps(case(*c)) for c in CASES) + "\n]\n")
