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


MODELS = [mlp, first_layer_shape, cnn, two_towers, applied_twice, frozen, named_inputs, initializers]


def facts(k, text):
    model = k.models.model_from_json(text)
    trainable = {id(w) for w in model.trainable_weights}
    weights = []
    for layer in model.layers:
        for w in layer.weights:
            name = w.name.split("/")[-1].split(":")[0]
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
