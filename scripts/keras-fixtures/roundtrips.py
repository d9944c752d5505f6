"""Round trips Keras -> beamfit -> Keras of the whole networks of whole.py and of networks of keras.applications with random weights, in every file.

    roundtrips.py FOLDER PATTERN [PASSED ...]

TestRoundTrips in tests/keras starts this and speaks with it, a line of JSON each way. It prints the titles of all networks, and then for each whose
title matches PATTERN, and is none of those PASSED over: what it has written of the network into FOLDER (every file, rows, and predictions in float32 and in
float64). Then it reads whether the test has written the network there too, and prints how far the predictions of these files are away.

Vectors get something random beside Keras' initial weights, so that none is all zeros or ones, and moving variances are those of the rows, so that activations
neither grow nor vanish from layer to layer.
"""

import json
import pathlib
import re
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import onnxruntime
import safetensors
import safetensors.numpy

from references import built
from whole import NETWORKS

APPLICATIONS = [
    "ResNet50",
    "ResNet50V2",
    "MobileNet",
    "MobileNetV2",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "DenseNet121",
    "Xception",
    "ConvNeXtTiny",
    "NASNetMobile",
]
ROWS, SIDE, SQUARE = 3, 96, 16


def application(name):
    return lambda: getattr(keras.applications, name)(weights=None, input_shape=(SIDE, SIDE, 3))


def networks():
    """Title, model and number of words of all networks."""
    return [(n["title"], n["model"], n.get("words", [None])[0]) for n in NETWORKS] + [(name, application(name), None) for name in APPLICATIONS]


def images(random):
    """Images of squares: of noise every image is the same once it is averaged."""
    squares = random.integers(0, 256, (ROWS, SIDE // SQUARE, SIDE // SQUARE, 3)).astype("f4")
    return squares.repeat(SQUARE, axis=1).repeat(SQUARE, axis=2)


def predict(model, rows):
    out = model([keras.ops.convert_to_tensor(x) for x in rows] if len(rows) > 1 else rows[0], training=False)
    return [np.asarray(y) for y in (out if isinstance(out, (list, tuple)) else [out])]


def away(got, want):
    """The largest deviation of a prediction, of any output, and the largest relative to the largest prediction of its output."""
    absolute = [float(np.max(np.abs(y.ravel() - w.ravel()))) for y, w in zip(got, want, strict=True)]
    return {"absolute": max(absolute), "relative": max(a / float(np.max(np.abs(w))) for a, w in zip(absolute, want))}


def adapt(model, rows):
    """Give normalisations the scale of what reaches them, of these rows, and what a last softmax takes a scale of 1.

    Means stay away from those of the rows. To take these off leaves small differences of large numbers, layer by layer, which makes rounding errors of a
    network that was not trained grow with its depth, in Keras too.
    """
    call = keras.layers.BatchNormalization.call

    def scaled(self, x, training=None, mask=None):
        size = keras.ops.sqrt(keras.ops.mean(keras.ops.square(x), axis=[i for i in range(len(x.shape)) if i != self.axis % len(x.shape)]))
        self.moving_mean.assign(self.moving_mean * size)
        self.moving_variance.assign(keras.ops.square(size))
        return call(self, x, training=False, mask=mask)

    keras.layers.BatchNormalization.call = scaled
    try:
        predict(model, rows)
    finally:
        keras.layers.BatchNormalization.call = call
    last = model.layers[-1]
    if isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax:
        [features] = predict(keras.Model(model.inputs, last.input), rows)
        kernel, bias = last.get_weights()
        size = np.sqrt(np.mean(np.square(features @ kernel)))
        last.set_weights([kernel / size, bias])


def write(stem, title, build, words, seed):
    """Write a network in every file, with rows and predictions, and say what was written."""
    keras.backend.clear_session()
    keras.backend.set_floatx("float32")
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    model = build()
    model.set_weights([w + 0.1 * random.random(w.shape).astype("f4") if w.ndim == 1 else w for w in model.get_weights()])
    finalized(model)
    rows = []
    for x in model.inputs:
        shape = (ROWS, *x.shape[1:])
        if title in APPLICATIONS:
            rows.append(images(random))
        else:
            rows.append((random.integers(0, words, shape) if words else random.normal(size=shape)).astype("f4"))
    adapt(model, rows)
    for suffix in ("keras", "h5", "weights.h5"):
        (model.save_weights if suffix == "weights.h5" else model.save)(f"{stem}.{suffix}")
    np.savez(f"{stem}.npz", *model.get_weights())
    safetensors.numpy.save_file({w.path: np.asarray(v, order="C") for w, v in zip(model.weights, model.get_weights())}, f"{stem}.safetensors")
    pathlib.Path(f"{stem}.json").write_text(model.to_json())
    predictions, weights, architecture = predict(model, rows), model.get_weights(), json.loads(model.to_json())
    double = built(architecture, "float64")
    double.set_weights(weights)
    exact = predict(finalized(double), [x.astype("f8") for x in rows])
    keras.backend.set_floatx("float32")
    for kind, arrays in (("in", rows), ("out", predictions), ("exact", exact)):
        for k, a in enumerate(arrays):
            a.astype("<f8" if kind == "exact" else "<f4").tofile(f"{stem}.{kind}{k}")
    return {"title": title, "weights": sum(w.size for w in weights), "rows": ROWS, "inputs": len(rows), "outputs": len(exact),
            "keras": away(predictions, exact)["relative"]}, rows, predictions, weights


def finalized(model):
    """A Normalization wants to know that its weights were set."""
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return model


def back(stem, rows, want, weights):
    """Load what beamfit has written, and say of each file whether the weights are the same bits, and how far its predictions are away."""
    blank = keras.models.model_from_json(pathlib.Path(f"{stem}.json").read_text())
    from_npz = [z[k] for z in [np.load(f"{stem}.npz")] for k in z.files]
    found = {}
    for suffix in ("keras", "h5", "weights.h5", "npz", "safetensors", "json", "onnx"):
        path = f"{stem}.{suffix}"
        if suffix == "onnx":
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            got = session.run(None, {i.name: x for i, x in zip(session.get_inputs(), rows, strict=True)})
            found["." + suffix] = {"same": True, **away(got, want)}  # its weights are those of a plan, convolutions with what normalises them
            continue
        model = blank
        blank.set_weights([np.zeros_like(w) for w in blank.get_weights()])
        if suffix in ("keras", "h5"):
            model = keras.models.load_model(path, compile=False)
        elif suffix == "weights.h5":
            blank.load_weights(path)
        elif suffix == "safetensors":
            with safetensors.safe_open(path, "np") as f:
                blank.set_weights([f.get_tensor(name) for name in json.loads(f.metadata()["weights"])])
        else:  # a .json has no weights
            blank.set_weights(from_npz)
        same = all(a.tobytes() == b.tobytes() for a, b in zip(model.get_weights(), weights, strict=True))
        found["." + suffix] = {"same": same, **away(predict(finalized(model), rows), want)}
    return found


def say(value):
    print(json.dumps(value), flush=True)


def main(folder, pattern, passed):
    say({"keras": keras.__version__, "titles": [title for title, _, _ in networks()]})
    for i, (title, build, words) in enumerate(networks()):
        if title in passed or not re.search(pattern, title):
            continue
        written, *known = write(f"{folder}/from", title, build, words, i + 1)
        say(written)
        if json.loads(sys.stdin.readline()):
            say(back(f"{folder}/to", *known))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
