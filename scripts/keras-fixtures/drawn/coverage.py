"""Counts what was drawn, by the names that docs/keras.md says yes to."""

import ast
import collections
import json
import pathlib
import re

PAGE = pathlib.Path(__file__).parents[3] / "docs/keras.md"

# What has a yes and is never drawn, and why.
NEVER = {
    ("Activations", "hard_swish"): "it is drawn, but Keras writes it as hard_silu",
    ("Activations", "swish"): "it is drawn, but Keras writes it as silu",
    ("Losses", "CTC"): "TensorFlow computes it in float32 only, so there is nothing more exact to compare with (tests/keras has it)",
}

# Where Keras' JSON says that an object is from.
TITLES = {
    "keras.layers": "Layers",
    "keras.initializers": "Initializers",
    "keras.regularizers": "Regularizers",
    "keras.constraints": "Constraints",
}


def names():
    """The names with a yes, by the title of their row."""
    rows = re.findall(r"^\| (.+?) \(\d+ of \d+\) \| (.+?) \|", PAGE.read_text(), re.MULTILINE)
    return {title: yes.split(", ") for title, yes in rows}


class Network:
    """A drawn network: its JSON, and the arguments of its compile and fit."""

    def __init__(self, architecture, spec):
        self.config, self.spec = architecture["config"], spec
        self.json = json.dumps(architecture)
        self.objects, self.activations = [], []
        self.walk(architecture)
        self.compiled = arguments(spec["evaluations"][0])
        self.optimizer, self.fit = "", {}
        if "runs" in spec:
            compiled, fit = spec["runs"][0]
            self.optimizer, self.fit = arguments(compiled)["optimizer"], arguments(fit)

    def walk(self, value):
        if isinstance(value, list):
            for v in value:
                self.walk(v)
        if not isinstance(value, dict):
            return
        if "class_name" in value:
            self.objects.append((value.get("module"), value["class_name"]))
        for key, v in value.items():
            if key.endswith("activation") and isinstance(v, str):
                self.activations.append(v)
            self.walk(v)

    def names(self):
        """The title and the name of all that it has, each once."""
        found = {(TITLES[module], name) for module, name in self.objects if module in TITLES}
        found |= {("Activations", name) for name in self.activations}
        found |= {("Losses", name) for name in leaves(self.compiled["loss"])}
        found |= {("Metrics", name) for name in leaves(self.compiled["metrics"])}
        return found | {(title, name) for name in re.findall(r"\b([A-Z]\w*)\(", self.optimizer)
                        for title in ("Optimizers", "Learning rate schedules")}

    def layers(self):
        return [layer for layer in self.config["layers"] if isinstance(layer["config"], dict)]

    def has(self, *classes):
        return any(name in classes for _, name in self.objects)


def arguments(text):
    return {k.arg: ast.literal_eval(k.value) for k in ast.parse(f"dict({text})", mode="eval").body.keywords}


def leaves(value):
    """The names in a text, or in lists or dicts of texts."""
    if isinstance(value, dict):
        value = list(value.values())
    return [name for v in value for name in leaves(v)] if isinstance(value, list) else [value.split("(")[0]]


ATTENTION = ("Attention", "AdditiveAttention", "MultiHeadAttention")
# What no registry has a name for.
WAYS = {
    "channels first": lambda n: "channels_first" in n.json,
    "masks": lambda n: n.has("Masking") or '"mask_zero": true' in n.json,
    "outputs of steps": lambda n: any(callable(t) for t in n.spec["targets"]),
    "attention beside masks": lambda n: n.has(*ATTENTION) and WAYS["masks"](n),
    "causal attention": lambda n: '"use_causal_mask": true' in n.json,
    "models in models": lambda n: any("layers" in layer["config"] for layer in n.layers()),
    "shared layers": lambda n: any(len(layer.get("inbound_nodes", [])) > 1 for layer in n.layers()),
    "states passed on": lambda n: '"return_state": true' in n.json,
    "several inputs": lambda n: len(n.spec["words"]) > 1,
    "several outputs": lambda n: len(n.spec["targets"]) > 1,
    "losses by output": lambda n: isinstance(n.compiled["loss"], dict),
    "loss weights": lambda n: "loss_weights" in n.compiled,
    "class weights": lambda n: "class_weight" in n.fit,
    "labels that are class numbers": lambda n: "class numbers" in n.spec["targets"],
    "labels that are any numbers": lambda n: "reals" in n.spec["targets"],
    "losses of logits": lambda n: "from_logits" in str(n.compiled["loss"]),
    "ignored classes": lambda n: "ignore_class" in str(n.compiled["loss"]),
    "averaged weights": lambda n: "use_ema" in n.optimizer,
    "clipped gradients": lambda n: "clip" in n.optimizer,
    "gradients added up": lambda n: "gradient_accumulation_steps" in n.optimizer,
    "scaled losses": lambda n: "loss_scale_factor" in n.optimizer,
    "inference only": lambda n: "runs" not in n.spec,
}


class Coverage:
    """How many networks have each name and each way."""

    def __init__(self):
        self.networks, self.counts = 0, collections.Counter()

    def add(self, architecture, spec):
        n = Network(architecture, spec)
        self.networks += 1
        self.counts.update((title, plain(name)) for title, name in n.names())
        self.counts.update(("Ways", way) for way, has in WAYS.items() if has(n))

    def __str__(self):
        lines = [f"of {self.networks} networks so many have:"]
        for title, known in (names() | {"Ways": list(WAYS)}).items():
            count = {name: self.counts[title, plain(name)] for name in known}
            lines.append(f"{title} ({sum(map(bool, count.values()))} of {len(known)}): "
                         + ", ".join(f"{name} {n}" for name, n in count.items() if n))
            missing = [name for name, n in count.items() if not n]
            lines += [f"  never drawn is {name}: {NEVER[title, name]}" for name in missing if (title, name) in NEVER]
            if missing := [name for name in missing if (title, name) not in NEVER]:
                lines.append(f"  not drawn by these seeds: {', '.join(missing)}")
        return "\n".join(lines)


ALIASES = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}


def plain(name):
    """A name of which the function and the class are the same."""
    return ALIASES.get(name, name).replace("_", "").lower()
