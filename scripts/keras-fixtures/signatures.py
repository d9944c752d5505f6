"""The arguments that Keras' classes take without names: a line for each class, its name and theirs in their order.

    signatures.py FOLDER     writes the files FOLDER/loss/testdata/signatures.txt and so on
"""

import inspect
import pathlib
import sys

import env  # noqa: F401  before keras
import keras

MODULES = {
    "callback": keras.callbacks,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
}
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def signature(cls):
    return [p.name for p in list(inspect.signature(cls.__init__).parameters.values())[1:] if p.kind in POSITIONAL]


def main(model):
    for kind, module in MODULES.items():
        folder = model / ("optimizer" if kind == "schedule" else kind) / "testdata"
        folder.mkdir(exist_ok=True)
        lines = [f"{name} {' '.join(signature(cls))}".strip() for name, cls in sorted(vars(module).items()) if inspect.isclass(cls)]
        (folder / ("schedules.txt" if kind == "schedule" else "signatures.txt")).write_text("\n".join(lines) + "\n")


main(pathlib.Path(sys.argv[1]))
