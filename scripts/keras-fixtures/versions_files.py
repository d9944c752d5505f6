"""Takes the models of versions.py, which together have every layer of beamfit, from one version of Keras to beamfit and back, in the files that it has.

    versions_files.py keras|tf_keras FOLDER

TestVersionFiles in tests/keras starts this and speaks with it, a line of JSON each way. For each model it prints what it has written into FOLDER (rows,
predictions, and the files that this version can load again itself), reads whether the test has written these there too, loads them, and prints whether the
weights are the same and how far the predictions are away.
"""

import json
import pathlib
import sys

from versions import MODELS, k

import numpy as np
import tensorflow as tf

ROWS = 3
SUFFIXES = (".keras", ".h5", ".weights.h5")
# The inputs that are whole numbers, and those are words and classes that every layer of the model knows.
TEXTS = ["red", "grün", "blue", "", "yellow", "[UNK]"]
WHOLE = {"sequences": ["in"], "states": ["words"], "whole_numbers": ["words", "pixels"], "encoded": ["b"]}


def rows(model, name, random):
    out = []
    for x in model.inputs:
        shape = (ROWS, *x.shape[1:])
        if name == "texts":
            out.append(tf.constant(random.choice(TEXTS if x.dtype == "string" else [-1, 0, 7, 123456789012], shape)))
            continue
        whole = x.name.split(":")[0] in WHOLE.get(name, [])
        out.append((random.integers(1, 4, shape) if whole else random.normal(size=shape)).astype("f4"))
    return out


def predict(model, x):
    wanted = [t.dtype if isinstance(t.dtype, str) else t.dtype.name for t in model.inputs]
    given = [a if tf.is_tensor(a) else a.astype(dtype) for a, dtype in zip(x, wanted)]
    out = model(given[0] if len(given) == 1 else given, training=False)
    out = [np.asarray(y).astype("f4") for y in (out if isinstance(out, (list, tuple)) else [out])]
    for y, t in zip(out, model.outputs, strict=True):
        if y.shape[1:] != tuple(t.shape[1:]):
            raise ValueError(f"{t.name} has rows of {tuple(t.shape[1:])}, and gives {y.shape[1:]}")
    return out


def finalized(model):
    """A Normalization wants to know that its weights were set."""
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()
    return model


def load(path, suffix, architecture):
    if suffix != ".weights.h5":
        return k.models.load_model(path, compile=False)
    model = k.models.model_from_json(architecture)
    model.load_weights(path)
    return finalized(model)


def attempt(what):
    """What it gives, or None and why it does not."""
    try:
        return what(), ""
    except Exception as error:  # versions raise what they like for what they cannot do
        return None, f"{type(error).__name__}: {str(error)[:300]}"


def write(stem, model, name):
    """Write a model in every file, with rows and predictions, and say what was written, and why something was not."""
    random = np.random.default_rng(1)
    model.set_weights([w + 0.1 * random.random(w.shape).astype("f4") if w.ndim == 1 and w.dtype == "f4" else w for w in model.get_weights()])
    architecture = finalized(model).to_json()
    pathlib.Path(f"{stem}.json").write_text(architecture)
    x = rows(model, name, random)
    out, unable = attempt(lambda: predict(model, x))
    cannot = {"predictions": unable} if unable else {}
    for suffix in SUFFIXES:
        save = model.save_weights if suffix == ".weights.h5" else model.save
        _, unable = attempt(lambda: save(stem + suffix) or load(stem + suffix, suffix, architecture))
        if unable:
            cannot[suffix] = unable
    for kind, arrays in (("in", x), ("out", out or [])):
        for i, a in enumerate(arrays):
            if tf.is_tensor(a):  # of which layers make indices
                texts = tf.strings.as_string(a) if a.dtype != tf.string else a
                pathlib.Path(f"{stem}.{kind}{i}").write_text(json.dumps([t.decode() for t in texts.numpy().ravel()]))
            else:
                a.astype("<f4").tofile(f"{stem}.{kind}{i}")
    written = {"name": name, "rows": ROWS, "inputs": len(x), "outputs": len(out or []), "cannot": cannot}
    return written, architecture, x, out, model.get_weights()


def back(stem, written, architecture, x, out, weights):
    """Load what beamfit has written, and say of each file whether it does, with the same weights, and how far its predictions are away."""
    found = {}
    for suffix in SUFFIXES:
        if suffix in written["cannot"]:
            continue
        model, unable = attempt(lambda: load(stem + suffix, suffix, architecture))
        found[suffix] = {"error": unable}
        if model is None:
            continue
        found[suffix]["same"] = all(a.tobytes() == b.tobytes() for a, b in zip(model.get_weights(), weights, strict=True))
        pairs = list(zip(predict(finalized(model), x), out, strict=True)) if out else []
        found[suffix]["relative"] = max((float(np.max(np.abs(y - w)) / max(np.max(np.abs(w)), 1e-30)) for y, w in pairs), default=0.0)
    return found


def say(value):
    print(json.dumps(value), flush=True)


def main(folder):
    say({"version": k.__version__})
    for build in MODELS:
        k.backend.clear_session()
        model, unable = attempt(build)
        if model is None:
            print(f"{build.__name__}: {unable}", file=sys.stderr)
            continue
        written, *known = write(f"{folder}/from", model, build.__name__)
        say(written)
        if json.loads(sys.stdin.readline()):
            say(back(f"{folder}/to", written, *known))


if __name__ == "__main__":
    main(sys.argv[2])
