"""Layers of images and of sequences that have channels: convolutions, pooling, frames, other sizes.

Their channels come first now and then. TensorFlow cannot compute that on a CPU: in the stand-in such a layer has its channels
last, between two Permute.
"""

import keras
from keras import layers

from drawn.plain import masked
from drawn.source import OF_ROWS, stft

TO_LAST = {2: (2, 1), 3: (2, 3, 1)}
TO_FIRST = {2: (2, 1), 3: (3, 1, 2)}


def channelled(make):
    """A row for a layer with data_format: make draws it from the source, the shape with channels last, and whether they come
    first; it gets data_format from that.
    """

    def apply(r, x):
        dims = len(x.shape) - 1
        first = dims in TO_LAST and r.channels_first and r.chance(0.6)
        shape = tuple(x.shape[1:])
        if not first:
            return make(r, shape, False)(x)
        if not r.stand_in:
            return formatted(make(r, shape[1:] + shape[:1], True))(x)
        y = make(r, shape[1:] + shape[:1], True)(layers.Permute(TO_LAST[dims])(x))
        return layers.Permute(TO_FIRST[dims])(y) if len(y.shape) - 1 == dims else y

    return apply


def formatted(layer):
    """The same layer with its channels first."""
    config = keras.layers.serialize(layer)
    config["config"]["data_format"] = "channels_first"
    config.pop("build_config", None)
    return keras.layers.deserialize(config)


def convolution(cls, dims, **more):
    def make(r, shape, first):
        kernel, strides, dilation = r.ints(dims, 1, 4), (1,) * dims, (1,) * dims
        transposed = cls in (layers.Conv1DTranspose, layers.Conv2DTranspose)
        if r.chance(0.3):
            strides = (r.int(2, 3),) * dims if cls in SQUARE_STRIDES else r.ints(dims, 1, 3)
        elif r.chance(0.3) and not transposed:
            dilation = (r.int(2, 3),) * dims if cls in SQUARE_STRIDES else r.ints(dims, 1, 3)
        padding = r.padding(*(["causal"] if cls is layers.Conv1D and not first else []))
        chosen = {name: draw(r, shape) for name, draw in more.items()}
        if transposed and r.chance(0.3):
            chosen["output_padding"] = tuple(r.int(0, s - 1) for s in strides)
        chosen |= r.common(*OF_CONVOLUTION[cls])
        if cls is layers.Conv1D and shape[-1] == 1 and chosen["filters"] > 1 and r.chance(0.3):
            chosen["kernel_initializer"] = stft(r)
        return cls(kernel_size=kernel, strides=strides, dilation_rate=dilation, padding=padding,
                   activation=r.activation(OF_ROWS if first else ()), use_bias=r.chance(0.8), **chosen)

    return channelled(make)


# TensorFlow's depthwise convolution wants one number for both directions.
SQUARE_STRIDES = (layers.DepthwiseConv2D, layers.SeparableConv2D)

OF_CONVOLUTION = {
    layers.Conv1D: ("kernel", "bias"),
    layers.Conv2D: ("kernel", "bias"),
    layers.Conv1DTranspose: ("kernel", "bias"),
    layers.Conv2DTranspose: ("kernel", "bias"),
    layers.DepthwiseConv1D: ("depthwise", "bias"),
    layers.DepthwiseConv2D: ("depthwise", "bias"),
    layers.SeparableConv1D: ("depthwise", "pointwise", "bias"),
    layers.SeparableConv2D: ("depthwise", "pointwise", "bias"),
}


def filters(r, _):
    return r.int(1, 6)


def multiplier(r, _):
    return r.int(1, 3)


def grouped(cls, dims):
    """A convolution, rarely in groups: Keras compiles each of those by XLA, which takes long. Their number divides the channels
    and the filters.
    """

    def apply(r, x):
        channels = {x.shape[-1], x.shape[1]} if r.channels_first else {x.shape[-1]}
        common = [g for g in range(1, 6) if all(c % g == 0 for c in channels)]
        g = r.one(common) if r.chance(0.3) else 1
        return convolution(cls, dims, filters=lambda r, _: g * r.int(1, 3), groups=lambda *_: g)(r, x)

    return apply


def pooling(cls, dims):
    return channelled(lambda r, *_: cls(pool_size=r.ints(dims, 1, 3), strides=r.one([None, r.ints(dims, 1, 3)]), padding=r.padding()))


def global_pooling(cls):
    def apply(r, x):
        if masked(x) and cls is layers.GlobalAveragePooling1D:  # with channels first it is refused
            return cls(keepdims=r.chance(0.3))(x)
        return channelled(lambda r, *_: cls(keepdims=r.chance(0.3)))(r, x)

    return apply


def frame(cls, dims):
    """Padding or cropping, the same or another number on each side."""

    def make(r, *_):
        sides = tuple(r.ints(2, 0, 2) for _ in range(dims))
        return cls(r.one([r.int(0, 2), sides if dims > 1 else sides[0]]))

    return (lambda r, x: make(r)(x)) if cls is layers.Cropping1D else channelled(make)


def center_crop(r, shape, _):
    return layers.CenterCrop(r.int(1, shape[0]), r.int(1, shape[1]))


def interpolation(r):
    """TensorFlow has the gradient of Lanczos' filters in float32 only."""
    return r.one(["nearest", "bilinear", "bicubic"] + ([] if r.trains else ["lanczos3", "lanczos5"]))


def fixed(r, low, high):
    """A range of random numbers: of one number where the network is trained, so that everybody draws the same."""
    first = r.number(low, high)
    return (first, first) if r.trains else (first, round(first + r.number(0, 0.3), 3))


def moved(make):
    """A row for a layer that moves images."""

    def draw(r, *_):
        return make(r, fill_mode=r.one(["constant", "nearest", "reflect"]), interpolation="bilinear", fill_value=r.number(-1, 1))

    return channelled(draw)


def random_flip(r, *_):
    if r.trains:
        raise ValueError("everybody draws flips of their own")
    return layers.RandomFlip(r.one(["horizontal", "vertical", "horizontal_and_vertical"]))


def random_color(cls, low, high):
    def apply(r, x):
        most = r.number(0.2, 2)
        return cls(fixed(r, low, high), value_range=(-most, most))(x)

    return apply


def random_contrast(r, x):
    lower, most = r.number(-0.5, 0), r.number(0.2, 2)
    return layers.RandomContrast((lower, -lower), value_range=(-most, most))(x)


IMAGES = {
    "Conv2D": grouped(layers.Conv2D, 2),
    "Conv2DTranspose": convolution(layers.Conv2DTranspose, 2, filters=filters),
    "DepthwiseConv2D": convolution(layers.DepthwiseConv2D, 2, depth_multiplier=multiplier),
    "SeparableConv2D": convolution(layers.SeparableConv2D, 2, filters=filters, depth_multiplier=multiplier),
    "AveragePooling2D": pooling(layers.AveragePooling2D, 2),
    "MaxPooling2D": pooling(layers.MaxPooling2D, 2),
    "GlobalAveragePooling2D": global_pooling(layers.GlobalAveragePooling2D),
    "GlobalMaxPooling2D": global_pooling(layers.GlobalMaxPooling2D),
    "RandomBrightness": random_color(layers.RandomBrightness, -0.7, 0.7),
    "RandomContrast": random_contrast,
    "RandomCrop": channelled(lambda r, shape, _: layers.RandomCrop(*shape[:2])),
    "RandomFlip": channelled(random_flip),
    "RandomRotation": moved(lambda r, **more: layers.RandomRotation(fixed(r, -0.7, 0.7), **more)),
    "RandomTranslation": moved(lambda r, **more: layers.RandomTranslation(fixed(r, -0.7, 0.7), fixed(r, -0.7, 0.7), **more)),
    "RandomZoom": moved(lambda r, **more: layers.RandomZoom(fixed(r, -0.7, 0.7), r.one([None, fixed(r, -0.7, 0.7)]), **more)),
    "SpatialDropout2D": channelled(lambda r, *_: layers.SpatialDropout2D(r.rate())),
    "CenterCrop": channelled(center_crop),
    "Cropping2D": frame(layers.Cropping2D, 2),
    "ZeroPadding2D": frame(layers.ZeroPadding2D, 2),
    "Resizing": channelled(lambda r, *_: layers.Resizing(r.int(1, 7), r.int(1, 7), interpolation=interpolation(r))),
    "UpSampling2D": channelled(lambda r, *_: layers.UpSampling2D(r.ints(2, 1, 3), interpolation=interpolation(r))),
}
CHANNELS = {
    "Conv1D": grouped(layers.Conv1D, 1),
    "Conv1DTranspose": convolution(layers.Conv1DTranspose, 1, filters=filters),
    "DepthwiseConv1D": convolution(layers.DepthwiseConv1D, 1, depth_multiplier=multiplier),
    "SeparableConv1D": convolution(layers.SeparableConv1D, 1, filters=filters, depth_multiplier=multiplier),
    "AveragePooling1D": pooling(layers.AveragePooling1D, 1),
    "MaxPooling1D": pooling(layers.MaxPooling1D, 1),
    "GlobalAveragePooling1D": global_pooling(layers.GlobalAveragePooling1D),
    "GlobalMaxPooling1D": global_pooling(layers.GlobalMaxPooling1D),
    "Cropping1D": frame(layers.Cropping1D, 1),
    "ZeroPadding1D": frame(layers.ZeroPadding1D, 1),
}
FLATTEN = channelled(lambda r, *_: layers.Flatten())
