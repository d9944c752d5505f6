#!/usr/bin/env python3
"""peers.py [--device cpu] [--steps N] [NETWORK...]: microseconds per training step of PyTorch (eager, CUDA graph, torch.compile) and of Keras
on JAX, for the networks and batches of scripts/cuda/check, on data that lie on the device. One line per measurement: network, peer, microseconds.
What is not installed, or fails, is a line with the reason."""
import argparse, json, os, statistics, sys, time

NETWORKS = {"iris": ("adam", 5), "mnist_mlp": ("rmsprop", 128), "mnist_cnn": ("adadelta", 128), "cifar_cnn": ("adam", 128), "resnet20": ("adam", 128)}
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("BEAMFIT_NETWORKS", os.path.join(HERE, "..", "..", "model", "plan", "testdata"))

args = argparse.ArgumentParser()
args.add_argument("--device", default="cuda")
args.add_argument("--steps", type=int, default=200)
args.add_argument("networks", nargs="*", default=[])
args = args.parse_args()
names = args.networks or list(NETWORKS)


def say(network, peer, value):
    print(f"{network}\t{peer}\t{value}", flush=True)


def layers(name):
    with open(os.path.join(FOLDER, name + ".json")) as f:
        text = json.load(f)
    config = text["config"]
    return config["layers"] if isinstance(config, dict) else config


def median_us(step, sync, steps):
    for _ in range(10):
        step()
    sync()
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        sync()
        times.append((time.perf_counter() - begin) / steps * 1e6)
    return f"{statistics.median(times):.1f}"


def torch_model(torch, name):
    """The network of a file of Keras 2 as a torch module; channels first, as PyTorch has them."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.order, self.mods = [], nn.ModuleDict()
            shapes = {}
            last = None
            for layer in layers(name):
                c, kind = layer["config"], layer["class_name"]
                key = c["name"].replace(".", "_")
                nodes = layer.get("inbound_nodes")
                ins = [n[0].replace(".", "_") for n in nodes[0]] if nodes else ([last] if last else [])
                shape = shapes[ins[0]] if ins else None
                if "batch_input_shape" in c:
                    s = c["batch_input_shape"][1:]
                    shape = (s[2], s[0], s[1]) if len(s) == 3 else tuple(s)
                    if not ins:
                        ins = ["input"]
                    self.input = shape
                mods, act = [], c.get("activation")
                if kind == "Dense":
                    mods.append(nn.Linear(shape[0], c["units"]))
                    shape = (c["units"],)
                elif kind == "Conv2D":
                    k, st = c["kernel_size"], tuple(c.get("strides", (1, 1)))
                    same = c.get("padding") == "same"
                    h, w = (-(-shape[1] // st[0]), -(-shape[2] // st[1])) if same else ((shape[1] - k[0]) // st[0] + 1, (shape[2] - k[1]) // st[1] + 1)
                    if same:
                        ph, pw = max((h - 1) * st[0] + k[0] - shape[1], 0), max((w - 1) * st[1] + k[1] - shape[2], 0)
                        mods.append(nn.ZeroPad2d((pw // 2, pw - pw // 2, ph // 2, ph - ph // 2)))
                    mods.append(nn.Conv2d(shape[0], c["filters"], k, st, bias=c.get("use_bias", True)))
                    shape = (c["filters"], h, w)
                elif kind in ("MaxPooling2D", "AveragePooling2D"):
                    p = tuple(c.get("pool_size", (2, 2)))
                    st = tuple(c.get("strides") or p)
                    mods.append((nn.MaxPool2d if kind[0] == "M" else nn.AvgPool2d)(p, st))
                    shape = (shape[0], (shape[1] - p[0]) // st[0] + 1, (shape[2] - p[1]) // st[1] + 1)
                elif kind == "GlobalAveragePooling2D":
                    mods += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
                    shape = (shape[0],)
                elif kind == "Flatten":
                    mods.append(nn.Flatten())
                    n = 1
                    for d in shape:
                        n *= d
                    shape = (n,)
                elif kind == "Dropout":
                    mods.append(nn.Dropout(c["rate"]))
                elif kind == "BatchNormalization":
                    mods.append(nn.BatchNorm2d(shape[0]) if len(shape) == 3 else nn.BatchNorm1d(shape[0]))
                elif kind not in ("Add", "Activation", "InputLayer"):
                    raise ValueError(f"layer {kind}")
                if act == "relu":
                    mods.append(nn.ReLU())
                elif act not in (None, "linear", "softmax"):  # the loss has the softmax
                    raise ValueError(f"activation {act}")
                self.mods[key] = nn.Sequential(*mods)
                self.order.append((key, ins, kind))
                shapes[key], last = shape, key
            self.out = last
            self.classes = shape[0]

        def forward(self, x):
            values = {"input": x}
            for key, ins, kind in self.order:
                v = values["input"] if kind == "InputLayer" or not ins else values[ins[0]]
                if kind == "Add":
                    for other in ins[1:]:
                        v = v + values[other]
                values[key] = self.mods[key](v)
            return values[self.out]

    return Net()


def torch_steps(name):
    import torch

    optimizer, batch = NETWORKS[name]
    device = args.device

    def fresh(capturable):
        torch.manual_seed(1)
        net = torch_model(torch, name).to(device)
        kinds = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop, "adadelta": torch.optim.Adadelta}
        more = {"capturable": True} if capturable else {}
        opt = kinds[optimizer](net.parameters(), lr=0.001, **more)
        x = torch.randn(batch, *net.input, device=device)
        y = torch.randint(0, net.classes, (batch,), device=device)
        return net, opt, x, y

    def step_of(net, opt, x, y):
        def step():
            opt.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(net(x), y).backward()
            opt.step()

        return step

    sync = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    for tf32 in ([False, True] if device == "cuda" else [False]):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
        suffix = " tf32" if tf32 else ""
        yield "torch eager" + suffix, lambda: median_us(step_of(*fresh(False)), sync, args.steps)
        if device != "cuda":
            continue

        def graph():
            step = step_of(*fresh(True))
            s = torch.cuda.Stream()
            s.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(s):
                for _ in range(3):
                    step()
            torch.cuda.current_stream().wait_stream(s)
            g = torch.cuda.CUDAGraph()
            with torch.cuda.graph(g):
                step()
            return median_us(g.replay, sync, args.steps)

        def compiled():
            net, opt, x, y = fresh(False)
            return median_us(step_of(torch.compile(net, mode="max-autotune"), opt, x, y), sync, args.steps)

        yield "torch cuda graph" + suffix, graph
        yield "torch compile" + suffix, compiled


def keras_step(name):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras, numpy as np

    optimizer, batch = NETWORKS[name]
    with open(os.path.join(FOLDER, name + ".json")) as f:
        text = json.load(f)
    if isinstance(text["config"], list):
        text["config"] = {"name": name, "layers": text["config"]}
    model = keras.models.model_from_json(json.dumps(text))
    model.compile(optimizer=optimizer, loss="categorical_crossentropy")
    shape, classes = model.input_shape[1:], model.output_shape[-1]
    rows = batch * args.steps
    x = np.random.default_rng(1).normal(size=(rows, *shape)).astype("float32")
    y = np.eye(classes, dtype="float32")[np.random.default_rng(2).integers(0, classes, rows)]
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
        times.append((time.perf_counter() - begin) / args.steps * 1e6)
    return f"{statistics.median(times):.1f}"


for name in names:
    try:
        for peer, measure in torch_steps(name):
            try:
                say(name, peer, measure())
            except Exception as e:
                say(name, peer, f"failed: {type(e).__name__}: {str(e).splitlines()[0][:100] if str(e) else ''}")
    except Exception as e:
        say(name, "torch", f"failed: {type(e).__name__}: {e}")
    try:
        say(name, "keras jax fit", keras_step(name))
    except Exception as e:
        say(name, "keras jax fit", f"failed: {type(e).__name__}: {str(e)[:100]}")
