"""Layers of several inputs, and layers that are applied twice."""

from keras import layers

from drawn.plain import unmasked


def similar(r, x):
    """Another tensor of the same shape."""
    return layers.Dense(x.shape[-1], activation=r.activation(), **r.common("kernel", "bias"))(x)


def merge(cls):
    def apply(r, x):
        if cls is layers.Concatenate:
            axis = r.int(1, len(x.shape) - 1)
            return cls(axis=r.one([axis, axis - len(x.shape)]))([similar(r, x) for _ in range(r.int(1, 2))] + [x])
        parts = [x] + [similar(r, x) for _ in range(1 if cls is layers.Subtract else r.int(1, 3))]
        if r.chance(0.2) and len(x.shape) > 2:  # broadcast
            parts[-1] = layers.Dense(x.shape[-1])(layers.Flatten()(x))
            parts[-1] = layers.Reshape((1,) * (len(x.shape) - 2) + (x.shape[-1],))(parts[-1])
        return cls()(parts)

    return apply


def dot(r, x):
    axes = 1 if len(x.shape) == 2 else r.one([1, 2, (1, 1), -1])
    return layers.Dot(axes=axes, normalize=r.chance(0.3))([x, similar(r, x)])


def twice(r, x):
    """One layer applied to its own result."""
    n = x.shape[-1]
    options = [
        lambda: layers.Dense(n, activation=r.activation(), **r.common("kernel", "bias")),
        lambda: layers.LayerNormalization(**r.of_weights("gamma", "beta")),
        lambda: layers.PReLU(**r.of_weights("alpha")),
    ]
    if len(x.shape) == 3:
        options += [
            lambda: layers.Conv1D(n, r.int(1, 3), padding="same", activation=r.activation()),
            lambda: layers.GRU(n, return_sequences=True),
        ]
    if len(x.shape) == 4:
        options.append(lambda: layers.Conv2D(n, r.int(1, 3), padding="same", activation=r.activation()))
    layer = r.one(options)()
    return layer(layer(x))


JOINS = {
    **{cls.__name__: merge(cls) for cls in (layers.Add, layers.Average, layers.Concatenate, layers.Subtract)},
    # Keras 3 joins the steps that count only
    **{cls.__name__: unmasked(merge(cls)) for cls in (layers.Maximum, layers.Minimum, layers.Multiply)},
    "a layer twice": twice,
}
