"""Planar maps and triangular splines of FlowJAX, masked autoregressive layers of zuko with passes and on graphs: structures.json.

Made with flowjax 19.1.2, zuko 1.6.0 and torch 2.15.0 (the versions of a run are written into the file). Parameters are random and far from the identity;
results are float64. README.md beside this file says what the fields are.
"""

import argparse
from functools import partial
from importlib.metadata import version

import equinox as eqx
import jax
import jax.numpy as jnp
import torch
from flowjax.bijections import Chain, LeakyTanh, RationalQuadraticSpline, Sandwich, TriangularAffine, Vmap
from flowjax.bijections.planar import _UnconditionalPlanar
from paramax import unwrap
from zuko.flows import MaskedAutoregressiveTransform
from zuko.nn import MaskedLinear

from fixture import numbers, write

ROWS = 12


def short(values):
    return torch.round(values * 256).double() / 256


def planar(generator, dim):
    """Eight maps: half of them with w'u < 0, where the constraint moves u. Where it comes close to -1, diffeo's does not."""
    for i in range(8):
        w, u = (short(2 * torch.randn(dim, generator=generator)) for _ in range(2))
        if (w @ u < 0) != (i % 2 == 0):
            u = -u
        if w @ u < -3:
            u = short(-3 * u / (w @ u))
        b = short(torch.randn((), generator=generator))
        x = short(2 * torch.randn(ROWS, dim, generator=generator))
        bijection = _UnconditionalPlanar(*(jnp.asarray(value.numpy()) for value in (w, u, b)))
        y, logdet = jax.vmap(bijection.transform_and_log_det)(jnp.asarray(x.numpy()))
        yield {
            "w": numbers(w),
            "b": numbers(b),
            "actScale": numbers(bijection.get_act_scale()),
            "x": numbers(x),
            "y": numbers(y),
            "logDet": numbers(logdet),
        }


def leaky_tanh(max_val):
    """The map that triangular spline flows put their splines within, on both sides of its ends."""
    x = jnp.linspace(-2 * max_val, 2 * max_val, 41)
    bijection = LeakyTanh(max_val)
    y, logdet = jax.vmap(bijection.transform_and_log_det)(x)
    return {"maxVal": max_val, "x": numbers(x), "y": numbers(y), "logDet": numbers(logdet)}


def triangular_spline(generator, dim, knots):
    """A layer of FlowJAX's triangular_spline_flow, without weight normalization, its splines with slope 1 at their ends."""
    splines = eqx.filter_vmap(partial(RationalQuadraticSpline, knots=knots, interval=1), axis_size=dim)()
    move = lambda leaf: leaf + jnp.asarray(short(torch.randn(leaf.shape, generator=generator)).numpy())
    splines = jax.tree_util.tree_map(lambda leaf: move(leaf) if eqx.is_inexact_array(leaf) else leaf, splines)
    one = jnp.log(jnp.expm1(1 - 1e-3))
    splines = eqx.tree_at(lambda s: s.derivatives.args[0], splines, replace_fn=lambda d: d.at[:, 0].set(one).at[:, -1].set(one))
    matrix = jnp.asarray(short(0.5 * torch.randn(dim, dim, generator=generator)).numpy())
    matrix = jnp.fill_diagonal(matrix, jnp.linspace(0.5, 1.5, dim), inplace=False)
    shift = jnp.asarray(short(torch.randn(dim, generator=generator)).numpy())
    layer = Chain([Sandwich(Vmap(splines, in_axes=eqx.if_array(0)), LeakyTanh(3.0, (dim,))), TriangularAffine(shift, matrix)])
    layer, splines = unwrap(layer), eqx.filter_vmap(unwrap)(splines)
    x = short(2 * torch.randn(ROWS, dim, generator=generator))
    y, logdet = jax.vmap(layer.transform_and_log_det)(jnp.asarray(x.numpy()))
    back, back_logdet = jax.vmap(layer.inverse_and_log_det)(jnp.asarray(x.numpy()))
    return {
        "xKnots": numbers(splines.x_pos),
        "yKnots": numbers(splines.y_pos),
        "slopes": numbers(splines.derivatives),
        "matrix": numbers(layer.bijections[1].triangular),
        "shift": numbers(shift),
        "x": numbers(x),
        "y": numbers(y),
        "logDet": numbers(logdet),
        "inverse": numbers(back),
        "inverseLogDet": numbers(back_logdet),
    }


def layers(net):
    for layer in net:
        if isinstance(layer, MaskedLinear):
            yield {
                "weight": numbers(layer.weight.detach()),
                "bias": numbers(layer.bias.detach()),
                "mask": ["".join(str(int(m)) for m in row) for row in layer.mask],
            }


def random_graph(generator, features, context):
    """An acyclic graph in a random order of the features, and random sight of the context; ones on the diagonal, as zuko asks."""
    order = torch.randperm(features, generator=generator)
    lower = torch.tril(torch.rand(features, features, generator=generator) < 0.5, diagonal=-1)
    graph = torch.zeros(features, features, dtype=bool)
    graph[order[:, None], order[None, :]] = lower
    graph |= torch.eye(features, dtype=bool)
    return torch.cat((graph, torch.rand(features, context, generator=generator) < 0.5), dim=1) if context else graph


def autoregressive(generator, features, context, **kwargs):
    transform = MaskedAutoregressiveTransform(features, context, hidden_features=(16, 16), **kwargs).double()
    with torch.no_grad():
        for parameter in transform.parameters():
            parameter.copy_(short(parameter + 0.3 * torch.randn(parameter.shape, generator=generator)))
    x = short(2 * torch.randn(ROWS, features, generator=generator))
    c = short(torch.randn(ROWS, context, generator=generator)) if context else None
    map = transform(c)
    with torch.no_grad():
        y, ladj = map.call_and_ladj(x)
        back, back_ladj = map.inv.call_and_ladj(x)
    graph = {"adjacency": numbers(kwargs["adjacency"])} if "adjacency" in kwargs else {"passes": kwargs["passes"]}
    return {
        **graph,
        "zukoPasses": transform.passes,
        "layers": list(layers(transform.hyper)),
        "x": numbers(x),
        **({"c": numbers(c)} if context else {}),
        "y": numbers(y),
        "logDet": numbers(ladj),
        "inverse": numbers(back),
        "inverseLogDet": numbers(back_ladj),
    }


def fixture():
    jax.config.update("jax_enable_x64", True)
    generator = torch.Generator().manual_seed(5)
    return {
        "versions": {name: version(name) for name in ("flowjax", "zuko", "torch")},
        "planar": [*planar(generator, 2), *planar(generator, 5)],
        "leakyTanh": leaky_tanh(3.0),
        "triangularSpline": [triangular_spline(generator, 3, 8), triangular_spline(generator, 5, 4)],
        "autoregressive": [
            autoregressive(generator, 5, 0, passes=2),
            autoregressive(generator, 5, 2, passes=2),
            autoregressive(generator, 5, 0, passes=3),
            autoregressive(generator, 6, 2, passes=4),
            autoregressive(generator, 5, 0, adjacency=random_graph(generator, 5, 0)),
            autoregressive(generator, 5, 2, adjacency=random_graph(generator, 5, 0)),
            autoregressive(generator, 6, 3, adjacency=random_graph(generator, 6, 3)),
            autoregressive(generator, 7, 2, adjacency=random_graph(generator, 7, 2)),
        ],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/structures.json")
    write(parser.parse_args().out, fixture())
