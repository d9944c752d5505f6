"""Write tests/keras/testdata: what Keras 3 computes for small networks, as numbers to compare with.

The format is described in tests/keras/testdata/README.md. Everything is computed in float64 from inputs and weights
that are float32 numbers, so that the references carry no rounding of their own.

Usage: references.py FOLDER [FILE ...], a FILE being a key of FILES in networks.py or objects.py: networks, losses, ...
"""

import base64
import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf

import more_layers
import networks
import objects

ROWS = 40


def tensor(array):
    array = np.asarray(array, dtype="<f4")
    return {"shape": list(array.shape), "f32": base64.b64encode(array.tobytes()).decode()}


def flat(arrays):
    return tensor(np.concatenate([np.ravel(a) for a in arrays])) if arrays else tensor(np.zeros(0))


def object_named(module, text):
    """The optimizer, loss or metric of a compile_params text: a name, or a call such as Huber(delta=0.5)."""
    if "(" not in text:
        return text

    def maker(cls):
        def make(lr=None, decay=None, **kwargs):
            """lr and decay are the arguments of Keras 2: lr / (1 + decay * step)."""
            if lr is not None:
                kwargs["learning_rate"] = lr
            if decay is not None:
                kwargs["learning_rate"] = keras.optimizers.schedules.InverseTimeDecay(kwargs["learning_rate"], 1, decay)
            if module is keras.metrics:
                kwargs["name"] = text.split("(")[0]  # as beamfit calls it
            return cls(**kwargs)

        return make

    names = {n: maker(c) for n, c in vars(module).items() if isinstance(c, type)}
    names |= {n: c for n, c in vars(keras.optimizers.schedules).items() if isinstance(c, type)}
    return eval(text, {}, names)  # texts of networks.py and objects.py only


def built(architecture, precision):
    keras.backend.clear_session()
    keras.backend.set_floatx(precision)
    return keras.models.model_from_json(json.dumps(architecture).replace('"float32"', f'"{precision}"'))


class Network:
    """One network with its data; run() computes the references."""

    def __init__(self, name, spec, seed):
        self.name, self.spec = name, spec
        keras.backend.set_floatx("float32")
        keras.backend.clear_session()
        model = json.loads(spec["model"]().to_json())
        self.architecture = {k: v for k, v in model.items() if k not in ("compile_config", "build_config")}
        self.model = built(self.architecture, "float64")
        rng = np.random.default_rng(seed)
        self.inputs = [f32(rng.normal(size=(ROWS, *t.shape[1:]))) for t in self.model.inputs]
        self.targets = [targets(rng, t, kind) for t, kind in zip(self.model.outputs, spec["targets"])]
        self.weights = [initial(rng, v) for v in in_order(self.model)]

    def fresh(self, precision="float64"):
        model = built(self.architecture, precision)
        model.set_weights(self.weights)
        return model

    def forward(self, model, training):
        out = model(single(self.inputs), training=training)
        return list(out) if isinstance(out, (list, tuple)) else [out]

    def gradients(self, loss, loss_weights=None):
        model = self.fresh()
        variables = in_order(model)
        losses = loss if isinstance(loss, list) else [loss] * len(self.targets)
        factors = loss_weights or [1.0] * len(losses)
        with tf.GradientTape() as tape:
            outputs = self.forward(model, True)
            each = [keras.losses.get(object_named(keras.losses, n)) for n in losses]
            each = [tf.reduce_mean(f(y, o)) for f, y, o in zip(each, self.targets, outputs)]
            total = tf.add_n([w * v for w, v in zip(factors, each)] + model.losses)
        trainable = [v for v in variables if v.trainable]
        found = {id(v): g for v, g in zip(trainable, tape.gradient(total, [v.value for v in trainable]))}
        return float(total), [found[id(v)].numpy() if id(v) in found else np.zeros(v.shape) for v in variables]

    def compiled(self, compile_text):
        arguments = eval(f"dict({compile_text})")  # texts of networks.py and objects.py only
        if "optimizer" in arguments:
            arguments["optimizer"] = object_named(keras.optimizers, arguments["optimizer"])
        if isinstance(arguments["loss"], str):
            arguments["loss"] = object_named(keras.losses, arguments["loss"])
        if "metrics" in arguments:
            arguments["metrics"] = [object_named(keras.metrics, m) for m in arguments["metrics"]]
        # TensorFlow's in_top_k knows only float32
        model = self.fresh("float32" if "top_k" in compile_text else "float64")
        model.compile(**arguments, jit_compile=False)
        return model

    def run(self):
        training = self.fresh()
        outputs = self.forward(training, True)
        reference = {
            "name": self.name,
            "architecture": self.architecture,
            "inputs": [tensor(x) for x in self.inputs],
            "targets": [tensor(y) for y in self.targets],
            "weights": flat(self.weights),
            "inference": [tensor(o) for o in self.forward(self.fresh(), False)],
            "training": {"outputs": [tensor(o) for o in outputs], "weights": flat(training.get_weights())},
            "gradients": [],
            "evaluations": [],
            "runs": [],
        }
        for entry in self.spec.get("gradients", []):
            total, gradients = self.gradients(**entry)
            text = ", ".join(f"{k}={v!r}" for k, v in entry.items())
            reference["gradients"].append({"compile": f"optimizer='sgd', {text}", "loss": total, "gradients": flat(gradients)})
        for text in self.spec.get("evaluations", []):
            model = self.compiled(text)
            values = model.evaluate(single(self.inputs), single(self.targets), verbose=0, return_dict=True)
            reference["evaluations"].append({"compile": f"optimizer='sgd', {text}", "values": {k: float(v) for k, v in values.items()}})
        for compile_text, fit_text in self.spec.get("runs", []):
            model = self.compiled(compile_text)
            fit = eval(f"dict({fit_text})")  # texts of networks.py only
            model.fit(single(self.inputs), single(self.targets), verbose=0, **fit)
            reference["runs"].append({"compile": compile_text, "fit": fit_text, "weights": flat(model.get_weights())})
        return reference


def single(values):
    return values[0] if len(values) == 1 else values


def f32(array):
    return array.astype(np.float32).astype(np.float64)


def in_order(model):
    """The variables in get_weights order."""
    return [v for layer in model.layers for v in layer.weights]


def initial(rng, variable):
    """Weights that exercise everything: no zero bias, no unit scale, positive variances."""
    shape, name = variable.shape, variable.path
    if "variance" in name or "gamma" in name:
        return f32(rng.uniform(0.5, 1.5, size=shape))
    fan_in = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 9
    return f32(rng.normal(size=shape) / np.sqrt(fan_in))


def targets(rng, output, kind):
    shape = (ROWS, *output.shape[1:])
    if kind == "classes":
        return np.eye(shape[-1])[rng.integers(shape[-1], size=ROWS)]
    if kind == "signs":
        return rng.integers(2, size=shape) * 2.0 - 1.0
    if kind == "labels":
        return rng.integers(2, size=shape).astype(np.float64)
    # model/buffer packs labels as int16, so that regression targets are whole numbers too
    return rng.integers(-2, 3, size=shape).astype(np.float64)


def main(folder, only):
    for file, group in {**networks.FILES, **more_layers.FILES, **objects.FILES}.items():
        if only and file not in only:
            continue
        references = [Network(name, spec, spec.get("seed", i)).run() for i, (name, spec) in enumerate(group.items(), 1)]
        content = {"format": 1, "keras": keras.__version__, "networks": references}
        (folder / f"{file}.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
