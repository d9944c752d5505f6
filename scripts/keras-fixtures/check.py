"""Compare beamfit with Keras on random networks; scripts/keras-check starts it and says how to use it.

Keras computes in float64, and where beamfit differs some times more in float32: with the rows of each batch of a training in the
opposite order, and from weights and inputs that are moved by their last bit. Where one of these is away from float64 by more than a
part of what the tests allow, the network is badly conditioned (a tie of a maximum, a kink, a gradient of rounding errors only,
steps that grow without bound, a correlation of numbers that are nearly equal) and says nothing about another float32 engine:
another one is drawn instead.
"""

import argparse
import base64
import contextlib
import gc
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import keras
import numpy as np
import tensorflow as tf

from drawn.coverage import Coverage
from drawn.network import random_network
from references import Network

ROOT = pathlib.Path(__file__).parents[2]
ROWS = 12
BATCH = 25  # networks per run of the tests
# What the tests allow (tests/keras/keras_test.go), and the part of it that Keras in float32 may use up.
INFERENCE, GRADIENTS, STATES, EVALUATIONS, RUNS = 2e-6, 1e-5, 2e-6, 1e-6, 1e-5
PART = 0.25
NUDGES = 3  # times that Keras computes from weights and inputs moved by their last bit


def values(tensor):
    return np.frombuffer(base64.b64decode(tensor["f32"]), "<f4").astype(np.float64)


def near(a, b, tolerance, floor=0.0):
    """Whether two arrays are as close as the tests want them, with room to spare."""
    if not a.size:
        return True
    allowed = tolerance * PART * max(np.abs(a).max(), floor)
    return bool(np.abs(a - b).max() <= allowed)


def near_each(sizes, a, b, tolerance, share):
    """near for each weight array of a vector; share of the largest value of all is the floor."""
    a, b, floor = values(a), values(b), share * np.abs(values(a)).max(initial=0)
    ends = np.cumsum(sizes)
    return all(near(a[e - n:e], b[e - n:e], tolerance, floor) for e, n in zip(ends, sizes))


def steady(sizes, exact, rounded):
    """Whether the references of a network do not depend on rounding."""
    pairs = lambda field: zip(exact[field], rounded[field])  # noqa: E731
    return (
        all(near(values(a), values(b), INFERENCE) for a, b in pairs("inference"))
        and near_each(sizes, exact["training"]["weights"], rounded["training"]["weights"], STATES, 1 / 50)
        and all(near_each(sizes, a["gradients"], b["gradients"], GRADIENTS, 1 / 50) for a, b in pairs("gradients"))
        and all(abs(v - b["values"][k]) <= EVALUATIONS * PART * max(1, abs(v)) for a, b in pairs("evaluations")
                for k, v in a["values"].items())
        and all(near_each(sizes, a["weights"], b["weights"], RUNS, 0) for a, b in pairs("runs"))
    )


def finite(references):
    """Whether there are references, and all their numbers are finite."""
    if references is None:
        return False
    tensors = references["inference"] + [references["training"]["weights"]]
    tensors += [g["gradients"] for g in references["gradients"]] + [r["weights"] for r in references["runs"]]
    numbers = [v for e in references["evaluations"] for v in e["values"].values()] + [g["loss"] for g in references["gradients"]]
    return all(np.isfinite(values(t)).all() for t in tensors) and bool(np.isfinite(numbers).all())


class Drawn:
    """The network of a seed, and what Keras says about it. Networks that give NaN, and those that TensorFlow cannot compute
    though Keras builds them, are passed over; one that depends on rounding is followed by a further attempt.
    """

    def __init__(self, seed, attempt=0):
        self.seed, self.attempt, self.name, self.references = seed, attempt - 1, f"seed {seed}", None
        while not finite(self.references):
            self.attempt += 1
            self.spec = random_network([seed, self.attempt], ROWS)
            network = Network(self.name, self.spec, [seed, self.attempt])
            self.sizes = [w.size for w in network.weights]
            with contextlib.suppress(tf.errors.InvalidArgumentError):
                self.references = network.run()

    def steady(self):
        ways = [{"backwards": True}] + [{"nudged": n} for n in range(1, NUDGES + 1)]
        networks = (Network(self.name, self.spec, [self.seed, self.attempt], "float32", **way) for way in ways)
        return all(steady(self.sizes, self.references, network.run()) for network in networks)

    def again(self):
        return Drawn(self.seed, self.attempt + 1)


def compare(binary, file):
    """The names of networks that differ, and what the tests say."""
    tests = "^(TestInference|TestGradients|TestSlices|TestEvaluations|TestRuns)$"
    run = subprocess.run([binary, "-test.run", tests], cwd=ROOT / "tests/keras", capture_output=True, text=True,
                         env={**os.environ, "BEAMFIT_KERAS_REFERENCES": str(file)}, check=False)
    output = run.stdout + run.stderr
    failed = {name.replace("_", " ") for name in re.findall(r"--- FAIL: Test\w+/(seed_\d+)", output)}
    if run.returncode and not failed:
        sys.exit(f"the tests could not run:\n{output}")
    return failed, output


def main():
    parser = argparse.ArgumentParser(prog="scripts/keras-check")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of softmax over one element, and the like
    if options.coverage:
        print(coverage_of(options))
        return
    gc.freeze()  # Keras collects garbage for every network: not among all that TensorFlow has loaded
    differ, again, coverage = [], 0, Coverage()
    with tempfile.TemporaryDirectory(prefix="beamfit-keras-check-") as folder:
        binary, file = pathlib.Path(folder, "keras.test"), pathlib.Path(folder, "networks.json")
        subprocess.run(["go", "test", "-c", "-o", binary, "./tests/keras"], cwd=ROOT, check=True,
                       env={**os.environ, "CGO_ENABLED": "0"})
        for start in range(0, options.count, BATCH):
            end = min(start + BATCH, options.count)
            pending = [Drawn(options.seed + i) for i in range(start, end)]
            while pending:
                write(file, [d.references for d in pending])
                failed, output = compare(binary, file)
                unclear = [d for d in pending if d.name in failed and not d.steady()]
                for d in pending:
                    if d not in unclear:
                        coverage.add(d.references["architecture"], d.spec)
                    if d not in unclear and d.name in failed:
                        differ.append(d.name)
                        report(d, output, options)
                again += len(unclear)
                pending = [d.again() for d in unclear]
            print(f"{end} of {options.count} networks, {len(differ)} differ, {again} drawn again because of rounding", flush=True)
    print(coverage)
    if differ:
        sys.exit(f"{len(differ)} of {options.count} networks differ from Keras {keras.__version__}: {', '.join(differ)}")
    print(f"{options.count} networks agree with Keras {keras.__version__}")


def coverage_of(options):
    """What the seeds draw first: further attempts, which take Keras to know of, are not among it."""
    coverage = Coverage()
    for seed in range(options.seed, options.seed + options.count):
        spec = random_network([seed, 0], ROWS)
        coverage.add(json.loads(spec["model"]().to_json()), spec)
    return coverage


def report(drawn, output, options):
    """Keep the references of a network that differs, and say what the tests say."""
    options.keep = options.keep or pathlib.Path(tempfile.mkdtemp(prefix="beamfit-keras-check-kept-"))
    options.keep.mkdir(parents=True, exist_ok=True)
    kept = options.keep / f"{drawn.name.replace(' ', '_')}.json"
    write(kept, [drawn.references])
    print(f"{drawn.name} differs: {kept}\n{json.dumps(drawn.references['architecture'])}")
    name, ours = drawn.name.replace(" ", "_"), False
    for line in output.splitlines():  # what follows the line of its test, up to that of another one
        if "--- " in line:
            ours = line.split(" (")[0].endswith("/" + name)
        if ours:
            print(line)


def write(file, networks):
    file.write_text(json.dumps({"format": 1, "keras": keras.__version__, "networks": networks}) + "\n")


if __name__ == "__main__":
    main()
