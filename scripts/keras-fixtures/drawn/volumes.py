"""Layers of volumes, between a Reshape that makes some of an image, or a sequence, and one that makes images of them again; EinsumDense;
and encodings of numbers as categories, which have no gradient and so come right behind an input.
"""

from keras import layers


def of_volumes(make):
    """A row for a layer of volumes: the first dimension of an image becomes depth and height."""

    def apply(r, x):
        first, *rest = x.shape[1:]
        depth = r.one([d for d in range(1, first + 1) if first % d == 0])
        if len(rest) == 1:
            rest = [1, *rest]
        y = make(r)(layers.Reshape((depth, first // depth, *rest))(x))
        if len(y.shape) < 5:
            return y
        depth, height, width, channels = y.shape[1:]
        return layers.Reshape((depth * height, width, channels))(y)

    return apply


def conv3d(r):
    strides, dilation = (1, 1, 1), (1, 1, 1)
    if r.chance(0.3):
        strides = r.ints(3, 1, 3)
    elif r.chance(0.3):
        dilation = r.ints(3, 1, 2)
    return layers.Conv3D(
        r.int(1, 5), r.ints(3, 1, 3), strides=strides, dilation_rate=dilation, padding=r.padding(), activation=r.activation(),
        use_bias=r.chance(0.8), **r.common("kernel", "bias"))


def conv3d_transposed(r):
    """With padding="same" and a stride that is larger than the kernel by two, TensorFlow's gradient (2.20) is not what differences of its own outputs are."""
    strides = r.ints(3, 1, 3) if r.chance(0.4) else (1, 1, 1)
    padding = {"output_padding": tuple(r.int(0, s - 1) for s in strides)} if r.chance(0.2) else {}
    filters, kernel = r.int(1, 4), r.ints(3, 1, 3)
    return layers.Conv3DTranspose(
        filters, tuple(max(k, s - 1) for k, s in zip(kernel, strides)), strides=strides, padding=r.padding(), activation=r.activation(),
        use_bias=r.chance(0.8), **padding, **r.common("kernel", "bias"))


def conv_lstm(cls, dims):
    """An LSTM over the depth of volumes, or over the lines of images. Keras forgets trainable=False, which it does not give to the cell."""

    def make(r):
        strides, dilation = (1,) * dims, (1,) * dims
        if r.chance(0.3):
            strides = r.ints(dims, 1, 2)
        elif r.chance(0.3):
            dilation = r.ints(dims, 1, 2)
        return cls(
            r.int(1, 3), r.ints(dims, 1, 3), strides=strides, dilation_rate=dilation, padding=r.padding(), use_bias=r.chance(0.8),
            activation=r.one(["tanh", "softsign", "elu"]), recurrent_activation=r.one(["sigmoid", "hard_sigmoid"]),
            return_sequences=r.chance(0.5), go_backwards=r.chance(0.3), unit_forget_bias=r.chance(0.5), dropout=r.rate(),
            recurrent_dropout=r.rate(), **(r.common("kernel", "recurrent", "bias") | {"trainable": True}))

    return make


def pairs(r):
    return tuple(r.ints(2, 0, 2) for _ in range(3))


def cropping(r):
    return layers.Cropping3D(tuple(r.ints(2, 0, 1) for _ in range(3)))


def einsum_dense(r, x):
    """A new dimension in place of one, in its place or at the end, or two for the last."""
    inside = "bcd"[: len(x.shape) - 1]
    old, n, m = r.one(inside), r.int(1, 5), r.int(1, 3)
    sizes = dict(zip(inside, x.shape[1:]), y=n, z=m)
    out = r.one([inside.replace(old, "y"), inside.replace(old, "") + "y"] + [inside.replace(old, "yz")] * (len(inside) < 3))
    new = "".join(c for c in out if c in "yz")
    equation = f"a{inside},{r.one([old + new, new + old])}->a{out}"
    bias_axes = r.one([None, new, out])
    if misplaced([sizes[c] for c in out], [c in (bias_axes or "") for c in out]):
        raise ValueError("Keras on TensorFlow adds the bias along another dimension")
    return layers.EinsumDense(
        equation, tuple(sizes[c] for c in out), bias_axes=bias_axes, activation=r.activation(), **r.common("kernel", "bias"))(x)


def misplaced(shape, has_bias):
    """Whether keras/src/backend/tensorflow/numpy.py, add, adds a bias of one dimension along another that has its size: the last, or the first."""
    own = [i for i, n in enumerate(shape) if has_bias[i] and n > 1]
    alike = [i for i in (len(shape) - 1, 0) if len(own) == 1 and shape[i] == shape[own[0]]]
    return alike != [] and alike[0] != own[0]


def encoding(make):
    def apply(r, x):
        if type(x._keras_history.operation).__name__ != "InputLayer":
            raise ValueError("what comes before would have no gradient")
        mode = r.one(["one_hot"] + ["multi_hot", "count"] * (len(x.shape) == 2))
        # Keras gives whole numbers of which an activity regularizer right behind makes nothing: its factor becomes one, too.
        return layers.Rescaling(1)(make(r, mode)(layers.Rescaling(2)(layers.ReLU()(x))))

    return apply


def boundaries(r):
    return sorted({r.number(0, 4) for _ in range(r.int(1, 4))})


VOLUMES = {
    "Conv3D": of_volumes(conv3d),
    "Conv3DTranspose": of_volumes(conv3d_transposed),
    "ConvLSTM2D": of_volumes(conv_lstm(layers.ConvLSTM2D, 2)),
    "ZeroPadding3D": of_volumes(lambda r: layers.ZeroPadding3D(pairs(r))),
    "Cropping3D": of_volumes(cropping),
    "UpSampling3D": of_volumes(lambda r: layers.UpSampling3D(r.ints(3, 1, 2))),
    "GlobalAveragePooling3D": of_volumes(lambda r: layers.GlobalAveragePooling3D(keepdims=r.chance(0.3))),
    "GlobalMaxPooling3D": of_volumes(lambda r: layers.GlobalMaxPooling3D(keepdims=r.chance(0.3))),
    "SpatialDropout3D": of_volumes(lambda r: layers.SpatialDropout3D(r.rate())),
}
ENCODINGS = {
    "CategoryEncoding": encoding(lambda r, mode: layers.CategoryEncoding(r.int(2, 6), mode)),
    "Discretization": encoding(lambda r, mode: layers.Discretization(boundaries(r), output_mode=mode)),
    "IntegerLookup": encoding(lambda r, mode: layers.IntegerLookup(vocabulary=r.some(range(6)), output_mode=mode)),
}
