"""Trajectories of optax's optimizers and values of its schedules: optax-trajectories.json.

Two leaves, w [3, 2] and b [4], 100 steps of gradients a (x - c) + sin(3 x) / 2 + cos(0.7 step) in float32; the last term keeps
the gradients from vanishing, where the direction of RMSProp is a quotient of rounding errors. Made with jax 0.10.2 and
optax 0.2.8 (the versions of a run are written into the file).
"""

import argparse
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fixture import float32, numbers, write

SHAPES = {"w": (3, 2), "b": (4,)}
STEPS = [1, 2, 5, 10, 25, 50, 75, 100]
COUNTS = [0, 1, 2, 5, 9, 10, 11, 19, 20, 21, 30, 45, 50, 85, 99, 100, 101, 150, 1000]
MASK = {"w": True, "b": False}


def problem():
    rng = np.random.default_rng(0)
    draw = lambda low, high: {k: float32(rng.uniform(low, high, shape)) for k, shape in SHAPES.items()}
    return {"start": draw(-3, 3), "stiffness": draw(0.3, 4), "center": draw(-1, 1)}


SCHEDULES = {
    "constant": lambda: optax.constant_schedule(0.3),
    "linear": lambda: optax.linear_schedule(1.0, 0.1, 50),
    "linear, begin": lambda: optax.linear_schedule(0.1, 1.0, 50, transition_begin=10),
    "polynomial": lambda: optax.polynomial_schedule(1.0, 0.1, 2.5, 80, transition_begin=5),
    "cosineDecay": lambda: optax.cosine_decay_schedule(0.5, 100),
    "cosineDecay, alpha, exponent": lambda: optax.cosine_decay_schedule(0.5, 90, alpha=0.1, exponent=1.7),
    "exponentialDecay": lambda: optax.exponential_decay(0.5, 30, 0.6),
    "exponentialDecay, all": lambda: optax.exponential_decay(0.5, 20, 0.6, transition_begin=10, staircase=True, end_value=0.07),
    "exponentialDecay, growth": lambda: optax.exponential_decay(0.5, 20, 1.5, end_value=2.0),
    "piecewiseConstant": lambda: optax.piecewise_constant_schedule(0.5, {10: 0.3, 50: 0.2, 100: 2.0}),
    "cosineOnecycle": lambda: optax.cosine_onecycle_schedule(100, 0.5),
    "cosineOnecycle, all": lambda: optax.cosine_onecycle_schedule(97, 0.5, pct_start=0.21, div_factor=10.0, final_div_factor=100.0),
    "linearOnecycle": lambda: optax.linear_onecycle_schedule(100, 0.5),
    "linearOnecycle, all": lambda: optax.linear_onecycle_schedule(97, 0.5, 0.21, 0.7, 10.0, 100.0),
    "warmupConstant": lambda: optax.warmup_constant_schedule(0.0, 0.5, 20),
    "warmupCosineDecay": lambda: optax.warmup_cosine_decay_schedule(0.0, 0.5, 20, 100),
    "warmupCosineDecay, all": lambda: optax.warmup_cosine_decay_schedule(0.1, 0.5, 10, 100, end_value=0.05, exponent=1.3),
    "warmupExponentialDecay": lambda: optax.warmup_exponential_decay_schedule(0.0, 0.5, 20, 30, 0.6, end_value=0.1),
    "join": lambda: optax.join_schedules(
        [optax.constant_schedule(0.1), optax.linear_schedule(0.2, 0.9, 30), optax.cosine_decay_schedule(0.5, 40)], [10, 50]
    ),
}

TRANSFORMATIONS = {
    "sgd": lambda: optax.sgd(0.02),
    "sgd, momentum": lambda: optax.sgd(0.01, momentum=0.9),
    "sgd, nesterov": lambda: optax.sgd(0.01, momentum=0.9, nesterov=True),
    "adam": lambda: optax.adam(0.05),
    "adam, nesterov": lambda: optax.adam(0.05, nesterov=True),
    "adam, all": lambda: optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-3, eps_root=1e-4),
    "adamw": lambda: optax.adamw(0.05),
    "adamw, mask": lambda: optax.adamw(0.05, weight_decay=0.3, mask=MASK),
    "adamw, nesterov, decay schedule": lambda: optax.adamw(
        0.05, weight_decay=optax.linear_schedule(0.5, 0.0, 60), nesterov=True
    ),
    "amsgrad": lambda: optax.amsgrad(0.05),
    "amsgrad, b2": lambda: optax.amsgrad(0.05, b1=0.7, b2=0.9, eps=1e-4, eps_root=1e-5),
    "amsgrad, uncorrected": lambda: optax.amsgrad(0.05, b2=0.9, bias_correction_mu=False, bias_correction_nu=False),
    "rmsprop": lambda: optax.rmsprop(0.02),
    "rmsprop, momentum": lambda: optax.rmsprop(0.01, decay=0.8, momentum=0.5, eps_in_sqrt=False, initial_scale=1.0),
    "rmsprop, corrected": lambda: optax.rmsprop(0.02, bias_correction=True, momentum=0.5, nesterov=True),
    "rmsprop, centered": lambda: optax.rmsprop(0.01, centered=True, eps=1e-2),
    "rmsprop, centered, all": lambda: optax.rmsprop(
        0.01, centered=True, eps=0.1, eps_in_sqrt=False, initial_scale=0.5, bias_correction=True, momentum=0.3
    ),
    "lion": lambda: optax.lion(0.01),
    "lion, mask": lambda: optax.lion(0.01, b1=0.8, b2=0.95, weight_decay=0.5, mask=MASK),
    "clip": lambda: optax.chain(optax.clip(0.7), optax.sgd(0.05)),
    "clipByGlobalNorm": lambda: optax.chain(optax.clip_by_global_norm(2.0), optax.adam(0.05)),
    "chain": lambda: optax.chain(
        optax.clip_by_global_norm(3.0), optax.trace(0.8, nesterov=True), optax.add_decayed_weights(0.2, MASK), optax.scale(-0.01)
    ),
    "ema": lambda: optax.chain(optax.ema(0.8), optax.sgd(0.02)),
    "ema, biased": lambda: optax.chain(optax.ema(0.8, debias=False), optax.sgd(0.02)),
    "scaleByRms": lambda: optax.chain(optax.scale_by_rms(), optax.scale_by_learning_rate(0.02)),
    "scaleByLearningRate, no flip": lambda: optax.chain(optax.scale_by_learning_rate(-0.02, flip_sign=False)),
    "masked": lambda: optax.chain(optax.masked(optax.scale(0.1), MASK), optax.sgd(0.02)),
    "freeze": lambda: optax.chain(optax.adam(0.05), optax.transforms.freeze({"w": False, "b": True})),
    "trainOnly": lambda: optax.transforms.selective_transform(
        optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(0.05, weight_decay=0.2)), freeze_mask={"w": False, "b": True}
    ),
    "adam, warmupCosineDecay": lambda: optax.adam(optax.warmup_cosine_decay_schedule(0.0, 0.1, 20, 90, end_value=0.001)),
    "adam, cosineOnecycle": lambda: optax.adam(optax.cosine_onecycle_schedule(100, 0.1)),
    "sgd, piecewiseConstant": lambda: optax.sgd(optax.piecewise_constant_schedule(0.05, {10: 0.3, 50: 0.2})),
    "lion, exponentialDecay": lambda: optax.lion(optax.exponential_decay(0.05, 20, 0.5)),
    "scaleBySchedule": lambda: optax.chain(optax.scale_by_adam(), optax.scale_by_schedule(lambda count: -0.1 / (1.0 + count))),
}


def float32_tree(tree):
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), tree)


def numbers_of(tree):
    return {k: numbers(np.asarray(v).astype(np.float64).ravel()) for k, v in tree.items()}


def trajectory(transformation, given):
    """Every iterate, the start first."""
    params, stiffness, center = (float32_tree(given[k]) for k in ("start", "stiffness", "center"))
    gradient = lambda p, wave: jax.tree.map(lambda x, a, c: a * (x - c) + 0.5 * jnp.sin(3.0 * x) + wave, p, stiffness, center)
    state, iterates = transformation.init(params), [params]
    update = jax.jit(lambda p, s, wave: transformation.update(gradient(p, wave), s, p))
    for step in range(1, max(STEPS) + 1):
        updates, state = update(params, state, jnp.float32(np.cos(0.7 * step)))
        params = optax.apply_updates(params, updates)
        iterates.append(params)
    return iterates


def averages(iterates):
    """Averages of the iterates: debiased, over all but the start; and by optax.incremental_update, from the start on."""
    debiased = optax.ema(0.9)
    state, biased, kept = debiased.init(iterates[0]), iterates[0], {}
    for count, params in enumerate(iterates[1:], 1):
        average, state = debiased.update(params, state)
        biased = optax.incremental_update(params, biased, 0.1)
        if count in STEPS:
            kept[str(count)] = {"debiased": numbers_of(average), "biased": numbers_of(biased)}
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/optax-trajectories.json")
    given = problem()
    runs = {name: trajectory(make(), given) for name, make in TRANSFORMATIONS.items()}
    fixture = {
        "made": {"jax": jax.__version__, "optax": optax.__version__},
        "shapes": SHAPES,
        "start": numbers_of(given["start"]),
        "stiffness": numbers_of(given["stiffness"]),
        "center": numbers_of(given["center"]),
        "counts": COUNTS,
        "schedules": {name: [float(make()(jnp.asarray(c))) for c in COUNTS] for name, make in SCHEDULES.items()},
        "averages": averages(runs["adam"]),
        "trajectories": {
            name: {str(step): numbers_of(iterates[step]) for step in STEPS} for name, iterates in runs.items()
        },
    }
    write(parser.parse_args().out, fixture)


if __name__ == "__main__":
    main()
