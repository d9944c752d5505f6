"""Round trips Keras -> beamfit -> Keras of the whole networks of whole.py and of networks of keras.applications with random weights, in every file.

    roundtrips.py FOLDER [PATTERN]  writes the networks whose title matches, in every file, with rows and Keras' predictions in float32
    roundtrips.py --back FOLDER     loads what tests/keras/roundtrips_test.go wrote of them, and writes how far the predictions are away

scripts/keras-roundtrips calls both. Vectors and all other arrays of one dimension get something random beside Keras' initial weights, so that none
is all zeros or ones. A deviation is relative to the largest prediction.
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
    "InceptionV3",
    "NASNetMobile",
]
ROWS = 3


def application(name):
    return lambda: getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3))


def networks():
    for n in NETWORKS:
        yield n["title"], n["model"], n.get("words", [None])[0]
    for name in APPLICATIONS:
        yield name, application(name), None


def predict(model, rows):
    out = model([keras.ops.convert_to_tensor(x) for x in rows] if len(rows) > 1 else rows[0], training=False)
    return [np.asarray(y) for y in (out if isinstance(out, (list, tuple)) else [out])]


def write(folder, only):
    listed = []
    for i, (title, build, words) in enumerate(networks()):
        if not re.search(only, title):
            continue
        print(f"Keras writes: {title}", flush=True)
        keras.utils.set_random_seed(i + 1)
        random = np.random.default_rng(i + 1)
        model = build()
        model.set_weights([w + 0.1 * random.random(w.shape).astype("f4") if w.ndim == 1 else w for w in model.get_weights()])
        finalized(model)
        image = title in APPLICATIONS
        rows = []
        for x in model.inputs:
            shape = (ROWS, *x.shape[1:])
            rows.append(random.integers(0, words or 256, shape).astype("f4") if words or image else random.normal(size=shape).astype("f4"))
        stem = f"{folder}/{i}"
        for suffix in ("keras", "h5", "weights.h5"):
            (model.save_weights if suffix == "weights.h5" else model.save)(f"{stem}.{suffix}")
        np.savez(f"{stem}.npz", *model.get_weights())
        safetensors.numpy.save_file({w.path: np.asarray(v, order="C") for w, v in zip(model.weights, model.get_weights())}, f"{stem}.safetensors")
        pathlib.Path(f"{stem}.json").write_text(model.to_json())
        predictions = predict(model, rows)
        for kind, arrays in (("in", rows), ("out", predictions)):
            for k, a in enumerate(arrays):
                a.astype("<f4").tofile(f"{stem}.{kind}{k}")
        listed.append({"title": title, "file": str(i), "rows": ROWS, "shapes": [list(x.shape) for x in rows], "outputs": len(predictions)})
        keras.backend.clear_session()
    pathlib.Path(f"{folder}/networks.json").write_text(json.dumps({"keras": keras.__version__, "networks": listed}))


def finalized(model):
    """A Normalization wants to know that its weights were set."""
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return model


def back(folder):
    result = []
    for n in json.loads(pathlib.Path(f"{folder}/networks.json").read_text())["networks"]:
        stem = f"{folder}/{n['file']}.to"
        rows = [np.fromfile(f"{folder}/{n['file']}.in{k}", "<f4").reshape(s) for k, s in enumerate(n["shapes"])]
        want = [np.fromfile(f"{folder}/{n['file']}.out{k}", "<f4") for k in range(n["outputs"])]
        blank = keras.models.model_from_json(pathlib.Path(f"{stem}.json").read_text())
        from_npz = [z[k] for z in [np.load(f"{stem}.npz")] for k in z.files]
        for suffix in ("keras", "h5", "json", "weights.h5", "npz", "safetensors", "onnx"):
            path = f"{stem}.{suffix}"
            if suffix == "onnx":
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = 1
                session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
                got = session.run(None, {i.name: x for i, x in zip(session.get_inputs(), rows, strict=True)})
            elif suffix in ("keras", "h5"):
                got = predict(keras.models.load_model(path, compile=False), rows)
            else:
                blank.set_weights([np.zeros_like(w) for w in blank.get_weights()])
                if suffix == "weights.h5":
                    blank.load_weights(path)
                elif suffix == "safetensors":
                    with safetensors.safe_open(path, "np") as f:
                        blank.set_weights([f.get_tensor(name) for name in json.loads(f.metadata()["weights"])])
                else:  # a .json has no weights
                    blank.set_weights(from_npz)
                got = predict(finalized(blank), rows)
            worst = max(float(np.max(np.abs(y.ravel() - w)) / np.max(np.abs(w))) for y, w in zip(got, want, strict=True))
            print(f"{n['title']}, {suffix}: {worst:.1e}", flush=True)
            result.append({"file": n["file"], "suffix": "." + suffix, "deviation": worst})
        keras.backend.clear_session()
    pathlib.Path(f"{folder}/back.json").write_text(json.dumps(result))


if __name__ == "__main__":
    if sys.argv[1] == "--back":
        back(sys.argv[2])
    else:
        write(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
