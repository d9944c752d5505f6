"""The peers of the benchmarks: Keras (TensorFlow), PyTorch and JAX doing the same work as beamfit, driven line by line.

    python peers.py versions

prints what the peers are, in which versions, as one line.

    python peers.py keras|torch|jax|numpy|pyarrow|duckdb --threads N

reads one JSON object per line from standard input and answers with one per line on standard output:

    {"op": "train",   "net": NAME, "batch": B, "rows": N, "epochs": E}
                                                            prepares training of a network on N random rows in memory; torch takes
                                                            "autocast": true, for products of bfloat16
    {"op": "predict", "net": NAME, "batch": B, "rows": N}   prepares inference
    {"op": "gemm", "m": M, "n": N, "k": K, "repeat": R, "gradients": true}
                                                            prepares R float32 matrix products, or those and both gradients
    {"op": "conv", "n": N, "h": H, "w": W, "c": C, "f": F, "stride": S, "same": true, "repeat": R}
                                                            prepares R 3x3 convolutions with both gradients
    {"op": "read", "path": PATH, "out": PATH}               prepares to read a Parquet file into memory
    {"op": "write", "path": PATH, "out": PATH}              prepares to write its rows, which are in memory, to another
    {"op": "run"}                                           does the prepared work once: {"seconds": S}

Each peer gets its best honest setting: data in memory, a warm-up that is not counted, and the fastest of its own ways
to run the work (Keras: fit with and without jit_compile; PyTorch: eager and torch.compile; JAX: a jitted step with one or the other
generator of random numbers), chosen in the warm-up and named in the answer of the preparing line as "setting".
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import signal
import sys
import time

import numpy as np

# Layers of each network: see scripts/bench/nets.go, which holds the same ones. "fork" remembers its input for the "join" that
# follows, which adds it, after a 1x1 convolution where it names filters, and applies ReLU.
NETS = {
    "iris": dict(shape=(4,), layers=[("dense", 10, "relu"), ("dense", 10, "relu"), ("dense", 3, "softmax")]),
    "mnist_mlp": dict(shape=(784,), layers=[("dense", 512, "relu"), ("dropout", 0.2), ("dense", 512, "relu"), ("dropout", 0.2), ("dense", 10, "softmax")]),
    "mnist_cnn": dict(shape=(28, 28, 1), layers=[("conv", 32, "valid"), ("conv", 64, "valid"), ("pool",), ("dropout", 0.25), ("flatten",), ("dense", 128, "relu"), ("dropout", 0.5), ("dense", 10, "softmax")]),
    "cifar_cnn": dict(shape=(32, 32, 3), layers=[("conv", 32, "same"), ("conv", 32, "valid"), ("pool",), ("dropout", 0.25), ("conv", 64, "same"), ("conv", 64, "valid"), ("pool",), ("dropout", 0.25), ("flatten",), ("dense", 512, "relu"), ("dropout", 0.5), ("dense", 10, "softmax")]),
}


def resnet20():
    layers = [("convnorm", 16, 1, True)]
    for stack, filters in enumerate((16, 32, 64)):
        for block in range(3):
            stride = 2 if stack > 0 and block == 0 else 1
            layers += [("fork",), ("convnorm", filters, stride, True), ("convnorm", filters, 1, False), ("join", filters if stride > 1 else 0)]
    return dict(shape=(32, 32, 3), layers=layers + [("average", 8), ("flatten",), ("dense", 10, "softmax")])


NETS["tabular"] = dict(shape=(28,), layers=[("dense", 64, "relu"), ("dense", 64, "relu"), ("dense", 2, "softmax")])
NETS["resnet20"] = resnet20()
NETS["text_lstm"] = dict(shape=(80,), layers=[("embedding", 5000, 64), ("lstm", 64), ("dense", 10, "softmax")])


def versions():
    """What the peers are; numpy names the library that multiplies its matrices."""
    of = importlib.metadata.version
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    return f"Keras {of('keras')} on TensorFlow {of('tensorflow-cpu')}, PyTorch {of('torch')}, JAX {of('jax')}, numpy {of('numpy')} with {blas}, pyarrow {of('pyarrow')}, DuckDB {of('duckdb')}"


def data(net, rows):
    rng = np.random.default_rng(0)
    first, *args = NETS[net]["layers"][0]
    if first == "embedding":
        x = rng.integers(0, args[0], (rows, *NETS[net]["shape"]), dtype=np.int32)
    else:
        x = rng.random((rows, *NETS[net]["shape"]), dtype=np.float32)
    classes = NETS[net]["layers"][-1][1]
    y = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, rows)]
    return x, y


def timed(f):
    start = time.perf_counter()
    f()
    return time.perf_counter() - start


def fastest(ways):
    """Warms every way up twice and returns the name and function of the faster one."""
    best = None
    for name, f in ways:
        f()
        t = timed(f)
        if best is None or t < best[0]:
            best = (t, name, f)
    return best[1], best[2]


# torch.compile may take so long; then it is left out.
COMPILE_SECONDS = 120


@contextlib.contextmanager
def time_limit(seconds):
    def late(*_):
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Keras:
    def __init__(self, threads):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.tf = tf

    def build(self, net, jit):
        k = self.tf.keras
        k.utils.set_random_seed(0)
        inputs = x = k.Input(NETS[net]["shape"])
        fork = None
        for kind, *args in NETS[net]["layers"]:
            if kind == "fork":
                fork = x
            elif kind == "join":
                if args[0]:
                    fork = k.layers.Conv2D(args[0], 1, strides=2, padding="same")(fork)
                x = k.layers.ReLU()(k.layers.Add()([fork, x]))
            elif kind == "convnorm":
                filters, stride, relu = args
                x = k.layers.BatchNormalization()(k.layers.Conv2D(filters, 3, strides=stride, padding="same")(x))
                if relu:
                    x = k.layers.ReLU()(x)
            else:
                x = {
                    "dense": lambda u=0, a=None: k.layers.Dense(u, activation=a),
                    "dropout": lambda r=0: k.layers.Dropout(r),
                    "conv": lambda f=0, p="": k.layers.Conv2D(f, 3, padding=p, activation="relu"),
                    "pool": lambda: k.layers.MaxPooling2D(2),
                    "average": lambda n=0: k.layers.AveragePooling2D(n),
                    "flatten": lambda: k.layers.Flatten(),
                    "embedding": lambda n=0, d=0: k.layers.Embedding(n, d),
                    "lstm": lambda u=0: k.layers.LSTM(u),
                }[kind](*args)(x)
        model = k.Model(inputs, x)
        model.compile(loss="categorical_crossentropy", optimizer="adam", jit_compile=jit)
        return model

    def train(self, net, batch, rows, epochs):
        x, y = data(net, rows)
        ways = []
        for jit in (False, True):
            model = self.build(net, jit)
            ways.append((f"fit, jit_compile={jit}", lambda m=model: m.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)))
        return fastest(ways)

    def predict(self, net, batch, rows):
        x, _ = data(net, rows)
        ways = []
        for jit in (False, True):
            model = self.build(net, jit)
            ways.append((f"predict, jit_compile={jit}", lambda m=model: m.predict(x, batch_size=batch, verbose=0)))
        return fastest(ways)


class Torch:
    def __init__(self, threads):
        os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # in this process, so that time_limit reaches it
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch

    def build(self, net):
        model = self.sequence(NETS[net]["layers"], NETS[net]["shape"][-1])
        model(self.input(net, 2)[0])  # gives the lazy layers their shapes
        return model.to(memory_format=self.torch.channels_last)

    def sequence(self, layers, channels):
        """A module of layers; those between a fork and its join make one with a residual."""
        nn = self.torch.nn

        class Residual(nn.Module):
            def __init__(self, body, shortcut):
                super().__init__()
                self.body, self.shortcut, self.relu = body, shortcut, nn.ReLU()

            def forward(self, x):
                return self.relu(self.body(x) + self.shortcut(x))

        class LastState(nn.Module):
            def __init__(self, inputs, units):
                super().__init__()
                self.lstm = nn.LSTM(inputs, units, batch_first=True)

            def forward(self, x):
                return self.lstm(x)[1][0][-1]

        modules = []
        before = None  # modules and channels before a fork
        for kind, *args in layers:
            if kind == "fork":
                before, modules = (modules, channels), []
            elif kind == "join":
                shortcut = nn.Conv2d(before[1], args[0], 1, stride=2) if args[0] else nn.Identity()
                modules = before[0] + [Residual(nn.Sequential(*modules), shortcut)]
            elif kind == "convnorm":
                filters, stride, relu = args
                modules += [nn.Conv2d(channels, filters, 3, stride=stride, padding=1), nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)]
                if relu:
                    modules.append(nn.ReLU())
                channels = filters
            elif kind == "dense":
                modules.append(nn.LazyLinear(args[0]))
                if args[1] == "relu":
                    modules.append(nn.ReLU())
            elif kind == "dropout":
                modules.append(nn.Dropout(args[0]))
            elif kind == "conv":
                modules += [nn.Conv2d(channels, args[0], 3, padding=args[1]), nn.ReLU()]
                channels = args[0]
            elif kind == "pool":
                modules.append(nn.MaxPool2d(2))
            elif kind == "average":
                modules.append(nn.AvgPool2d(args[0]))
            elif kind == "flatten":
                modules.append(nn.Flatten())
            elif kind == "embedding":
                modules.append(nn.Embedding(*args))
                channels = args[1]
            elif kind == "lstm":
                modules.append(LastState(channels, args[0]))
        return nn.Sequential(*modules)

    def input(self, net, rows):
        x, y = data(net, rows)
        x = self.torch.from_numpy(x)
        if x.dim() == 4:
            x = x.permute(0, 3, 1, 2)  # NHWC memory, as channels_last wants it
        return x, self.torch.from_numpy(y.argmax(1))

    def ways(self, net, epoch):
        model = self.build(net)
        yield "eager", lambda: epoch(model)
        try:
            with time_limit(COMPILE_SECONDS):
                compiled = self.torch.compile(self.build(net))
                epoch(compiled)
        except Exception as e:  # no C++ compiler, or too slow
            print("torch.compile:", (str(e) or type(e).__name__).splitlines()[0], file=sys.stderr)
            return
        yield "torch.compile", lambda: epoch(compiled)

    def train(self, net, batch, rows, epochs, autocast=False):
        x, y = self.input(net, rows)
        torch = self.torch
        optimizers = {}

        def fit(model):
            for _ in range(epochs):
                epoch(model)

        def epoch(model):
            model.train()
            opt = optimizers.setdefault(id(model), torch.optim.Adam(model.parameters(), foreach=True))
            order = torch.randperm(rows)
            for i in range(0, rows, batch):
                pick = order[i : i + batch]
                opt.zero_grad(set_to_none=True)
                with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                    loss = torch.nn.functional.cross_entropy(model(x[pick]), y[pick])
                loss.backward()
                opt.step()

        return fastest(self.ways(net, fit))

    def predict(self, net, batch, rows):
        x, _ = self.input(net, rows)
        torch = self.torch

        def epoch(model):
            model.eval()
            with torch.inference_mode():
                for i in range(0, rows, batch):
                    torch.softmax(model(x[i : i + batch]), 1)

        return fastest(self.ways(net, epoch))

    def conv(self, n, h, w, c, f, stride, same, repeat):
        torch = self.torch
        x = torch.rand(n, c, h, w)
        pad = [0, 0]
        if same and stride > 1:  # Keras puts the odd zero at the end, PyTorch has none such: the image is padded beforehand
            total = ((h - 1) // stride) * stride + 3 - h
            x = torch.nn.functional.pad(x, (total // 2, total - total // 2) * 2)
        elif same:
            pad = [1, 1]
        x = x.to(memory_format=torch.channels_last)
        kernel = torch.rand(f, c, 3, 3).to(memory_format=torch.channels_last)
        bias = torch.rand(f)
        dy = torch.rand_like(torch.nn.functional.conv2d(x, kernel, bias, stride=stride, padding=pad))

        def once():
            with torch.inference_mode():
                for _ in range(repeat):
                    torch.nn.functional.conv2d(x, kernel, bias, stride=stride, padding=pad)
                    torch.ops.aten.convolution_backward(dy, x, kernel, [f], [stride] * 2, pad, [1, 1], False, [0, 0], 1, [True, True, False])

        once()
        return "oneDNN, channels_last", once

    def gemm(self, m, n, k, repeat, gradients):
        torch = self.torch
        a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
        da, db = torch.empty_like(a), torch.empty_like(b)

        def once():
            with torch.inference_mode():
                for _ in range(repeat):
                    torch.mm(a, b, out=c)
                    if gradients:
                        torch.mm(c, b.T, out=da)
                        torch.mm(a.T, c, out=db)

        once()
        return "MKL" if torch.backends.mkl.is_available() else "no MKL", once


class Jax:
    """A training step is one jitted function: forward, gradients and Adam. It may write over the weights that it is given."""

    def __init__(self, threads):
        # XLA starts a thread for each core that the process may use.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
        import jax

        self.jax = jax

    def apply(self, layers, x, take, key):
        """The network's logits, and mean and variance of each batch normalisation. take gives the next weight of a shape."""
        jax = self.jax
        jnp, lax, nn = jax.numpy, jax.lax, jax.nn
        fork, statistics = None, []

        def conv(x, filters, size, stride, padding):
            y = lax.conv_general_dilated(
                x, take((size, size, x.shape[-1], filters)), (stride, stride), padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            return y + take((filters,))

        def norm(x):
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            statistics.extend((mean, variance))
            return (x - mean) * lax.rsqrt(variance + 1e-3) * take((x.shape[-1],), 1) + take((x.shape[-1],))

        def pooled(x, size, start, op):
            return lax.reduce_window(x, start, op, (1, size, size, 1), (1, size, size, 1), "VALID")

        def lstm(x, units):
            z = jnp.swapaxes(x @ take((x.shape[-1], 4 * units)) + take((4 * units,)), 0, 1)
            recurrent = take((units, 4 * units))

            def cell(state, z):
                h, c = state
                i, f, g, o = jnp.split(z + h @ recurrent, 4, axis=1)
                c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
                h = nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), None

            zeros = jnp.zeros((x.shape[0], units))
            return lax.scan(cell, (zeros, zeros), z)[0][0]

        for kind, *args in layers:
            if kind == "fork":
                fork = x
            elif kind == "join":
                x = nn.relu(x + (conv(fork, args[0], 1, 2, "same") if args[0] else fork))
            elif kind == "convnorm":
                filters, stride, relu = args
                x = norm(conv(x, filters, 3, stride, "same"))
                x = nn.relu(x) if relu else x
            elif kind == "dense":
                x = x @ take((x.shape[-1], args[0])) + take((args[0],))
                x = nn.relu(x) if args[1] == "relu" else x  # softmax is part of the loss
            elif kind == "dropout":
                key, mine = jax.random.split(key)
                x = jnp.where(jax.random.bernoulli(mine, 1 - args[0], x.shape), x / (1 - args[0]), 0)
            elif kind == "conv":
                x = nn.relu(conv(x, args[0], 3, 1, args[1]))
            elif kind == "pool":
                x = pooled(x, 2, -jnp.inf, lax.max)
            elif kind == "average":
                x = pooled(x, args[0], 0.0, lax.add) / args[0] ** 2
            elif kind == "flatten":
                x = x.reshape(x.shape[0], -1)
            elif kind == "embedding":
                x = take(tuple(args))[x]
            elif kind == "lstm":
                x = lstm(x, args[0])
        return x, statistics

    def weights(self, layers, x):
        """First weights, made by applying the network to a few rows: Glorot's, and one value where there is one dimension."""
        rng, made = np.random.default_rng(0), []

        def make(shape, value=0):
            if len(shape) == 1:
                w = np.full(shape, value, np.float32)
            else:
                limit = np.sqrt(6 / (np.prod(shape[:-2]) * (shape[-2] + shape[-1])))
                w = rng.uniform(-limit, limit, shape).astype(np.float32)
            made.append(self.jax.numpy.asarray(w))
            return made[-1]

        _, statistics = self.apply(layers, x, make, self.jax.random.key(0))
        return made, [s * 0 for s in statistics]

    def train(self, net, batch, rows, epochs):
        jax = self.jax
        jnp, layers = jax.numpy, NETS[net]["layers"]
        x, y = map(jnp.asarray, data(net, rows))

        def step(state, x, y, pick):
            w, m, v, moving, key, t = state
            key, mine = jax.random.split(key)

            def loss(w):
                left = iter(w)
                logits, statistics = self.apply(layers, x[pick], lambda *_: next(left), mine)
                return -(jax.nn.log_softmax(logits) * y[pick]).sum(1).mean(), statistics

            gradients, statistics = jax.grad(loss, has_aux=True)(w)
            t += 1
            rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            m = [a + 0.1 * (g - a) for a, g in zip(m, gradients)]
            v = [a + 0.001 * (g * g - a) for a, g in zip(v, gradients)]
            w = [a - rate * b / (jnp.sqrt(c) + 1e-7) for a, b, c in zip(w, m, v)]
            moving = [a + 0.01 * (b - a) for a, b in zip(moving, statistics)]
            return w, m, v, moving, key, t

        def way(generator):
            w, moving = self.weights(layers, x[:2])
            state = (w, [a * 0 for a in w], [a * 0 for a in w], moving, jax.random.key(0, impl=generator), jnp.float32(0))
            jitted = jax.jit(step, donate_argnums=0)
            rng = np.random.default_rng(0)

            def fit():
                nonlocal state
                for _ in range(epochs):
                    order = rng.permutation(rows)
                    for i in range(0, rows, batch):
                        state = jitted(state, x, y, order[i : i + batch])
                jax.block_until_ready(state)

            return f"jitted step, {generator}", fit

        return fastest([way("threefry2x32"), way("rbg")])


class Numpy:
    """numpy's own matrix product is OpenBLAS."""

    def __init__(self, threads):
        pass

    def gemm(self, m, n, k, repeat, gradients):
        a = np.random.default_rng(0).random((m, k), dtype=np.float32)
        b = np.random.default_rng(1).random((k, n), dtype=np.float32)
        c, da, db = np.empty((m, n), dtype=np.float32), np.empty_like(a), np.empty_like(b)

        def once():
            for _ in range(repeat):
                np.matmul(a, b, out=c)
                if gradients:
                    np.matmul(c, b.T, out=da)
                    np.matmul(a.T, c, out=db)

        once()
        return "OpenBLAS", once


class Pyarrow:
    def __init__(self, threads):
        import pyarrow
        import pyarrow.parquet

        pyarrow.set_cpu_count(threads)
        self.parquet = pyarrow.parquet

    def read(self, path, out):
        return "read_table", lambda: self.parquet.read_table(path)

    def write(self, path, out):
        rows = self.parquet.read_table(path)
        return "write_table, rows in memory", lambda: self.parquet.write_table(rows, out)


class Duckdb:
    def __init__(self, threads):
        import duckdb

        self.db = duckdb.connect(config={"threads": threads})

    def read(self, path, out):
        return "CREATE TABLE AS, in memory", lambda: self.db.execute("CREATE OR REPLACE TABLE copied AS SELECT * FROM read_parquet(?)", [path])

    def write(self, path, out):
        self.db.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM read_parquet(?)", [path])
        return "COPY TO, rows in memory", lambda: self.db.execute(f"COPY rows TO '{out}' (FORMAT parquet)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["keras", "torch", "jax", "numpy", "pyarrow", "duckdb", "versions"])
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.peer == "versions":
        print(versions())
        return
    peer = {"keras": Keras, "torch": Torch, "jax": Jax, "numpy": Numpy, "pyarrow": Pyarrow, "duckdb": Duckdb}[args.peer](args.threads)
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        op = request.pop("op")
        if op == "run":
            answer = {"seconds": timed(work)}
        else:
            setting, work = getattr(peer, op)(**request)
            answer = {"setting": setting}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        if variable not in os.environ:
            sys.exit(f"{variable} must be set: scripts/bench does")
    main()
