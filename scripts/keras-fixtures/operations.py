"""The networks of references.py with operations: functions of keras.ops and arithmetic between layers that have weights."""

import keras
import numpy as np
from keras import layers, ops


def operated(*functions, shape=(4, 6)):
    """Two dense layers over one input, functions of what they give, and a dense layer that sees all results."""

    def build():
        x = keras.Input(shape)
        a, b = layers.Dense(shape[-1], activation="tanh")(x), layers.Dense(shape[-1], activation="tanh")(x)
        made = []
        for f in functions:
            result = f(a, b) if f.__code__.co_varnames[:2] == ("a", "b") else f(a)
            made += result if isinstance(result, list) else [result]
        flat = [layers.Flatten()(m) for m in made]
        return keras.Model(x, layers.Dense(3)(flat[0] if len(flat) == 1 else layers.Concatenate()(flat)))

    return {"model": build, "targets": ["numbers"], "gradients": [{"loss": "mse"}], "rows": 10}


FILES = {
    "operations": {
        "numbers": operated(lambda a: a + 1, lambda a: 1 - a, lambda a: a * 2.5, lambda a: a / 127.5 - 1, lambda a: 2 / (a + 3.0), lambda a: -a),
        "powers": operated(lambda a: a**2, lambda a: a**3, lambda a: (a + 3.0) ** 0.5, lambda a: (a + 3.0) ** -2, lambda a: ops.square(a)),
        "arithmetic": operated(lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (b + 3.0),
                               lambda a, b: ops.maximum(a, b), lambda a, b: ops.minimum(a, b)),
        "arrays": operated(lambda a: a - ops.convert_to_tensor(np.arange(6, dtype="float32")), lambda a: a * np.linspace(-1, 2, 6).astype("float32"),
                           lambda a: ops.divide(np.full((4, 1), 2.0, "float32"), a + 3.0), lambda a: ops.maximum(a, 0.1), lambda a: ops.clip(a, -0.5, 0.25)),
        "slices": operated(lambda a: a[:, 0], lambda a: a[:, 1:3, ::2], lambda a: a[..., None], lambda a: a[:, -1, 1::3], lambda a: a[..., ::-1],
                           lambda a: a[:, 3:0:-2], lambda a: a[:, None, :-1]),
        "parts": operated(lambda a: ops.split(a, 2, axis=1), lambda a: ops.split(a, [1, 4], axis=-1)),
        "shapes": operated(lambda a: ops.reshape(a, (-1, 3, 8)), lambda a: ops.squeeze(ops.expand_dims(a, 1), 1), lambda a: ops.transpose(a, (0, 2, 1)),
                           lambda a: ops.swapaxes(a, 1, 2), lambda a: ops.moveaxis(a, 1, 2), lambda a: ops.flip(a, 1), lambda a: ops.pad(a, ((0, 0), (1, 2), (0, 1)))),
        "together": operated(lambda a, b: ops.concatenate([a, b], axis=1), lambda a, b: ops.stack([a, b], axis=2), lambda a: ops.repeat(a, 2, axis=1),
                             lambda a: ops.tile(a, (1, 2, 3)), lambda a, b: ops.matmul(a, ops.transpose(b, (0, 2, 1)))),
        "reductions": operated(lambda a: ops.mean(a, axis=1), lambda a: ops.mean(a, axis=[1, 2], keepdims=True), lambda a: ops.sum(a, axis=-1),
                               lambda a: ops.max(a, axis=1), lambda a: ops.min(a, axis=-1, keepdims=True), lambda a: ops.var(a, axis=1), lambda a: ops.std(a, axis=2)),
        "reductions of images": operated(lambda a: ops.mean(a, axis=(1, 2)), lambda a: ops.max(a, axis=(1, 3)), lambda a: ops.sum(a, axis=2, keepdims=True), shape=(3, 4, 2)),
        "functions": operated(lambda a: ops.exp(a), lambda a: ops.log(a + 3.0), lambda a: ops.sqrt(a + 3.0), lambda a: ops.rsqrt(a + 3.0), lambda a: ops.abs(a),
                              lambda a: ops.sin(a), lambda a: ops.cos(a), lambda a: ops.reciprocal(a + 3.0), lambda a: ops.normalize(a, axis=-1)),
        "activations": operated(*[lambda a, f=f: getattr(ops, f)(a) for f in (
            "relu", "relu6", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "silu", "elu", "selu", "gelu", "hard_sigmoid", "log_sigmoid")],
            lambda a: ops.gelu(a, approximate=False), lambda a: ops.leaky_relu(a, 0.1), lambda a: keras.activations.relu(a, max_value=0.5)),
        "resized": operated(lambda a: ops.image.resize(a, (5, 6)), shape=(3, 4, 2)),
        "celu": operated(lambda a: ops.celu(a * 3), lambda a: ops.celu(a * 3, alpha=0.5), lambda a: ops.celu(a * 3, alpha=2.5)),
    },
}
