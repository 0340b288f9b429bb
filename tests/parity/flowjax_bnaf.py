"""Block neural autoregressive networks of FlowJAX: flowjax-bnaf.json.

Made with flowjax 19.1.2 and jax 0.10.2 (the versions of a run are written into the file), in float64; weights and points are float32. `layers` are ours: w [in, out]
before masks and normalization, b, and logNorm, the logarithm of FlowJAX's scale; `v` the weights of the context. `inverse` is that of FlowJAX's own bisection at y.
"""

import argparse
import os

os.environ["JAX_PLATFORMS"] = "cpu"

from functools import partial
from importlib.metadata import version

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import BlockAutoregressiveNetwork
from flowjax.root_finding import elementwise_autoregressive_bisection
from paramax import unwrap

from fixture import float32, numbers, write

jax.config.update("jax_enable_x64", True)
ROWS = 8


def rounded(tree):
    return jax.tree.map(lambda leaf: jnp.asarray(float32(leaf)) if eqx.is_inexact_array(leaf) else leaf, tree)


def layer(linear):
    """Ours, of FlowJAX's linear layer."""
    return {
        "w": numbers(np.asarray(linear.weight.weight.args[0]).T),
        "b": numbers(linear.bias),
        "logNorm": numbers(np.log(np.asarray(unwrap(linear.weight.scale))[:, 0])),
    }


def network(seed, dim, width, depth, context):
    random = np.random.default_rng(seed)
    net = BlockAutoregressiveNetwork(jax.random.key(seed), dim=dim, cond_dim=context or None, depth=depth, block_dim=width)
    moved = jax.tree.map(lambda leaf: leaf + 0.3 * random.normal(size=leaf.shape) if eqx.is_inexact_array(leaf) else leaf, net)
    net = rounded(moved)
    x = float32(1.5 * random.normal(size=(ROWS, dim)))
    c = float32(random.normal(size=(ROWS, context))) if context else None
    plain = unwrap(net)
    y, log_det = zip(*[plain.transform_and_log_det(x[i], None if c is None else c[i]) for i in range(ROWS)])

    def inverse(y, c):
        f = lambda x: plain.transform_and_log_det(x, c)[0] - y
        return elementwise_autoregressive_bisection(f, -10 * jnp.ones(dim), 10 * jnp.ones(dim), atol=1e-9)[0]

    back = [inverse(y[i], None if c is None else c[i]) for i in range(ROWS)]
    assert np.abs(np.array(back) - x).max() < 1e-5
    layers = [layer(linear) for linear, _ in net.layers]
    if context:
        layers[0]["v"] = numbers(np.asarray(net.cond_linear.weight).T)
    return {
        "dim": dim,
        "width": width,
        "depth": depth,
        "context": context,
        "layers": layers,
        "x": numbers(x),
        **({"c": numbers(c)} if context else {}),
        "y": numbers(np.array(y)),
        "logDet": numbers(np.array(log_det)),
        "inverse": numbers(np.array(back)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/flowjax-bnaf.json")
    out = parser.parse_args().out
    sizes = [(1, 4, 1, 0), (3, 8, 1, 0), (3, 4, 2, 2), (5, 3, 3, 0)]
    cases = [network(seed, *size) for seed, size in enumerate(sizes)]
    write(out, {"versions": {name: version(name) for name in ["flowjax", "paramax", "jax", "numpy"]}, "cases": cases})


if __name__ == "__main__":
    main()
