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
    ("sigmoid", "loss='binary_crossentropy', optimizer=SGD(learning_rate=0.2), weighted_metrics=[AUC(), AUC(curve='PR', num_thresholds=20, name='pr'), "
                "AUC(thresholds=[0.3, 0.45, 0.5], name='uneven'), Precision(), Recall(thresholds=0.4), TruePositives(), FalseNegatives(), TrueNegatives(), "
                "FalsePositives(), SensitivityAtSpecificity(0.5), PrecisionAtRecall(0.5), BinaryIoU(target_class_ids=[0, 1], threshold=0.45, name='iou')]"),
    ("softmax", "loss='categorical_crossentropy', optimizer=SGD(learning_rate=0.2), weighted_metrics=[Precision(), AUC(multi_label=True, "
                "num_labels=3), AUC(label_weights=[1, 2, 0.5], multi_label=True, num_labels=3, name='labels'), Precision(class_id=1, name='one'), Recall(top_k=2), "
                "F1Score(average='macro'), FBetaScore(average='micro', beta=2.0), FBetaScore(average='weighted', threshold=0.4, name='above'), "
                "OneHotMeanIoU(num_classes=3, name='mean_iou'), OneHotIoU(num_classes=3, target_class_ids=[0, 2], name='iou')]"),
    ("linear", "loss='mse', optimizer=SGD(learning_rate=0.1), weighted_metrics=[R2Score(name='r2'), R2Score(class_aggregation='variance_weighted_average', name='spread'), "
               "R2Score(num_regressors=2, name='adjusted'), 'mae']"),
    ("softmax", "loss='categorical_crossentropy', optimizer=SGD(learning_rate=0.2), weighted_metrics=['accuracy']", {0: 3.0, 2: 0.5}),
    ("steps", "loss='categorical_crossentropy', optimizer=SGD(learning_rate=0.2), metrics=['accuracy', 'mse'], weighted_metrics=['categorical_crossentropy']"),
]


def network(kind):
    if kind == "steps":  # of words, of which 0 does not count
        return keras.Sequential([keras.Input((5,)), keras.layers.Embedding(3, 4, mask_zero=True), keras.layers.SimpleRNN(4, return_sequences=True),
                                 keras.layers.Dense(3, activation="softmax")])
    last = {"softmax": keras.layers.Dense(3, activation="softmax"), "sigmoid": keras.layers.Dense(1, activation="sigmoid"),
            "linear": keras.layers.Dense(2), "penalised": keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))}[kind]
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation="tanh"), last])


def labels(kind):
    if kind == "softmax":
        return np.eye(3)[RNG.integers(0, 3, ROWS)]
    if kind == "steps":
        return np.eye(3)[RNG.integers(0, 3, (ROWS, 5))]
    if kind == "sigmoid":
        return RNG.integers(0, 2, (ROWS, 1)).astype(float)
    return RNG.normal(size=(ROWS, 2)).astype("float32")


def flat(model):
    return np.concatenate([w.ravel() for w in model.get_weights()]).tolist()


def case(kind, compile_params, class_weight=None):
    keras.utils.clear_session()  # names of metrics begin anew
    model = network(kind)
    scope = {**{n: getattr(m, n) for m in (keras.metrics, keras.losses, keras.optimizers) for n in dir(m)}}
    arguments = eval(f"dict({compile_params})", scope)
    # Keras 3.15 fails with R2Score among weighted_metrics, and its IoU metrics count weights as integers: these are computed beside the model.
    beside = [m for m in arguments["weighted_metrics"] if isinstance(m, (keras.metrics.R2Score, keras.metrics.IoU))]
    arguments["weighted_metrics"] = [m for m in arguments["weighted_metrics"] if m not in beside]
    model.compile(**arguments)
    x = RNG.integers(0, 3, (ROWS, 5)).astype("float32") if kind == "steps" else RNG.normal(size=(ROWS, 4)).astype("float32")
    y = labels(kind)
    weights = RNG.choice([0, 0.5, 1, 2.25, 7], ROWS).astype("float32")
    found = {"json": json.loads(model.to_json()), "compile": compile_params, "x": x.ravel().tolist(), "y": y.ravel().tolist(),
             "weights": weights.tolist(), "before": flat(model)}
    # Keras 2 multiplies both (tf_keras/src/engine/data_adapter.py, _make_class_weight_map_fn); Keras 3 refuses class_weight beside weights.
    counted = weights
    if class_weight:
        found["class_weight"] = class_weight
        counted = weights * np.array([class_weight.get(int(c), 1) for c in y.argmax(axis=-1)], dtype="float32")
    if kind == "steps":  # Keras wants weights of as many dimensions as there are losses, and takes the mean of the losses of batches
        counted = weights = weights[:, None]
    model.fit(x, y, sample_weight=counted, batch_size=5, epochs=3, shuffle=False, verbose=0)
    found["after"] = flat(model)
    found["scores"] = {k: float(v) for k, v in model.evaluate(x, y, sample_weight=weights, batch_size=ROWS if kind == "steps" else 5, verbose=0, return_dict=True).items()}
    for metric in beside:
        metric = type(metric).from_config({**metric.get_config(), "dtype": "float32"})
        metric.update_state(y.astype("float32"), model.predict(x, verbose=0), sample_weight=weights)
        found["scores"][metric.name] = float(metric.result())
    return found


out = pathlib.Path(sys.argv[1])
out.write_text("[\n" + ",\n".join(json.dumps(case(*c)) for c in CASES) + "\n]\n")
