"""Write what Keras 2.0 to 2.3 wrote for every layer of beamfit that they had, beside what tf_keras and Keras 3 write for the same layers.

These versions need Python and backends that are gone. Their layers are made here on a backend whose functions do nothing, which is enough for
get_config; the models around the layers are put together as the to_json of each version did: the list of layers and the inbound_nodes.

    keras2.py old FOLDER    prints the models of the Keras in FOLDER, a line of JSON for each: {"name", "keras", "architecture"}
    keras2.py keras         the same of the Keras (or tf_keras) that is installed, which makes the models
"""

import collections
import collections.abc
import importlib
import inspect
import json
import sys
import types
from importlib.machinery import ModuleSpec
from unittest.mock import MagicMock

PARTS = "keras.applications keras.callbacks keras.datasets keras.losses keras.metrics keras.optimizers keras.preprocessing keras.wrappers".split()
OTHERS = "h5py keras_applications keras_preprocessing scipy tensorflow theano cntk yaml".split()


class Idle(types.ModuleType):
    """A module whose functions do nothing."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = type(name, (), {}) if name == "Metric" else MagicMock(name=name)
        setattr(self, name, value)
        return value


class Finder:
    """Finds idle modules in the place of backends and of what layers do not need."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in OTHERS or ".".join(name.split(".")[:2]) in [*PARTS, "keras.backend"]:
            return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = Idle(spec.name)
        if spec.name == "keras.backend":
            counts = collections.Counter()
            module.floatx, module.epsilon, module.backend = lambda: "float32", lambda: 1e-7, lambda: "tensorflow"
            module.image_data_format, module.normalize_data_format = lambda: "channels_last", lambda value: value or "channels_last"
            module.get_uid = lambda prefix="": counts.update([prefix]) or counts[prefix]
            module.cast_to_floatx, module.symbolic, module.is_variable = float, lambda function: function, lambda value: False
        return module

    def exec_module(self, module):
        pass


def old_keras(folder):
    """The Keras in a folder, on idle backends."""
    for name in ("Callable", "Iterable", "Mapping", "Sequence"):  # where Python 2 had them
        setattr(collections, name, getattr(collections.abc, name))

    def getargspec(function):
        spec = inspect.getfullargspec(function)
        return types.SimpleNamespace(args=spec.args, varargs=spec.varargs, keywords=spec.varkw, defaults=spec.defaults)

    inspect.getargspec = getargspec
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, Finder())
    return importlib.import_module("keras")


class Old:
    """Models as an old version wrote them."""

    def __init__(self, folder):
        self.k = old_keras(folder)
        self.version = self.k.__version__
        self.dicts = tuple(int(n) for n in self.version.split(".")) >= (2, 2, 3)  # from 2.2.3 on a Sequential's config is not a list

    def entry(self, layer):
        return {"class_name": type(layer).__name__, "config": layer.get_config()}

    def sequential(self, shape, layers, name="m"):
        entries = [self.entry(layer) if not isinstance(layer, dict) else layer for layer in layers]
        first = entries[0]["config"]
        if isinstance(first, dict) and "layers" not in first:
            entries[0]["config"] = {**first, "batch_input_shape": [None, *shape], "dtype": "float32"}
        return {"class_name": "Sequential", "config": {"name": name, "layers": entries} if self.dicts else entries}

    def inner(self, shape, layers, name):
        return self.sequential(shape, layers, name)

    def functional(self, inputs, calls, outputs, name="m"):
        entries = [{
            "name": key, "class_name": "InputLayer", "inbound_nodes": [],
            "config": {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "name": key},
        } for key, shape in inputs.items()]
        members = {}
        for layer, *tensors in calls:
            entry = layer if isinstance(layer, dict) else self.entry(layer)
            key = entry["config"]["name"] if not isinstance(layer, dict) else layer["name"]
            if key not in members:
                members[key] = {"name": key, **entry, "inbound_nodes": []}
                entries.append(members[key])
            # a network inside is called a first time when it is made, but for a Sequential without a shape
            members[key]["inbound_nodes"].append([[*self.place(t), {}] for t in tensors])
        return {"class_name": "Model", "config": {
            "name": name, "layers": entries,
            "input_layers": [[key, 0, 0] for key in inputs], "output_layers": [list(self.place(t)) for t in outputs],
        }}

    def place(self, tensor):
        return tensor if isinstance(tensor, tuple) else (tensor, 0, 0)

    def write(self, model):
        return {**model, "keras_version": self.version, "backend": "tensorflow"}


class New:
    """Models as a version that is installed makes and writes them."""

    def __init__(self, module):
        import env  # noqa: F401  (sets TensorFlow up before it is imported)

        self.k = importlib.import_module(module)
        self.version = self.k.__version__

    def sequential(self, shape, layers, name="m"):
        return self.k.Sequential([self.k.Input(shape, name=layers[0].name + "_input"), *layers], name=name)

    inner = sequential

    def functional(self, inputs, calls, outputs, name="m"):
        made = {(key, 0, 0): self.k.Input(shape, name=key) for key, shape in inputs.items()}
        counts = collections.Counter()
        place = lambda t: t if isinstance(t, tuple) else (t, 0, 0)  # noqa: E731
        for layer, *tensors in calls:
            given = [made[place(t)] for t in tensors]
            if hasattr(layer, "return_state") and len(given) > 1:
                out = layer(given[0], initial_state=given[1:])
            else:
                out = layer(given if len(given) > 1 else given[0])
            for i, t in enumerate(out if isinstance(out, (list, tuple)) else [out]):
                made[layer.name, counts[layer.name] + isinstance(layer, self.k.Model), i] = t
            counts[layer.name] += 1
        ends = [made[key, 0, 0] for key in inputs], [made[place(t)] for t in outputs]
        return self.k.Model(*(tensors if len(tensors) > 1 else tensors[0] for tensors in ends), name=name)

    def write(self, model):
        model = json.loads(model.to_json())
        for key in ("compile_config", "build_config"):
            model.pop(key, None)
        return model


IMAGES, SEQUENCES, VOLUMES, ROWS = (8, 9, 4), (6, 4), (5, 6, 7, 2), (4,)


def layers(v):
    """All layers by name: the shape of a row, and what makes them. v makes models."""
    L, k = v.k.layers, v.k
    # arguments that old versions have not, with the values that stand for what these do
    after = {"reset_after": False} if not (isinstance(v, Old) and v.version < "2.1.5") else {}
    hard = {"recurrent_activation": "hard_sigmoid"}
    scaled = k.initializers.VarianceScaling
    yield "Activation", ROWS, lambda n: L.Activation("softsign", name=n)
    yield "ActivityRegularization", ROWS, lambda n: L.ActivityRegularization(0.1, 0.2, name=n)
    yield "AlphaDropout", ROWS, lambda n: L.AlphaDropout(0.1, name=n)
    yield "AveragePooling1D", SEQUENCES, lambda n: L.AveragePooling1D(3, strides=2, padding="same", name=n)
    yield "AveragePooling2D", IMAGES, lambda n: L.AveragePooling2D((3, 2), strides=(1, 2), padding="same", name=n)
    yield "AveragePooling3D", VOLUMES, lambda n: L.AveragePooling3D((2, 3, 2), name=n)
    yield "BatchNormalization", IMAGES, lambda n: L.BatchNormalization(momentum=0.9, epsilon=0.01, scale=False, name=n)
    yield "Bidirectional", SEQUENCES, lambda n: L.Bidirectional(L.LSTM(3, name="l", **hard), merge_mode="sum", name=n)
    yield "Conv1D", SEQUENCES, lambda n: L.Conv1D(3, 2, padding="causal", dilation_rate=2, activation="relu", name=n)
    yield "Conv2D", IMAGES, lambda n: L.Conv2D(3, (2, 3), strides=(2, 1), padding="same", kernel_initializer="he_normal", name=n)
    yield "Conv2DTranspose", IMAGES, lambda n: L.Conv2DTranspose(3, 3, strides=2, padding="same", name=n)
    yield "Conv3D", VOLUMES, lambda n: L.Conv3D(3, (2, 3, 2), strides=(1, 2, 1), name=n)
    yield "Conv3DTranspose", VOLUMES, lambda n: L.Conv3DTranspose(3, 2, strides=(1, 2, 2), name=n)
    yield "ConvLSTM2D", VOLUMES, lambda n: L.ConvLSTM2D(3, (3, 2), padding="same", return_sequences=True, name=n, **hard)
    yield "Cropping1D", SEQUENCES, lambda n: L.Cropping1D((1, 2), name=n)
    yield "Cropping2D", IMAGES, lambda n: L.Cropping2D(((1, 0), (2, 1)), name=n)
    yield "Cropping3D", VOLUMES, lambda n: L.Cropping3D(((1, 0), (2, 1), (0, 1)), name=n)
    yield "Dense", ROWS, lambda n: L.Dense(
        3, activation="relu", kernel_initializer=scaled(2.0, "fan_in", "uniform", seed=7), bias_initializer=k.initializers.Constant(0.5),
        kernel_regularizer=k.regularizers.l2(0.25), bias_constraint=k.constraints.MaxNorm(2), name=n)
    yield "DepthwiseConv2D", IMAGES, lambda n: L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", depthwise_regularizer=k.regularizers.l2(0.25), name=n)
    yield "Dropout", SEQUENCES, lambda n: L.Dropout(0.25, noise_shape=(None, 1, 4), seed=7, name=n)
    yield "ELU", ROWS, lambda n: L.ELU(0.5, name=n)
    yield "Embedding", ROWS, lambda n: L.Embedding(
        9, 3, mask_zero=True, embeddings_initializer=k.initializers.RandomUniform(-0.1, 0.1), name=n, **({"input_length": 4} if isinstance(v, Old) else {}))
    yield "Flatten", IMAGES, lambda n: L.Flatten(name=n)
    yield "GRU", SEQUENCES, lambda n: L.GRU(3, return_sequences=True, dropout=0.25, name=n, **hard, **after)
    yield "GaussianDropout", ROWS, lambda n: L.GaussianDropout(0.25, name=n)
    yield "GaussianNoise", ROWS, lambda n: L.GaussianNoise(0.25, name=n)
    yield "GlobalAveragePooling1D", SEQUENCES, lambda n: L.GlobalAveragePooling1D(name=n)
    yield "GlobalAveragePooling2D", IMAGES, lambda n: L.GlobalAveragePooling2D(name=n)
    yield "GlobalAveragePooling3D", VOLUMES, lambda n: L.GlobalAveragePooling3D(name=n)
    yield "GlobalMaxPooling1D", SEQUENCES, lambda n: L.GlobalMaxPooling1D(name=n)
    yield "GlobalMaxPooling2D", IMAGES, lambda n: L.GlobalMaxPooling2D(name=n)
    yield "GlobalMaxPooling3D", VOLUMES, lambda n: L.GlobalMaxPooling3D(name=n)
    yield "LSTM", SEQUENCES, lambda n: L.LSTM(3, unit_forget_bias=False, go_backwards=True, recurrent_dropout=0.25, name=n, **hard)
    yield "LeakyReLU", ROWS, lambda n: L.LeakyReLU(0.25, name=n)
    yield "Masking", SEQUENCES, lambda n: L.Masking(-1.0, name=n)
    yield "MaxPooling1D", SEQUENCES, lambda n: L.MaxPooling1D(2, name=n)
    yield "MaxPooling2D", IMAGES, lambda n: L.MaxPooling2D((2, 3), name=n)
    yield "MaxPooling3D", VOLUMES, lambda n: L.MaxPooling3D((1, 2, 2), padding="same", name=n)
    yield "PReLU", IMAGES, lambda n: L.PReLU(shared_axes=[1, 2], name=n)
    yield "Permute", SEQUENCES, lambda n: L.Permute((2, 1), name=n)
    yield "ReLU", ROWS, lambda n: L.ReLU(max_value=6.0, negative_slope=0.25, threshold=0.5, name=n)
    yield "RepeatVector", ROWS, lambda n: L.RepeatVector(3, name=n)
    yield "Reshape", SEQUENCES, lambda n: L.Reshape((3, -1), name=n)
    yield "SeparableConv1D", SEQUENCES, lambda n: L.SeparableConv1D(3, 2, depth_multiplier=2, name=n)
    yield "SeparableConv2D", IMAGES, lambda n: L.SeparableConv2D(3, (2, 3), pointwise_initializer="lecun_uniform", activation="tanh", name=n)
    yield "SimpleRNN", SEQUENCES, lambda n: L.SimpleRNN(3, activation="relu", recurrent_initializer="identity", name=n)
    yield "Softmax", SEQUENCES, lambda n: L.Softmax(1, name=n)
    yield "SpatialDropout1D", SEQUENCES, lambda n: L.SpatialDropout1D(0.25, name=n)
    yield "SpatialDropout2D", IMAGES, lambda n: L.SpatialDropout2D(0.25, name=n)
    yield "SpatialDropout3D", VOLUMES, lambda n: L.SpatialDropout3D(0.25, name=n)
    yield "ThresholdedReLU", ROWS, lambda n: L.ThresholdedReLU(0.5, name=n)
    yield "TimeDistributed", SEQUENCES, lambda n: L.TimeDistributed(L.Dense(3, activation="relu", name="d"), name=n)
    yield "UpSampling1D", SEQUENCES, lambda n: L.UpSampling1D(3, name=n)
    yield "UpSampling2D", IMAGES, lambda n: L.UpSampling2D((2, 3), name=n)
    yield "UpSampling3D", VOLUMES, lambda n: L.UpSampling3D((1, 2, 3), name=n)
    yield "ZeroPadding1D", SEQUENCES, lambda n: L.ZeroPadding1D((1, 2), name=n)
    yield "ZeroPadding2D", IMAGES, lambda n: L.ZeroPadding2D(((1, 0), (2, 1)), name=n)
    yield "ZeroPadding3D", VOLUMES, lambda n: L.ZeroPadding3D(((1, 0), (2, 1), (0, 1)), name=n)


def joining(v):
    """Layers with two inputs."""
    L = v.k.layers
    for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"):
        yield name, lambda n, name=name: getattr(L, name)(name=n)
    yield "Concatenate", lambda n: L.Concatenate(axis=1, name=n)
    yield "Dot", lambda n: L.Dot((1, 1), normalize=True, name=n)


def networks(v):
    """Whole models by name."""
    L = v.k.layers

    def dense(name, units=4):
        return L.Dense(units, name=name)

    yield "initializers", lambda: v.sequential(ROWS, [
        L.Dense(4, kernel_initializer=i, name=f"d{n}") for n, i in enumerate([
            "zeros", "ones", "random_normal", "random_uniform", "truncated_normal", "orthogonal", "identity", "glorot_normal", "glorot_uniform",
            "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", v.k.initializers.Orthogonal(0.5, seed=3)])])
    yield "penalties", lambda: v.sequential(ROWS, [
        L.Dense(4, kernel_regularizer=v.k.regularizers.l1(0.5), activity_regularizer=v.k.regularizers.l2(0.25), name="a"),
        L.Dense(4, kernel_constraint=v.k.constraints.NonNeg(), bias_constraint=v.k.constraints.UnitNorm(), name="b"),
        L.Dense(4, kernel_constraint=v.k.constraints.MinMaxNorm(0.5, 2.0, 0.5), name="c"),
        L.BatchNormalization(name="d", trainable=False), L.Dense(2, activation="softmax", name="e")])
    shared = dense("shared")
    yield "applied twice", lambda: v.functional({"a": ROWS, "b": ROWS}, [
        (shared, "a"), (shared, "b"), (L.Concatenate(name="c"), "shared", ("shared", 1, 0)), (dense("out", 2), "c")], ["out", "c"])
    yield "states", lambda: v.functional({"a": SEQUENCES, "b": SEQUENCES}, [
        (L.LSTM(3, return_state=True, recurrent_activation="sigmoid", name="encoder"), "a"),
        (L.LSTM(3, recurrent_activation="sigmoid", name="decoder"), "b", ("encoder", 0, 1), ("encoder", 0, 2))], ["decoder"])
    # a list of layers has no name for itself
    yield "Sequential in Sequential", lambda: v.sequential(ROWS, [v.inner(ROWS, [dense("d"), dense("e", 3)], "sequential_0"), dense("out", 2)])
    yield "Model in Sequential", lambda: v.sequential(ROWS, [v.functional({"x": ROWS}, [(dense("d"), "x")], ["d"], "base"), dense("out", 2)])
    yield "Model in Model", lambda: nested(v, v.functional({"x": ROWS}, [(dense("d"), "x")], ["d"], "base"), dense("out", 2))
    yield "Sequential in Model", lambda: nested(v, v.inner(ROWS, [dense("d")], "base"), dense("out", 2))


def nested(v, base, out):
    """A network in a functional model; its call 0 is its making."""
    if isinstance(v, Old):
        base = {"name": "base", **base}
    return v.functional({"a": ROWS}, [(base, "a"), (out, ("base", 1, 0))], ["out"])


def main(kind, *folder):
    v = Old(*folder) if kind == "old" else New(kind)
    makes = [(name, lambda s=shape, m=make: v.sequential(s, [m("layer")])) for name, shape, make in layers(v)]
    makes += [(name, lambda m=make: v.functional({"a": SEQUENCES, "b": SEQUENCES}, [(m("layer"), "a", "b")], ["layer"])) for name, make in joining(v)]
    for name, make in [*makes, *networks(v)]:
        try:
            text = v.write(make())
        except AttributeError as error:  # a layer that this version does not have
            print(f"{name} with {v.version}: {error}", file=sys.stderr)
            continue
        text.pop("keras_version", None)
        print(json.dumps({"name": name, "keras": v.version, "architecture": text}, separators=(",", ":")))


if __name__ == "__main__":
    main(*sys.argv[1:])
