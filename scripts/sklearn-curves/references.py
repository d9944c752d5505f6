"""Writes what scikit-learn says of random predictions, for model/curve/testdata.

    references.py FILE [--seed S] [--cases N]

Each case has scores, labels and what sklearn.metrics and sklearn.calibration make of them: roc_curve, roc_auc_score, precision_recall_curve,
average_precision_score, calibration_curve, brier_score_loss; and classes with confusion_matrix, precision and recall. Scores are drawn so that
there are ties, scores at the edges of bins, 0 and 1. Needs scikit-learn 1.9 and NumPy; the same arguments give the same file.
"""

import argparse
import json

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)


def case(rng, number):
    rows = int(rng.choice([2, 3, 10, 60]))
    labels = rng.integers(0, 2, rows)
    labels[0], labels[1] = 0, 1
    scores = np.clip(labels * rng.uniform(0, 0.8) + rng.normal(0.3, 0.3, rows), 0, 1)
    if number % 3 == 1:  # ties
        scores = scores.round(1)
    if number % 3 == 2:  # edges of the five bins, as calibration_curve computes them
        scores = rng.choice(np.linspace(0, 1, 6), rows)
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(labels, scores)
    observed, predicted = calibration_curve(labels, scores, n_bins=5, strategy="uniform")
    classes = int(rng.integers(2, 5))
    truth, guess = rng.integers(0, classes, rows), rng.integers(0, classes, rows)
    all_classes = list(range(classes))
    class_precision, class_recall, _, _ = precision_recall_fscore_support(truth, guess, labels=all_classes, zero_division=0)
    return {
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "roc": {"x": fpr.tolist(), "y": tpr.tolist(), "area": float(roc_auc_score(labels, scores))},
        "thresholds": thresholds[1:].tolist(),
        # from recall 0 on, as package curve has them
        "precision_recall": {"x": recall[::-1].tolist(), "y": precision[::-1].tolist(), "area": float(average_precision_score(labels, scores))},
        "calibration": {"predicted": predicted.tolist(), "observed": observed.tolist(), "brier": float(brier_score_loss(labels, scores))},
        "classes": {
            "truth": truth.tolist(),
            "predicted": guess.tolist(),
            "confusion": confusion_matrix(truth, guess, labels=all_classes).tolist(),
            "precision": class_precision.tolist(),
            "recall": class_recall.tolist(),
        },
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=12)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    cases = [case(rng, i) for i in range(args.cases)]
    with open(args.file, "w") as f:
        json.dump({"sklearn": sklearn.__version__, "cases": cases}, f, indent=None, separators=(",", ":"))
        f.write("\n")


main()
