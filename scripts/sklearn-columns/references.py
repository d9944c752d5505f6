"""Writes what scikit-learn makes of random tables with missing values, for transforms/features/testdata.

    references.py FILE [--seed S] [--tables N] [--rows R]

Each table has numbers of several sizes and types, booleans, categories and codes, in which a share of the values is missing. For each the
file has the columns, lists of terms in the form of `preprocess --independent`, and per list the matrix of scikit-learn's transformers with
the same meaning. Needs scikit-learn 1.9 and NumPy. The same arguments give the same file.
"""

import argparse
import json
import math

import numpy as np
import sklearn
from sklearn.feature_extraction import FeatureHasher
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler


def numbers(rng, rows):
    """A column of numbers: its SQL type and values."""
    kind = rng.integers(6)
    if kind == 0:
        return "integer", [int(x) for x in rng.integers(-50, 50, rows)]
    if kind == 1:
        return "bigint", [int(x) for x in rng.integers(-(10**12), 10**12, rows)]
    if kind == 2:
        return "double precision", [float(x) for x in rng.normal(1e6, 1, rows)]
    if kind == 3:
        return "real", [float(np.float32(x)) for x in rng.lognormal(0, 2, rows)]
    if kind == 4:
        return "numeric", [round(float(x), 3) for x in rng.normal(0, 1e-2, rows)]
    return "double precision", [float(rng.choice([3.5, 3.5, 7.0]))] * rows  # all alike


WORDS = ["", "a", "A", "New", "New York", "new", "it's", "Zürich", "b\\c", "日本", "x y", "<5"]


def missing(rng, values, share):
    return [None if rng.random() < share else v for v in values]


def table(rng, rows):
    """Columns by name: (SQL type, values)."""
    columns = {}
    for i in range(5):
        kind, values = numbers(rng, rows)
        columns[f"n{i}"] = (kind, missing(rng, values, [0, 0.3, 0.05, 0.9, 0][i]))
    columns["positive"] = ("double precision", missing(rng, [float(x) for x in rng.gamma(1, 30, rows)], 0.2))
    columns["flag"] = ("boolean", missing(rng, [bool(x) for x in rng.integers(2, size=rows)], 0.2))
    columns["word"] = ("text", [str(w) for w in rng.choice(WORDS, rows)])
    columns["hole"] = ("text", missing(rng, [str(w) for w in rng.choice(WORDS[:5], rows)], 0.3))
    columns["code"] = ("smallint", missing(rng, [int(x) for x in rng.integers(1, 6, rows)], 0.2))
    for name, (kind, values) in columns.items():  # nothing can be learned of a column without values
        if all(v is None for v in values):
            values[0] = 1
    return columns


def as_floats(values):
    return np.array([[math.nan if v is None else float(v)] for v in values])


def as_objects(values):
    return np.array([[v] for v in values], dtype=object)


def order(values):
    """Categories in beamfit's order: NULL, then numbers by value or text by the code points of its SQL literal."""

    def key(v):
        if isinstance(v, str):
            literal = "'" + v.replace("'", "''") + "'"
            return "E" + literal.replace("\\", "\\\\") if "\\" in literal else literal
        return v

    present = {v for v in values if v is not None}
    return ([None] if None in values else []) + sorted(present, key=key)


FILL = {"mean": "mean", "median": "median", "zero": "constant"}
SCALE = {"standardise": StandardScaler, "minmax": MinMaxScaler}


def filled(rule):
    return SimpleImputer(strategy=FILL[rule], **({"fill_value": 0.0} if rule == "zero" else {}))


def chain(rng, name, values, holes):
    """A term of a column of numbers, and the transformer that is like it."""
    text, steps = name, []
    rule = rng.choice(list(FILL))
    late = holes and rng.random() < 0.2  # scaled before it is filled
    if holes and not late:
        text, steps = f"{rule}({text})", [filled(rule)]
    if name == "positive" and rng.random() < 0.6:
        text, steps = f"log1p({text})", steps + [FunctionTransformer(np.log1p)]
    if late or rng.random() < 0.7:
        scale = rng.choice(list(SCALE))
        text, steps = f"{scale}({text})", steps + [SCALE[scale]()]
    if late:
        text, steps = f"{rule}({text})", steps + [filled(rule)]
    if not steps:
        steps = [FunctionTransformer()]
    return text, make_pipeline(*steps).fit_transform(as_floats(values))


def encoded(rng, name, values, holes):
    """A term of a column of categories, and what is like it."""
    inner = f"category({name})" if holes else name
    kind = rng.integers(3)
    objects = as_objects(values)
    if kind == 0:
        buckets = int(rng.integers(1, 9))
        texts = [[str(v) if v is not None else ""] for v in values]
        hashed = FeatureHasher(buckets, input_type="string", alternate_sign=False).transform(texts).toarray()
        empty = np.array([t == [""] for t in texts])  # scikit-learn leaves out empty strings; the hash of one is 0
        hashed[empty] = np.eye(buckets)[0]
        return f"hash({inner}, {buckets})", hashed
    if kind == 1:
        text = f"index({inner})"
        return text, OrdinalEncoder(categories=[order(values)], encoded_missing_value=0.0).fit_transform(objects)
    text = inner if isinstance(values[0], str) or holes else f"onehot({inner})"
    return text, OneHotEncoder(categories=[order(values)], sparse_output=False).fit_transform(objects)


def terms(rng, columns):
    """A list of terms and its matrix."""
    texts, matrices = [], []
    for name, (kind, values) in columns.items():
        holes = any(v is None for v in values)
        if kind != "text" and name != "code":
            text, matrix = chain(rng, name, values, holes)
        else:
            text, matrix = encoded(rng, name, values, holes)
        texts.append(text)
        matrices.append(matrix)
        if holes and rng.random() < 0.3:
            texts.append(f"indicator({name})")
            matrices.append(MissingIndicator(features="all").fit_transform(as_floats(values)) if kind != "text"
                            else np.array([[v is None] for v in values]))
    return ", ".join(texts), np.hstack([np.asarray(m, dtype=np.float64) for m in matrices])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", type=int, default=4)
    parser.add_argument("--rows", type=int, default=40)
    opt = parser.parse_args()
    out = []
    for i in range(opt.tables):
        rng = np.random.default_rng(opt.seed + i)
        columns = table(rng, opt.rows)
        lists = []
        for _ in range(4):
            text, matrix = terms(rng, columns)
            lists.append({"list": text, "matrix": matrix.tolist()})
        out.append({"columns": [{"name": n, "type": k, "values": v} for n, (k, v) in columns.items()], "lists": lists})
    with open(opt.file, "w") as f:
        json.dump({"sklearn": sklearn.__version__, "tables": out}, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
