"""The networks of references.py whose inputs are text, or whole numbers to hash.

The format is that of networks.py; words are the texts that the rows of an input are made of.
"""

import keras
from keras import layers

from networks import CROSSENTROPY, FEW_OPTIMIZERS, runs
from other_layers import small

VOCABULARY = ["red", "green", "blue", "grün"]
WORDS = [*VOCABULARY, "", "yellow", "漢字", "[UNK]", "a much longer text than the others have", "Red"]


def of_text(make, shape=(4,), dtype="string", words=WORDS):
    """A layer on text, which makes indices or encodes them."""

    def build():
        a = keras.Input(shape, dtype=dtype)
        layer = make()
        x = layer(a)
        if layer.output_mode == "int":
            x = layers.Embedding(12, 3)(x)
        return keras.Model(a, layers.Dense(3)(layers.Flatten()(x)))

    return small({"model": build, "words": [words], "targets": ["numbers"], "gradients": [{"loss": "mse"}]})


def lookup(shape=(4,), words=WORDS, vocabulary=VOCABULARY, **arguments):
    return of_text(lambda: layers.StringLookup(vocabulary=vocabulary, **arguments), shape, words=words)


def hashing(shape=(4,), dtype="string", words=WORDS, bins=6, **arguments):
    return of_text(lambda: layers.Hashing(bins, **arguments), shape, dtype, words)


def passengers():
    """Numbers and texts of a table, side by side."""
    numbers, city, street, code = keras.Input((3,)), keras.Input((1,), dtype="string"), keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    encoded = [
        layers.Flatten()(layers.Embedding(6, 3)(layers.StringLookup(vocabulary=VOCABULARY)(city))),
        layers.StringLookup(vocabulary=VOCABULARY[:2], num_oov_indices=2, output_mode="one_hot")(street),
        layers.Hashing(5, mask_value=-1, output_mode="one_hot")(code),
    ]
    x = layers.Dense(6, activation="tanh")(layers.Concatenate()([numbers, *encoded]))
    return keras.Model([numbers, city, street, code], layers.Dense(3, activation="softmax")(x), name="passengers")


def shared():
    """One input that goes into two layers which make the same indices, and a model inside."""
    a = keras.Input((1,), dtype="string")
    inner = keras.Input((1,), dtype="string")
    inside = keras.Model(inner, layers.StringLookup(vocabulary=VOCABULARY, output_mode="one_hot")(inner))
    x = layers.Embedding(5, 2)(layers.StringLookup(vocabulary=["[UNK]", *VOCABULARY])(a))
    return keras.Model(a, layers.Dense(2)(layers.Concatenate()([layers.Flatten()(x), inside(a)])))


def tokens(**arguments):
    """A text is cut into words, which are looked up; output is their mean."""

    def build():
        a = keras.Input((1,), dtype="string")
        x = layers.TextVectorization(vocabulary=VOCABULARY, output_sequence_length=5, **arguments)(a)
        x = layers.GlobalAveragePooling1D()(layers.Embedding(6, 3)(x))
        return keras.Model(a, layers.Dense(2)(x))

    return small({"model": build, "words": [SENTENCES], "targets": ["numbers"], "gradients": [{"loss": "mse"}]})


def chain():
    return keras.Sequential([keras.Input((3,), dtype="string"), layers.Hashing(7, salt=[3, 11]), layers.Embedding(7, 2, mask_zero=True),
                             layers.LSTM(3), layers.Dense(2)])


SENTENCES = ["", "red", "Green, blue!", "red yellow gr\u00fcn GR\u00dcN blue red green", "a b  red", "red red", "re d"]
CODES = [-1, 0, 1, 7, 42, 123456789012, -5]
MODES = ("int", "one_hot", "multi_hot", "count")

FILES = {
    "texts": {
        **{f"string lookup {mode}": lookup(output_mode=mode) for mode in MODES},
        "string lookup of one, one_hot": lookup((1,), output_mode="one_hot"),
        "string lookup tf_idf": lookup(output_mode="tf_idf", idf_weights=[0.25, 0.75, 0.6, 2]),
        "string lookup tf_idf with tokens, padded": lookup(
            vocabulary=["[UNK]", "[UNK]", *VOCABULARY], num_oov_indices=2, output_mode="tf_idf", idf_weights=[0.5, 1.5, 0.25, 0.75, 0.6, 2], max_tokens=8,
            pad_to_max_tokens=True),
        "string lookup with a mask": lookup(mask_token=""),
        "string lookup with a mask, count": lookup(mask_token="", output_mode="count", vocabulary=["[UNK]", *VOCABULARY]),
        "string lookup with hashed others": lookup(num_oov_indices=3, mask_token=""),
        "string lookup with salted others": lookup(num_oov_indices=3, salt=[5, -6], output_mode="one_hot"),
        "string lookup without others": lookup(words=VOCABULARY, num_oov_indices=0),
        "string lookup padded": lookup(max_tokens=9, pad_to_max_tokens=True, output_mode="multi_hot"),
        **{f"hashing {mode}": hashing((1,) if mode == "one_hot" else (4,), output_mode=mode) for mode in MODES},
        "hashing with a mask and a salt": hashing(mask_value="", salt=9),
        "hashing of whole numbers": hashing(dtype="int64", words=CODES),
        "hashing of whole numbers with a mask": hashing(dtype="int64", words=CODES, mask_value=-1, output_mode="count"),
        "text vectorization": tokens(),
        "text vectorization of pairs": tokens(standardize=None, ngrams=2),
        "text vectorization of characters": tokens(split="character", standardize="lower"),
        "passengers": {
            "model": passengers,
            "words": [None, WORDS, WORDS, CODES],
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY),
        },
        "shared text": small({"model": shared, "words": [WORDS], "targets": ["numbers"], "gradients": [{"loss": "mse"}]}),
        "text in a chain": small({"model": chain, "words": [WORDS], "targets": ["numbers"], "gradients": [{"loss": "mse"}]}),
    },
}
