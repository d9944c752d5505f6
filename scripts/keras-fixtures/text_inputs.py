"""Write a model that takes text, in Keras' file, and rows of text with what Keras predicts of them.

The rows are a CSV as people have it: a model of flats takes two numbers, a city by StringLookup, a street and a whole number by Hashing, an array of
tags, and the words of an advertisement by a TextVectorization that has learned them. Among the rows are texts that are not in the vocabulary, with quotes,
blanks, ends of lines and letters beyond ASCII.

Usage: text_inputs.py FOLDER
"""

import csv
import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import numpy as np
import tensorflow as tf

import keras
from keras import layers

ROWS = 60
CITIES = ["Berlin", "Łódź", "Den Haag", "東京"]
TAGS = ["lift", "garden", "balcony"]
WORDS = ["Bright,", "quiet", "FLAT", "near", "the", "U-Bahn", "K\u00dcCHE", "k\u00fcche", "3rd", "floor!", "\n", "\u6771\u4eac", "\"new\"", " ", "isn't", "far"]


def advertisement(random):
    return " ".join(WORDS[int(n)] for n in random.integers(len(WORDS), size=int(random.integers(1, 14))))


def flats(advertisements):
    size = keras.Input((2,), name="size")
    city = keras.Input((1,), dtype="string", name="city")
    street = keras.Input((1,), dtype="string", name="street")
    code = keras.Input((1,), dtype="int64", name="code")
    tags = keras.Input((3,), dtype="string", name="tags")
    words = keras.Input((1,), dtype="string", name="words")
    read = layers.TextVectorization(max_tokens=25, ngrams=2, output_sequence_length=12, name="read")
    read.adapt(advertisements)
    joined = layers.Concatenate()([
        size,
        layers.StringLookup(vocabulary=CITIES, output_mode="one_hot", name="cities")(city),
        layers.Flatten()(layers.Embedding(11, 4)(layers.Hashing(11, name="streets")(street))),
        layers.Flatten()(layers.Embedding(7, 3)(layers.Hashing(7, salt=[3, 2**60], name="codes")(code))),
        layers.StringLookup(vocabulary=TAGS, num_oov_indices=2, mask_token="", output_mode="multi_hot", name="amenities")(tags),
        layers.GlobalAveragePooling1D()(layers.Embedding(25, 5)(read(words))),
    ])
    hidden = layers.Dense(6, activation="tanh")(joined)
    return keras.Model([size, city, street, code, tags, words], layers.Dense(1, name="rent")(hidden), name="flats")


def rows(random):
    for i in range(ROWS):
        yield {
            "id": i,
            "area": round(float(random.uniform(20, 120)) / 100, 3),
            "rooms": int(random.integers(1, 6)),
            "city": (CITIES + ["Rome", "berlin", 'New "York", NY'])[int(random.integers(7))],
            "street": f"{['Am Markt', 'Rue Ñandú', 'x' * 70][i % 3]} {i % 23}",
            "code": int(random.integers(-(10**12), 10**12)) if i % 2 else i,
            "tags": [(TAGS + ["", "pool", "sauna"])[int(random.integers(6))] for _ in range(3)],
            "words": advertisement(random),
            "rent": round(float(random.normal()), 3),
        }


def main(folder):
    keras.utils.set_random_seed(11)
    table = list(rows(np.random.default_rng(5)))
    model = flats([r["words"] for r in table[: ROWS // 2]])
    model.save(folder / "flats.keras")
    with open(folder / "flats.csv", "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(table[0])
        for row in table:
            out.writerow([json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in row.values()])
    inputs = [
        tf.constant([[r["area"], r["rooms"]] for r in table], tf.float32),
        tf.constant([[r["city"]] for r in table]),
        tf.constant([[r["street"]] for r in table]),
        tf.constant([[r["code"]] for r in table], tf.int64),
        tf.constant([r["tags"] for r in table]),
        tf.constant([[r["words"]] for r in table]),
    ]
    predicted = model(inputs).numpy()[:, 0]
    rent = np.array([r["rent"] for r in table], "float32")
    said = {"predictions": [float(x) for x in predicted], "mean_squared_error": float(np.mean((predicted.astype("float64") - rent) ** 2))}
    (folder / "flats.json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
