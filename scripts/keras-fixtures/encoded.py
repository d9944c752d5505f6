"""The networks of references.py that test encodings of numbers as categories, and EinsumDense.

The format is that of networks.py.
"""

import keras
from keras import layers

from networks import layer_under_test
from other_layers import small


def encoded(shape, *under_test):
    """Layers on positive numbers up to about 6."""

    def build():
        return keras.Sequential([keras.Input(shape), layers.ReLU(), layers.Rescaling(2), *[t() for t in under_test],
                                 layers.Flatten(), layers.Dense(3)])

    return small({"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}]})


def einsum(shape, equation, output_shape, **arguments):
    return small(layer_under_test(shape, lambda: layers.EinsumDense(equation, output_shape, **arguments)))


FILES = {
    "encodings": {
        **{f"categories {mode} of {len(shape)}": encoded(shape, lambda mode=mode: layers.CategoryEncoding(5, mode))
           for mode in ("one_hot", "multi_hot", "count") for shape in ((4,), (3, 2)) if mode == "one_hot" or len(shape) == 1},
        "categories one_hot of one": encoded((1,), lambda: layers.CategoryEncoding(5, "one_hot")),
        **{f"discretization {mode}": encoded((4,), lambda mode=mode: layers.Discretization([0.5, 1.25, 3.0], output_mode=mode))
           for mode in ("int", "one_hot", "multi_hot", "count")},
        **{f"lookup {mode}": encoded((4,), lambda mode=mode: layers.IntegerLookup(vocabulary=[3, 1, 5], output_mode=mode))
           for mode in ("int", "one_hot", "multi_hot", "count")},
        "lookup with a mask": encoded((4,), lambda: layers.IntegerLookup(vocabulary=[3, 1, 5], mask_token=2)),
        "lookup with a mask, multi_hot": encoded(
            (4,), lambda: layers.IntegerLookup(vocabulary=[3, 1, 5], mask_token=0, output_mode="multi_hot")),
        "lookup with all tokens": encoded((4,), lambda: layers.IntegerLookup(vocabulary=[0, -1, 3, 1], mask_token=0)),
        "lookup with several others": encoded((4,), lambda: layers.IntegerLookup(vocabulary=[3, 1], num_oov_indices=3)),
        "lookup with several others and a mask": encoded(
            (4,), lambda: layers.IntegerLookup(vocabulary=[0, -1, -1, 3, 1], num_oov_indices=2, mask_token=0, output_mode="int")),
        "lookup tf_idf": encoded(
            (4,), lambda: layers.IntegerLookup(vocabulary=[3, 1, 5], idf_weights=[0.5, 1.25, 2], output_mode="tf_idf")),
        "lookup padded": encoded((4,), lambda: layers.IntegerLookup(
            vocabulary=[1, 2], max_tokens=6, pad_to_max_tokens=True, output_mode="count")),
        "einsum as a dense layer": einsum((3, 4), "abc,cd->abd", (3, 5), bias_axes="d", activation="tanh"),
        "einsum into heads": einsum((3, 4), "abc,cde->abde", (3, 2, 5), bias_axes="de"),
        "einsum out of heads": einsum((3, 2, 4), "abcd,cde->abe", (3, 5), bias_axes="e"),
        "einsum of hidden dimensions": einsum((2, 3, 4), "...x,xy->...y", 5, bias_axes="y", activation="softmax"),
        "einsum of hidden dimensions behind": einsum((3, 4, 2), "ab...,bc->ac...", 5, bias_axes="c"),
        "einsum that turns": einsum((3, 4), "abc,dc->adb", (5, 3), bias_axes="d"),
        "einsum without a bias": einsum((3, 4), "abc,bd->adc", (5, 4)),
        "einsum with a matrix as bias": einsum((3, 4), "abc,cd->abd", (3, 5), bias_axes="bd"),
    },
}
