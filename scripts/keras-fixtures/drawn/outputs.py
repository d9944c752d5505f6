"""Outputs of networks: what their numbers and labels are, and the losses and metrics for these.

LOSSES and METRICS say for each class of Keras which kinds of outputs it is for, and draw its arguments; a row whose class may
also be written by name, without arguments, has that name. A row with no kinds is never drawn and says why.
"""

import dataclasses
import typing

from dimensions import per_step
from keras import layers


@dataclasses.dataclass(frozen=True)
class Kind:
    """An output: its activation, its labels (see targets in references.py) and how wide it is; whether it has steps, each with labels."""

    activation: str
    labels: typing.Any
    least: int = 2
    most: int = 6
    steps: bool = False

    @property
    def logits(self):
        return self.activation == "linear" and self.labels in ("classes", "labels", "class numbers")


KINDS = {
    "classes": Kind("softmax", "classes"),
    "labels": Kind("sigmoid", "labels", least=1),
    "class numbers": Kind("softmax", "class numbers"),
    "numbers": Kind("linear", "numbers", least=1),
    "reals": Kind("linear", "reals", least=1),
    "signs": Kind("tanh", "signs", least=1, most=3),
    "logits of classes": Kind("linear", "classes"),
    "logits of labels": Kind("linear", "labels", least=1),
    "logits of class numbers": Kind("linear", "class numbers"),
    "unit vectors": Kind("unit", "class numbers"),
    "halves": Kind("glu", "halves", least=1),
    "classes of steps": Kind("softmax", per_step, steps=True),
    "numbers of steps": Kind("linear", "reals", least=1, steps=True),
}
STEPS = ("classes of steps", "numbers of steps")
ANY = ("classes", "labels", "numbers", "reals", "halves", "signs", "logits of classes", "logits of labels")
SHARES = ("classes", "labels")
ENCODED = ("classes", "labels", "logits of classes", "logits of labels")
CLASS_NUMBERS = ("class numbers", "logits of class numbers")


@dataclasses.dataclass(frozen=True)
class Row:
    """A loss or metric: arguments(source, width, kind) draws its arguments."""

    kinds: tuple
    name: str = ""
    arguments: typing.Callable = lambda r, n, kind: {}

    def text(self, cls, r, width, kind):
        given = self.arguments(r, width, kind)
        if not given and self.name and not kind.steps and r.chance(0.6):  # a loss by name is a function, which knows no mask
            return self.name
        return f"{cls}({', '.join(f'{k}={v!r}' for k, v in given.items())})"


def logits(kind):
    return {"from_logits": True} if kind.logits else {}


def sometimes(r, p=0.5, **draws):
    """Each of the arguments or not."""
    return {name: draw() for name, draw in draws.items() if r.chance(p)}


def smoothing(r, n, kind):
    return logits(kind) | sometimes(r, 0.4, label_smoothing=lambda: r.number(0, 0.4))


def focal(r, n, kind):
    return smoothing(r, n, kind) | sometimes(r, gamma=lambda: r.number(1, 3), alpha=lambda: r.number(0.1, 0.9))


def balanced(r, n, kind):
    return focal(r, n, kind) | sometimes(r, apply_class_balancing=lambda: True)


def ignoring(r, n, kind):
    return logits(kind) | sometimes(r, 0.3, ignore_class=lambda: r.int(0, n - 1))


def circle(r, n, kind):
    """gamma is small: Keras' default of 80 enlarges rounding errors as much."""
    return {"gamma": r.number(1, 8)} | sometimes(r, margin=lambda: r.number(0.1, 0.6), remove_diagonal=lambda: False)


def of_rows_or_batch(r, n, kind):
    return sometimes(r, 0.7, axis=lambda: -1)


LOSSES = {
    "BinaryCrossentropy": Row(ENCODED, "binary_crossentropy", smoothing),
    "BinaryFocalCrossentropy": Row(ENCODED, "binary_focal_crossentropy", balanced),
    "CategoricalCrossentropy": Row(("classes", "logits of classes") + STEPS[:1], "categorical_crossentropy", smoothing),
    "CategoricalFocalCrossentropy": Row(("classes", "logits of classes") + STEPS[:1], "categorical_focal_crossentropy", focal),
    "CategoricalGeneralizedCrossEntropy": Row(("class numbers",), "", lambda r, *_: {"q": r.number(0.1, 0.9)}),
    "CategoricalHinge": Row(ENCODED + STEPS[:1], "categorical_hinge"),
    "Circle": Row(("unit vectors",), "circle", circle),
    "CosineSimilarity": Row(ANY + STEPS, "cosine_similarity"),
    "Dice": Row(SHARES, "", of_rows_or_batch),
    "Hinge": Row(("signs", "classes", "labels"), "hinge"),
    "Huber": Row(ANY + STEPS, "huber", lambda r, *_: sometimes(r, delta=lambda: r.number(0.1, 2))),
    "KLDivergence": Row(SHARES + STEPS[:1], "kl_divergence"),
    "LogCosh": Row(ANY + STEPS, "log_cosh"),
    "MeanAbsoluteError": Row(ANY + STEPS, "mae"),
    "MeanAbsolutePercentageError": Row(ANY, "mean_absolute_percentage_error"),
    "MeanSquaredError": Row(ANY + STEPS, "mse"),
    "MeanSquaredLogarithmicError": Row(ANY, "mean_squared_logarithmic_error"),
    "Poisson": Row(SHARES + STEPS[:1], "poisson"),
    "SparseCategoricalCrossentropy": Row(CLASS_NUMBERS, "sparse_categorical_crossentropy", ignoring),
    "SquaredHinge": Row(("signs", "classes", "labels"), "squared_hinge"),
    "Tversky": Row(SHARES, "", lambda r, *a: of_rows_or_batch(r, *a) | {"alpha": r.number(0.1, 0.9), "beta": r.number(0.1, 0.9)}),
}


def area(r, n, kind):
    chosen = sometimes(r, 0.4, num_thresholds=lambda: r.int(2, 60), curve=lambda: r.one(["ROC", "PR", "PRGAIN"]),
                       summation_method=lambda: r.one(["interpolation", "minoring", "majoring"]))
    if n > 1 and r.chance(0.3):
        chosen |= {"multi_label": True, "num_labels": n} | sometimes(r, label_weights=lambda: [r.number(0.1, 2) for _ in range(n)])
    return chosen | logits(kind)


def counted(r, n, kind):
    return sometimes(r, thresholds=lambda: r.number(0.2, 0.8))


def rate(r, n, kind):
    return counted(r, n, kind) | sometimes(r, 0.3, top_k=lambda: r.int(1, n), class_id=lambda: r.int(0, n - 1))


def best(r, of):
    return {of: r.number(0.2, 0.9)} | sometimes(r, num_thresholds=lambda: r.int(1, 60))


def f_score(r, n, kind):
    return {"average": r.one(["micro", "macro", "weighted"])} | sometimes(r, threshold=lambda: r.number(0.2, 0.8))


def top(r, n, kind):
    return {"k": r.int(1, n)}


def overlap(r, n, kind):
    """Labels are class numbers, or one-hot with the classes of an output."""
    return {"num_classes": n, "target_class_ids": r.some(range(n))} | sparse(kind) | sometimes(r, 0.3, ignore_class=lambda: r.int(0, n - 1))


def mean_overlap(r, n, kind):
    return {"num_classes": n} | sparse(kind) | sometimes(r, 0.3, ignore_class=lambda: r.int(0, n - 1))


def sparse(kind):
    return {"sparse_y_pred": False} if kind.labels == "class numbers" else {}


def correlation(r, n, kind):
    """Of one number per row there is only the correlation over the rows."""
    return {"axis": 0} if n == 1 or r.chance(0.3) else {}


ONE_HOT = ("classes", "logits of classes")
METRICS = {
    "AUC": Row(ENCODED, "", area),
    "Accuracy": Row(ANY),
    "BinaryAccuracy": Row(SHARES, "binary_accuracy", lambda r, *_: sometimes(r, threshold=lambda: r.number(0.2, 0.8))),
    "BinaryCrossentropy": Row(ENCODED, "binary_crossentropy", smoothing),
    "BinaryIoU": Row(("labels",), "", lambda r, *_: sometimes(
        r, target_class_ids=lambda: r.some([0, 1]), threshold=lambda: r.number(0.2, 0.8))),
    "CategoricalAccuracy": Row(ONE_HOT + STEPS[:1], "categorical_accuracy"),
    "CategoricalCrossentropy": Row(ONE_HOT + STEPS[:1], "categorical_crossentropy", smoothing),
    "CategoricalHinge": Row(ENCODED + STEPS[:1], "categorical_hinge"),
    "ConcordanceCorrelation": Row(ANY, "", correlation),
    "CosineSimilarity": Row(ANY + STEPS, "cosine_similarity"),
    "F1Score": Row(SHARES, "", f_score),
    "FBetaScore": Row(SHARES, "", lambda r, *a: f_score(r, *a) | {"beta": r.number(0.3, 3)}),
    "FalseNegatives": Row(SHARES, "", counted),
    "FalsePositives": Row(SHARES, "", counted),
    "Hinge": Row(("signs", "classes", "labels"), "hinge"),
    "IoU": Row(CLASS_NUMBERS, "", overlap),
    "KLDivergence": Row(SHARES + STEPS[:1], "kl_divergence"),
    "LogCoshError": Row(ANY + STEPS),
    "MeanAbsoluteError": Row(ANY + STEPS, "mae"),
    "MeanAbsolutePercentageError": Row(ANY, "mape"),
    "MeanIoU": Row(CLASS_NUMBERS, "", mean_overlap),
    "MeanSquaredError": Row(ANY + STEPS, "mse"),
    "MeanSquaredLogarithmicError": Row(ANY, "msle"),
    "OneHotIoU": Row(ONE_HOT, "", overlap),
    "OneHotMeanIoU": Row(ONE_HOT, "", mean_overlap),
    "PearsonCorrelation": Row(ANY, "", correlation),
    "Poisson": Row(SHARES + STEPS[:1], "poisson"),
    "Precision": Row(SHARES, "", rate),
    "PrecisionAtRecall": Row(SHARES, "", lambda r, *_: best(r, "recall")),
    "R2Score": Row(ANY, "", lambda r, *_: sometimes(r, class_aggregation=lambda: r.one(["uniform_average", "variance_weighted_average"]))),
    "Recall": Row(SHARES, "", rate),
    "RecallAtPrecision": Row(SHARES, "", lambda r, *_: best(r, "precision")),
    "RootMeanSquaredError": Row(ANY),
    "SensitivityAtSpecificity": Row(SHARES, "", lambda r, *_: best(r, "specificity")),
    "SparseCategoricalAccuracy": Row(CLASS_NUMBERS, "sparse_categorical_accuracy"),
    "SparseCategoricalCrossentropy": Row(CLASS_NUMBERS, "sparse_categorical_crossentropy", ignoring),
    "SparseTopKCategoricalAccuracy": Row(CLASS_NUMBERS, "", top),
    "SpecificityAtSensitivity": Row(SHARES, "", lambda r, *_: best(r, "sensitivity")),
    "SquaredHinge": Row(("signs", "classes", "labels"), "squared_hinge"),
    "TopKCategoricalAccuracy": Row(ONE_HOT + STEPS[:1], "", top),
    "TrueNegatives": Row(SHARES, "", counted),
    "TruePositives": Row(SHARES, "", counted),
}


def of_kind(table, kind):
    return [cls for cls, row in table.items() if kind in row.kinds]


def loss(r, kind, width):
    cls = r.one(of_kind(LOSSES, kind))
    return LOSSES[cls].text(cls, r, width, KINDS[kind])


def metrics(r, kind, width):
    """Up to four metrics, each class once: Keras calls them by their classes. Sometimes accuracy is among them, which Keras
    takes for that of the labels. There are none of unit vectors and class numbers.
    """
    known = of_kind(METRICS, kind)
    chosen = sorted({r.one(known) for _ in range(r.int(1, 4))}) if known else []
    texts = [METRICS[cls].text(cls, r, width, KINDS[kind]) for cls in chosen]
    return texts + ["accuracy"] if kind in SHARES + CLASS_NUMBERS and r.chance(0.3) else texts


def width(kind, x):
    """How wide an output is; Keras takes a glu for twice as wide."""
    return x.shape[-1] // 2 if KINDS[kind].activation == "glu" else x.shape[-1]


def output(r, x):
    """The last layers on x, and the kind of the output."""
    if len(x.shape) == 3 and r.chance(0.4):
        kind = r.one(STEPS)
        return layers.Dense(r.int(KINDS[kind].least, KINDS[kind].most), activation=KINDS[kind].activation)(x), kind
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    kind = r.one(["classes", "labels"] if r.chance(0.3) else [k for k in KINDS if k not in STEPS])  # these two have the most losses and metrics
    activation, width = KINDS[kind].activation, r.int(KINDS[kind].least, KINDS[kind].most)
    if activation == "glu":
        width *= 2
    if activation == "unit":
        return layers.UnitNormalization()(layers.Dense(width)(x)), kind
    if r.chance(0.7):
        return layers.Dense(width, activation=activation)(x), kind
    x = layers.Dense(width)(x)
    if activation == "softmax" and r.chance(0.5):
        return layers.Softmax()(x), kind
    return layers.Activation(activation)(x), kind
