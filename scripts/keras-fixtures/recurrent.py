"""The networks of references.py that test recurrent layers, wrappers of layers, and masks.

The format is that of networks.py.
"""

import itertools

import keras
from keras import layers

from networks import CROSSENTROPY, FEW_OPTIMIZERS, runs

STEPS, FEATURES = 5, 3


def sequence(*under_test, shape=(STEPS, FEATURES), words=None, first=None, flat=True):
    """Layers between two that have weights, so that gradients show what passes through."""

    def build():
        before = [first()] if first else [layers.Dense(shape[-1])]
        after = [layers.Flatten()] if flat else []
        return keras.Sequential([keras.Input(shape), *before, *[t() for t in under_test], *after, layers.Dense(3)])

    return {"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}], "words": [words], "rows": 12}


def masked(*under_test, **kwargs):
    """As sequence, behind words of which 0 does not count."""
    return sequence(*under_test, shape=(STEPS,), words=3, first=lambda: layers.Embedding(3, FEATURES, mask_zero=True), **kwargs)


def rectified(*under_test, **kwargs):
    """As sequence, with steps of zeros that a Masking excludes."""
    return sequence(lambda: layers.ReLU(), lambda: layers.Masking(), *under_test, **kwargs)


def functional(make, words=None, shape=(STEPS,)):
    """A model of layers that are joined; make gives the result for the input."""

    def build():
        a = keras.Input(shape)
        return keras.Model(a, layers.Dense(3)(make(a)))

    return {"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}], "words": [words], "rows": 12}


def two_masks(join):
    def make(a):
        x = layers.Embedding(3, FEATURES, mask_zero=True)(a)
        return layers.LSTM(3)(join([x, layers.Masking()(layers.ReLU()(layers.Dense(FEATURES)(x)))]))

    return functional(make, words=3)


def text():
    return keras.Sequential([
        keras.Input((8,)),
        layers.Embedding(20, 4, mask_zero=True),
        layers.LSTM(5),
        layers.Dense(3, activation="softmax"),
    ], name="text")


def tagger():
    """Two levels of recurrent layers in both directions."""
    return keras.Sequential([
        keras.Input((6, 3)),
        layers.TimeDistributed(layers.Dense(4, activation="tanh")),
        layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="ave"),
        layers.Bidirectional(layers.LSTM(3, kernel_regularizer="l2", recurrent_regularizer=keras.regularizers.L1(0.02))),
        layers.Dense(4, activation="softmax"),
    ], name="tagger")


KINDS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple rnn": layers.SimpleRNN}
ARGUMENTS = {
    "": {},
    "sequences": {"return_sequences": True},
    "backwards": {"go_backwards": True},
    "backwards sequences": {"go_backwards": True, "return_sequences": True},
    "plain": {"use_bias": False, "activation": "linear"},
    "activations": {"activation": "softsign", "return_sequences": True},
    "unrolled": {"unroll": True},
}


def layer(cls, **kwargs):
    return lambda: cls(4, **kwargs)


def wrapped(wrapper, make, **kwargs):
    return lambda: wrapper(make(), **kwargs)


SINGLE = {f"{n} {a}".strip(): sequence(layer(c, **k)) for (n, c), (a, k) in itertools.product(KINDS.items(), ARGUMENTS.items())}
MASKS = {
    f"{n} masked {a}".strip(): masked(layer(c, **k))
    for (n, c), (a, k) in itertools.product(KINDS.items(), {
        "": {},
        "sequences": {"return_sequences": True},
        "backwards sequences": {"go_backwards": True, "return_sequences": True},
        "zeros": {"zero_output_for_mask": True, "return_sequences": True},
        "zeros last": {"zero_output_for_mask": True},
    }.items())
}
both = layers.Bidirectional
each = layers.TimeDistributed

FILES = {
    "recurrent": {
        **SINGLE,
        **MASKS,
        "lstm hard gates": sequence(layer(layers.LSTM, recurrent_activation="hard_sigmoid", unit_forget_bias=False)),
        "gru hard gates": sequence(layer(layers.GRU, recurrent_activation="hard_sigmoid")),
        "gru reset before": sequence(layer(layers.GRU, reset_after=False)),
        "gru reset before sequences": sequence(layer(layers.GRU, reset_after=False, return_sequences=True, go_backwards=True)),
        "gru reset before plain": sequence(layer(layers.GRU, reset_after=False, use_bias=False)),
        "gru reset before masked": masked(layer(layers.GRU, reset_after=False, return_sequences=True)),
        "lstm of one step": sequence(layer(layers.LSTM, return_sequences=True), shape=(1, 3)),
        "gru of one step": sequence(layer(layers.GRU), shape=(1, 3)),
        "gru reset before of one step": sequence(layer(layers.GRU, reset_after=False), shape=(1, 3)),
        "lstm in inference": {**sequence(layer(layers.LSTM, dropout=0.3, recurrent_dropout=0.2)), "gradients": []},
        "lstm stacked": sequence(layer(layers.LSTM, return_sequences=True), layer(layers.LSTM)),
        "bidirectional": sequence(wrapped(both, layer(layers.LSTM))),
        "bidirectional sequences": sequence(wrapped(both, layer(layers.LSTM, return_sequences=True))),
        "bidirectional sum": sequence(wrapped(both, layer(layers.GRU, return_sequences=True), merge_mode="sum")),
        "bidirectional mul": sequence(wrapped(both, layer(layers.SimpleRNN), merge_mode="mul")),
        "bidirectional ave": sequence(wrapped(both, layer(layers.GRU, reset_after=False, return_sequences=True), merge_mode="ave")),
        "bidirectional different": sequence(
            lambda: both(layers.LSTM(2, return_sequences=True), backward_layer=layers.GRU(2, return_sequences=True, go_backwards=True))),
        "bidirectional frozen": sequence(
            lambda: both(layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, trainable=False))),
        "bidirectional masked": masked(wrapped(both, layer(layers.LSTM))),
        "bidirectional masked sequences": masked(wrapped(both, layer(layers.GRU, return_sequences=True))),
        "each dense": sequence(lambda: each(layers.Dense(2, activation="tanh"))),
        "each convolution": sequence(lambda: each(layers.Conv1D(2, 2, activation="tanh")), shape=(3, 4, 2)),
        "each lstm": sequence(lambda: each(layers.LSTM(2)), shape=(3, 4, 2)),
        "each bidirectional": sequence(lambda: each(both(layers.GRU(2))), shape=(3, 4, 2)),
        "each dropout": {**sequence(lambda: each(layers.Dropout(0.5))), "gradients": []},
        "each normalised": sequence(lambda: each(layers.BatchNormalization(momentum=0.8))),
        "each normalised deep": sequence(lambda: each(layers.BatchNormalization(axis=1, scale=False)), shape=(3, 4, 2)),
        "each normalised frozen": sequence(lambda: each(layers.BatchNormalization(trainable=False))),
        "each frozen": sequence(lambda: each(layers.Dense(2, activation="tanh", trainable=False))),
        "each masked": masked(lambda: each(layers.Dense(3, activation="tanh")), layer(layers.LSTM)),
        "masking lstm": rectified(layer(layers.LSTM)),
        "masking value": sequence(lambda: layers.ReLU(), lambda: layers.Rescaling(1, offset=-2), lambda: layers.Masking(-2.0),
                                  layer(layers.GRU, return_sequences=True)),
        "masking twice": rectified(lambda: layers.LayerNormalization(), layer(layers.SimpleRNN, return_sequences=True),
                                   layer(layers.LSTM)),
        "mask lost": rectified(lambda: layers.Conv1D(3, 2), layer(layers.LSTM)),
        "masked mean": rectified(lambda: layers.GlobalAveragePooling1D(), shape=(9, 2), flat=False),
        "masked mean kept": rectified(lambda: layers.Dense(3, activation="tanh"),
                                      lambda: layers.GlobalAveragePooling1D(keepdims=True), shape=(9, 2)),
        "masked flat": masked(lambda: layers.Dropout(0.0)),
        "functional masks": functional(
            lambda a: layers.Bidirectional(layers.LSTM(2))(layers.LSTM(3, return_sequences=True)(
                layers.Embedding(3, 3, mask_zero=True)(a))), words=3),
        "functional masking": functional(
            lambda a: layers.GlobalAveragePooling1D()(each(layers.Dense(4))(layers.Masking()(layers.ReLU()(layers.Dense(2)(a))))),
            shape=(9, 2)),
        "masks added": two_masks(layers.add),
        "masks beside each other": functional(
            lambda a: layers.LSTM(3)(layers.Concatenate()([
                layers.Embedding(3, 3, mask_zero=True)(a), layers.Masking()(layers.ReLU()(layers.Dense(2)(layers.Embedding(3, 2)(a))))])),
            words=3),
        "masks in a row": functional(
            lambda a: layers.GRU(3)(layers.Concatenate(axis=1)([
                layers.Embedding(3, 3, mask_zero=True)(a), layers.Embedding(3, 3)(a), layers.Embedding(3, 3, mask_zero=True)(a)])),
            words=3),
        "masks of one": functional(
            lambda a: layers.LSTM(3)(layers.add([layers.Embedding(3, 3, mask_zero=True)(a), layers.Embedding(3, 3)(a)])), words=3),
        "text": {
            "model": text,
            "words": [20],
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY),
        },
        "tagger": {
            "model": tagger,
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            "runs": runs(FEW_OPTIMIZERS, CROSSENTROPY),
        },
    },
}
