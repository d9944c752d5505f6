"""Print what one version of Keras writes for models that together have every layer of beamfit: one line of JSON per model,
{"name", "keras", "architecture", "inputs", "outputs", "weights"}, the last three being shapes that Keras itself gives them.

Layers and functions that the version does not have are left out. versions runs it with several versions, see there.

Usage: versions.py keras|tf_keras
"""

import importlib
import json
import sys

import env  # noqa: F401  (sets TensorFlow up before it is imported)
import numpy as np
import tensorflow as tf

k = importlib.import_module(sys.argv[1])
L = k.layers
IS3 = k.__name__ == "keras"


def chain(shape, *makes, **kwargs):
    """Layers in a row."""
    layers = [k.Input(shape, name="in", **kwargs)]
    for make in makes:
        try:
            layers.append(make())
        except AttributeError:
            pass  # a layer that this version does not have
    return k.Sequential(layers)


def branches(*makes, shape=(4, 6)):
    """Functions of two inputs, the second of which may be left out; their results are the outputs."""
    a, b = k.Input(shape, name="a"), k.Input(shape, name="b")
    out = []
    for make in makes:
        try:
            made = make(a, b) if make.__code__.co_argcount == 2 else make(a)
            if k.__version__.startswith("3.0."):  # which cannot write all that it can compute
                k.Model([a, b], made).to_json()
        except Exception as error:  # of a version that has no such function, or not for symbolic tensors
            print(f"{k.__version__}, line {make.__code__.co_firstlineno}: {str(error)[:80]!r}", file=sys.stderr)
            continue
        out += list(made) if isinstance(made, (list, tuple)) else [made]
    return k.Model([a, b], out)


def dense():
    reg = k.regularizers
    return chain(
        (6,),
        lambda: L.Dense(4, "relu", kernel_regularizer=reg.L1L2(0.1, 0.2), bias_regularizer="l2", activity_regularizer=reg.L1(0.1)),
        lambda: L.Dense(4, kernel_constraint=k.constraints.MaxNorm(2.0), bias_constraint="non_neg"),
        lambda: L.Dense(4, kernel_constraint=k.constraints.MinMaxNorm(), bias_constraint=k.constraints.UnitNorm()),
        lambda: L.Dense(4, kernel_regularizer=reg.OrthogonalRegularizer()),
        lambda: L.Activation("gelu"), lambda: L.Activation(k.activations.tanh),
        lambda: L.Dropout(0.5), lambda: L.Dropout(0.5, noise_shape=(None, 1), seed=3), lambda: L.AlphaDropout(0.1),
        lambda: L.GaussianNoise(0.1), lambda: L.GaussianDropout(0.1), lambda: L.ActivityRegularization(0.1, 0.2),
        lambda: L.BatchNormalization(), lambda: L.LayerNormalization(), lambda: L.UnitNormalization(),
        lambda: L.RMSNormalization(), lambda: L.GroupNormalization(2),
        lambda: L.ReLU(6.0, 0.1, 0.5), lambda: L.LeakyReLU(0.2), lambda: L.ELU(0.5), lambda: L.PReLU(), lambda: L.Softmax(),
        lambda: L.ThresholdedReLU(0.5), lambda: L.Identity(), lambda: L.Rescaling(2.0, 1.0),
        lambda: L.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 0.5, 2.0, 1.0]), lambda: L.Normalization(),
        lambda: L.Reshape((2, 2)), lambda: L.Permute((2, 1)), lambda: L.Flatten(), lambda: L.RepeatVector(3),
    )


def images():
    return chain(
        (12, 12, 3),
        lambda: L.Conv2D(4, 3, strides=(1, 1), padding="same", activation="relu", groups=1),
        lambda: L.SeparableConv2D(4, 3, depth_multiplier=2), lambda: L.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
        lambda: L.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1),
        lambda: L.BatchNormalization(momentum=0.9), lambda: L.PReLU(shared_axes=[1, 2]), lambda: L.SpatialDropout2D(0.1),
        lambda: L.MaxPooling2D(), lambda: L.AveragePooling2D((2, 1), strides=1, padding="same"), lambda: L.UpSampling2D(2, interpolation="bilinear"),
        lambda: L.ZeroPadding2D(((1, 0), (2, 3))), lambda: L.Cropping2D(((1, 0), (1, 1))), lambda: L.Resizing(8, 8), lambda: L.CenterCrop(6, 6),
        lambda: L.GlobalMaxPooling2D(keepdims=True), lambda: L.GlobalAveragePooling2D(),
    )


def sequences():
    return chain(
        (12,),
        lambda: L.Embedding(9, 4, mask_zero=True, embeddings_initializer="uniform"),
        lambda: L.LSTM(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.1),
        lambda: L.GRU(4, return_sequences=True), lambda: L.SimpleRNN(4, return_sequences=True),
        lambda: L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode="sum"),
        lambda: L.TimeDistributed(L.Dense(4)), lambda: L.SpatialDropout1D(0.1),
        lambda: L.GlobalAveragePooling1D(), lambda: L.Reshape((2, 2)), lambda: L.Masking(-1.0), lambda: L.Bidirectional(L.GRU(3)),
    )


def lines():
    return chain(
        (12, 3),
        lambda: L.Conv1D(4, 3, padding="causal", dilation_rate=2), lambda: L.SeparableConv1D(4, 2), lambda: L.DepthwiseConv1D(2),
        lambda: L.Conv1DTranspose(4, 3, strides=2), lambda: L.ZeroPadding1D(2), lambda: L.Cropping1D((1, 2)), lambda: L.UpSampling1D(2),
        lambda: L.MaxPooling1D(2), lambda: L.AveragePooling1D(2, padding="same"), lambda: L.GlobalMaxPooling1D(),
    )


def augmented():
    return chain(
        (8, 9, 3),
        lambda: L.RandomFlip("horizontal"), lambda: L.RandomFlip(seed=3), lambda: L.RandomTranslation(0.1, (-0.2, 0.3), fill_mode="wrap"),
        lambda: L.RandomRotation(0.2), lambda: L.RandomZoom(0.1), lambda: L.RandomZoom((-0.2, 0.1), 0.1, fill_mode="constant", interpolation="nearest"),
        lambda: L.RandomCrop(6, 7), lambda: L.RandomContrast(0.2), lambda: L.RandomContrast((0.1, 0.3)), lambda: L.RandomBrightness(0.2),
        lambda: L.RandomBrightness((-0.1, 0.2), value_range=(0.0, 1.0)),
    )


def volumes():
    return chain(
        (6, 8, 8, 2),
        lambda: L.ZeroPadding3D(1), lambda: L.Conv3D(4, (3, 3, 2), strides=(1, 2, 1), activation="relu"), lambda: L.SpatialDropout3D(0.1),
        lambda: L.MaxPooling3D((1, 2, 2)), lambda: L.AveragePooling3D(2, strides=1, padding="same"), lambda: L.UpSampling3D((1, 2, 2)),
        lambda: L.Cropping3D(((1, 0), (1, 1), (0, 1))), lambda: L.GlobalMaxPooling3D(keepdims=True), lambda: L.GlobalAveragePooling3D(),
    )


def transposed_volumes():
    return chain((3, 4, 4, 2), lambda: L.Conv3DTranspose(3, (2, 3, 3), strides=(1, 2, 2), padding="same", activation="relu"),
                 lambda: L.Conv3DTranspose(2, (1, 3, 2), strides=(2, 1, 3)))


def films():
    return chain((4, 6, 7, 2), lambda: L.ConvLSTM2D(3, (3, 2), padding="same", return_sequences=True),
                 lambda: L.ConvLSTM2D(2, 3, strides=(1, 2), recurrent_activation="sigmoid", dropout=0.1, recurrent_dropout=0.1, go_backwards=True))


def lines_in_time():
    return chain((4, 6, 2), lambda: L.ConvLSTM1D(3, 3, padding="same", return_sequences=True), lambda: L.ConvLSTM1D(2, 2, dilation_rate=2, use_bias=False))


def states():
    """Recurrent layers that give their states, and that begin with those of others."""
    words, b = k.Input((5,), name="words"), k.Input((4, 3), name="b")
    a = L.Embedding(7, 3, mask_zero=True)(words)
    y, h, c = L.LSTM(4, return_state=True)(a)
    z, *_ = L.LSTM(4, return_sequences=True, return_state=True)(b, initial_state=[h, c])
    s, g = L.GRU(4, return_sequences=True, return_state=True)(a)
    r, q = L.SimpleRNN(4, return_state=True)(s)
    both = L.Bidirectional(L.LSTM(2, return_state=True, return_sequences=True), merge_mode="sum")(b)
    out = [y, z, r, L.GRU(4)(b, initial_state=g), L.SimpleRNN(4)(b, initial_state=[q]),
           L.Bidirectional(L.LSTM(2))(a, initial_state=both[1:]), both[0]]
    return k.Model([words, b], out)


def encoded():
    a = k.Input((4,), name="a")
    b = k.Input((4,), dtype="int64", name="b")
    out = [L.CategoryEncoding(5, output_mode="multi_hot")(b), L.Discretization([0.5, 1.25])(a), L.IntegerLookup(vocabulary=[3, 1, 5])(b),
           L.IntegerLookup(vocabulary=[3, 1], mask_token=0, output_mode="count")(b)]
    if hasattr(L, "EinsumDense"):
        out.append(L.EinsumDense("abc,cd->abd", (2, 3), bias_axes="d", activation="tanh")(L.Reshape((2, 2))(a)))
    return k.Model([a, b], out)


def texts():
    """What makes indices of text, each of an input of its own."""
    makes = [
        lambda: L.StringLookup(vocabulary=["red", "grün", "blue"]),
        lambda: L.StringLookup(vocabulary=["", "[UNK]", "[UNK]", "red", "green"], mask_token="", num_oov_indices=2),
        lambda: L.StringLookup(vocabulary=["red", "green"], output_mode="multi_hot"),
        lambda: L.Hashing(5), lambda: L.Hashing(7, mask_value="", salt=[3, 4], output_mode="count"),
    ]
    tokens = L.TextVectorization(vocabulary=["red", "grün"], output_sequence_length=4, ngrams=2)
    inputs = [k.Input((3,), dtype="string", name=f"text_{i}") for i in range(len(makes))] + [
        k.Input((2,), dtype="int64", name="code"), k.Input((1,), dtype="string", name="tokens")]
    return k.Model(inputs, [make()(x) for make, x in zip([*makes, lambda: L.Hashing(6, mask_value=-1), lambda: tokens], inputs)])


def applications():
    """Layers that applications define."""
    src = importlib.import_module(f"{k.__name__}.src.applications.convnext")
    a = k.Input((4, 4, 3), name="a")
    scale, depth = (getattr(src, n, None) for n in ("LayerScale", "StochasticDepth"))
    x = depth(0.1, name="depth")(scale(1e-6, 3, name="scale")(a))
    residual = getattr(importlib.import_module(f"{k.__name__}.src.applications.inception_resnet_v2"), "CustomScaleLayer", None)
    return k.Model(a, residual(0.17, name="residual")([a, x]) if residual else x)


def joined():
    return branches(
        lambda a, b: L.Add()([a, b]), lambda a, b: L.Subtract()([a, b]), lambda a, b: L.Multiply()([a, b]), lambda a, b: L.Average()([a, b]),
        lambda a, b: L.Maximum()([a, b]), lambda a, b: L.Minimum()([a, b]), lambda a, b: L.Concatenate(axis=1)([a, b]),
        lambda a, b: L.Dot((1, 1))([a, b]), lambda a, b: L.Attention(use_scale=True)([a, b]), lambda a, b: L.AdditiveAttention()([a, b]),
        lambda a, b: L.MultiHeadAttention(2, 3, dropout=0.1)(a, b), lambda a, b: L.MultiHeadAttention(2, 3)(a, b, use_causal_mask=True),
    )


def masked():
    """Masks that a version writes among the arguments of calls, and masks that it does not."""
    a, b = k.Input((5,), name="a"), k.Input((4,), name="b")
    x = L.Embedding(7, 6, mask_zero=True, name="first")(a)
    y = L.Embedding(7, 6, mask_zero=True, name="second")(b)
    z = L.MultiHeadAttention(2, 3)(x, x)
    z = L.Attention()([L.MultiHeadAttention(2, 3)(z, y), y])
    z = L.Rescaling(2.0)(L.AdditiveAttention()([z, L.Reshape((4, 6))(L.Flatten()(y))]))
    c, d = k.Input((5, 6)), k.Input((4, 6))
    inner = k.Model([c, d], L.Concatenate()([L.LSTM(3)(c), L.GRU(3)(d)]), name="inner")
    return k.Model([a, b], [inner([z, y]), L.GlobalAveragePooling1D()(z), L.Bidirectional(L.LSTM(2))(x)])


def initializers():
    i = k.initializers
    names = ["zeros", "ones", i.Constant(0.5), i.RandomNormal(seed=1), i.RandomUniform(), i.TruncatedNormal(), i.VarianceScaling(),
             "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", getattr(i, "Orthogonal", None) or i.OrthogonalInitializer, getattr(i, "Identity", None) or i.IdentityInitializer]
    return chain((4,), *[lambda n=n: L.Dense(4, kernel_initializer=n() if isinstance(n, type) else n) for n in names])


def nested():
    inner = k.Sequential([k.Input((4,), name="inner"), L.Dense(4, name="d"), L.BatchNormalization(name="n"), L.Dropout(0.5, name="o")], name="base")
    inner.trainable = False
    x = k.Input((4,), name="x")
    return k.Model(x, L.Dense(2, name="out")(inner(x, training=False)))


def whole_numbers():
    words, pixels = k.Input((5,), dtype="int32", name="words"), k.Input((4, 4, 3), dtype="uint8", name="pixels")
    x = L.GlobalAveragePooling1D()(L.Embedding(7, 3)(words))
    y = L.Flatten()(L.Rescaling(1 / 255.0)(pixels))
    return k.Model([words, pixels], L.Dense(2)(L.Concatenate()([x, y])))


def half():
    """A model under a policy of another precision."""
    policy = k.mixed_precision if not IS3 else k.config
    set_policy = policy.set_global_policy if not IS3 else policy.set_dtype_policy
    set_policy("mixed_float16")
    try:
        return k.Sequential([k.Input((4,), name="x"), L.Dense(3), L.Dense(2, activation="softmax", dtype="float32")])
    finally:
        set_policy("float32")


def operations():
    arithmetic = [
        lambda a: a + 1, lambda a: 1 - a, lambda a: a * 2.0, lambda a: a / 127.5 - 1, lambda a: 2 / (a + 9.0), lambda a: -a, lambda a: a**2,
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (b + 9.0),
        lambda a: a[:, 0], lambda a: a[:, 1:3, ::2], lambda a: a[..., None], lambda a: a[:, -1], lambda a: a[..., ::-1], lambda a: a[:, :-1],
    ]
    if IS3:
        o = k.ops
        arithmetic += [
            lambda a: o.subtract(a, np.arange(6, dtype="float32")), lambda a, b: o.maximum(a, b), lambda a: o.minimum(a, 0.5),
            lambda a, b: o.concatenate([a, b], axis=-1), lambda a, b: o.stack([a, b], axis=1), lambda a: o.split(a, 2, axis=1),
            lambda a: o.reshape(a, (-1, 24)), lambda a: o.expand_dims(a, -1), lambda a: o.squeeze(o.expand_dims(a, 1), 1),
            lambda a: o.transpose(a, (0, 2, 1)), lambda a: o.swapaxes(a, 1, 2), lambda a: o.moveaxis(a, 1, 2), lambda a: o.flip(a, 1),
            lambda a: o.repeat(a, 2, axis=1), lambda a: o.tile(a, (1, 2, 1)), lambda a: o.pad(a, ((0, 0), (1, 1), (0, 0))),
            lambda a: o.mean(a, axis=1), lambda a: o.mean(a, axis=[1, 2], keepdims=True), lambda a: o.sum(a, axis=-1), lambda a: o.max(a, axis=1),
            lambda a: o.min(a, axis=-1, keepdims=True), lambda a: o.var(a, axis=1), lambda a: o.std(a, axis=1),
            lambda a: o.cast(a, "float32"), lambda a: o.clip(a, 0, 1), lambda a, b: o.matmul(a, o.transpose(b, (0, 2, 1))),
            lambda a: o.exp(a), lambda a: o.log(a * a + 1.0), lambda a: o.sqrt(a * a + 1.0), lambda a: o.rsqrt(a * a + 1.0), lambda a: o.square(a),
            lambda a: o.abs(a), lambda a: o.sin(a), lambda a: o.cos(a), lambda a: o.normalize(a, axis=-1), lambda a: o.copy(a),
            lambda a: o.relu(a), lambda a: o.relu6(a), lambda a: o.sigmoid(a), lambda a: o.tanh(a), lambda a: o.softmax(a), lambda a: o.log_softmax(a),
            lambda a: o.softplus(a), lambda a: o.softsign(a), lambda a: o.silu(a), lambda a: o.elu(a), lambda a: o.selu(a), lambda a: o.gelu(a),
            lambda a: o.gelu(a, approximate=False), lambda a: o.leaky_relu(a, 0.1), lambda a: o.hard_sigmoid(a), lambda a: o.log_sigmoid(a),
            lambda a: k.activations.relu(a, max_value=6.0), lambda a: k.activations.hard_silu(a),
        ]
    else:
        o = tf
        arithmetic += [
            lambda a: a - tf.range(6.0), lambda a, b: tf.maximum(a, b), lambda a: tf.minimum(a, 0.5),
            lambda a, b: tf.concat([a, b], axis=-1), lambda a, b: tf.stack([a, b], axis=1), lambda a: tf.split(a, 2, axis=1),
            lambda a: tf.split(a, [1, 3], axis=1), lambda a: tf.reshape(a, (-1, 24)), lambda a: tf.expand_dims(a, -1),
            lambda a: tf.squeeze(tf.expand_dims(a, 1), 1), lambda a: tf.transpose(a, (0, 2, 1)), lambda a: tf.reverse(a, [1]),
            lambda a: tf.repeat(a, 2, axis=1), lambda a: tf.tile(a, (1, 2, 1)), lambda a: tf.pad(a, ((0, 0), (1, 1), (0, 0))),
            lambda a: tf.reduce_mean(a, axis=1), lambda a: tf.reduce_mean(a, axis=[1, 2], keepdims=True), lambda a: tf.reduce_sum(a, axis=-1),
            lambda a: tf.reduce_max(a, axis=1), lambda a: tf.reduce_min(a, axis=-1, keepdims=True), lambda a: tf.math.reduce_variance(a, axis=1),
            lambda a: tf.math.reduce_std(a, axis=1), lambda a: tf.cast(a, tf.float32), lambda a: tf.clip_by_value(a, 0.0, 1.0),
            lambda a, b: tf.matmul(a, b, transpose_b=True), lambda a, b: tf.add_n([a, b]),
            lambda a: tf.exp(a), lambda a: tf.math.log(a * a + 1.0), lambda a: tf.sqrt(a * a + 1.0), lambda a: tf.math.rsqrt(a * a + 1.0),
            lambda a: tf.square(a), lambda a: tf.abs(a), lambda a: tf.sin(a), lambda a: tf.cos(a), lambda a: tf.nn.l2_normalize(a, axis=-1),
            lambda a: tf.identity(a), lambda a: tf.nn.relu(a), lambda a: tf.nn.relu6(a), lambda a: tf.sigmoid(a), lambda a: tf.tanh(a),
            lambda a: tf.nn.softmax(a), lambda a: tf.nn.log_softmax(a), lambda a: tf.nn.softplus(a), lambda a: tf.nn.softsign(a),
            lambda a: tf.nn.silu(a), lambda a: tf.nn.elu(a), lambda a: tf.nn.selu(a), lambda a: tf.nn.gelu(a), lambda a: tf.nn.gelu(a, approximate=True),
            lambda a: tf.nn.leaky_relu(a, 0.1), lambda a: k.activations.relu(a, max_value=6.0), lambda a: k.activations.hard_sigmoid(a),
            lambda a: tf.nn.bias_add(a, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ]
    return branches(*arithmetic)


MODELS = [dense, images, augmented, sequences, lines, volumes, transposed_volumes, films, lines_in_time, states, encoded, texts, applications, joined, masked, initializers, nested, whole_numbers, half, operations]


def main():
    for build in MODELS:
        k.backend.clear_session()
        try:
            model = build()
        except Exception as error:  # of a version that cannot build its own layers on this TensorFlow
            print(f"{build.__name__} with {k.__version__}: {error!r}", file=sys.stderr)
            continue
        architecture = json.loads(model.to_json())
        for key in ("keras_version", "compile_config", "build_config"):
            architecture.pop(key, None)
        print(json.dumps({
            "name": build.__name__,
            "keras": k.__version__,
            "architecture": architecture,
            "inputs": [list(t.shape)[1:] for t in model.inputs],
            "outputs": [list(t.shape)[1:] for t in model.outputs],
            "weights": [list(w.shape) for w in model.get_weights()],
        }, separators=(",", ":")))


if __name__ == "__main__":
    main()
