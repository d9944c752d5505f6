"""LAYERS, what a network is made of, and models as layers of models.

A row says for which inputs it is (the number of dimensions of a row: 1 vectors, 2 sequences, 3 images) and how to draw its
arguments and apply it. A row that cannot be applied to an input (a kernel larger than the image, ...) raises ValueError, as
Keras does, and another one is drawn.
"""

import keras
import numpy as np
from keras import layers

from drawn.images import CHANNELS, FLATTEN, IMAGES
from drawn.joins import JOINS, dot
from drawn.plain import PLAIN, masked, plain, unmasked
from drawn.sequences import SEQUENCES, each_step
from drawn.volumes import ENCODINGS, VOLUMES, conv_lstm, einsum_dense

MOST_ELEMENTS = 400  # per row of a tensor


def apply_one(r, x, most=MOST_ELEMENTS, nested=True):
    """x after one layer, drawn among those for its shape."""
    rank = len(x.shape) - 1
    rows = [row for name, row in LAYERS.items() if rank in row[0] and (nested or name != "a model")]
    special = [row for row in rows if row[0] != ALL] or rows  # of convolutions and the like, not one in ten
    while True:
        try:
            y = r.one(special if r.chance(0.6) else rows)[1](r, x)
        except ValueError:
            continue
        shape = y.shape[1:]
        if len(shape) <= 3 and all(shape) and np.prod(shape) <= most:
            return y


def model_inside(r, x):
    """A model as a layer: of some layers in a row, or with a way around them, or with two results. One whose result is as its
    input is may be applied twice.
    """
    a = keras.Input(x.shape[1:])
    y = a
    for _ in range(r.int(1, 3)):
        y = apply_one(r, y, nested=r.chance(0.2))
    results = [y]
    if y.shape == a.shape and r.chance(0.3):
        results = [layers.Add()([y, a])]
    elif r.chance(0.2):
        results.append(layers.Dense(y.shape[-1], activation=r.activation())(y))
    inside = keras.Model(a, results[0] if len(results) == 1 else results)
    if len(results) == 1 and r.chance(0.4):
        inside = sequential(inside)
    inside.trainable = r.chance(0.8)
    # What its layers take is known here only: their own checks see the model's input.
    classes = {type(layer).__name__ for layer in inside._flatten_layers()}
    if masked(x) and classes & UNMASKED:
        raise ValueError("the input has a mask")
    if classes & set(ENCODINGS) and type(x._keras_history.operation).__name__ != "InputLayer":
        raise ValueError("what comes before would have no gradient")
    z = inside(x)
    if len(results) > 1:
        return layers.Concatenate(axis=r.int(1, len(y.shape) - 1))(z)
    if z.shape == x.shape and not masked(x) and r.chance(0.5):
        return inside(z)
    return z


def sequential(model):
    """A model that is a chain of layers as a Sequential, else the model."""
    chain = all(len(layer._inbound_nodes) == 1 for layer in model.layers)
    if not chain or any(len(layer._inbound_nodes[0].parent_nodes) > 1 for layer in model.layers):
        return model
    return keras.Sequential([keras.Input(model.inputs[0].shape[1:], dtype=model.inputs[0].dtype), *model.layers[1:]])


# Layers that are not for inputs with a mask.
UNMASKED = {"Maximum", "Minimum", "Multiply", "Softmax", "EinsumDense", "Dot", "ConvLSTM1D", *ENCODINGS, *VOLUMES}
VECTORS, SEQUENCE, IMAGE, ALL = (1,), (2,), (3,), (1, 2, 3)

LAYERS = {
    **{name: (ALL, apply) for name, apply in PLAIN.items()},
    **{name: (ALL, apply) for name, apply in JOINS.items()},
    "Flatten": (ALL, FLATTEN),
    "a model": (ALL, model_inside),
    "EinsumDense": (ALL, unmasked(einsum_dense)),
    **{name: (VECTORS + SEQUENCE, unmasked(apply)) for name, apply in ENCODINGS.items()},
    **{name: (SEQUENCE + IMAGE, unmasked(apply)) for name, apply in VOLUMES.items()},
    "RepeatVector": (VECTORS, plain(lambda r, _: layers.RepeatVector(r.int(1, 4)))),
    "Dot": (VECTORS + SEQUENCE, unmasked(dot)),
    **{name: (SEQUENCE, apply) for name, apply in CHANNELS.items()},
    **{name: (SEQUENCE, apply) for name, apply in SEQUENCES.items()},
    "TimeDistributed": (SEQUENCE + IMAGE, each_step),
    **{name: (IMAGE, apply) for name, apply in IMAGES.items()},
    "ConvLSTM1D": (IMAGE, unmasked(lambda r, x: conv_lstm(layers.ConvLSTM1D, 1)(r)(x))),
}
