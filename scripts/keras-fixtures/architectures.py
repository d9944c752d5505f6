"""Write model/keras/testdata: the JSON of small models and what Keras says about each.

NAME.GENERATION.json is model.to_json(), GENERATION being k2 (tf_keras, the Keras 2 line) or k3 (Keras 3).
NAME.GENERATION.facts.json holds, from the model that model_from_json builds out of that text, as MADlib does:
inputs and outputs (row shapes) and weights: [layer, name, shape, trainable] in get_weights order.
"""

import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import more_layers
import tf_keras


def mlp(k):
    layers = k.layers
    return k.Sequential([
        k.Input((4,)),
        layers.Dense(10, activation="relu", trainable=False),
        layers.Dropout(0.5, noise_shape=[None, 1], seed=7),
        layers.Dense(10, activation="tanh", use_bias=False),
        layers.Dense(3, activation="softmax"),
    ], name="mlp")


def first_layer_shape(k):
    """The input shape given to the first layer: tf_keras then states it twice."""
    if k is tf_keras:
        first = k.layers.Dense(5, activation="sigmoid", input_shape=(4,))
        return k.Sequential([first, k.layers.Dense(3)], name="first_layer_shape")
    model = k.Sequential([k.layers.Dense(5, activation="sigmoid"), k.layers.Dense(3)], name="first_layer_shape")
    model.build((None, 4))
    return model


def cnn(k):
    layers = k.layers
    return k.Sequential([
        k.Input((13, 11, 2)),
        layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="relu"),
        layers.BatchNormalization(trainable=False),
        layers.Conv2D(6, 3, dilation_rate=2, groups=2, use_bias=False),
        layers.BatchNormalization(axis=-1, scale=False, momentum=0.9, epsilon=1e-5),
        layers.Activation("relu"),
        layers.MaxPooling2D(2, strides=1, padding="same"),
        layers.MaxPooling2D((2, 3)),
        layers.Flatten(),
        layers.Reshape((2, -1)),
        layers.BatchNormalization(axis=1, center=False),
        layers.Flatten(),
        layers.Dense(7, activation="softmax"),
    ], name="cnn")


def two_towers(k):
    """Two inputs, two outputs, a layer that both inputs share."""
    layers = k.layers
    a = k.Input((4,), name="a")
    b = k.Input((6, 6, 3), name="b")
    shared = layers.Dense(5, activation="relu", name="shared")
    x = layers.Conv2D(2, 3, name="conv")(b)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4, name="narrow")(x)
    first = layers.Dense(2, activation="softmax", name="first")(shared(a))
    second = layers.Dense(3, activation="softmax", name="second")(shared(x))
    return k.Model([a, b], [first, second], name="two_towers")


def applied_twice(k):
    a = k.Input((4,), name="a")
    twice = k.layers.Dense(4, activation="tanh", name="twice")
    return k.Model(a, k.layers.Dense(2, name="out")(twice(twice(a))), name="applied_twice")


def frozen(k):
    a = k.Input((4,), name="a")
    x = k.layers.BatchNormalization(name="norm")(k.layers.Dense(5, name="hidden")(a))
    model = k.Model(a, k.layers.Dense(2, name="out")(x), name="frozen")
    model.trainable = False
    return model


def named_inputs(k):
    """Inputs and outputs as dicts, which Keras orders by key."""
    z = k.Input((4,), name="z")
    c = k.Input((3,), name="c")
    return k.Model({"z": z, "c": c}, {"q": k.layers.Dense(2, name="w")(z), "p": k.layers.Dense(5, name="v")(c)},
                   name="named_inputs")


def initializers(k):
    init = k.initializers
    all_of_them = [
        "zeros", "ones", init.Constant(0.25), init.RandomNormal(mean=0.5, stddev=0.2, seed=11),
        init.RandomUniform(-0.3, 0.6), init.TruncatedNormal(stddev=0.4),
        init.VarianceScaling(2.5, "fan_out", "untruncated_normal"), "glorot_uniform", "glorot_normal", "he_uniform",
        "he_normal", "lecun_uniform", "lecun_normal",
    ]
    return k.Sequential(
        [k.Input((6,))] + [k.layers.Dense(6, kernel_initializer=i, bias_initializer="ones") for i in all_of_them],
        name="initializers")


def joined(k):
    """Layers that join, pool, frame and regularize."""
    layers, reg = k.layers, k.regularizers
    a = k.Input((8, 6, 3), name="a")
    x = layers.ZeroPadding2D(((1, 0), (2, 3)), name="pad")(a)
    x = layers.Cropping2D((1, 2), name="crop")(x)
    x = layers.Conv2D(3, 3, padding="same", kernel_regularizer=reg.L1L2(0.1, 0.2), bias_regularizer="l2", name="conv")(x)
    x = layers.UpSampling2D((2, 1), name="up")(x)
    y = layers.AveragePooling2D((2, 1), name="mean")(x)
    y = layers.Maximum(name="largest")([y, layers.MaxPooling2D((2, 1), name="max")(x)])
    z = layers.Concatenate(axis=-1, name="both")([y, layers.Add(name="sum")([y, y])])
    s = layers.Permute((2, 1), name="turn")(layers.Reshape((-1, 6), name="line")(z))
    s = layers.AveragePooling1D(3, strides=2, padding="same", name="mean1")(s)
    s = layers.MaxPooling1D(2, name="max1")(layers.UpSampling1D(3, name="up1")(s))
    s = layers.GlobalMaxPooling1D(name="line_max")(layers.Cropping1D((0, 1), name="crop1")(layers.ZeroPadding1D(2, name="pad1")(s)))
    g = layers.GlobalAveragePooling2D(name="image_mean")(z)
    r = layers.GlobalAveragePooling1D(name="row_mean")(layers.RepeatVector(3, name="rows")(g))
    r = layers.ActivityRegularization(l1=0.5, name="quiet")(layers.Dense(6, activity_regularizer=reg.L2(0.25), name="d")(r))
    x = layers.Subtract(name="less")([g, layers.Multiply(name="times")([r, g])])
    x = layers.Average(name="middle")([x, r, layers.Minimum(name="smallest")([x, r])])
    out = layers.Dense(2, name="out")(layers.Concatenate(name="all")([x, s]))
    return k.Model(a, out, name="joined")


def others(k):
    """Convolutions other than Conv2D, activations with arguments, noise, normalisation of rows, embedding."""
    layers, reg = k.layers, k.regularizers
    a = k.Input((8, 6, 3), name="a")
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, depthwise_regularizer=reg.L2(0.1), name="depth")(a)
    x = layers.PReLU(shared_axes=[1, 2], alpha_initializer="ones", name="p")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", name="larger")(x)
    x = layers.ReLU(max_value=6.0, negative_slope=0.1, threshold=0.5, name="r")(x)
    x = layers.SeparableConv2D(5, 2, depth_multiplier=3, pointwise_regularizer=reg.L1(0.1), use_bias=False, name="sep")(x)
    x = layers.LayerNormalization(axis=[2, 3], name="rows")(x)
    x = layers.SpatialDropout2D(0.3, name="channels")(layers.GaussianNoise(0.5, name="n")(x))
    y = layers.Conv1D(3, 2, padding="causal", dilation_rate=2, name="past")(layers.Reshape((-1, 5), name="line")(x))
    y = layers.SeparableConv1D(4, 3, name="sep1")(layers.LeakyReLU(0.25, name="leak")(y))
    y = layers.SpatialDropout1D(0.3, name="lines")(layers.ELU(0.5, name="e")(y))
    y = layers.GaussianDropout(0.2, name="g")(layers.Softmax(axis=1, name="s")(y))
    y = layers.LayerNormalization(scale=False, name="last")(layers.UnitNormalization(name="unit")(y))
    y = layers.Dense(3, name="d")(layers.Flatten(name="f")(y))
    b = k.Input((5,), name="b")
    z = layers.Embedding(9, 4, embeddings_regularizer="l2", name="words")(layers.Rescaling(2.0, offset=1.0, name="scaled")(b))
    z = layers.Dense(2, name="w")(layers.GlobalAveragePooling1D(name="bag")(z))
    return k.Model([a, b], [y, z], name="others")


def nested(k):
    """Models as layers: shared, frozen, with two results, without an input shape, and one inside another."""
    layers = k.layers
    a = k.Input((4,), name="a")
    block = k.Sequential([k.Input((4,)), layers.Dense(4, name="d"), layers.BatchNormalization(name="norm")], name="block")
    block.layers[0].trainable = False
    i = k.Input((4,), name="i")
    inside = k.Sequential([layers.Dense(3, activation="tanh", name="d"), layers.Dense(2, name="e")], name="inside")
    fork = k.Model(i, [block(i), inside(i)], name="fork")
    towers = k.Model(i, layers.Dense(4, name="d")(i), name="towers")
    towers.trainable = False
    x = layers.Dense(4, name="d")(towers(towers(a)))
    b, c = fork(x)
    e, f = fork(b)
    return k.Model(a, [layers.Concatenate(name="all")([b, c, e]), f], name="nested")


def sequences(k):
    """Recurrent layers, layers around layers, and masks that meet."""
    layers, reg = k.layers, k.regularizers
    a, b = k.Input((6,), name="a"), k.Input((6, 4), name="b")
    x = layers.Embedding(9, 3, mask_zero=True, name="words")(a)
    x = layers.LSTM(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.2, recurrent_regularizer=reg.L2(0.1), name="lstm")(x)
    x = layers.Add(name="sum")([x, layers.Masking(-1.0, name="rests")(b)])
    x = layers.TimeDistributed(layers.Dense(5, activation="tanh", name="d"), name="each")(x)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True, name="gru"), name="both")(x)
    y = layers.SimpleRNN(3, unroll=True, go_backwards=True, use_bias=False, name="back")(x)
    z = layers.GlobalAveragePooling1D(name="mean")(x)
    w = layers.GRU(2, reset_after=False, name="before")(layers.TimeDistributed(layers.BatchNormalization(), name="norms")(b))
    w = layers.Dense(2, name="out")(layers.Concatenate(name="all")([y, z, w]))
    return k.Model([a, b], w, name="sequences")


def attending(k):
    """Attention in all ways of calling it, and layers whose form differs between the generations."""
    layers = k.layers
    a = k.Input((6, 4), name="a")
    b = k.Input((5, 3), name="b")
    x = layers.MultiHeadAttention(2, 3, name="itself")(a, a, use_causal_mask=True)
    y = layers.MultiHeadAttention(2, 3, value_dim=2, output_shape=4, dropout=0.1, use_bias=False, name="across")(x, b)
    y = layers.MultiHeadAttention(1, 2, kernel_regularizer="l2", name="by_name")(query=y, value=b, key=layers.Identity(name="same")(b))
    z = layers.Attention(use_scale=True, name="luong")([x, y])
    z = layers.AdditiveAttention(name="bahdanau")([z, y, layers.AlphaDropout(0.1, name="alpha")(x)])
    z = layers.GroupNormalization(2, name="groups")(z)
    z = layers.DepthwiseConv1D(2, depth_multiplier=2, name="depth")(layers.Softmax(axis=[1, 2], name="soft")(z))
    z = layers.Conv1DTranspose(3, 3, strides=2, output_padding=1, name="longer")(z)
    z = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 0.5, 2.0], name="given")(z)
    d = layers.Dot(axes=(2, 2), normalize=True, name="dot")([z, b])
    c = k.Input((8, 6, 3), name="c")
    v = layers.Normalization(axis=(1, -1), name="known")(c)
    v = layers.UpSampling2D(2, interpolation="bilinear", name="up")(layers.CenterCrop(4, 4, name="middle")(v))
    v = layers.Resizing(5, 7, interpolation="nearest", name="size")(v)
    v = layers.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0, name="larger")(v)
    v = layers.MaxPooling2D(3, data_format="channels_first", name="turned")(layers.Permute((3, 1, 2), name="turn")(v))
    return k.Model([a, b, c], [layers.Flatten(name="f")(d), layers.Flatten(data_format="channels_first", name="g")(v)], name="attending")


def resnet20(k):
    return more_layers.resnet20(k)


MODELS = [nested, attending, sequences, joined, others, resnet20, mlp, first_layer_shape, cnn, two_towers, applied_twice, frozen, named_inputs, initializers]


def arrays(model, trainable, prefix=""):
    """The weights of a model; those of a model inside it are called by both names."""
    found = []
    for layer in model.layers:
        if hasattr(layer, "layers"):
            found += arrays(layer, trainable, f"{prefix}{layer.name}/")
            continue
        for w in layer.weights:
            name = w.name.split("/")[-1].split(":")[0]
            if type(layer).__name__.startswith("Depthwise") and name == "depthwise_kernel":
                name = "kernel"  # as Keras 3 calls it
            if type(layer).__name__ == "MultiHeadAttention":
                name = "/".join(getattr(w, "path", w.name).split(":")[0].split("/")[-2:])
            if type(layer).__name__ == "Bidirectional":  # its layers have weights of equal names
                name = ("forward_" if "forward_" in getattr(w, "path", w.name) else "backward_") + name
            found.append([prefix + layer.name, name, list(w.shape), id(w) in trainable])
    return found


def facts(k, text):
    model = k.models.model_from_json(text)
    weights = arrays(model, {id(w) for w in model.trainable_weights})
    shapes = [list(w.shape) for w in model.get_weights()]
    assert shapes == [w[2] for w in weights], (shapes, weights)
    return {
        "inputs": [list(t.shape)[1:] for t in model.inputs],
        "outputs": [list(t.shape)[1:] for t in model.outputs],
        "weights": weights,
    }


def main(folder):
    for generation, k in (("k2", tf_keras), ("k3", keras)):
        for build in MODELS:
            k.backend.clear_session()
            text = build(k).to_json()
            name = f"{build.__name__}.{generation}"
            (folder / f"{name}.json").write_text(text + "\n")
            (folder / f"{name}.facts.json").write_text(json.dumps(facts(k, text)) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
