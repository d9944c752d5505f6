"""Write which pixels Resizing takes with interpolation="nearest": for each pair of sizes a list of the pixels of the input.

Half of the pairs are such that TensorFlow's float32 takes another pixel somewhere than exact arithmetic would.

Usage: resizing.py FILE
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
from keras import layers

PAIRS = [(224, 48), (32, 41), (32, 244), (96, 61), (256, 107), (299, 224), (480, 227), (640, 299), (1024, 109),
         (7, 4), (3, 8), (28, 32), (32, 224), (224, 32), (1, 5), (100, 1)]


def pixels(old, new):
    image = np.arange(old, dtype="float32").reshape(1, old, 1, 1)
    return [int(v) for v in np.array(layers.Resizing(new, 1, interpolation="nearest")(image)).ravel()]


def main(path):
    cases = [{"in": old, "out": new, "pixels": pixels(old, new)} for old, new in PAIRS]
    path.write_text(json.dumps({"keras": keras.__version__, "cases": cases}) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
