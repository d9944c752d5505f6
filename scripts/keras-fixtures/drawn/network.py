"""A network: inputs, layers, outputs, and what it is compiled with."""

import keras
from keras import layers

from drawn import optimizers, outputs
from drawn.source import Draw
from drawn.table import apply_one, sequential
from drawn.texts import TEXTS


def first(r):
    """An input, what its numbers are, and the tensor that the network goes on with."""
    kind = r.one(["words", "texts", "vectors", "sequences", "sequences", "images", "images", "images"])
    if kind == "texts":
        layer, dtype, words = r.one(list(TEXTS.values()))(r)
        # The shape that Keras declares of a Hashing with one_hot is that of one value; a TextVectorization takes one text.
        one = isinstance(layer, layers.TextVectorization) or layer.output_mode == "one_hot"
        x = keras.Input((1 if one else r.int(1, 4),), dtype=dtype)
        y = layer(x)
        if getattr(layer, "output_mode", "int") == "int":
            return x, words, layers.Embedding(16, r.int(1, 5), mask_zero=r.chance(0.3), **r.common("embeddings"))(y)
        return x, words, layers.Rescaling(1)(y)  # Keras gives whole numbers, which some layers behind have no gradient for
    if kind == "words":
        words = r.int(3, 12)
        x = keras.Input((r.int(2, 6),))
        return x, words, layers.Embedding(words, r.int(1, 5), mask_zero=r.chance(0.6), **r.common("embeddings"))(x)
    shapes = {"vectors": (r.int(2, 10),), "sequences": (r.int(3, 9), r.int(1, 5)), "images": (*r.ints(2, 4, 8), r.int(1, 4))}
    x = keras.Input(shapes[kind])
    return x, None, x


def graph(r):
    """Some layers with one output, rarely two inputs, or two outputs."""
    inputs, words, x = zip(*[first(r) for _ in range(2 if r.chance(0.25) else 1)])
    x = list(x)
    for _ in range(r.int(2, 7)):
        i = r.int(0, len(x) - 1)
        x[i] = apply_one(r, x[i])
    if len(x) > 1 and r.chance(0.5):
        flat = [layers.Flatten()(t) if len(t.shape) > 2 else t for t in x]
        x = [layers.Concatenate()(flat)]
    elif len(x) == 1 and r.chance(0.1):
        x = x * 2  # two outputs of one input
    ends, kinds = zip(*[outputs.output(r, t) for t in x])
    model = keras.Model(single(inputs), single(ends))
    if len(inputs) == len(ends) == 1 and r.chance(0.5):
        model = sequential(model)
    return model, words, kinds


def single(tensors):
    return tensors[0] if len(tensors) == 1 else list(tensors)


def compiled(r, model, kinds):
    """The losses with their weights (in the order of the outputs), the same as they are written (in order, or by the names of
    the outputs), and the metrics.
    """
    widths = [outputs.width(kind, t) for kind, t in zip(kinds, model.outputs)]
    losses = [outputs.loss(r, kind, n) for kind, n in zip(kinds, widths)]
    metrics = [outputs.metrics(r, kind, n) for kind, n in zip(kinds, widths)]
    if len(losses) == 1:
        return {"loss": losses[0]}, {"loss": losses[0]}, {"metrics": metrics[0]}
    ordered = {"loss": losses}
    if r.chance(0.7):
        ordered["loss_weights"] = [r.number(0.1, 2) for _ in losses]
    # not the weights alone by name: Keras then takes them in the order of the alphabet
    by_name = r.one([[], ["loss"], ["loss", "loss_weights"]])
    named = lambda values: dict(zip(model.output_names, values))  # noqa: E731
    written = {key: named(values) if key in by_name else values for key, values in ordered.items()}
    return ordered, written, {"metrics": named(metrics) if r.chance(0.4) else metrics}


def class_weight(r, kinds, model):
    """class_weight is for networks with one output whose labels are classes."""
    if len(kinds) > 1 or outputs.KINDS[kinds[0]].labels not in ("classes", "class numbers") or r.chance(0.7):
        return ""
    weights = {c: r.number(0.2, 3) for c in r.some(range(model.outputs[0].shape[-1]))}
    return f", class_weight={weights}"


def random_network(seed, rows):
    """A random network in the form of networks.py."""
    r, model, words, kinds = built(seed)
    spec = {
        "model": lambda: model,
        "words": words,
        "targets": [outputs.KINDS[kind].labels for kind in kinds],
        "rows": rows,
        "eager": True,
    }
    if r.channels_first:
        spec["stand_in"] = lambda: built(seed, stand_in=True)[1]
    ordered, written, metrics = compiled(r, model, kinds)
    fit = f"batch_size={r.int(3, rows)}, epochs={r.int(1, 2)}, shuffle=False{class_weight(r, kinds, model)}"
    optimizer = optimizers.optimizer(r)
    while "Lion(" in optimizer and attends_with_bias(model):
        optimizer = optimizers.optimizer(r)
    spec["evaluations"] = [text(written | metrics)]
    if r.trains:
        spec["gradients"] = [ordered]
        spec["runs"] = [(text({**written, "optimizer": optimizer}), fit)]
    return spec


def attends_with_bias(model):
    """Whether a bias is added to the keys of an attention. It moves all scores of a query alike, so its gradient is 0, and Lion
    steps by the sign of what rounding makes of that."""
    return any(isinstance(layer, keras.layers.MultiHeadAttention) and layer.get_config()["use_bias"]
               for layer in model._flatten_layers())


def built(seed, stand_in=False):
    """The source after it has drawn a model, the model, the words of its inputs and the kinds of its outputs."""
    r = Draw(seed, stand_in)
    keras.backend.clear_session()
    keras.backend.set_floatx("float32")
    return r, *graph(r)


def text(arguments):
    return ", ".join(f"{k}={v!r}" for k, v in arguments.items())
