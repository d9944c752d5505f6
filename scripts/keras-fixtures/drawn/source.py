"""Where random arguments come from."""

import keras
import numpy as np

# glu, of which Keras does not know the shape, is for outputs only (outputs.py).
ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax",
    "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink",
]
OF_ROWS = ("log_softmax", "softmax", "sparsemax")  # work on the last dimension, and so not on channels that come first


i = keras.initializers


class Draw:
    """A source of random arguments.

    trains is False for a network that is only looked at in inference: it may have layers that do something random in training.
    channels_first says whether layers of images may have their channels first. Two sources of the same seed draw the same
    network; that with stand_in has layers that turn images around instead, which TensorFlow can compute on a CPU.
    """

    def __init__(self, seed, stand_in=False):
        self.rng = np.random.default_rng(seed)
        self.stand_in = stand_in
        self.trains = not self.chance(0.1)
        self.channels_first = self.chance(0.3)

    def int(self, low, high):
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def ints(self, n, low, high):
        return tuple(self.int(low, high) for _ in range(n))

    def one(self, options):
        return options[self.int(0, len(options) - 1)]

    def some(self, options):
        """Some of the options, at least one, in their order."""
        chosen = [o for o in options if self.chance(0.5)]
        return chosen or [self.one(options)]

    def number(self, low, high):
        """A number with few digits, so that its text says it exactly."""
        return round(float(self.rng.uniform(low, high)), 3)

    def chance(self, p):
        return bool(self.rng.random() < p)

    def activation(self, but=()):
        """An activation, none of those that are not wanted."""
        chosen = self.one(ACTIVATIONS) if self.chance(0.5) else self.one([None, "relu", "tanh", "sigmoid"])
        return None if chosen in but else chosen

    def rate(self):
        """What a layer drops: nothing where the network is trained, since that is random."""
        return 0.0 if self.trains else self.number(0.1, 0.6)

    def padding(self, *others):
        return self.one(["valid", "same", *others])

    def regularizer(self):
        r = keras.regularizers
        return self.one([r.L1(self.number(0, 0.1)), r.L2(self.number(0, 0.1)), r.L1L2(self.number(0, 0.1), self.number(0, 0.1))])

    def constraint(self):
        c = keras.constraints
        axis = self.one([0, -1, None])
        return self.one([c.MaxNorm(self.number(0.2, 2), axis), c.UnitNorm(axis), c.NonNeg(), c.MinMaxNorm(
            self.number(0, 0.5), self.number(0.5, 1.5), self.number(0.1, 1), axis)])

    def initializer(self):
        """An initializer, which must be readable: the weights of a drawn network are given."""
        return self.one(INITIALIZERS)(self)

    def of_weights(self, *names):
        """Arguments that a layer has for each of its weights."""
        chosen = {f"{name}_regularizer": self.regularizer() for name in names if self.chance(0.15)}
        chosen |= {f"{name}_constraint": self.constraint() for name in names if self.chance(0.15)}
        return chosen | {f"{name}_initializer": self.initializer() for name in names if self.chance(0.15)}

    def common(self, *names):
        """Arguments of every layer that has weights."""
        chosen = self.of_weights(*names)
        if self.chance(0.1):
            chosen["trainable"] = False
        if self.chance(0.1):
            chosen["activity_regularizer"] = self.regularizer()
        return chosen


def stft(r):
    """STFT, which is for kernels of one channel only; its windows come from scipy, which is not among the requirements."""
    return i.STFT(r.one(["real", "imag"]), None, r.one(["density", "spectrum", None]), r.chance(0.5))


def seeded(cls):
    """A row for an initializer with a seed only."""
    return lambda r: cls(seed=r.one([None, r.int(0, 99)]))


INITIALIZERS = [
    lambda r: i.Constant(r.number(-1, 1)),
    lambda r: i.Identity(r.number(0.5, 2)),
    lambda r: i.Ones(),
    lambda r: i.Orthogonal(r.number(0.5, 2)),
    lambda r: i.RandomNormal(r.number(-1, 1), r.number(0, 1)),
    lambda r: i.RandomUniform(r.number(-1, 0), r.number(0, 1)),
    lambda r: i.TruncatedNormal(r.number(-1, 1), r.number(0.1, 1)),
    lambda r: i.VarianceScaling(r.number(0.5, 2), r.one(["fan_in", "fan_out", "fan_avg"]),
                                r.one(["truncated_normal", "untruncated_normal", "uniform"])),
    lambda r: i.Zeros(),
    *[seeded(cls) for cls in (i.GlorotNormal, i.GlorotUniform, i.HeNormal, i.HeUniform, i.LecunNormal, i.LecunUniform)],
]
