"""The networks of references.py that test attention, models inside models, and layers of Keras' less used half.

The format is that of networks.py.
"""

import keras
from keras import layers

from more_layers import joined
from networks import CROSSENTROPY, FEW_OPTIMIZERS, runs


def attended(make, *shapes, call=None):
    """An attention over parts of one input: query, value and perhaps key; call says how it is called."""
    return {**joined(lambda: lambda parts: (call or (lambda layer, p: layer(*p)))(make(), parts), *shapes), "rows": 10}


def listed(make, *shapes, **kwargs):
    """An attention that takes its inputs as a list."""
    return attended(make, *shapes, call=lambda layer, p: layer(p, **kwargs))


def multi_head(*args, **kwargs):
    return lambda: layers.MultiHeadAttention(*args, **kwargs)


def nested():
    """Models as layers: shared, frozen, with two results, without an input shape, and one inside another."""
    a = keras.Input((4,), name="a")
    block = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="tanh", name="d"), layers.BatchNormalization(name="norm"),
                              layers.Activation("tanh")], name="block")
    i = keras.Input((4,), name="i")
    inside = keras.Sequential([layers.Dense(3, activation="tanh", name="d"), layers.Dense(2, name="e")], name="inside")
    fork = keras.Model(i, [block(i), inside(i)], name="fork")
    still = keras.Model(i, layers.BatchNormalization(name="norm")(layers.Dense(4, name="d")(i)), name="still")
    still.trainable = False
    x = layers.Dense(4, name="d")(still(still(a)))
    b, c = fork(x)
    e, f = fork(b)
    return keras.Model(a, layers.Dense(3, activation="softmax", name="top")(layers.Concatenate(name="all")([b, c, e, f])), name="nested")


def transformer(length=6, words=11, width=8):
    """Words and their places, an encoder block, a causal decoder block, and classes."""
    text = keras.Input((length,), name="text")
    places = keras.Input((length,), name="places")
    x = layers.Embedding(words, width, name="words")(text)
    x = layers.Add(name="placed")([x, layers.Embedding(length, width, name="positions")(places)])
    for i, causal in enumerate((False, True)):
        y = layers.MultiHeadAttention(2, width // 2, name=f"attention_{i}")(x, x, use_causal_mask=causal)
        x = layers.LayerNormalization(name=f"norm_{i}")(layers.Add(name=f"around_{i}")([x, y]))
        y = layers.Dense(width, name=f"narrow_{i}")(layers.Dense(2 * width, activation="gelu", name=f"wide_{i}")(x))
        x = layers.LayerNormalization(name=f"last_norm_{i}")(layers.Add(name=f"around_dense_{i}")([x, y]))
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model([text, places], layers.Dense(3, activation="softmax", name="classes")(x), name="transformer")


def masked(attend, top, length=5, words=4):
    """An attention over words of which 0 is none."""

    def build():
        a, b = keras.Input((length,)), keras.Input((length - 1,))
        x = layers.Embedding(words, 4, mask_zero=True)(a)
        y = layers.Embedding(words, 3, mask_zero=True)(b)
        y = layers.Dense(4)(y)
        return keras.Model([a, b], layers.Dense(3)(top(attend(x, y))))

    return {"model": build, "words": [words, words], "targets": ["numbers"], "gradients": [{"loss": "mse"}], "rows": 20}


def masked_nested():
    """A model inside a model, given words of which 0 is none."""
    i = keras.Input((5, 4))
    inner = keras.Model(i, layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(1, 2)(i, i)), name="inner")
    a = keras.Input((5,))
    return keras.Model(a, layers.Dense(3)(inner(layers.Embedding(4, 4, mask_zero=True)(a))))


FILES = {
    "attention": {
        "nested": {
            "model": nested,
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "runs": runs(FEW_OPTIMIZERS[:1], CROSSENTROPY),
        },
        "transformer": {
            "model": transformer,
            "words": [11, 6],
            "targets": ["classes"],
            "gradients": [{"loss": CROSSENTROPY}],
            "evaluations": [f"loss='{CROSSENTROPY}', metrics=['accuracy']"],
            # the gradient of a key's bias is rounding noise, which Adam with a small epsilon would scale up
            "runs": runs(["SGD(learning_rate=0.1)", "Adam(learning_rate=0.01, epsilon=1e-3)"], CROSSENTROPY, "batch_size=8, epochs=4, shuffle=False"),
        },
        "multi head": attended(multi_head(2, 3), (4, 5), (4, 5)),
        "multi head itself": attended(multi_head(3, 2, value_dim=4, output_shape=2), (4, 5), call=lambda m, p: m(p[0], p[0])),
        "multi head key": attended(multi_head(2, 3, value_dim=2, use_bias=False), (4, 5), (3, 2), (3, 6)),
        "multi head by name": attended(multi_head(1, 3), (4, 5), (3, 6), (3, 2), call=lambda m, p: m(value=p[2], key=p[1], query=p[0])),
        "multi head causal": attended(multi_head(2, 3), (5, 4), call=lambda m, p: m(p[0], p[0], use_causal_mask=True)),
        "multi head causal wide": attended(multi_head(2, 3), (2, 4), (5, 3), call=lambda m, p: m(p[0], p[1], use_causal_mask=True)),
        "multi head causal tall": attended(multi_head(2, 3), (5, 4), (2, 3), call=lambda m, p: m(p[0], p[1], use_causal_mask=True)),
        "multi head of images": attended(multi_head(2, 3, output_shape=(2, 3)), (2, 3, 4), (2, 2, 5)),
        "multi head dropout": {**attended(multi_head(2, 3, dropout=0.5), (4, 5), (3, 2)), "gradients": []},
        "multi head regularized": attended(
            multi_head(2, 3, kernel_regularizer=keras.regularizers.L2(0.1), bias_regularizer="l1"), (4, 5), (3, 2)),
        "multi head masked": masked(lambda x, y: multi_head(2, 3)()(x, y), layers.Flatten()),
        "multi head masked itself": masked(
            lambda x, y: layers.LayerNormalization()(multi_head(2, 3)()(multi_head(2, 3)()(x, x, use_causal_mask=True), y)),
            layers.GlobalAveragePooling1D()),
        "multi head masked key": masked(lambda x, y: multi_head(2, 3)()(x, y, key=layers.Dense(2)(y)), layers.GlobalMaxPooling1D()),
        "multi head masked nested": {
            "model": masked_nested, "words": [4], "targets": ["numbers"], "gradients": [{"loss": "mse"}], "rows": 20},
        "attention masked": masked(lambda x, y: layers.Attention()([x, y]), layers.Flatten()),
        "attention masked causal": masked(
            lambda x, y: layers.AdditiveAttention()([x, x], use_causal_mask=True), layers.GlobalAveragePooling1D()),
        "attention": listed(layers.Attention, (4, 5), (3, 5)),
        "attention key": listed(lambda: layers.Attention(use_scale=True), (4, 5), (3, 2), (3, 5)),
        "attention causal": listed(layers.Attention, (4, 5), (4, 5), use_causal_mask=True),
        "attention concat": listed(lambda: layers.Attention(score_mode="concat"), (4, 5), (3, 5)),
        "attention concat scale": listed(lambda: layers.Attention(score_mode="concat", use_scale=True), (4, 5), (3, 2), (3, 5)),
        "attention dropout": {**listed(lambda: layers.Attention(dropout=0.5), (4, 5), (3, 5)), "gradients": []},
        "additive attention": listed(layers.AdditiveAttention, (4, 5), (3, 5)),
        "additive attention plain": listed(lambda: layers.AdditiveAttention(use_scale=False), (4, 5), (3, 2), (3, 5)),
    },
}
