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


def resnet20(k):
    return more_layers.resnet20(k)


MODELS = [joined, others, resnet20, mlp, first_layer_shape, cnn, two_towers, applied_twice, frozen, named_inputs, initializers]


def facts(k, text):
    model = k.models.model_from_json(text)
    trainable = {id(w) for w in model.trainable_weights}
    weights = []
    for layer in model.layers:
        for w in layer.weights:
            name = w.name.split("/")[-1].split(":")[0]
            if type(layer).__name__ == "DepthwiseConv2D" and name == "depthwise_kernel":
                name = "kernel"  # as Keras 3 calls it
            weights.append([layer.name, name, list(w.shape), id(w) in trainable])
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
