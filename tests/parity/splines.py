"""Rational-quadratic splines of distrax, nflows and zuko: splines.json.

Made with distrax 0.1.9, nflows 0.14, zuko 1.6.0, jax 0.10.2 and torch 2.15.0 (the versions of a run are written into the
file), in float64 throughout; what goes in (knots, slopes, points, theta) is float32, so that a float32 reader has the same.

`splines`: the splines of distrax and nflows on the same knots and slopes, which are 1 at both ends. distrax's formulas take
knots. nflows' take logits of the bin sizes, so these are undone: with its minima set to 0, softmax(log(width / 2 bound)) and
softplus(log(expm1(slope))) give the knots back, and its own code runs on them.

`maps`: theta -> (xKnots, yKnots, slopes) of each library on [-5, 5], with its defaults. theta = K widths, K heights, K - 1
slopes; distrax's two outer slopes, which boundary_slopes='identity' ignores, are filled with zeros.
"""

import argparse
import os

os.environ["JAX_PLATFORMS"] = "cpu"

from importlib.metadata import version

import distrax
import jax
import jax.numpy as jnp
import nflows.transforms.splines.rational_quadratic as nflows_spline
import numpy as np
import torch
from distrax._src.bijectors import rational_quadratic_spline as distrax_spline
from zuko.transforms import MonotonicRQSTransform

from fixture import float32, numbers, write

jax.config.update("jax_enable_x64", True)

BOUND = 5.0


def tensor(array):
    return torch.tensor(np.array(array), dtype=torch.float64)


def leaf(array):
    return tensor(array).requires_grad_()


# The same knots and slopes in distrax and nflows


def random_spline(random, bins, bound, spread):
    """Knots from -bound to bound, slopes 1 at the ends; `spread` is the standard deviation of the logits and log-slopes."""

    def knots():
        sizes = np.exp(spread * random.normal(size=bins))
        return float32(bound * (2 * np.concatenate([[0], np.cumsum(sizes)]) / sizes.sum() - 1))

    slopes = np.concatenate([[1], np.exp(spread * random.normal(size=bins - 1)), [1]])
    return {"xKnots": knots(), "yKnots": knots(), "slopes": float32(slopes)}


def points(random, knots, bound):
    """The knots, the middles of the bins, random points inside, points outside both ends."""
    middles = (knots[1:] + knots[:-1]) / 2
    outside = np.array([-40, -2 * bound, -bound - 1e-3, bound + 1e-3, 2 * bound, 40])
    return float32(np.concatenate([knots, middles, random.uniform(-bound, bound, 12), outside]))


def between_knots(random, knots):
    """Three points well inside each bin, where both first derivatives exist."""
    left, right = knots[:-1, None], knots[1:, None]
    return float32(left + (right - left) * random.uniform(0.05, 0.95, (len(knots) - 1, 3))).ravel()


def in_distrax(inverse):
    """A function of (x, xKnots, yKnots, slopes) to (y, log-derivative)."""
    scalar = distrax_spline._rational_quadratic_spline_inv if inverse else distrax_spline._rational_quadratic_spline_fwd
    return jnp.vectorize(scalar, signature="(),(n),(n),(n)->(),()")


def distrax_values(spline, points, inverse):
    y, log_deriv = in_distrax(inverse)(points, spline["xKnots"], spline["yKnots"], spline["slopes"])
    return {"y": numbers(y), "logDeriv": numbers(log_deriv)}


def distrax_gradient(spline, points, inverse):
    f = in_distrax(inverse)

    def total(x, x_knots, y_knots, slopes):
        y, log_deriv = f(x, x_knots, y_knots, slopes)
        return y.sum() + log_deriv.sum()

    arguments = (points, spline["xKnots"], spline["yKnots"], spline["slopes"])
    x, x_knots, y_knots, slopes = jax.grad(total, argnums=(0, 1, 2, 3))(*map(jnp.asarray, arguments))
    deriv = jax.grad(lambda x: f(x, *arguments[1:])[0].sum())(jnp.asarray(points))
    return {
        "dydx": numbers(deriv),
        "x": numbers(x),
        "xKnots": numbers(x_knots[1:-1]),
        "yKnots": numbers(y_knots[1:-1]),
        "slopes": numbers(slopes[1:-1]),
    }


def in_nflows(x, x_knots, y_knots, slopes, bound, inverse):
    """(y, log-derivative) by nflows' code, its parameterisation undone; differentiable in the inner knots and slopes."""
    rows = lambda logits: logits.expand(len(x), -1)
    return nflows_spline.unconstrained_rational_quadratic_spline(
        x,
        rows(torch.log(torch.diff(x_knots) / (2 * bound))),
        rows(torch.log(torch.diff(y_knots) / (2 * bound))),
        rows(torch.log(torch.expm1(slopes[1:-1]))),
        inverse=inverse,
        tails="linear",
        tail_bound=bound,
        min_bin_width=0,
        min_bin_height=0,
        min_derivative=0,
    )


def nflows_values(spline, points, bound, inverse):
    y, log_deriv = in_nflows(tensor(points), *(tensor(spline[k]) for k in ("xKnots", "yKnots", "slopes")), bound, inverse)
    return {"y": numbers(y), "logDeriv": numbers(log_deriv)}


def nflows_gradient(spline, points, bound, inverse):
    arguments = [leaf(points), *(leaf(spline[k]) for k in ("xKnots", "yKnots", "slopes"))]
    y, log_deriv = in_nflows(*arguments, bound, inverse)
    (deriv,) = torch.autograd.grad(y.sum(), arguments[0], retain_graph=True)
    x, x_knots, y_knots, slopes = torch.autograd.grad(y.sum() + log_deriv.sum(), arguments)
    return {
        "dydx": numbers(deriv),
        "x": numbers(x),
        "xKnots": numbers(x_knots[1:-1]),
        "yKnots": numbers(y_knots[1:-1]),
        "slopes": numbers(slopes[1:-1]),
    }


def splines(random):
    for bins in [1, 2, 4, 8]:
        for bound in [3.0, 5.0]:
            for spread in [0.5, 1.5]:
                spline = random_spline(random, bins, bound, spread)
                inside = {k: between_knots(random, spline[k + "Knots"]) for k in ("x", "y")}
                outside = {k: points(random, spline[k + "Knots"], bound) for k in ("x", "y")}
                yield {
                    "bins": bins,
                    "bound": bound,
                    "spread": spread,
                    **{k: numbers(v) for k, v in spline.items()},
                    "forwardPoints": numbers(outside["x"]),
                    "inversePoints": numbers(outside["y"]),
                    "forwardGradientPoints": numbers(inside["x"]),
                    "inverseGradientPoints": numbers(inside["y"]),
                    "distrax": {
                        "forward": distrax_values(spline, outside["x"], False),
                        "inverse": distrax_values(spline, outside["y"], True),
                        "forwardGradient": distrax_gradient(spline, inside["x"], False),
                        "inverseGradient": distrax_gradient(spline, inside["y"], True),
                    },
                    "nflows": {
                        "forward": nflows_values(spline, outside["x"], bound, False),
                        "inverse": nflows_values(spline, outside["y"], bound, True),
                        "forwardGradient": nflows_gradient(spline, inside["x"], bound, False),
                        "inverseGradient": nflows_gradient(spline, inside["y"], bound, True),
                    },
                }


# theta -> knots of each library


def split_theta(theta, bins):
    return theta[:bins], theta[bins : 2 * bins], theta[2 * bins :]


def zuko_spline(theta, bins, x):
    spline = MonotonicRQSTransform(*split_theta(theta, bins), bound=BOUND, slope=1e-3)
    y, log_deriv = spline.call_and_ladj(x)
    return (spline.horizontal, spline.vertical, spline.derivatives), y, log_deriv


def nflows_map(theta, bins, x):
    """nflows keeps its knots to itself: its bin search is overheard for them, and their slopes are its own derivative there."""
    widths, heights, slopes = split_theta(theta, bins)
    heard = []
    search = nflows_spline.torchutils.searchsorted

    def overhear(knots, inputs):
        heard.append(knots[0].detach().clone())
        return search(knots, inputs)

    def run(x, inverse=False):
        rows = lambda part: part.expand(len(x), -1)
        return nflows_spline.unconstrained_rational_quadratic_spline(
            x, rows(widths), rows(heights), rows(slopes), inverse=inverse, tails="linear", tail_bound=BOUND
        )

    nflows_spline.torchutils.searchsorted = overhear
    try:
        run(torch.zeros(1, dtype=torch.float64))
        run(torch.zeros(1, dtype=torch.float64), inverse=True)
    finally:
        nflows_spline.torchutils.searchsorted = search
    x_knots, y_knots = heard
    y, log_deriv = run(x)
    return (x_knots, y_knots, run(x_knots)[1].exp()), y, log_deriv


def distrax_map(theta, bins, x):
    widths, heights, slopes = split_theta(theta, bins)
    zero = jnp.zeros(1)
    params = jnp.concatenate([widths, heights, zero, slopes, zero])
    spline = distrax.RationalQuadraticSpline(params, -BOUND, BOUND, boundary_slopes="identity", min_bin_size=1e-4, min_knot_slope=1e-4)
    y, log_deriv = spline.forward_and_log_det(x)
    return (spline.x_pos, spline.y_pos, spline.knot_slopes), y, log_deriv


def with_torch(f, theta, bins, x):
    parameter = leaf(theta)
    (x_knots, y_knots, slopes), y, log_deriv = f(parameter, bins, tensor(x))
    (gradient,) = torch.autograd.grad(y.sum() + log_deriv.sum(), parameter)
    return described(x_knots.detach(), y_knots.detach(), slopes.detach(), y.detach(), log_deriv.detach(), gradient)


def with_jax(f, theta, bins, x):
    x = jnp.asarray(x)
    (x_knots, y_knots, slopes), y, log_deriv = f(jnp.asarray(theta), bins, x)
    total = lambda t: sum(part.sum() for part in f(t, bins, x)[1:])
    return described(x_knots, y_knots, slopes, y, log_deriv, jax.grad(total)(jnp.asarray(theta)))


def described(x_knots, y_knots, slopes, y, log_deriv, gradient):
    return {
        "xKnots": numbers(x_knots),
        "yKnots": numbers(y_knots),
        "slopes": numbers(slopes),
        "y": numbers(y),
        "logDeriv": numbers(log_deriv),
        "thetaGradient": numbers(gradient),
    }


def maps(random):
    for bins in [1, 2, 8]:
        for spread in [0, 1, 4]:
            theta = float32(spread * random.normal(size=3 * bins - 1))
            x = float32(np.concatenate([random.uniform(-BOUND, BOUND, 12), [-7, 7]]))
            yield {
                "bins": bins,
                "spread": spread,
                "bound": BOUND,
                "theta": numbers(theta),
                "x": numbers(x),
                "zuko": with_torch(zuko_spline, theta, bins, x),
                "nflows": with_torch(nflows_map, theta, bins, x),
                "distrax": with_jax(distrax_map, theta, bins, x),
            }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/splines.json")
    out = parser.parse_args().out
    random = np.random.default_rng(20190610)
    libraries = ["distrax", "nflows", "zuko", "jax", "torch", "numpy"]
    write(out, {"versions": {name: version(name) for name in libraries}, "splines": list(splines(random)), "maps": list(maps(random))})


if __name__ == "__main__":
    main()
