"""Layers of sequences: recurrent ones, wrappers of layers, masks, attention."""

from keras import layers

from drawn.joins import similar
from drawn.plain import masked, plain

# hard_sigmoid and the like have kinks, exponential and its kin grow from step to step
OF_RECURRENT = ["tanh", "sigmoid", "linear", "softsign", "relu", "elu"]
RECURRENT = (layers.LSTM, layers.GRU, layers.SimpleRNN)


def recurrent(cls, inside=None):
    """inside is what a wrapper asks of its layer, which then has no direction, regularizers and constraints of its own."""

    def make(r, _):
        more = {"return_sequences": r.chance(0.6)}
        if cls is not layers.SimpleRNN:
            more["recurrent_activation"] = r.one(["sigmoid", r.one(OF_RECURRENT)])
        if cls is layers.LSTM:
            more["unit_forget_bias"] = r.chance(0.5)
        if cls is layers.GRU:
            more["reset_after"] = r.chance(0.5)
        if not r.trains:
            more |= {"dropout": r.rate(), "recurrent_dropout": r.rate()}
        if inside is None:
            more |= {"go_backwards": r.chance(0.3), "unroll": r.chance(0.1), **r.common("kernel", "recurrent", "bias")}
        else:
            more |= inside
        return cls(**{"units": r.int(1, 5), "activation": r.one(["tanh", r.one(OF_RECURRENT)]), "use_bias": r.chance(0.8),
                      "zero_output_for_mask": r.chance(0.3), **more})

    return make


def bidirectional(r, shape):
    forward = recurrent(r.one(RECURRENT), inside={})(r, shape)
    backward = None
    if r.chance(0.3):
        backward = recurrent(r.one(RECURRENT), inside={
            "units": forward.units, "return_sequences": forward.return_sequences, "go_backwards": True,
            "zero_output_for_mask": forward.zero_output_for_mask})(r, shape)
    return layers.Bidirectional(forward, merge_mode=r.one(["concat", "sum", "mul", "ave"]), backward_layer=backward)


def decoder(r, x):
    """A layer that begins with the states of another one, in one direction or both."""
    cls = r.one(RECURRENT)

    def layer(units, **more):
        made = recurrent(cls, inside={"units": units, "return_state": True, **more})(r, None)
        return layers.Bidirectional(made, merge_mode=r.one(["concat", "sum"])) if both else made

    both, units = r.chance(0.3), r.int(1, 4)
    y, *states = layer(units)(x)
    z, *last = layer(units)(other(r, x), initial_state=states)
    return layers.Concatenate()([y, *last]) if len(y.shape) == 2 and r.chance(0.5) else z


def each_step(r, x):
    """A layer for every step of sequences, or of sequences of sequences."""
    options = [layers.Dense(r.int(1, 4), activation=r.activation(), **r.of_weights("kernel", "bias")), layers.Dropout(r.rate())]
    if not masked(x):
        options.append(layers.BatchNormalization(momentum=r.number(0.5, 0.99), scale=r.chance(0.8), trainable=r.chance(0.8)))
    if len(x.shape) == 4:
        options += [layers.Conv1D(r.int(1, 4), r.int(1, 2), padding="same"), recurrent(r.one(RECURRENT), inside={})(r, None),
                    bidirectional(r, None)]
    return layers.TimeDistributed(r.one(options))(x)


def masking(r, x):
    """Steps that have the value throughout do not count: those that a ReLU makes 0, or some at the ends."""
    value = r.one([0.0, r.number(-1, 1)])
    if r.chance(0.5):
        x = layers.ReLU()(x)
    else:
        x = layers.ZeroPadding1D((r.int(0, 1), r.int(1, 2)))(x)
    if value:
        x = layers.Rescaling(1, offset=value)(x)
    return layers.Masking(value)(x)


def other(r, x):
    """What a query looks at: the sequence itself, one made of it, or one of those with a mask of its own."""
    return r.one([lambda: x, lambda: similar(r, x), lambda: masking(r, similar(r, x))])()


def multi_head_attention(r, x):
    """Heads are at least 2 wide: with as many steps as heads of width 1, Keras on TensorFlow adds the bias of a head to a step."""
    layer = layers.MultiHeadAttention(
        r.int(1, 3), r.int(2, 4), value_dim=r.one([None, r.int(2, 4)]), use_bias=r.chance(0.8), dropout=r.rate(),
        output_shape=r.one([None, r.int(1, 5)]), **r.of_weights("kernel", "bias"))
    value = other(r, x)
    key = {"key": similar(r, value)} if r.chance(0.2) else {}
    return layer(x, value, use_causal_mask=r.chance(0.3), **key)


def attention(cls):
    def apply(r, x):
        if cls is layers.AdditiveAttention:
            layer = cls(use_scale=r.chance(0.7), dropout=r.rate())
        else:
            layer = cls(use_scale=r.chance(0.5), score_mode=r.one(["dot", "concat"]), dropout=r.rate())
        value = other(r, x)
        return layer([x, value] + ([similar(r, value)] if r.chance(0.3) else []), use_causal_mask=r.chance(0.3))

    return apply


SEQUENCES = {
    **{cls.__name__: plain(recurrent(cls)) for cls in RECURRENT},
    "Bidirectional": plain(bidirectional),
    "a decoder": decoder,
    "Masking": masking,
    "MultiHeadAttention": multi_head_attention,
    **{cls.__name__: attention(cls) for cls in (layers.Attention, layers.AdditiveAttention)},
    "SpatialDropout1D": plain(lambda r, _: layers.SpatialDropout1D(r.rate())),
    "UpSampling1D": plain(lambda r, _: layers.UpSampling1D(r.int(1, 3))),
}
