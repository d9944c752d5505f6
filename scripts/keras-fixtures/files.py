"""Models in the files that Keras 3 and tf.keras write, and HDF5 files of other forms. Every weight is its index in get_weights, so that readers need
no references. files.py MODELS HDF5 writes them into two folders.

files.py --load FOLDER MODELS loads the files that beamfit has written to FOLDER from those of MODELS, compares weights and predictions, and prints what it did.
"""

import env  # noqa: F401

import gzip
import json
import os
import sys

import h5py
import numpy as np

import keras
import tensorflow as tf
import tf_keras

def parts(keras):
    """Every layer whose weights are somewhere else in a file than those of others."""
    L = keras.layers
    i = keras.Input((6, 4), name="seq")
    x = L.Bidirectional(L.LSTM(3, return_sequences=True), name="bi")(i)
    x = L.MultiHeadAttention(2, 2, name="mha")(x, x)
    x = L.TimeDistributed(L.Dense(5), name="td")(x)
    x = L.GRU(4, return_sequences=True, name="gru")(x)
    x = L.LayerNormalization(name="ln")(x)
    x = L.SeparableConv1D(4, 3, name="sep")(x)
    x = L.BatchNormalization(name="bn")(x)
    x = L.PReLU(name="pr")(x)
    x = L.Dropout(0.5, name="dr")(x)
    x = L.Attention(use_scale=True, name="att")([x, x])
    x = L.Conv1D(4, 1, name="c1")(x)
    x = L.Normalization(name="norm")(x)
    inner = keras.Sequential(
        [
            keras.Input((4, 4)),
            L.Flatten(),
            L.Dense(3, name="d_in"),
            L.BatchNormalization(name="bn_in"),
            L.Dense(3, trainable=False, name="frozen"),
        ],
        name="enc",
    )
    o = inner(x)
    j = keras.Input((3,))
    fun = keras.Model(j, L.Dense(2, name="q")(L.BatchNormalization(name="z")(j)), name="fun")
    o = fun(o)
    return keras.Model(i, [L.Dense(2, name="last")(o), o], name="parts")


def adapted(keras):
    """Layers that have learned their vocabularies, two of them of one class, and one in a model inside."""
    L = keras.layers
    cities = np.array([["Köln", "Bonn", "Köln"], ["Ulm", "Köln", "Bonn"], ["", "漢字", "Köln"]])
    a, b, c, d = (keras.Input((3,), dtype=dtype, name=name) for name, dtype in (("a", "string"), ("b", "string"), ("c", "int64"), ("d", "string")))
    t = keras.Input((1,), dtype="string", name="t")
    words = L.TextVectorization(output_sequence_length=3, name="words")
    words.adapt(np.array(["Vom Dom in K\u00f6ln", "in K\u00f6ln, in Bonn"]))
    masked = L.StringLookup(mask_token="", name="masked")
    counted = L.StringLookup(num_oov_indices=2, max_tokens=5, output_mode="count", name="counted")
    codes = L.IntegerLookup(output_mode="multi_hot", name="codes")
    # In Keras 2 the numbers of tf_idf are weights, which is not supported.
    last = L.StringLookup(output_mode="tf_idf" if keras is not tf_keras else "multi_hot", name="last")
    for layer in (masked, counted):
        layer.adapt(cities)
    last.adapt(np.where(cities == "", "Ulm", cities))  # Keras 3 forgets an empty word at the end
    codes.adapt(np.array([[7, -5, 7], [123456, 7, -5]]))
    inner = keras.Input((3,), dtype="string", name="inner")
    inside = keras.Model(inner, L.Dense(2, name="q")(last(inner)), name="inside")
    x = L.Flatten()(L.Embedding(6, 2, name="e")(masked(a)))
    y = L.Flatten()(L.Embedding(7, 2, name="f")(words(t)))
    joined = L.Concatenate()([x, counted(b), codes(c), inside(d), y])
    return keras.Model([a, b, c, d, t], L.Dense(2, name="end")(joined), name="adapted")


def learned(array):
    """Whether an array of tf.keras is a vocabulary that a layer was adapted to."""
    return array.dtype == object or array.dtype == "int64" and array.ndim == 1


def numbered(model):
    at, arrays = 0, []
    for w in model.get_weights():
        if learned(w):
            arrays.append(w)
            continue
        arrays.append((at + np.arange(w.size)).reshape(w.shape).astype(w.dtype))
        at += w.size
    model.set_weights(arrays)
    return model


def models(folder):
    for name, k in (("k3", keras), ("k2", tf_keras)):
        m = numbered(parts(k))
        for suffix in ("keras", "h5"):
            m.save(f"{folder}/parts.{name}.{suffix}")
        with open(f"{folder}/parts.{name}.json", "w") as f:
            f.write(m.to_json())
        np.savez(f"{folder}/parts.{name}.npz", *m.get_weights())
        keras.backend.clear_session()
        numbered(adapted(k)).save(f"{folder}/adapted.{name}.keras")
        if name == "k3":
            np.savez_compressed(f"{folder}/named.npz", **{w.path: v for w, v in zip(m.weights, m.get_weights())})


def hdf5(folder):
    """Arrays in all the forms that h5py has for them; each is 0, 1, 2 and so on."""
    import ml_dtypes

    for name, options in (("forms", {}), ("latest", {"libver": "latest"})):
        path = f"{folder}/{name}.h5"
        with h5py.File(path, "w", **options) as f:
            x = np.arange(7 * 33 * 5, dtype="f4").reshape(7, 33, 5)
            f.create_dataset("plain", data=x)
            f.create_dataset("whole", data=x, chunks=x.shape, compression="gzip")
            if not options:
                f.create_dataset("gzip", data=x, compression="gzip", shuffle=True, chunks=(3, 10, 5))
                f.create_dataset("checked", data=x, fletcher32=True, chunks=(7, 20, 3))
                f.create_dataset("chunks", data=x, chunks=(2, 16, 4))
            for kind in ("f8", ">f4", ">f8", "f2", ">f2", "i1", "u1", "i2", ">u2", "i4", "i8", "u8"):
                f.create_dataset("kind_" + kind.replace(">", "big_"), data=np.arange(100).astype(kind))
            f.create_dataset("bool", data=np.array([False, True]))
            f.create_dataset("negative", data=np.array([-1, -2], "i2"))
            f.create_dataset("bfloat16", data=np.arange(100).astype(ml_dtypes.bfloat16)).attrs["dtype"] = "bfloat16"
            f.create_dataset("scalar", data=np.float32(0))
            f.create_dataset("none", data=np.zeros((0, 3), "f4"))
            many = f.create_group("many", track_order=True)
            many.attrs.update({f"a{i}": "x" * i for i in range(30)})
            for i in range(150):
                many.create_dataset(f"d{i}", data=np.float32(0))
            f.attrs["long"] = "é" * 40000
            f.attrs["list"] = np.array(["a", "bc"], dtype="S")
        packed(path)


def packed(path):
    with open(path, "rb") as plain, open(path + ".gz", "wb") as out:
        with gzip.GzipFile("", "wb", 9, out, mtime=0) as z:
            z.write(plain.read())
    os.remove(path)


def seeds(folder):
    """Small files, one form each, which fuzzing changes."""
    forms = {
        "gzip": {"compression": "gzip", "shuffle": True, "chunks": (2, 3)},
        "checked": {"fletcher32": True, "chunks": (2, 2)},
        "half": {"dtype": "f2"},
        "big": {"dtype": ">f8"},
        "latest": {"chunks": (3, 4), "compression": "gzip"},
    }
    for name, options in forms.items():
        path = f"{folder}/seed_{name}.h5"
        with h5py.File(path, "w", **({"libver": "latest"} if name == "latest" else {})) as f:
            f.create_dataset("a/b", data=np.arange(12).reshape(3, 4).astype(options.pop("dtype", "f4")), **options)
            f.attrs["model_config"] = "{}"
            f.attrs["layer_names"] = np.array(["a", "bc"], dtype="S")
        packed(path)


def load(folder, fixtures):
    """Loads what beamfit wrote: FROM.to.SUFFIX, of the fixture FROM."""
    for path in sorted(os.listdir(folder)):
        source, suffix = path.split(".to.")
        k = tf_keras if ".k2" in source else keras
        # Keras 3 cannot load the .h5 that it has written of an Attention, so the .keras is the reference.
        original = k.models.load_model(f"{fixtures}/{source.rsplit('.', 1)[0]}.keras", compile=False)
        full = f"{folder}/{path}"
        if suffix in ("keras", "h5"):
            model = k.models.load_model(full, compile=False)
        elif suffix == "json":
            with open(full) as f:
                model = k.models.model_from_json(f.read())
        else:
            model = k.models.clone_model(original)
            if suffix == "weights.h5":
                model.load_weights(full)
            elif suffix == "npz":
                z = np.load(full)
                model.set_weights([z[name] for name in z.files])
            else:
                import safetensors

                with safetensors.safe_open(full, "np") as f:
                    model.set_weights([f.get_tensor(name) for name in json.loads(f.metadata()["weights"])])
        if suffix != "json":
            arrays = [[w for w in m.get_weights() if not learned(w)] for m in (original, model)]
            for a, b in zip(*arrays, strict=True):
                assert np.array_equal(a, b), path
            for layer in model.layers:
                if hasattr(layer, "finalize_state") and layer.name == "norm":
                    layer.finalize_state()
        x = np.random.default_rng(1).normal(size=(3, 6, 4)).astype("f4")
        if source.startswith("adapted"):
            texts = tf.constant([["Köln", "Ulm", "Hamburg"], ["", "漢字", "Bonn"], ["[UNK]", "Bonn", "köln"]])
            x = [texts, texts[::-1], tf.constant([[7, 8, -5], [123456, 0, 7], [-1, -1, 7]], "int64"), texts, texts[:, :1]]
        if suffix != "json":
            for a, b in zip(original.predict(x, verbose=0), model.predict(x, verbose=0), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6, err_msg=path)
        print("loaded", path, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--load":
        load(sys.argv[2], sys.argv[3])
    else:
        models(sys.argv[1])
        hdf5(sys.argv[2])
        seeds(sys.argv[2])
