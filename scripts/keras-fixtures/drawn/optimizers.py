"""Optimizers and schedules of learning rates: for each the arguments that it always has, and those that it may have."""


def between(low, high):
    return lambda r: r.number(low, high)


def either(r):
    return r.chance(0.5)


def epsilon(r):
    return r.one([1e-7, 1e-5, 1e-3])


SLOW, QUICK = between(0.001, 0.02), between(0.01, 0.1)
BETAS = {"beta_1": between(0.5, 0.95), "beta_2": between(0.8, 0.999)}

# name: (how fast it learns, what it always has, what it may have)
OPTIMIZERS = {
    "SGD": (QUICK, {}, {"momentum": between(0.1, 0.9), "nesterov": either}),
    "RMSprop": (SLOW, {"epsilon": epsilon}, {"rho": between(0.5, 0.9), "momentum": between(0.1, 0.9), "centered": either}),
    "Adam": (SLOW, {"epsilon": epsilon}, {**BETAS, "amsgrad": either}),
    "AdamW": (SLOW, {"epsilon": epsilon, "weight_decay": between(0.001, 0.1)}, {**BETAS, "amsgrad": either}),
    "Adamax": (SLOW, {"epsilon": epsilon}, BETAS),
    "Nadam": (SLOW, {"epsilon": epsilon}, BETAS),
    "Adagrad": (QUICK, {}, {"initial_accumulator_value": between(0.01, 0.2), "epsilon": epsilon}),
    "Adadelta": (between(0.1, 1), {"epsilon": epsilon}, {"rho": between(0.5, 0.95)}),
    "Ftrl": (QUICK, {}, {
        "learning_rate_power": between(-0.8, -0.3), "initial_accumulator_value": between(0.05, 0.3),
        "l1_regularization_strength": between(0, 0.1), "l2_regularization_strength": between(0, 0.1),
        "l2_shrinkage_regularization_strength": between(0, 0.1), "beta": between(0, 0.2)}),
    "Lion": (SLOW, {}, {"beta_1": between(0.5, 0.9), "beta_2": between(0.8, 0.99)}),
    "Lamb": (SLOW, {"epsilon": epsilon}, BETAS),
    "Adafactor": (SLOW, {"epsilon_1": lambda r: r.one([1e-6, 1e-5, 1e-4])}, {
        "beta_2_decay": between(-0.9, -0.3), "epsilon_2": between(0.001, 0.1), "clip_threshold": between(0.3, 2), "relative_step": either}),
    "Muon": (SLOW, {"epsilon": epsilon}, {
        "adam_beta_1": between(0.5, 0.95), "adam_beta_2": between(0.8, 0.999), "adam_weight_decay": between(0.001, 0.1), "momentum": between(0.5, 0.95),
        "ns_steps": lambda r: r.int(1, 4), "nesterov": either, "adam_lr_ratio": between(0.3, 1), "rms_rate": between(0.1, 0.5), "exclude_embeddings": either,
        "weight_decay": between(0.001, 0.1)}),
    "ScheduleFreeAdamW": (SLOW, {"epsilon": epsilon}, {**BETAS, "warmup_steps": lambda r: r.int(0, 5)}),
}


def steps(r):
    return r.int(1, 6)


START = between(0.005, 0.05)
SCHEDULES = {
    "ExponentialDecay": ({"initial_learning_rate": START, "decay_steps": steps, "decay_rate": between(0.3, 0.9)}, {"staircase": either}),
    "PolynomialDecay": ({"initial_learning_rate": START, "decay_steps": steps}, {
        "end_learning_rate": between(0, 0.01), "power": between(0.5, 2), "cycle": either}),
    "CosineDecay": ({"initial_learning_rate": START, "decay_steps": steps}, {
        "alpha": between(0, 0.5), "warmup_target": START, "warmup_steps": steps}),
    "CosineDecayRestarts": ({"initial_learning_rate": START, "first_decay_steps": steps}, {
        "t_mul": between(1, 2), "m_mul": between(0.5, 1), "alpha": between(0, 0.5)}),
    "InverseTimeDecay": ({"initial_learning_rate": START, "decay_steps": steps, "decay_rate": between(0.1, 0.9)}, {"staircase": either}),
    "PiecewiseConstantDecay": ({"boundaries": lambda r: [1, 3], "values": lambda r: [START(r) for _ in range(3)]}, {}),
}


def drawn(r, always, perhaps):
    chosen = {name: draw(r) for name, draw in always.items()}
    return chosen | {name: draw(r) for name, draw in perhaps.items() if r.chance(0.4)}


def call(name, arguments):
    return f"{name}({', '.join(f'{k}={v}' for k, v in arguments.items())})"


def schedule(r):
    name = r.one(list(SCHEDULES))
    return call(name, drawn(r, *SCHEDULES[name]))


def optimizer(r):
    name = r.one(list(OPTIMIZERS))
    rate, always, perhaps = OPTIMIZERS[name]
    if r.chance(0.1):
        learning = {"lr": rate(r), "decay": r.number(0.01, 0.2)}  # as Keras 2 writes them
    else:
        learning = {"learning_rate": schedule(r) if r.chance(0.25) else rate(r)}
    chosen = learning | drawn(r, always, perhaps)
    if r.chance(0.15):
        chosen |= {r.one(["clipnorm", "global_clipnorm", "clipvalue"]): r.number(0.005, 0.5)}
    if r.chance(0.15):
        chosen.setdefault("weight_decay", r.number(0.001, 0.1))
    if r.chance(0.15):
        chosen |= {"use_ema": True, "ema_momentum": r.number(0.3, 0.99)}
        if r.chance(0.5):
            chosen["ema_overwrite_frequency"] = r.int(1, 4)
    if r.chance(0.15):
        chosen["gradient_accumulation_steps"] = r.int(2, 4)
    if r.chance(0.05):
        chosen["loss_scale_factor"] = r.one([8.0, 1024.0])
    return call(name, chosen)
