#!/usr/bin/env python3
"""peers.py [--device cpu] [--steps N] [--peers torch|keras] [NETWORK...]: microseconds per training step of PyTorch (eager, CUDA graph,
torch.compile) and of Keras on JAX, for the networks and batches of scripts/gpu-check, on data that lie on the device. One line per measurement:
network, peer, microseconds. What is not installed, or fails, is a line with the reason. What takes longest to compile comes last, so that a run that is cut
short has the rest.

KERAS_BACKEND names another backend than JAX. PEERS_PACKAGES is a folder of Python packages to fall back on."""
import argparse, json, os, statistics, sys, time

NETWORKS = {"iris": ("adam", 5), "mnist_mlp": ("rmsprop", 128), "mnist_cnn": ("adadelta", 128), "cifar_cnn": ("adam", 128), "resnet20": ("adam", 128)}
HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("BEAMFIT_NETWORKS", os.path.join(HERE, "..", "..", "model", "plan", "testdata"))

args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
args.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
args.add_argument("--steps", type=int, default=200)
args.add_argument("--peers", default="torch", choices=["torch", "keras"])
args.add_argument("networks", nargs="*", metavar="NETWORK", help=f"default: {' '.join(NETWORKS)}")
args = args.parse_args()
names = args.networks or list(NETWORKS)
if unknown := set(names) - set(NETWORKS):
    sys.exit(f"networks that are not known: {' '.join(sorted(unknown))}; expected {' '.join(NETWORKS)}")
sys.path.append(os.environ.get("PEERS_PACKAGES", os.path.join(HERE, "packages")))


def say(network, peer, value):
    print(f"{network}\t{peer}\t{value}", flush=True)


def network(name):
    with open(os.path.join(FOLDER, name + ".json")) as f:
        return json.load(f)


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
            for layer in network(name)["config"]["layers"]:
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


def torch_peers(name):
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

    def eager():
        return median_us(step_of(*fresh(False)), sync, args.steps)

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

    if device == "cpu":
        return {"torch eager": eager}

    def exactly(measure, tf32):
        def do():
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
            return measure()

        return do

    peers = {"torch eager": eager, "torch cuda graph": graph, "torch compile": compiled}
    return {peer + " tf32" * tf32: exactly(measure, tf32) for peer, measure in peers.items() for tf32 in (False, True)}


def keras_model(keras, name):
    """The network of a file of Keras 2, whose first layers have their input's shape and whose Model names its nodes as Keras 3 does not."""
    text = network(name)

    def layer(of):
        config = {k: v for k, v in of["config"].items() if k != "batch_input_shape"}
        if isinstance(config.get("axis"), list):
            (config["axis"],) = config["axis"]
        return getattr(keras.layers, of["class_name"]).from_config(config)

    all = text["config"]["layers"]
    if text["class_name"] == "Sequential":
        inputs = [keras.Input(batch_shape=all[0]["config"]["batch_input_shape"])]
        return keras.Sequential(inputs + [layer(of) for of in all])
    values = {}
    for of in all:
        if of["class_name"] == "InputLayer":
            values[of["name"]] = keras.Input(batch_shape=of["config"]["batch_input_shape"], name=of["name"])
            continue
        ins = [values[node[0]] for node in of["inbound_nodes"][0]]
        values[of["name"]] = layer(of)(ins if len(ins) > 1 else ins[0])
    ends = [[values[node[0]] for node in text["config"][k]] for k in ("input_layers", "output_layers")]
    return keras.Model(*ends)


def keras_peers(name):
    if args.device == "cpu":
        os.environ["JAX_PLATFORMS"], os.environ["CUDA_VISIBLE_DEVICES"] = "cpu", ""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras, numpy as np

    optimizer, batch = NETWORKS[name]

    def fit():
        model = keras_model(keras, name)
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

    return {f"keras {keras.backend.backend()} fit": fit}


def reason(e):
    return f"failed: {type(e).__name__}: {(str(e).splitlines() or [''])[0][:100]}"


measures = {"torch": torch_peers, "keras": keras_peers}[args.peers]
left = {}
for name in names:
    try:
        left[name] = measures(name)
    except Exception as e:
        say(name, args.peers, reason(e))
while any(left.values()):  # the same peer of all networks, then the next one
    for name, peers in left.items():
        for peer in list(peers)[:1]:
            try:
                say(name, peer, peers.pop(peer)())
            except Exception as e:
                say(name, peer, reason(e))
