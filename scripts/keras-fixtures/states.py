"""The networks of references.py that test recurrent layers whose states come from others and go to others, convolutional ones, and transposed
convolutions of volumes.

The format is that of networks.py.
"""

import itertools

import keras
from keras import layers

from other_layers import small
from recurrent import KINDS, functional

UNITS = 3


def together(*makes):
    """Layers beside each other over the same words."""

    def make(a):
        return layers.Concatenate()([layers.Flatten()(t) for each in makes for t in each(a)])

    return small(functional(make, words=3))


def decoder(cls, masked="", **arguments):
    """A layer that begins with the states of another one; all that both give is used. masked says which of them have masks, over words of which
    0 does not count: "e" the encoder, "d" what the decoder reads, of which Keras 3 does not tell it, "m" the decoder, which is called with one."""

    def make(a):
        x = layers.Embedding(3, 3, mask_zero="e" in masked)(a)
        z = layers.Embedding(3, 2, mask_zero="d" in masked)(a)
        y, *states = cls(UNITS, return_state=True)(x)
        mask = {"mask": keras.ops.not_equal(a, 0)} if "m" in masked else {}
        decoded, *last = cls(UNITS, return_state=True, **arguments)(z, initial_state=states, **mask)
        return [y, *states, decoded, *last]

    return make


def both_ways(cls, masked=False, **arguments):
    def make(a):
        x = layers.Embedding(3, 3, mask_zero=masked)(a)
        y, *states = layers.Bidirectional(cls(UNITS, return_state=True, **arguments), merge_mode="sum")(x)
        z = layers.Bidirectional(cls(UNITS, return_sequences=True))(layers.Embedding(3, 2)(a), initial_state=states)
        return [y, *states, z]

    return make


def translator():
    """An encoder and a decoder, as people write them, with inputs of their own."""
    source, target = keras.Input((6, 4), name="source"), keras.Input((5, 3), name="target")
    _, h, c = layers.LSTM(5, return_state=True, name="encoder")(source)
    y, _, _ = layers.LSTM(5, return_sequences=True, return_state=True, name="decoder")(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(3, activation="softmax", name="out")(y))


def under_test(shape, *makes):
    """Layers beside each other, each with one that has weights before and behind it."""

    def build():
        x = inputs = keras.Input(shape)
        x = layers.Dense(shape[-1])(x)
        return keras.Model(inputs, layers.Dense(3)(layers.Concatenate()([layers.Flatten()(make(x)) for make in makes])))

    return small({"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}]})


def film_states():
    a = keras.Input((3, 4, 5, 2))
    y, h, c = layers.ConvLSTM2D(2, 3, padding="same", return_state=True)(a)
    z = layers.ConvLSTM2D(2, 2, padding="same", return_sequences=True)(a, initial_state=[h, c])
    return keras.Model(a, layers.Dense(3)(layers.Concatenate()([layers.Flatten()(t) for t in (y, h, c, z)])))


FILM, LINES, VOLUME = (3, 5, 4, 2), (3, 6, 2), (3, 4, 2, 3)
ARGUMENTS = ({}, {"return_sequences": True}, {"go_backwards": True, "return_sequences": True})

FILES = {
    "states": {
        **{f"{name} decoders {masked}".strip(): together(*[decoder(cls, masked, **arguments) for arguments in ARGUMENTS])
           for (name, cls), masked in itertools.product(KINDS.items(), ("", "e", "d"))},
        "other gru decoders": together(
            decoder(layers.GRU, reset_after=False), decoder(layers.GRU, "ed", reset_after=False, return_sequences=True),
            decoder(layers.GRU, use_bias=False, activation="softsign"),
            lambda a: layers.GRU(3, return_state=True, zero_output_for_mask=True)(layers.Embedding(3, 3, mask_zero=True)(a))),
        "lstm decoders of zeros": together(
            decoder(layers.LSTM, "ed", return_sequences=True, zero_output_for_mask=True), decoder(layers.LSTM, "d", zero_output_for_mask=True),
            decoder(layers.LSTM, "e", go_backwards=True)),
        "both ways": together(*[both_ways(cls) for cls in KINDS.values()]),
        "both ways masked": together(both_ways(layers.LSTM, masked=True, return_sequences=True), both_ways(layers.GRU, masked=True)),
        "translator": {"model": translator, "targets": ["reals"], "rows": 12, "gradients": [{"loss": "mse"}]},
        "conv lstm": under_test(
            FILM, lambda x: layers.ConvLSTM2D(3, 2)(x),
            lambda x: layers.ConvLSTM2D(2, (3, 2), strides=(2, 1), padding="same", return_sequences=True)(x),
            lambda x: layers.ConvLSTM2D(2, 2, dilation_rate=(2, 1), go_backwards=True, return_sequences=True, use_bias=False)(x),
            lambda x: layers.ConvLSTM2D(2, 3, activation="softsign", recurrent_activation="hard_sigmoid", unit_forget_bias=False, go_backwards=True)(x)),
        "conv lstm in inference": {**under_test(FILM, lambda x: layers.ConvLSTM2D(2, 3, dropout=0.3, recurrent_dropout=0.2)(x)), "gradients": []},
        "conv lstm states": small({"model": film_states, "targets": ["numbers"], "gradients": [{"loss": "mse"}]}),
        "conv lstm of lines": under_test(
            LINES, lambda x: layers.ConvLSTM1D(3, 3, strides=2, return_sequences=True)(x), lambda x: layers.ConvLSTM1D(2, 4, padding="same")(x)),
        "transposed 3D": under_test(
            VOLUME, lambda x: layers.Conv3DTranspose(2, 2, activation="tanh")(x),
            lambda x: layers.Conv3DTranspose(2, (3, 2, 1), strides=(2, 1, 3))(x),
            lambda x: layers.Conv3DTranspose(3, 3, strides=2, padding="same", use_bias=False)(x),
            lambda x: layers.Conv3DTranspose(2, (5, 1, 4), strides=(2, 1, 1), padding="same")(x),
            lambda x: layers.Conv3DTranspose(2, 1, strides=(3, 1, 2))(x),
            lambda x: layers.Conv3DTranspose(2, 3, strides=2, padding="same", output_padding=(1, 0, 1))(x)),
        "decoders called with a mask": together(
            decoder(layers.LSTM, "m", return_sequences=True), decoder(layers.GRU, "m", reset_after=False, return_sequences=True),
            decoder(layers.GRU, "m", go_backwards=True), decoder(layers.SimpleRNN, "em", return_sequences=True, zero_output_for_mask=True)),
    },
}
