"""Write FILE: the indices that Keras' layers StringLookup, Hashing and TextVectorization give texts and numbers.

A case has the layer in the form of Go's lookup.Lookup, texts (of numbers: in decimal) and their indices; null is a text that the layer refuses, -1 one
that counts for nothing. A TextVectorization has a list of indices for every text.

    python lookups.py model/lookup/testdata/keras.json
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import numpy as np
import tensorflow as tf
from keras import layers

RNG = np.random.default_rng(7)
LETTERS = "abcdefghijklmnopqrstuvwxyz äöü € 漢字 😀 \n\t\"'\\"
VOCABULARY = ["red", "green", "blue", "Grün", "漢字", "", " red", "a longer text of several words"]
# Of every length that the hashes treat apart, and some beyond.
TEXTS = VOCABULARY + ["[UNK]", "RED", "red "] + [
    "".join(RNG.choice(list(LETTERS), n)) for n in [*range(1, 70), 100, 127, 128, 129, 191, 192, 193, 255, 256, 500, 1000]]
NUMBERS = [0, 1, -1, 7, 42, 2**31 - 1, -2**31, 123456789] + [int(n) for n in RNG.integers(-10**9, 10**9, 30)]
PRIME = 16777213


def index(layer, value):
    """The index of one value, None where Keras refuses it."""
    try:
        out = np.asarray(layer(tf.constant([value])))
    except tf.errors.InvalidArgumentError:
        return None
    if out.ndim == 1:
        return float(out[0])
    return float(np.argmax(out[0])) if out[0].any() else -1.0


def case(layer, values, **lookup):
    """lookup are the fields of a Lookup besides the class."""
    texts = [v if isinstance(v, str) else str(v) for v in values]
    return {"lookup": {"layer": type(layer).__name__, **lookup}, "texts": texts, "indices": [index(layer, v) for v in values]}


def hashing(bins, values=TEXTS, lookup=None, **arguments):
    return case(layers.Hashing(bins, **arguments), values, num_bins=bins, **(lookup or {}))


def string_lookup(oov, vocabulary=VOCABULARY, listed=None, lookup=None, **arguments):
    layer = layers.StringLookup(vocabulary=listed or vocabulary, num_oov_indices=oov, **arguments)
    return case(layer, TEXTS, vocabulary=vocabulary, num_oov_indices=oov, **(lookup or {}))


TOKENS = ["red", "red green", "green red", "r", "re", "gr\u00fcn", "\u6f22\u5b57", "\u6f22", "\u5b57 r", "dont", "don't", "RED", "[UNK]", "e d", "red.green", " ", "3", "a b c"]
SENTENCES = [
    "", " ", "red", "Red green, BLUE!", "  red\tgreen\nred\v green\f\rred  ", "don't: red.green re-d [UNK]", "GR\u00dcN gr\u00fcn Gr\u00dcn \u6f22\u5b57 \u6f22 \u5b57 r", "red\u00a0green", "red\u2003green \u3000red",
    "a b c", "a  b c red green red green", "3.14 3,5 $3", "...", "!?red", "red \\ green ~ red ^ green ` {red}|<green>", "\u2014red\u2014 \u201cgreen\u201d", "\U0001f600 red\U0001f600", "e\u0301 red",
    "red " * 40, "r e d", *("".join(RNG.choice(list("redgn RG .,'\u00fc\u6f22\t"), n)) for n in range(1, 60)),
]


def tokens(length, standardize="lower_and_strip_punctuation", split="whitespace", ngrams=None, vocabulary=TOKENS):
    layer = layers.TextVectorization(
        standardize=standardize, split=split, ngrams=ngrams, output_sequence_length=length, vocabulary=vocabulary)
    sizes = list(range(1, ngrams + 1)) if isinstance(ngrams, int) else ngrams
    lookup = {"layer": "TextVectorization", "vocabulary": vocabulary, "num_oov_indices": 1, "mask": "", "split": split, "length": length}
    lookup |= ({"standardize": standardize} if standardize else {}) | ({"ngrams": sizes} if sizes else {})
    return {"lookup": lookup, "texts": SENTENCES, "tokens": np.asarray(layer(tf.constant(SENTENCES))).tolist()}


def cast(dtype, values):
    return [np.dtype(dtype).type(v) for v in values]


MOST = 2**64 - 1
CASES = {
    "hashing": hashing(PRIME),
    "hashing of two": hashing(2),
    "hashing of one": hashing(1),
    "hashing of one with a mask": hashing(1, mask_value="red", lookup={"mask": "red"}),
    "hashing with a mask": hashing(1000, mask_value="red", lookup={"mask": "red"}),
    "hashing with an empty mask": hashing(2, mask_value="", lookup={"mask": ""}),
    "hashing with a salt": hashing(PRIME, salt=133, lookup={"salt": [133, 133]}),
    "hashing with two salts": hashing(PRIME - 2, salt=[133, 2**63 - 1], lookup={"salt": [133, 2**63 - 1]}),
    "hashing with salts below zero": hashing(PRIME, salt=[-1, -2**63], lookup={"salt": [MOST, 2**63]}),
    "hashing with a salt and a mask": hashing(99, salt=5, mask_value="blue", lookup={"salt": [5, 5], "mask": "blue"}),
    "hashing of int64": hashing(PRIME, cast("int64", [*NUMBERS, 2**63 - 1, -2**63]), lookup={"numbers": "int64"}),
    "hashing of int32 with a mask": hashing(50, cast("int32", NUMBERS), mask_value=7, lookup={"numbers": "int32", "mask": "7"}),
    "hashing of int64 with a salt": hashing(PRIME, cast("int64", NUMBERS), salt=3, lookup={"numbers": "int64", "salt": [3, 3]}),
    "hashing of float32": hashing(PRIME, cast("float32", [0.0, -0.9, 1.5, -7.25, 1e6, 123456.75]), lookup={"numbers": "float32"}),
    "hashing of float32 with a mask": hashing(50, cast("float32", [7.0, 7.5, 6.9, -7.0]), mask_value=7, lookup={"numbers": "float32", "mask": "7"}),
    "lookup": string_lookup(1),
    "lookup without others": string_lookup(0),
    "lookup of a list with its tokens": string_lookup(1, listed=["[UNK]", *VOCABULARY]),
    "lookup with a mask": string_lookup(1, mask_token="", vocabulary=["red", "green"], lookup={"mask": ""}),
    "lookup with a mask and without others": string_lookup(0, mask_token="[MASK]", vocabulary=["red", "green"], lookup={"mask": "[MASK]"}),
    "lookup with a mask that counts for nothing": string_lookup(
        2, mask_token="red", vocabulary=["green", "blue"], output_mode="one_hot", lookup={"mask": "red", "mask_index": -1}),
    "lookup with hashed others": string_lookup(1000),
    "lookup with two others and a mask": string_lookup(2, mask_token="blue", vocabulary=["red", "green"], lookup={"mask": "blue"}),
    "lookup with salted others": string_lookup(1000, salt=[9, 11], lookup={"salt": [9, 11]}),
    "words": tokens(6),
    "one word": tokens(1),
    "words as they are": tokens(12, standardize=None),
    "lower words": tokens(12, standardize="lower"),
    "stripped words": tokens(12, standardize="strip_punctuation"),
    "pairs and words": tokens(9, ngrams=2),
    "triples": tokens(5, ngrams=(3,)),
    "pairs, then words": tokens(20, ngrams=(2, 1), standardize=None),
    "characters": tokens(10, split="character"),
    "characters as they are": tokens(30, split="character", standardize=None),
    "pairs of characters": tokens(30, split="character", standardize="lower", ngrams=(2,)),
}

path = pathlib.Path(sys.argv[1])
path.parent.mkdir(parents=True, exist_ok=True)
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(c)}" for name, c in CASES.items())
path.write_text("{\n" + lines + "\n}\n")
