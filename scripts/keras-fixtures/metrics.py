"""Write tests/keras/testdata/metrics: what Keras 3 says of metrics (values.json) and of the losses of class numbers (losses.json)
over rows of predictions and labels.

Predictions and labels are float32 numbers. Metrics that compare with thresholds are computed in float32, as Keras does by
default; those of numbers, and losses, in float64. Metrics get rows in batches, so that what is exact over the whole is seen to be.

    python metrics.py FOLDER
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf

from references import tensor

BATCH = 32
RNG = np.random.default_rng(7)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def related(labels, noise):
    """Predictions from 0 to 1 that have to do with 0/1 labels."""
    return 1 / (1 + np.exp(-(3 * labels - 1.5 + noise * RNG.normal(size=labels.shape))))


def edges(p):
    """Some predictions that lie on thresholds."""
    on = RNG.choice([0, 1, 0.5, 0.25, 0.3, 0.7, 0.1, *(np.arange(200) / 199)], size=p.shape)
    return np.where(RNG.random(p.shape) < 0.5, on, p)


CLASSES = np.eye(4)[RNG.choice(4, p=[0.4, 0.3, 0.2, 0.1], size=150)]
LABELS = RNG.integers(2, size=(120, 3)).astype(float)
BINARY = (RNG.random((200, 1)) < 0.3).astype(float)
NUMBERS = 100 + RNG.normal(size=(90, 3)) * [1, 5, 0.1]
NUMBER = RNG.normal(size=(90, 1))
IDS = RNG.integers(5, size=(80, 2)).astype(float)

AREAS = [f"AUC(curve='{c}', summation_method='{m}')" for c in ("ROC", "PR", "PRGAIN") for m in ("interpolation", "minoring", "majoring")]
COUNTS = [f"{n}({a})" for n in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives") for a in ("", "thresholds=0.3", "0.7")]
BEST = [f"{n}({v}{a})" for n in ("PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity")
        for v in (0.3, 0.6, 0.9, 1.0) for a in ("", ", num_thresholds=11", ", num_thresholds=1", ", num_thresholds=2")]
RATES = [f"{n}({a})" for n in ("Precision", "Recall") for a in ("", "0.3", "thresholds=[0.7]")]
CLASS_RATES = [f"{n}({a})" for n in ("Precision", "Recall") for a in ("top_k=1", "top_k=2", "class_id=1", "top_k=2, class_id=0", "thresholds=0.2, top_k=2")]
F_SCORES = [f"{n}, average='{m}'{t})" for n in ("FBetaScore(beta=2.0", "FBetaScore(beta=0.5") for m in ("micro", "macro", "weighted") for t in ("", ", threshold=0.4")]
F_SCORES += [f"F1Score('{m}'{t})" for m in ("micro", "macro", "weighted") for t in ("", ", 0.4")]
CORRELATIONS = ["PearsonCorrelation()", "ConcordanceCorrelation()"]
COLUMNS = ["PearsonCorrelation(axis=0)", "ConcordanceCorrelation(axis=0)"]
REGRESSION = ["RootMeanSquaredError()", "R2Score()", "R2Score('variance_weighted_average')", "R2Score(num_regressors=5)", "MeanSquaredError()", "MeanAbsoluteError()"]
SPARSE = ["SparseCategoricalAccuracy()", "SparseTopKCategoricalAccuracy(2)", "SparseCategoricalCrossentropy()",
          "SparseCategoricalCrossentropy(ignore_class=2)", "IoU(4, [0, 2], sparse_y_pred=False)", "MeanIoU(4, sparse_y_pred=False, ignore_class=1)"]
ONE_HOT = ["CategoricalAccuracy()", "TopKCategoricalAccuracy(k=2)", "OneHotIoU(4, [1, 3])", "OneHotMeanIoU(4)", "OneHotMeanIoU(3)",
           "OneHotMeanIoU(num_classes=4, ignore_class=0)"]

GROUPS = {
    "classes": (softmax(2 * CLASSES + RNG.normal(size=CLASSES.shape)), CLASSES,
                AREAS + RATES + CLASS_RATES + F_SCORES + ONE_HOT + SPARSE + COUNTS + CORRELATIONS
                + ["AUC(multi_label=True)", "AUC(curve='PR', multi_label=True, num_labels=4, label_weights=[1, 2, 0.5, 3])", "AUC(label_weights=[1, 2, 0.5, 3])"]),
    "labels": (edges(related(LABELS, 2)), LABELS, AREAS + RATES + F_SCORES + COUNTS + BEST + ["BinaryAccuracy(threshold=0.3)", "BinaryIoU()", "BinaryIoU([1], 0.3)",
               "SensitivityAtSpecificity(0.5, class_id=2)", "AUC(multi_label=True, curve='PRGAIN')"]),
    "binary": (edges(related(BINARY, 2)), BINARY,
               AREAS + RATES + COUNTS + BEST + ["AUC(num_thresholds=2)", "AUC(num_thresholds=11, curve='PR')", "AUC(thresholds=[0.5])", "AUC(thresholds=[0.7, 0.1, 0.3])",
               "AUC(thresholds=[0.25, 0.5, 0.75], curve='PR')", "BinaryAccuracy()", "BinaryIoU(threshold=0.3)", "F1Score(threshold=0.5)"]),
    "logits": (3 * LABELS - 1.5 + RNG.normal(size=LABELS.shape) * 2, LABELS, ["AUC(from_logits=True)", "AUC()", "AUC(thresholds=[0.2, 0.9])", "Precision()", "Recall(top_k=1)"]),
    "numbers": (NUMBERS + RNG.normal(size=NUMBERS.shape), NUMBERS, REGRESSION + CORRELATIONS + COLUMNS),
    "number": (NUMBER + 0.5 * RNG.normal(size=NUMBER.shape), NUMBER, REGRESSION + COLUMNS),
    "ids": (np.where(RNG.random(IDS.shape) < 0.4, RNG.integers(5, size=IDS.shape), IDS), IDS,
            ["Accuracy()", "MeanIoU(5)", "MeanIoU(3)", "IoU(num_classes=5, target_class_ids=[0, 4])", "MeanIoU(num_classes=5, ignore_class=2)"]),
}


def value(text, p, y):
    wide = text in REGRESSION + CORRELATIONS + COLUMNS
    classes = {n: v for n, v in vars(keras.metrics).items() if isinstance(v, type)}
    keras.backend.set_floatx("float64" if wide else "float32")
    p, y = (a.astype(keras.backend.floatx()) for a in (p, y))
    metric = eval(text, {}, classes)  # texts of this file only
    if text in SPARSE:
        y = y.argmax(axis=-1)
    # along the rows, Keras knows only one batch at a time
    batch = len(p) if "axis=0" in text else BATCH
    for at in range(0, len(p), batch):
        metric.update_state(y[at : at + batch], p[at : at + batch])
    return float(np.squeeze(metric.result()))


NUMBERS_OF_CLASSES = CLASSES.argmax(axis=-1)

# predictions, labels as beamfit has them and as Keras has them, losses
LOSSES = {
    "probabilities": (GROUPS["classes"][0], CLASSES, NUMBERS_OF_CLASSES, ["SparseCategoricalCrossentropy()", "SparseCategoricalCrossentropy(ignore_class=1)",
                      "CategoricalGeneralizedCrossEntropy()", "CategoricalGeneralizedCrossEntropy(q=0.9)"]),
    # not divided to sum to 1, and some beyond the clip
    "numbers": (RNG.uniform(-0.2, 1.3, size=CLASSES.shape), CLASSES, NUMBERS_OF_CLASSES, ["SparseCategoricalCrossentropy()", "SparseCategoricalCrossentropy(ignore_class=3)"]),
    "logits": (3 * RNG.normal(size=CLASSES.shape), CLASSES, NUMBERS_OF_CLASSES, ["SparseCategoricalCrossentropy(from_logits=True)",
               "SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)"]),
    "embeddings": (unit(RNG.normal(size=(60, 3))), IDS[:60, :1], IDS[:60, :1], ["Circle()", "Circle(gamma=256, margin=0.25)", "Circle(remove_diagonal=False)"]),
}


def loss(text, p, y):
    """The loss of all rows, and its gradient by the predictions."""
    keras.backend.set_floatx("float64")
    classes = {n: v for n, v in vars(keras.losses).items() if isinstance(v, type)}
    p = tf.Variable(p.astype(np.float64))
    with tf.GradientTape() as tape:
        total = eval(text, {}, classes)(y, tf.convert_to_tensor(p))  # texts of this file only
    return {"loss": float(total), "gradients": tensor(tape.gradient(total, p).numpy())}


def main(folder):
    groups = []
    for name, (p, y, texts) in GROUPS.items():
        p, y = p.astype(np.float32), y.astype(np.float32)
        groups.append({"name": name, "predictions": tensor(p), "labels": tensor(y), "values": {t: value(t, p, y) for t in texts}})
    write(folder / "values.json", groups)
    groups = []
    for name, (p, y, numbers, texts) in LOSSES.items():
        p = p.astype(np.float32)
        groups.append({"name": name, "predictions": tensor(p), "labels": tensor(y), "losses": {t: loss(t, p, numbers) for t in texts}})
    write(folder / "losses.json", groups)


def write(file, groups):
    file.write_text(json.dumps({"keras": keras.__version__, "groups": groups}, indent=0) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
