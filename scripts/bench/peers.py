"""The peers of the benchmarks: Keras (TensorFlow) and PyTorch doing the same work as beamfit, driven line by line.

    python peers.py keras|torch|numpy --threads N

reads one JSON object per line from standard input and answers with one per line on standard output:

    {"op": "train",   "net": NAME, "batch": B, "rows": N}   prepares training of a network on N random rows in memory
    {"op": "predict", "net": NAME, "batch": B, "rows": N}   prepares inference
    {"op": "gemm", "m": M, "n": N, "k": K, "repeat": R}     prepares R float32 matrix products
    {"op": "conv", "n": N, "h": H, "w": W, "c": C, "f": F, "k": K, "same": true, "part": "forward|input|kernel", "repeat": R}
    {"op": "run"}                                           does the prepared work once: {"seconds": S}

Each peer gets its best honest setting: data in memory, a warm-up that is not counted, and the fastest of its own ways
to run the work (Keras: fit with and without jit_compile; PyTorch: eager and torch.compile), chosen in the warm-up and named
in the answer of the preparing line as "setting".
"""

import argparse
import json
import os
import sys
import time

import numpy as np

# Layers of each network: see scripts/bench/nets.go, which holds the same ones.
NETS = {
    "iris": dict(shape=(4,), layers=[("dense", 10, "relu"), ("dense", 10, "relu"), ("dense", 3, "softmax")]),
    "mnist_mlp": dict(shape=(784,), layers=[("dense", 512, "relu"), ("dropout", 0.2), ("dense", 512, "relu"), ("dropout", 0.2), ("dense", 10, "softmax")]),
    "mnist_cnn": dict(shape=(28, 28, 1), layers=[("conv", 32, "valid"), ("conv", 64, "valid"), ("pool",), ("dropout", 0.25), ("flatten",), ("dense", 128, "relu"), ("dropout", 0.5), ("dense", 10, "softmax")]),
    "cifar_cnn": dict(shape=(32, 32, 3), layers=[("conv", 32, "same"), ("conv", 32, "valid"), ("pool",), ("dropout", 0.25), ("conv", 64, "same"), ("conv", 64, "valid"), ("pool",), ("dropout", 0.25), ("flatten",), ("dense", 512, "relu"), ("dropout", 0.5), ("dense", 10, "softmax")]),
}


def data(net, rows):
    rng = np.random.default_rng(0)
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
        model = k.Sequential([k.Input(NETS[net]["shape"])])
        for kind, *args in NETS[net]["layers"]:
            model.add({
                "dense": lambda u=0, a=None: k.layers.Dense(u, activation=a),
                "dropout": lambda r=0: k.layers.Dropout(r),
                "conv": lambda f=0, p="": k.layers.Conv2D(f, 3, padding=p, activation="relu"),
                "pool": lambda: k.layers.MaxPooling2D(2),
                "flatten": lambda: k.layers.Flatten(),
            }[kind](*args))
        model.compile(loss="categorical_crossentropy", optimizer="adam", jit_compile=jit)
        return model

    def train(self, net, batch, rows):
        x, y = data(net, rows)
        ways = []
        for jit in (False, True):
            model = self.build(net, jit)
            ways.append((f"fit, jit_compile={jit}", lambda m=model: m.fit(x, y, batch_size=batch, epochs=1, verbose=0)))
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
        import torch

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch

    def build(self, net):
        nn = self.torch.nn
        shape = NETS[net]["shape"]
        channels = shape[-1]
        modules = []
        for kind, *args in NETS[net]["layers"]:
            if kind == "dense":
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
            elif kind == "flatten":
                modules.append(nn.Flatten())
        model = nn.Sequential(*modules)
        model(self.input(net, 2)[0])  # gives the lazy layers their shapes
        return model.to(memory_format=self.torch.channels_last)

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
            compiled = self.torch.compile(self.build(net))
            epoch(compiled)
        except Exception as e:  # no C++ compiler, say
            print("torch.compile:", str(e).splitlines()[0], file=sys.stderr)
            return
        yield "torch.compile", lambda: epoch(compiled)

    def train(self, net, batch, rows):
        x, y = self.input(net, rows)
        torch = self.torch
        optimizers = {}

        def epoch(model):
            model.train()
            opt = optimizers.setdefault(id(model), torch.optim.Adam(model.parameters(), foreach=True))
            order = torch.randperm(rows)
            for i in range(0, rows, batch):
                pick = order[i : i + batch]
                opt.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(model(x[pick]), y[pick]).backward()
                opt.step()

        return fastest(self.ways(net, epoch))

    def predict(self, net, batch, rows):
        x, _ = self.input(net, rows)
        torch = self.torch

        def epoch(model):
            model.eval()
            with torch.inference_mode():
                for i in range(0, rows, batch):
                    torch.softmax(model(x[i : i + batch]), 1)

        return fastest(self.ways(net, epoch))

    def conv(self, n, h, w, c, f, k, same, part, repeat):
        torch = self.torch
        pad = k // 2 if same else 0
        x = torch.rand(n, c, h, w).to(memory_format=torch.channels_last)
        kernel = torch.rand(f, c, k, k).to(memory_format=torch.channels_last)
        y = torch.nn.functional.conv2d(x, kernel, padding=pad)
        dy = torch.rand_like(y)
        masks = {"input": [True, False, False], "kernel": [False, True, False]}

        def once():
            for _ in range(repeat):
                if part == "forward":
                    torch.nn.functional.conv2d(x, kernel, padding=pad)
                else:
                    torch.ops.aten.convolution_backward(dy, x, kernel, [0], [1, 1], [pad, pad], [1, 1], False, [0, 0], 1, masks[part])

        once()
        return "oneDNN, channels_last", once


class Numpy:
    """numpy's own matrix product is OpenBLAS."""

    def __init__(self, threads):
        pass

    def gemm(self, m, n, k, repeat):
        a = np.random.default_rng(0).random((m, k), dtype=np.float32)
        b = np.random.default_rng(1).random((k, n), dtype=np.float32)
        c = np.empty((m, n), dtype=np.float32)

        def once():
            for _ in range(repeat):
                np.matmul(a, b, out=c)

        once()
        return "OpenBLAS", once


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["keras", "torch", "numpy"])
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    peer = {"keras": Keras, "torch": Torch, "numpy": Numpy}[args.peer](args.threads)
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
