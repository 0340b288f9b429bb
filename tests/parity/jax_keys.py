"""Keys and draws of JAX's default generator: jax-keys.json.

Threefry-2x32 in the partitionable layout (the default since jax 0.5), 32-bit mode, on the CPU. Made with jax 0.10.2 and
numpy 2.4.6 (the versions of a run are written into the file). Uniform numbers with bounds are one fused multiply-add per
number there, so they need a processor that has it (any x86-64 since 2013, any arm64).
"""

import argparse
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np
from jax import random

from fixture import numbers, write

SEEDS = [0, 1, 42, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**40 + 7, 2**53 - 1]


def words(key):
    return numbers(random.key_data(key))


def nested():
    """Keys reached by several steps; a step is a child of a split or a number that is folded in."""
    paths = [
        [{"split": 2, "child": 1}, {"split": 3, "child": 2}, {"foldIn": 7}],
        [{"foldIn": 1}, {"foldIn": 1}],
        [{"foldIn": 0}, {"split": 5, "child": 4}],
        [{"split": 2, "child": 0}] * 10,
    ]
    for seed in [0, 42]:
        for steps in paths:
            key = random.key(seed)
            for step in steps:
                key = random.fold_in(key, step["foldIn"]) if "foldIn" in step else random.split(key, step["split"])[step["child"]]
            yield {"seed": seed, "steps": steps, "words": words(key)}


def draws(keys):
    def uniform(key, count, low, high):
        values = random.uniform(key, (count,), minval=low, maxval=high)
        return {"key": words(key), "count": count, "low": low, "high": high, "values": numbers(values)}

    def randint(key, count, low, high):
        values = random.randint(key, (count,), low, jnp.uint32(high) if high == 2**31 else high)
        return {"key": words(key), "count": count, "low": low, "high": high, "values": numbers(values)}

    bounds = [(-1, 1), (-3.7, 11.3), (0.1, 0.3), (1e-3, 1e5), (-2.5, -2.25), (1e6, 1e6 + 1), (3, 3)]
    ranges = [(0, 2), (0, 10), (-5, 5), (0, 7), (0, 1), (0, 2**16), (0, 65537), (-1000, 123456), (0, 2**31 - 1), (0, 3 * 2**29)]
    wide = [(-(2**31), 2**31 - 1), (-5, 2**31), (-(2**31), 2**31)]
    return {
        "bits": [{"key": words(k), "count": n, "words": numbers(random.bits(k, (n,)))} for k in keys for n in [0, 1, 2, 3, 7, 100]],
        "uniform": [uniform(k, n, 0, 1) for k in keys for n in [1, 2, 3, 100]] + [uniform(k, 40, *b) for k in keys for b in bounds],
        "normal": [{"key": words(k), "count": n, "values": numbers(random.normal(k, (n,)))} for k in keys for n in [1, 2, 3, 100]],
        "randint": [randint(k, 20, *r) for k in keys for r in ranges + wide],
        "permutation": [{"key": words(k), "count": n, "values": numbers(random.permutation(k, n))} for k in keys for n in [0, 1, 2, 10, 1000]],
    }


def long_bits(key, count, every):
    drawn = np.asarray(random.bits(key, (count,)))
    return {
        "key": words(key),
        "count": count,
        "every": every,
        "words": numbers(drawn[::every]),
        "xor": int(np.bitwise_xor.reduce(drawn)),
        "sum": int(drawn.astype(np.uint64).sum()),
    }


def long_normal(key, count, every, extremes):
    z = np.asarray(random.normal(key, (count,)))
    largest = np.sort(np.argsort(-np.abs(z), kind="stable")[:extremes])
    exact = z.astype(np.float64)
    return {
        "key": words(key),
        "count": count,
        "every": every,
        "values": numbers(z[::every]),
        "largest": {"indices": numbers(largest), "values": numbers(z[largest])},
        "sum": float(exact.sum()),
        "sumOfSquares": float((exact**2).sum()),
        "min": float(z.min()),
        "max": float(z.max()),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/jax-keys.json")
    out = parser.parse_args().out
    assert jax.config.jax_threefry_partitionable and not jax.config.jax_enable_x64
    keys = [random.key(0), random.key(2**32 - 1), random.fold_in(random.key(42), 3)]
    longest = 1_000_000
    permuted = np.asarray(random.permutation(keys[2], 100_000))
    write(
        out,
        {
            "versions": {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "numpy": np.__version__},
            "key": [{"seed": s, "words": words(random.key(s))} for s in SEEDS],
            "split": [
                {"seed": s, "count": n, "keys": [words(k) for k in random.split(random.key(s), n)]} for s in SEEDS for n in [1, 2, 3, 10]
            ],
            "foldIn": [
                {"seed": s, "data": d, "words": words(random.fold_in(random.key(s), d))}
                for s in SEEDS
                for d in [0, 1, 2, 1000, 2**31, 2**32 - 1]
            ],
            "nested": list(nested()),
            **draws(keys),
            "longBits": long_bits(keys[2], longest, 50_000),
            "longNormal": long_normal(keys[2], longest, 5_000, 200),
            "longPermutation": {
                "key": words(keys[2]),
                "count": len(permuted),
                "every": 1000,
                "values": numbers(permuted[::1000]),
            },
        },
    )


if __name__ == "__main__":
    main()
