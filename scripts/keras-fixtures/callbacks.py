"""Write FILE: what Keras' own callbacks decide over recorded sequences of logs.

A case is a text of fit_params' callbacks and the logs of every epoch; the classes of keras.callbacks are made from the text and called
as Model.fit calls them, without any training: the weights are filled with the number of the epoch, so that what was restored or
saved can be told. Logs are float32 numbers on a coarse grid, so that there are ties, with NaN and infinity among them.

    python callbacks.py model/callback/testdata/keras.json
"""

import json
import math
import os
import pathlib
import sys
import tempfile

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np

RNG = np.random.default_rng(12)
RATE = 0.1
NAMES = ["loss", "accuracy", "auc", "true_positives", "val_loss", "val_accuracy", "val_auc", "val_true_positives"]
UP = {"accuracy", "auc"}


def model():
    m = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    m.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse", metrics=["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.TruePositives()])
    m.train_on_batch(np.zeros((1, 2)), np.zeros((1, 2)))
    return m


class Scheduler(keras.callbacks.LearningRateScheduler):
    """Keras' callback, which wants a function that returns a float, of a text or of one of Keras' schedules, which return tensors."""

    def __init__(self, schedule):
        function = eval(schedule, {"math": math}) if isinstance(schedule, str) else lambda epoch, _: schedule(epoch)
        super().__init__(lambda epoch, lr: float(function(epoch, lr)))


MODEL = model()
SCOPE = {**{n: getattr(keras.callbacks, n) for n in dir(keras.callbacks) if n[0] != "_"}, "keras": keras,
         **{n: getattr(keras.optimizers.schedules, n) for n in dir(keras.optimizers.schedules) if n[0] != "_"},
         "LearningRateScheduler": Scheduler}


def value(kind):
    """One value of a sequence: on a grid, so that ties are many."""
    if kind == "nan" and RNG.random() < 0.25:
        return float(RNG.choice([math.nan, math.inf, -math.inf]))
    return float(np.float32(RNG.integers(0, {"coarse": 4, "nan": 6, "fine": 1000}[kind]) / {"coarse": 4, "nan": 6, "fine": 1000}[kind]))


def logs(epochs):
    kind = str(RNG.choice(["coarse", "nan", "fine", "fine"]))
    plateau = int(RNG.integers(1, epochs + 1))
    rows = []
    for epoch in range(epochs):
        row = [value(kind) for _ in NAMES]
        if kind == "fine":  # towards a plateau
            row = [float(np.float32(v / 50 + (min(epoch, plateau) if n.removeprefix("val_") in UP else -min(epoch, plateau)) / epochs)) for n, v in zip(NAMES, row)]
        rows.append(row)
    return rows


def pick(*options):
    return str(RNG.choice(options))


def monitor():
    name = pick(*NAMES)
    if name.endswith("true_positives"):
        return f"monitor='{name}', mode='{pick('min', 'max')}'"
    return f"monitor='{name}'" + pick("", "", ", mode='auto'", ", mode='min'", ", mode='max'")


def some(*options):
    return "".join(", " + o for o in options if RNG.random() < 0.5)


def early_stopping():
    return (f"EarlyStopping({monitor()}, patience={RNG.integers(0, 5)}"
            + some(f"min_delta={pick('0.1', '-0.05', '0.25', '1e-3')}", f"baseline={pick('0.5', '0.2', '0.9')}", "restore_best_weights=True",
                   f"start_from_epoch={RNG.integers(0, 5)}") + ")")


def reduce():
    return (f"ReduceLROnPlateau({monitor()}, patience={RNG.integers(0, 4)}"
            + some(f"factor={pick('0.5', '0.2', '0.9')}", f"min_delta={pick('0.1', '0', '0.25')}", f"cooldown={RNG.integers(0, 4)}",
                   f"min_lr={pick('0.01', '0.1', '0.02')}") + ")")


def checkpoint():
    return (f"ModelCheckpoint('best.weights.h5', {monitor()}, save_best_only=True, save_weights_only=True"
            + some(f"initial_value_threshold={pick('0.5', '0.1', '0.8')}") + ")")


def scheduler():
    return "LearningRateScheduler(" + pick("'lambda epoch, lr: lr * 0.7'", "'lambda e, r: 0.1 * 0.5 ** (e // 3)'", "'lambda epoch, lr: lr * math.exp(-0.1 * epoch)'",
                                           "ExponentialDecay(0.1, 3, 0.5)", "keras.optimizers.schedules.PolynomialDecay(0.2, 5)",
                                           "CosineDecay(0.3, 4, alpha=0.1)", "PiecewiseConstantDecay([2, 4], [0.3, 0.2, 0.1])") + ")"


def run(text, rows):
    """Keras' fit without training."""
    MODEL.stop_training = False
    MODEL.optimizer.learning_rate = RATE
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        callbacks = eval(f"[{text}]", SCOPE)
        for c in callbacks:
            c.set_model(MODEL)
            c.on_train_begin()
        rates, after = [], []
        for epoch, row in enumerate(rows):
            for c in callbacks:
                c.on_epoch_begin(epoch)
            rates.append(float(MODEL.optimizer.learning_rate.numpy()))
            MODEL.set_weights([np.full_like(w, epoch) for w in MODEL.get_weights()])
            current = dict(zip(NAMES, row))
            for c in callbacks:
                c.on_epoch_end(epoch, current)
            after.append(float(MODEL.optimizer.learning_rate.numpy()))
            if MODEL.stop_training:
                break
        for c in callbacks:
            c.on_train_end()
        case = {"callbacks": text, "logs": [[v if math.isfinite(v) else str(v) for v in row] for row in rows], "rates": rates, "after": after,
                "restored": int(MODEL.get_weights()[0][0, 0])}
        saved = pathlib.Path("best.weights.h5")
        if saved.exists():
            MODEL.load_weights(saved)
            case["saved"] = int(MODEL.get_weights()[0][0, 0])
        csv = pathlib.Path("log.csv")
        if csv.exists():
            case["csv"] = csv.read_bytes().decode()
        os.chdir("/")
    return case


METRICS = [f"{n}()" for n in (
    "AUC", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy", "CategoricalCrossentropy", "CategoricalHinge",
    "ConcordanceCorrelation", "CosineSimilarity", "FalseNegatives", "FalsePositives", "Hinge", "KLDivergence", "LogCoshError", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "PearsonCorrelation", "Poisson", "Precision", "R2Score",
    "Recall", "RootMeanSquaredError", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SquaredHinge", "TopKCategoricalAccuracy",
    "TrueNegatives", "TruePositives")]
METRICS += ["F1Score('micro')", "FBetaScore('micro')", "OneHotMeanIoU(2)", "PrecisionAtRecall(0.5)", "SensitivityAtSpecificity(0.5)", "AUC(name='area')"]


def metrics():
    """The name of each metric in logs, without the number that Keras puts behind one it has used, and the direction."""
    found = {}
    for text in METRICS:
        keras.backend.clear_session()
        m = eval(text, {n: getattr(keras.metrics, n) for n in dir(keras.metrics)})
        found[text] = [m.name, getattr(m, "_direction", "")]
    return found


def main():
    out = pathlib.Path(sys.argv[1]).resolve()
    cases = []
    for i in range(240):
        rows = logs(int(RNG.integers(1, 14)))
        parts = [early_stopping, reduce, checkpoint, scheduler][i % 4:i % 4 + 1]
        if i % 3 == 0:
            parts = [early_stopping, reduce, checkpoint]
        texts = [p() for p in parts]
        if i % 5 == 0:
            texts.insert(int(RNG.integers(0, len(texts) + 1)), pick("CSVLogger('log.csv')", "CSVLogger('log.csv', ';')"))
        cases.append(run(", ".join(texts), rows))
    lines = ",\n".join(json.dumps(c) for c in cases)
    out.write_text(f'{{"rate": {RATE}, "names": {json.dumps(NAMES)}, "metrics": {json.dumps(metrics())}, "cases": [\n{lines}\n]}}\n')


main()
