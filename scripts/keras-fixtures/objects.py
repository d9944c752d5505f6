"""The networks of references.py that show losses, metrics, optimizers and activations; see networks.py for the form."""

import keras
from keras import layers

from networks import CROSSENTROPY, layer_under_test, runs


def small(activation, units=4):
    def build():
        return keras.Sequential([
            keras.Input((5,)),
            layers.Dense(6, activation="tanh"),
            layers.Dense(units, activation=activation),
        ], name="small")

    return build


def images():
    return keras.Sequential([
        keras.Input((6, 5, 2)),
        layers.Conv2D(4, 3, activation="tanh", name="conv"),
        layers.Flatten(),
        layers.Dense(7, activation="tanh", name="middle", kernel_constraint=keras.constraints.MinMaxNorm(0.5, 1.5, rate=0.5)),
        layers.Dense(3, activation="softmax", name="out"),
    ], name="images")


def words():
    return keras.Sequential([
        keras.Input((5,)),
        layers.Embedding(9, 4, name="words"),
        layers.GRU(3, name="gru"),
        layers.Dense(3, activation="softmax", name="out"),
    ], name="text")


def losses(model, targets, names, metrics=()):
    return {
        "model": model,
        "targets": [targets],
        "gradients": [{"loss": n} for n in names],
        "evaluations": [f"loss={n!r}" for n in names] + [f"loss='mse', metrics={list(metrics)}"] * bool(metrics),
    }


PLAIN = ["mse", "mae", "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "categorical_hinge", "log_cosh",
         "huber", "cosine_similarity"]
# not of arbitrary numbers: Keras then looks at the whole batch to tell what the labels mean
HINGES = ["hinge", "squared_hinge"]
OF_POSITIVE = ["kl_divergence", "poisson", "Dice(axis=-1)", "Tversky(axis=-1, alpha=0.3, beta=0.6)"]
ARGUMENTS = ["Huber(delta=0.3)"]
BINARY = ["binary_crossentropy", "BinaryCrossentropy(label_smoothing=0.2)", "binary_focal_crossentropy",
          "BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.7, gamma=1.5, label_smoothing=0.1)"]
CATEGORICAL = ["categorical_crossentropy", "CategoricalCrossentropy(label_smoothing=0.2)", "categorical_focal_crossentropy",
               "CategoricalFocalCrossentropy(alpha=0.5, gamma=3.0, label_smoothing=0.1)"]
LOGITS = ["BinaryCrossentropy(from_logits=True)", "BinaryCrossentropy(from_logits=True, label_smoothing=0.2)",
          "CategoricalCrossentropy(from_logits=True)", "CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)",
          "BinaryFocalCrossentropy(from_logits=True)", "CategoricalFocalCrossentropy(from_logits=True, gamma=1.5)"]
METRICS = ["mse", "mae", "mape", "msle", "hinge", "squared_hinge", "categorical_hinge", "log_cosh_error", "cosine_similarity",
           "kl_divergence", "poisson", "binary_crossentropy", "categorical_crossentropy",
           "CategoricalCrossentropy(label_smoothing=0.2)", "AUC(curve='PR')", "Recall()", "F1Score(average='macro')",
           "OneHotMeanIoU(num_classes=4)", "R2Score()", "RootMeanSquaredError()"]

OPTIMIZERS = [
    "AdamW(learning_rate=0.01)",
    "AdamW(learning_rate=0.01, weight_decay=0.1, beta_1=0.8, amsgrad=True)",
    "Adamax(learning_rate=0.01)",
    "Adamax(learning_rate=0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-4)",
    "Nadam(learning_rate=0.01)",
    "Nadam(learning_rate=0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-3)",
    "Adagrad(learning_rate=0.05)",
    "Adagrad(learning_rate=0.05, initial_accumulator_value=0.01, epsilon=1e-3)",
    "Adadelta(learning_rate=1.0)",
    "Adadelta(learning_rate=1.0, rho=0.8, epsilon=1e-4)",
    "Ftrl(learning_rate=0.05)",
    "Ftrl(learning_rate=0.05, learning_rate_power=-0.7, initial_accumulator_value=0.2, l1_regularization_strength=0.01,"
    " l2_regularization_strength=0.02, l2_shrinkage_regularization_strength=0.03, beta=0.1)",
    "Lion(learning_rate=0.01)",
    "Lion(learning_rate=0.01, beta_1=0.8, beta_2=0.95, weight_decay=0.05)",
    "SGD(learning_rate=0.1, weight_decay=0.2)",
    "RMSprop(learning_rate=0.01, weight_decay=0.2)",
    "SGD(learning_rate=0.1, clipnorm=0.05)",
    "SGD(learning_rate=0.1, global_clipnorm=0.1)",
    "SGD(learning_rate=0.1, clipvalue=0.01)",
    "Adam(learning_rate=0.01, clipnorm=0.05, weight_decay=0.1)",
    "SGD(learning_rate=0.1, momentum=0.9, global_clipnorm=100.0)",
]
# Those that look at whole arrays, that add up gradients, and that scale the loss.
OF_ARRAYS = [
    "Lamb(learning_rate=0.01)",
    "Lamb(learning_rate=0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3, weight_decay=0.1, clipnorm=0.05)",
    "Adafactor(learning_rate=0.05)",
    "Adafactor(learning_rate=0.5, beta_2_decay=-0.5, epsilon_1=1e-4, epsilon_2=0.1, clip_threshold=0.3, relative_step=False, weight_decay=0.05)",
    "Adafactor(learning_rate=ExponentialDecay(0.1, 3, 0.5), global_clipnorm=0.1)",
    "Muon(learning_rate=0.01)",
    "Muon(learning_rate=0.01, exclude_layers=['out'], nesterov=False, ns_steps=3, momentum=0.8, rms_rate=None, adam_weight_decay=None,"
    " weight_decay=0.1)",
    "Muon(learning_rate=0.01, exclude_embeddings=False, ns_steps=2, muon_a=3.0, muon_b=-4.0, muon_c=2.0, adam_lr_ratio=0.3, adam_beta_1=0.8,"
    " adam_beta_2=0.9, epsilon=1e-3, adam_weight_decay=0.1, weight_decay=None, rms_rate=0.5)",
    "ScheduleFreeAdamW(learning_rate=0.01)",
    "ScheduleFreeAdamW(learning_rate=0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-3, warmup_steps=4, weight_decay=0.1)",
    "SGD(learning_rate=0.1, gradient_accumulation_steps=2)",
    "Adam(learning_rate=ExponentialDecay(0.05, 3, 0.5), gradient_accumulation_steps=3, clipnorm=0.05, weight_decay=0.1)",
    "Nadam(learning_rate=0.01, gradient_accumulation_steps=4, use_ema=True, ema_momentum=0.7, ema_overwrite_frequency=2)",
    "Lamb(learning_rate=0.01, gradient_accumulation_steps=2)",
    "Adafactor(learning_rate=0.05, gradient_accumulation_steps=3, use_ema=True, ema_momentum=0.5)",
    "Muon(learning_rate=0.01, gradient_accumulation_steps=2, clipvalue=0.01)",
    "ScheduleFreeAdamW(learning_rate=0.01, gradient_accumulation_steps=2, weight_decay=0.1)",
    "Adam(learning_rate=0.01, loss_scale_factor=1024.0)",
    "LossScaleOptimizer(inner_optimizer=Adam(learning_rate=0.01), initial_scale=8.0, dynamic_growth_steps=2)",
]
SCHEDULES = [
    "ExponentialDecay(0.1, 3, 0.5)",
    "ExponentialDecay(0.1, decay_steps=3, decay_rate=0.5, staircase=True)",
    "PolynomialDecay(0.1, 6)",
    "PolynomialDecay(0.1, 4, end_learning_rate=0.01, power=2.0, cycle=True)",
    "CosineDecay(0.1, 7)",
    "CosineDecay(0.02, 7, alpha=0.1, warmup_target=0.1, warmup_steps=3)",
    "CosineDecayRestarts(0.1, 2, t_mul=1.5, m_mul=0.8, alpha=0.05)",
    "CosineDecayRestarts(0.1, 3, t_mul=1.0)",
    "InverseTimeDecay(0.1, 2, 0.5)",
    "InverseTimeDecay(0.1, 2, 0.5, staircase=True)",
    "PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01])",
]
ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "log_sigmoid", "log_softmax", "mish", "relu6", "selu", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "squareplus", "swish", "tanh_shrink",
]

FILES = {
    "losses": {
        "losses of numbers": losses(small("linear"), "numbers", PLAIN + ARGUMENTS),
        "losses of signs": losses(small("tanh", 1), "signs", HINGES + ["mse"]),
        "losses of a sigmoid": losses(small("sigmoid"), "labels", PLAIN + HINGES + OF_POSITIVE + BINARY, METRICS),
        "losses of a softmax": losses(small("softmax"), "classes", PLAIN + HINGES + OF_POSITIVE + BINARY + CATEGORICAL, METRICS),
        "losses of logits": losses(small("linear"), "classes", LOGITS),
        "losses of a tanh": losses(small("tanh"), "classes", PLAIN + HINGES + ARGUMENTS),
    },
    "optimizers": {
        "optimizers": {
            "model": small("softmax"),
            "targets": ["classes"],
            "runs": runs(OPTIMIZERS, CROSSENTROPY) + runs([f"SGD(learning_rate={s})" for s in SCHEDULES], CROSSENTROPY)
            + runs(["AdamW(learning_rate=CosineDecay(0.01, 8))"], CROSSENTROPY),
        },
    },
    "more_optimizers": {
        "optimizers of images": {"model": images, "targets": ["classes"], "runs": runs(OF_ARRAYS, CROSSENTROPY)},
        "optimizers of words": {
            "model": words, "targets": ["classes"], "words": [9],
            "runs": runs([o for o in OF_ARRAYS if o.startswith(("Muon", "Adafactor", "Lamb(learning_rate=0.01)"))], CROSSENTROPY),
        },
    },
    "activations": {
        **{f"activation {a}": layer_under_test((6,), lambda a=a: layers.Activation(a)) for a in ACTIVATIONS},
        **{f"dense {a}": layer_under_test((6,), lambda a=a: layers.Dense(5, activation=a)) for a in ACTIVATIONS},
        "conv gelu": layer_under_test((5, 4, 3), lambda: layers.Conv2D(4, 3, activation="gelu")),
    },
}
