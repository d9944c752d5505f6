"""TEXTS, the layers that take an input of text, or of whole numbers to hash."""

from keras import layers

WORDS = ["red", "green", "blue", "", "grün", "漢字", "a text of several words", "[UNK]"]
NUMBERS = [-1, 0, 1, 7, 42, 123456789012]
MODES = ["int", "one_hot", "multi_hot", "count"]


def string_lookup(r):
    """The layer, the dtype of its input, and what rows hold."""
    mode, vocabulary, oov = r.one([*MODES, "tf_idf"]), r.some(WORDS[:3] + WORDS[4:7]), r.int(1, 3)
    options = {"mask_token": r.one([None, ""]), "salt": r.one([None, r.int(0, 99)])}
    if mode == "tf_idf":
        options["idf_weights"] = [r.number(0.1, 2) for _ in vocabulary]
    if r.chance(0.2):
        options |= {"max_tokens": 12, "pad_to_max_tokens": True}
    return layers.StringLookup(vocabulary=vocabulary, num_oov_indices=oov, output_mode=mode, **options), "string", WORDS


def hashing(r):
    dtype, words = r.one([("string", WORDS), ("int64", NUMBERS)])
    return layers.Hashing(r.int(2, 9), mask_value=r.one([None, words[0]]), salt=r.one([None, r.int(0, 99)]), output_mode=r.one(MODES)), dtype, words


def text_vectorization(r):
    layer = layers.TextVectorization(
        vocabulary=r.some(["red", "green", "r", "e", "red green", "a text", "text", "gr\u00fcn", "gr"]), output_sequence_length=r.int(1, 6),
        standardize=r.one(["lower_and_strip_punctuation", "lower", "strip_punctuation", None]), split=r.one(["whitespace", "character"]),
        ngrams=r.one([None, 2, (2,), (2, 1)]))
    return layer, "string", [*WORDS, "Red green.", "gr\u00dcn, red", "A text", ""]


TEXTS = {"StringLookup": string_lookup, "Hashing": hashing, "TextVectorization": text_vectorization}
