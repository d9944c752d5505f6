"""Write tests/keras/testdata: what Keras 3 computes for small networks, as numbers to compare with.

The format is described in tests/keras/testdata/README.md. Everything is computed in float64 from inputs and weights
that are float32 numbers, so that the references carry no rounding of their own.

Usage: references.py FOLDER [FILE ...], a FILE being a key of FILES in one of MODULES: networks, losses, ...
"""

import base64
import json
import pathlib
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf

import attention
import constraints
import more_layers
import networks
import objects
import other_layers
import recurrent

MODULES = (networks, more_layers, objects, attention, recurrent, constraints, other_layers)

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
    model = keras.models.model_from_json(json.dumps(architecture).replace('"float32"', f'"{precision}"'))
    for layer in model.layers:
        regularizer = getattr(layer, "kernel_regularizer", None)
        if isinstance(regularizer, keras.regularizers.OrthogonalRegularizer):
            regularizer.factor = float(regularizer.factor)  # Keras makes it a tensor of float32
    return model


class Network:
    """One network with its data; run() computes the references."""

    def __init__(self, name, spec, seed, precision="float64"):
        self.name, self.spec, self.precision = name, spec, precision
        self.rows = spec.get("rows", ROWS)
        keras.backend.set_floatx("float32")
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        drawn = spec["model"]()
        model = json.loads(drawn.to_json())
        self.architecture = {k: v for k, v in model.items() if k not in ("compile_config", "build_config")}
        self.computed = self.architecture  # what Keras computes with
        if "stand_in" in spec:
            self.computed = json.loads(spec["stand_in"]().to_json())
        self.model = built(self.computed, precision)
        rng = np.random.default_rng(seed)
        words = spec.get("words", [None] * len(self.model.inputs))
        self.inputs = [inputs(rng, (self.rows, *t.shape[1:]), w, spec.get("scale", 1)) for t, w in zip(self.model.inputs, words)]
        self.targets = [targets(rng, (self.rows, *t.shape[1:]), kind) for t, kind in zip(self.model.outputs, spec["targets"])]
        if spec.get("initial") == "keras":
            self.weights = drawn.get_weights()
        else:
            self.weights = [initial(rng, v) for v in in_order(self.model)]

    def fresh(self, precision=None):
        model = built(self.computed, precision or self.precision)
        model.set_weights(self.weights)
        for layer in model.layers:
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()  # as when weights are loaded from a file: a Normalization takes its numbers then
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
        return float(total), [np.zeros(v.shape) if found.get(id(v)) is None else tf.convert_to_tensor(found[id(v)]).numpy()
                              for v in variables]

    def compiled(self, compile_text):
        arguments = eval(f"dict({compile_text})")  # texts of networks.py and objects.py only
        if "optimizer" in arguments:
            arguments["optimizer"] = dense(keras.optimizers.get(object_named(keras.optimizers, arguments["optimizer"])))
        one = isinstance(arguments["loss"], str)
        losses = [object_named(keras.losses, n) for n in ([arguments["loss"]] if one else arguments["loss"])]
        arguments["loss"] = losses[0] if one else losses
        if "metrics" in arguments:
            metrics = [[object_named(keras.metrics, m) for m in arguments["metrics"]] for _ in self.targets]
            arguments["metrics"] = single(metrics)
        # TensorFlow's in_top_k knows only float32
        model = self.fresh("float32" if "top_k" in compile_text else None)
        model.compile(**arguments, jit_compile=False, run_eagerly=self.spec.get("eager", False))
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
            history = Scores(single(self.inputs), single(self.targets)) if self.spec.get("history") else keras.callbacks.Callback()
            model.fit(single(self.inputs), single(self.targets), verbose=0, callbacks=[history], **fit)
            run = {"compile": compile_text, "fit": fit_text, "weights": flat(model.get_weights())}
            if self.spec.get("history"):
                run["history"] = history.scores
            reference["runs"].append(run)
        return reference


class Scores(keras.callbacks.Callback):
    """What model.evaluate returns after each epoch."""

    def __init__(self, inputs, targets):
        super().__init__()
        self.data, self.scores = (inputs, targets), []

    def on_epoch_end(self, epoch, logs=None):
        values = self.model.evaluate(*self.data, verbose=0, return_dict=True)
        self.scores.append({k: float(v) for k, v in values.items()})


def dense(optimizer):
    """The optimizer, with gradients of embeddings summed per word first.

    TensorFlow gives such a gradient as one part per occurrence of a word. Keras' optimizers on TensorFlow then square the
    parts, and not their sum as the formulas say and as Keras on JAX and PyTorch, tf.keras and beamfit do.
    """
    apply = optimizer.apply
    optimizer.apply = lambda grads, variables=None: apply([tf.convert_to_tensor(g) for g in grads], variables)
    return optimizer


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
    if "int" in variable.dtype:
        return np.zeros(shape)  # a counter
    if "variance" in name or "gamma" in name:
        return f32(rng.uniform(0.5, 1.5, size=shape))
    fan_in = max(1, int(np.prod(shape[:-1]))) if len(shape) > 1 else 9
    return f32(rng.normal(size=shape) / np.sqrt(fan_in))


def inputs(rng, shape, words, scale):
    """Numbers, or the numbers of so many words."""
    if words:
        return rng.integers(words, size=shape).astype(np.float64)
    return f32(rng.normal(size=shape) * scale)


def targets(rng, shape, kind):
    if kind == "classes":
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[0])]
    if kind == "signs":
        return rng.integers(2, size=shape) * 2.0 - 1.0
    if kind == "labels":
        return rng.integers(2, size=shape).astype(np.float64)
    # model/buffer packs labels as int16, so that regression targets are whole numbers too
    return rng.integers(-2, 3, size=shape).astype(np.float64)


def main(folder, only):
    files = {}
    for module in MODULES:
        files |= module.FILES
    for file, group in files.items():
        if only and file not in only:
            continue
        references = [Network(name, spec, spec.get("seed", i)).run() for i, (name, spec) in enumerate(group.items(), 1)]
        content = {"format": 1, "keras": keras.__version__, "networks": references}
        (folder / f"{file}.json").write_text(json.dumps(content) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
