"""Write tests/keras/testdata: what Keras 3 computes for small networks, as numbers to compare with.

The format is described in tests/keras/testdata/README.md. Everything is computed in float64 from inputs and weights
that are float32 numbers, so that the references carry no rounding of their own.

Usage: references.py FOLDER [FILE ...], a FILE being a key of FILES in one of MODULES: networks, losses, ...
"""

import base64
import inspect
import json
import pathlib
import re
import sys
import textwrap

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf

import attention
import augment
import constraints
import dimensions
import encoded
import found
import glu
import masked_steps
import more_layers
import more_losses
import networks
import objects
import operations
import other_layers
import recurrent
import states
import texts
import volumes

MODULES = (networks, more_layers, objects, attention, recurrent, constraints, other_layers, more_losses, glu, operations, dimensions, found, volumes, encoded, augment, states, masked_steps, texts)

ROWS = 40


def tensor(array):
    if tf.is_tensor(array) and array.dtype in (tf.string, tf.int64):  # what a layer makes indices of
        texts = array if array.dtype == tf.string else tf.strings.as_string(array)
        return {"shape": list(array.shape), "texts": [t.decode() for t in texts.numpy().ravel()]}
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
    for layer in model._flatten_layers(include_self=False):
        regularizer = getattr(layer, "kernel_regularizer", None)
        if isinstance(regularizer, keras.regularizers.OrthogonalRegularizer):
            regularizer.factor = float(regularizer.factor)  # Keras makes it a tensor of float32
    return model


class Network:
    """One network with its data; run() computes the references. With backwards, training sees the rows of every batch in the
    opposite order, which changes nothing but how sums are rounded. With nudged, which seeds their directions, all weights and
    inputs are moved to neighbouring numbers of float32.
    """

    def __init__(self, name, spec, seed, precision="float64", backwards=False, nudged=0):
        self.name, self.spec, self.precision, self.backwards = name, spec, precision, backwards
        self.rows = spec.get("rows", ROWS)
        keras.backend.set_floatx("float32")
        keras.backend.clear_session()
        keras.utils.set_random_seed(1)
        drawn = spec["model"]()
        model = json.loads(drawn.to_json())
        self.architecture = {k: v for k, v in model.items() if k not in ("compile_config", "build_config")}
        self.computed = self.architecture  # what Keras computes with
        if "stand_in" in spec:
            keras.backend.clear_session()  # so that layers have the same names
            self.computed = json.loads(spec["stand_in"]().to_json())
            self.order = [v.path for v in in_order(built(self.architecture, precision))]
        self.model = built(self.computed, precision)
        rng = np.random.default_rng(seed)
        words = spec.get("words", [None] * len(self.model.inputs))
        self.inputs = [inputs(rng, (self.rows, *t.shape[1:]), w, spec.get("scale", 1)) for t, w in zip(self.model.inputs, words)]
        self.targets = [targets(rng, (self.rows, *t.shape[1:]), kind) for t, kind in zip(self.model.outputs, spec["targets"])]
        if spec.get("initial") == "keras":
            self.weights = drawn.get_weights()
        else:
            self.weights = [initial(rng, v) for v in self.variables(self.model)]
        if nudged:
            rng = np.random.default_rng(nudged)
            self.weights = [nudge(rng, w) for w in self.weights]
            self.inputs = [x if w else nudge(rng, x) for x, w in zip(self.inputs, words)]

    def fresh(self, precision=None):
        model = built(self.computed, precision or self.precision)
        for v, w in zip(self.variables(model), self.weights):
            v.assign(w)
        for layer in model._flatten_layers(include_self=False):
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()  # as when weights are loaded from a file: a Normalization takes its numbers then
        return model

    def variables(self, model):
        """The variables in get_weights order; those of a stand-in, whose layers may be in another order, in that of its network."""
        if "stand_in" not in self.spec:
            return in_order(model)
        by_path = {v.path: v for v in in_order(model)}
        return [by_path[path] for path in self.order]

    def numbers(self, model):
        return flat([v.numpy() for v in self.variables(model)])

    def forward(self, model, training):
        out = model(single([tf.convert_to_tensor(x) for x in self.inputs]), training=training)
        return list(out) if isinstance(out, (list, tuple)) else [out]

    def gradients(self, loss, loss_weights=None):
        model = self.fresh()
        variables = self.variables(model)
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

    def compiled(self, compile_text, precision=None):
        arguments = eval(f"dict({compile_text})")  # texts of networks.py and objects.py only
        if "optimizer" in arguments:
            arguments["optimizer"] = dense(keras.optimizers.get(object_named(keras.optimizers, arguments["optimizer"])))
        arguments["loss"] = each_text(arguments["loss"], lambda text: object_named(keras.losses, text))
        if "metrics" in arguments:
            metrics = arguments["metrics"]
            if isinstance(metrics, list) and all(isinstance(m, str) for m in metrics):
                metrics = single([metrics] * len(self.targets))  # the same ones for each output
            arguments["metrics"] = each_text(metrics, lambda text: object_named(keras.metrics, text))
        model = self.fresh(precision)
        model.compile(**arguments, jit_compile=False, run_eagerly=self.spec.get("eager", False))
        if model.optimizer is not None:
            # Else the first step builds it, where on TensorFlow ScheduleFreeAdamW's copy of the weights is traced and never run.
            model.optimizer.build(model.trainable_variables)
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
            "training": {"outputs": [tensor(o) for o in outputs], "weights": self.numbers(training)},
            "gradients": [],
            "evaluations": [],
            "runs": [],
        }
        for entry in self.spec.get("gradients", []):
            total, gradients = self.gradients(**entry)
            text = ", ".join(f"{k}={v!r}" for k, v in entry.items())
            reference["gradients"].append({"compile": f"optimizer='sgd', {text}", "loss": total, "gradients": flat(gradients)})
        for text in self.spec.get("evaluations", []):
            reference["evaluations"].append({"compile": f"optimizer='sgd', {text}", "values": self.evaluated(text)})
        for compile_text, fit_text in self.spec.get("runs", []):
            model = self.compiled(compile_text)
            fit = eval(f"dict({fit_text})")  # texts of networks.py only
            history = Scores(single(self.inputs), single(self.targets)) if self.spec.get("history") else keras.callbacks.Callback()
            inputs, targets = self.inputs, self.targets
            if self.backwards:
                order = batches_backwards(self.rows, fit["batch_size"])
                inputs, targets = [tf.gather(x, order) for x in inputs], [y[order] for y in targets]
            model.fit(single(inputs), single(targets), verbose=0, callbacks=[history], **fit)
            run = {"compile": compile_text, "fit": fit_text, "weights": self.numbers(model)}
            if self.spec.get("history"):
                run["history"] = history.scores
            reference["runs"].append(run)
        return reference

    def evaluated(self, text):
        """What model.evaluate returns. TensorFlow's in_top_k knows only float32: with a metric that needs it, all is float32."""
        model = self.compiled(text, "float32" if IN_TOP_K.search(text) else None)
        values = model.evaluate(single(self.inputs), single(self.targets), verbose=0, return_dict=True)
        return {k: float(v) for k, v in values.items()}


def batches_backwards(rows, size):
    """The numbers of the rows, those of each batch from its last to its first."""
    return np.concatenate([np.arange(at, min(at + size, rows))[::-1] for at in range(0, rows, size)])


IN_TOP_K = re.compile("top_k_categorical|TopKCategorical")


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
    parts, and not their sum as the formulas say and as Keras on JAX and PyTorch, tf.keras and beamfit do. None is of weights before a layer that encodes
    categories, which has no gradient.
    """
    apply = optimizer.apply
    optimizer.apply = lambda grads, variables=None: apply([g if g is None else tf.convert_to_tensor(g) for g in grads], variables)
    return optimizer


def as_written(cls):
    """ScheduleFreeAdamW as its source means it: with the momentum from before the step.

    What it keeps of that is the variable itself, not a copy, which on TensorFlow has changed by the time that it is read; on JAX it has not.
    """
    source = textwrap.dedent(inspect.getsource(cls.update_step))
    assert "momentum_old = momentum.value" in source
    names = vars(inspect.getmodule(cls)).copy()
    exec(source.replace("momentum_old = momentum.value", "momentum_old = ops.copy(momentum)"), names)
    cls.update_step = names["update_step"]


as_written(keras.optimizers.ScheduleFreeAdamW)


def each_text(value, make):
    """value, which is a text or a list or dict of such, with make applied to every text."""
    if isinstance(value, dict):
        return {k: each_text(v, make) for k, v in value.items()}
    if isinstance(value, list):
        return [each_text(v, make) for v in value]
    return make(value)


def single(values):
    return values[0] if len(values) == 1 else values


def f32(array):
    return array.astype(np.float32).astype(np.float64)


def nudge(rng, array):
    """Every number but 0 moved to a neighbouring one of float32."""
    moved = np.nextafter(array.astype(np.float32), np.float32(np.inf) * rng.choice(np.float32([-1, 1]), size=array.shape))
    return np.where(array == 0, 0.0, moved.astype(np.float64))


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


def inputs(rng, shape, words, scale=1):
    """Numbers, the numbers of so many words, or some of a list: texts, or whole numbers to hash."""
    if isinstance(words, list):
        return tf.constant(rng.choice(words, size=shape))
    if words:
        return rng.integers(words, size=shape).astype(np.float64)
    return f32(rng.normal(size=shape) * scale)


def targets(rng, shape, kind):
    if callable(kind):
        return kind(rng, shape)
    if kind == "classes":
        return np.eye(shape[-1])[rng.integers(shape[-1], size=shape[0])]
    if kind == "signs":
        return rng.integers(2, size=shape) * 2.0 - 1.0
    if kind == "labels":
        return rng.integers(2, size=shape).astype(np.float64)
    if kind == "class numbers":
        return rng.integers(shape[-1], size=shape[0]).astype(np.float64)
    if kind == "halves":  # of an output that Keras takes for twice as wide as it is
        return targets(rng, (*shape[:-1], shape[-1] // 2), "reals")
    if kind == "reals":
        return f32(2 * rng.normal(size=shape))
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
