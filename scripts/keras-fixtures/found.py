"""The networks of references.py that test what scripts/keras-check has found, and labels that are numbers; see networks.py."""

import keras
from keras import layers

from networks import FEW_OPTIMIZERS, runs


def masked_in_vain():
    """Rows whose words are all 0 leave an attention nothing to look at; with dropout, Keras then finds nothing, not a mean."""
    a = keras.Input((2,))
    x = layers.Embedding(3, 4, mask_zero=True)(a)
    x = layers.MultiHeadAttention(2, 3, dropout=0.3)(x, x, use_causal_mask=True)
    return keras.Model(a, layers.Dense(3)(layers.Flatten()(x)))


def masked_and_frozen():
    """In a functional model Keras gives a normalisation its mask, which it has no use for where it is frozen."""
    a = keras.Input((4,))
    x = layers.Embedding(3, 4, mask_zero=True)(a)
    x = layers.BatchNormalization(trainable=False)(x)
    return keras.Model(a, layers.Dense(3)(layers.GRU(3)(x)))


def scaled():
    """The scale of an attention is a number, an array without dimensions, which optimizers of whole arrays step too."""
    a = keras.Input((4, 3))
    x = layers.Attention(use_scale=True)([layers.Dense(3)(a), a])
    return keras.Model(a, layers.Dense(2)(layers.Flatten()(x)))


def of_classes():
    return keras.Sequential([keras.Input((5,)), layers.Dense(6, activation="tanh"), layers.Dense(4, activation="softmax")])


def of_numbers():
    a = keras.Input((5,))
    x = layers.Dense(6, activation="tanh")(a)
    return keras.Model(a, [layers.Dense(1, name="one")(x), layers.Dense(3, name="three")(x)])


IGNORING = "SparseCategoricalCrossentropy(ignore_class=1)"
SPARSE = "sparse_categorical_crossentropy"
BOTH = "loss={'three': 'huber', 'one': 'mse'}, loss_weights={'one': 0.3, 'three': 2}"
WEIGHTED = "batch_size=8, epochs=2, shuffle=False, class_weight={0: 0.5, 2: 3}"

FILES = {
    "found": {
        "masked in vain": {"model": masked_in_vain, "words": [3], "targets": ["numbers"], "rows": 20},
        # with inputs this large, some of the softmax are beyond Keras' clip
        "ignored class": {
            "model": lambda: keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="softmax")]),
            "targets": ["class numbers"],
            "rows": 30,
            "scale": 20,
            "gradients": [{"loss": IGNORING}],
            "evaluations": [f"loss={IGNORING!r}"],
            "runs": runs(FEW_OPTIMIZERS[:2], IGNORING),
        },
        "class numbers": {
            "model": of_classes,
            "targets": ["class numbers"],
            "gradients": [{"loss": SPARSE}],
            "evaluations": [f"loss='{SPARSE}', metrics=['accuracy', 'MeanIoU(num_classes=4, sparse_y_pred=False)']"],
            "runs": runs(FEW_OPTIMIZERS, SPARSE) + runs(FEW_OPTIMIZERS[:1], SPARSE, WEIGHTED)
            + runs(FEW_OPTIMIZERS[:1], IGNORING, WEIGHTED),
        },
        "numbers": {
            "model": of_numbers,
            "targets": ["reals", "reals"],
            "gradients": [{"loss": ["mse", "huber"], "loss_weights": [0.3, 2.0]}],
            "evaluations": [f"{BOTH}, metrics={{'three': ['R2Score()', 'mae'], 'one': ['RootMeanSquaredError()']}}"],
            "runs": [(f"{BOTH}, optimizer={FEW_OPTIMIZERS[0]!r}", "batch_size=8, epochs=2, shuffle=False")],
        },
        "masked and frozen": {
            "model": masked_and_frozen, "words": [3], "targets": ["numbers"], "rows": 20, "gradients": [{"loss": "mse"}]},
        "scale of an attention": {
            "model": scaled, "targets": ["reals"], "rows": 20, "gradients": [{"loss": "mse"}],
            "runs": runs(["Adafactor(learning_rate=0.01)", "Lamb(learning_rate=0.01)", "Muon(learning_rate=0.01)"], "mse"),
        },
    },
}
