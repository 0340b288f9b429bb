"""Maps between supports of TFP, torch, FlowJAX, nflows and zuko: constrained-maps.json.

`elementwise`: transformers without parameters, and the maps of the circle, as (spec, theta, x) to (y, log dy/dx). The circular spline is
distrax's spline on knots that are computed here as zuko computes its own, turned; the Moebius map is written in complex numbers, and its
derivative is jax's. `vectors`: maps of vectors as (spec, x) to (y, log-determinant). All in float64 from float32 inputs.
"""

import argparse
import os

os.environ["JAX_PLATFORMS"] = "cpu"

from importlib.metadata import version

import flowjax.bijections
import jax
import jax.numpy as jnp
import nflows.transforms.nonlinearities as nflows_maps
import numpy as np
import tensorflow_probability.substrates.jax.bijectors as tfb
import torch
import zuko.transforms
from distrax._src.bijectors import rational_quadratic_spline as distrax_spline
from torch.distributions import transforms as torch_maps

from fixture import float32, numbers, write

jax.config.update("jax_enable_x64", True)


def by_tfp(bijector):
    return lambda x: (bijector.forward(jnp.asarray(x)), bijector.forward_log_det_jacobian(jnp.asarray(x), event_ndims=0))


def by_torch(transform):
    def run(x):
        x = torch.tensor(x, dtype=torch.float64)
        y = transform(x)
        return y.numpy(), transform.log_abs_det_jacobian(x, y).numpy()

    return run


def by_flowjax(bijection):
    return lambda x: tuple(np.array(v) for v in zip(*[bijection.transform_and_log_det(jnp.asarray(v)) for v in x]))


def by_nflows(transform):
    def run(x):
        y, log_det = transform.forward(torch.tensor(x, dtype=torch.float64)[:, None])
        return y.numpy()[:, 0], log_det.numpy()

    return run


def sinh_arcsinh(skewness, tailweight):
    """TFP's map without the factor that it puts behind it."""
    bijector = tfb.SinhArcsinh(skewness=jnp.float64(skewness), tailweight=jnp.float64(tailweight))
    multiplier = 2 / np.sinh(np.arcsinh(2) * tailweight)

    def run(x):
        y, log_deriv = by_tfp(bijector)(x)
        return y / multiplier, log_deriv - np.log(multiplier)

    return run


def softclip(x, limit):
    return x / (1 + abs(x) / limit)


# The circle


def wrapped(x):
    return x - 2 * np.pi * np.floor((x + np.pi) / (2 * np.pi))


def circular_spline(theta, bins):
    log_slope = -np.log(1e-3)

    def knots(free):
        shares = np.exp(softclip(free, log_slope / 2))
        return np.pi * (2 * np.concatenate([[0], np.cumsum(shares / shares.sum())]) - 1)

    slopes = np.exp(softclip(theta[2 * bins : 3 * bins], log_slope))
    spline = jnp.vectorize(distrax_spline._rational_quadratic_spline_fwd, signature="(),(n),(n),(n)->(),()")

    def run(x):
        y, log_deriv = spline(jnp.asarray(x), knots(theta[:bins]), knots(theta[bins : 2 * bins]), np.append(slopes, slopes[0]))
        return wrapped(np.asarray(y) + theta[3 * bins]), log_deriv

    return run


def moebius(theta):
    u = complex(theta[0], theta[1])
    w = 0.95 * u / np.sqrt(1 + abs(u) ** 2)

    def angle(x):
        z = jnp.exp(1j * x)
        h = (1 - abs(w) ** 2) / jnp.abs(z - w) ** 2 * (z - w) - w
        return jnp.angle(h)

    return lambda x: (wrapped(np.asarray(angle(x)) + theta[2]), jnp.log(jax.vmap(jax.grad(angle))(jnp.asarray(x))))


def elementwise(random):
    line = float32(np.concatenate([random.normal(size=12) * 2, [0.0, 6.0, -6.0]]))
    positive = float32(np.exp(random.normal(size=12) * 2))
    nonzero = line[line != 0]
    angles = float32(random.uniform(-3.1, 3.1, 16))
    spline_theta, moebius_theta = float32(random.normal(size=13)), float32(random.normal(size=3))
    sinh_theta = float32([0.7, -0.5])
    rows = [
        ("TFP Exp", {"_tag": "exp"}, line, by_tfp(tfb.Exp())),
        ("TFP Expm1", {"_tag": "expm1"}, line, by_tfp(tfb.Expm1())),
        ("TFP Softplus", {"_tag": "softplus"}, line, by_tfp(tfb.Softplus())),
        ("TFP Sigmoid", {"_tag": "sigmoid", "low": -2, "high": 5}, line, by_tfp(tfb.Sigmoid(low=jnp.float64(-2), high=jnp.float64(5)))),
        ("torch SigmoidTransform", {"_tag": "sigmoid", "low": 0, "high": 1}, line, by_torch(torch_maps.SigmoidTransform())),
        ("torch TanhTransform", {"_tag": "tanh"}, line, by_torch(torch_maps.TanhTransform())),
        ("FlowJAX LeakyTanh", {"_tag": "leakyTanh", "bound": 3}, line, by_flowjax(flowjax.bijections.LeakyTanh(3))),
        ("nflows LeakyReLU", {"_tag": "leakyRelu", "slope": 0.01}, nonzero, by_nflows(nflows_maps.LeakyReLU())),
        ("torch PowerTransform", {"_tag": "power", "exponent": 2.5}, positive, by_torch(torch_maps.PowerTransform(torch.tensor(2.5, dtype=torch.float64)))),
        (
            "zuko SignedPowerTransform",
            {"_tag": "signedPower", "exponent": 3},
            nonzero,
            by_torch(zuko.transforms.SignedPowerTransform(torch.log(torch.tensor(3.0, dtype=torch.float64)))),
        ),
        ("TFP Sinh", {"_tag": "sinh"}, line, by_tfp(tfb.Sinh())),
        ("TFP NormalCDF", {"_tag": "normalCdf"}, line, by_tfp(tfb.NormalCDF())),
        ("nflows CauchyCDF", {"_tag": "cauchyCdf"}, line, by_nflows(nflows_maps.CauchyCDF())),
        ("TFP GumbelCDF", {"_tag": "gumbelCdf"}, line[line > -4], by_tfp(tfb.GumbelCDF())),
    ]
    made = [{"name": name, "spec": spec, "theta": [], "x": x, "run": run} for name, spec, x, run in rows]
    made += [
        {
            "name": "TFP SinhArcsinh",
            "spec": {"_tag": "sinhArcsinh"},
            "theta": sinh_theta,
            "x": line,
            "run": sinh_arcsinh(softclip(sinh_theta[0], 4), np.exp(softclip(sinh_theta[1], np.log(4)))),
        },
        {
            "name": "distrax's spline, circular",
            "spec": {"_tag": "circularSpline", "bins": 4},
            "theta": spline_theta,
            "x": angles,
            "run": circular_spline(spline_theta, 4),
        },
        {"name": "Moebius, in complex numbers", "spec": {"_tag": "moebius"}, "theta": moebius_theta, "x": angles, "run": moebius(moebius_theta)},
    ]

    def evaluated(row):
        y, log_deriv = row["run"](row["x"])
        return {k: row[k] for k in ("name", "spec")} | {"theta": numbers(row["theta"]), "x": numbers(row["x"]), "y": numbers(y), "logDeriv": numbers(np.broadcast_to(log_deriv, np.shape(y)))}

    return [evaluated(row) for row in made]


# Vectors and matrices


def by_tfp_vector(bijector):
    return lambda x: (bijector.forward(jnp.asarray(x)), bijector.forward_log_det_jacobian(jnp.asarray(x), event_ndims=1) + np.zeros(len(x)))


def softmax_centered(x):
    """TFP measures the surface of the simplex, sqrt(K) times the first K - 1 coordinates."""
    y, log_det = by_tfp_vector(tfb.SoftmaxCentered())(x)
    return y, log_det - 0.5 * np.log(np.shape(y)[-1])


def positive_definite(size):
    """L L' of a lower triangle whose diagonal went through softplus; its log-determinant by autodiff of the lower triangle of the result."""
    places = torch.tril_indices(size, size)

    def lower(x):
        l = torch.zeros(size, size, dtype=torch.float64).index_put((places[0], places[1]), x)
        l = torch.tril(l, -1) + torch.diag(torch.nn.functional.softplus(torch.diagonal(l)))
        return l @ l.T

    def run(x):
        rows = torch.tensor(x, dtype=torch.float64)
        jacobian = lambda row: torch.autograd.functional.jacobian(lambda v: lower(v)[places[0], places[1]], row)
        return np.stack([lower(row).numpy() for row in rows]), np.array([torch.linalg.slogdet(jacobian(row))[1].item() for row in rows])

    return run


def vectors(random):
    def draws(dim):
        return float32(random.normal(size=(6, dim)) * 1.5)

    softplus_after_first = tfb.Blockwise([tfb.Identity(), tfb.Softplus()], block_sizes=[1, 3])
    rows = [
        ("torch StickBreakingTransform", {"_tag": "stickBreaking"}, draws(3), by_torch(torch_maps.StickBreakingTransform())),
        ("TFP SoftmaxCentered", {"_tag": "centeredSoftmax"}, draws(3), softmax_centered),
        ("TFP Cumsum", {"_tag": "cumulativeSum"}, draws(4), by_tfp_vector(tfb.Cumsum())),
        ("TFP Cumsum of Softplus", {"_tag": "ascending"}, draws(4), by_tfp_vector(tfb.Chain([tfb.Cumsum(), softplus_after_first]))),
        ("torch, L L'", {"_tag": "positiveDefinite"}, draws(6), positive_definite(3)),
        ("torch CorrCholeskyTransform", {"_tag": "correlationCholesky"}, draws(6), by_torch(torch_maps.CorrCholeskyTransform())),
    ]

    def evaluated(name, spec, x, run):
        y, log_det = run(x)
        return {"name": name, "spec": spec, "x": numbers(x), "y": numbers(y), "logDet": numbers(log_det)}

    return [evaluated(*row) for row in rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/fixtures/constrained-maps.json")
    random = np.random.default_rng(0)
    libraries = ["tfp-nightly", "torch", "flowjax", "nflows", "zuko", "distrax", "jax"]
    fixture = {
        "versions": {name: version(name) for name in libraries},
        "elementwise": elementwise(random),
        "vectors": vectors(random),
    }
    write(parser.parse_args().out, fixture)
