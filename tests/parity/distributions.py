"""Special functions, distributions, their quantiles and the slopes of their samples, of scipy and torch: distributions.json.

Made with scipy 1.17.1, torch 2.15.0 (the versions of a run are written into the file). Leaves are those of diffeo, unconstrained.
"""

import argparse

import numpy as np
import scipy
import torch
from scipy import integrate, optimize, special, stats

from fixture import float32, numbers, write

levels = np.arange(1, 100) / 100


def special_functions(rng):
    x = float32(np.concatenate([10.0 ** np.arange(-30, 31, 2), rng.uniform(0.01, 20, 60)]))
    z = float32(np.concatenate([np.linspace(-12.5, 12.5, 101), [0, 1e-6, -1e-6]]))
    k = float32(np.concatenate([[0], 10.0 ** np.arange(-6, 7, 0.5), rng.uniform(0, 20, 40)]))
    tail = np.concatenate([10.0 ** -np.arange(1.0, 37), np.linspace(0.01, 0.99, 40)])
    kappa = float32([1e-4, 0.1, 1, 5, 30, 200, 900, 1100, 5000, 1e5])
    dims = [2, 3, 4, 7, 16, 30]
    polar = [
        [float(np.log(np.sqrt(np.pi) * (2 / c) ** (d / 2 - 1) * special.ive(d / 2 - 1, c)) + special.gammaln((d - 1) / 2)) for c in kappa]
        for d in dims
    ]
    return {
        "logGamma": {"x": numbers(x), "y": numbers(special.gammaln(x))},
        "digamma": {"x": numbers(x), "y": numbers(special.digamma(x))},
        "logScaledBesselI0": {"x": numbers(k), "y": numbers(np.log(special.i0e(k)))},
        "besselRatio": {"x": numbers(k), "y": numbers(special.i1e(k) / special.i0e(k))},
        "normalTails": {"x": numbers(z), "lower": numbers(special.ndtr(z)), "upper": numbers(special.ndtr(-z))},
        "normalQuantile": {"lower": numbers(float32(tail)), "upper": numbers(1 - float32(tail)), "y": numbers(special.ndtri(float32(tail)))},
        "polarIntegral": {"kappa": numbers(kappa), "dims": dims, "y": polar},
    }


def univariate(name, spec, leaves, distribution, x):
    """`leaves` are unconstrained; `x` is float32."""
    x = float32(x)
    return {
        "name": name,
        "spec": spec,
        "leaves": leaves,
        "x": numbers(x),
        "logProb": numbers(distribution.logpdf(x)),
        "quantiles": numbers(distribution.ppf(levels)),
    }


def univariates(rng):
    location, log_scale = 0.7, -0.4
    scale = float(np.exp(log_scale))
    both = {"location": location, "logScale": log_scale}
    z = np.concatenate([rng.standard_normal(30) * 3, [40.0, -35.0]])
    positive = np.concatenate([np.exp(rng.standard_normal(30) * 1.5), [1e-6, 60.0]])
    unit = np.concatenate([rng.uniform(0, 1, 30), [1e-6, 0.999]])
    rows = [
        univariate(tag, {"_tag": tag, "location": 0, "scale": 1, "trained": True}, both, family(location, scale), z)
        for tag, family in (("laplace", stats.laplace), ("logistic", stats.logistic), ("cauchy", stats.cauchy))
    ]
    gumbel = univariate(
        "gumbel", {"_tag": "gumbel", "location": 0, "scale": 1, "trained": True}, both, stats.gumbel_r(location, scale), z[z > -15]
    )
    log_normal = univariate(
        "logNormal",
        {"_tag": "logNormal", "location": 0, "scale": 1, "trained": True},
        both,
        stats.lognorm(scale, scale=np.exp(location)),
        positive,
    )
    students = [
        univariate(
            f"studentT of {v}",
            {"_tag": "studentT", "degrees": 4, "location": 0, "scale": 1, "trained": True},
            {**both, "logDegrees": float(np.log(v))},
            stats.t(v, location, scale),
            z,
        )
        for v in (0.5, 3.0, 200.0)
    ]
    gammas = [
        univariate(
            f"gamma of {a}",
            {"_tag": "gamma", "concentration": 1, "rate": 1, "trained": True},
            {"logConcentration": float(np.log(a)), "logRate": 0.3},
            stats.gamma(a, scale=np.exp(-0.3)),
            positive,
        )
        for a in (0.1, 0.9, 4.0, 300.0)
    ]
    betas = [
        univariate(
            f"beta of {a}, {b}",
            {"_tag": "beta", "a": 1, "b": 1, "trained": True},
            {"logA": float(np.log(a)), "logB": float(np.log(b))},
            stats.beta(a, b),
            unit,
        )
        for a, b in ((0.3, 0.4), (2.0, 5.0), (50.0, 3.0))
    ]
    exponential = univariate(
        "exponential", {"_tag": "exponential", "rate": 1, "trained": True}, {"logRate": 0.6}, stats.expon(scale=np.exp(-0.6)), positive
    )
    angles = rng.uniform(-np.pi, np.pi, 30)
    von_mises = [
        univariate(
            f"vonMises of {k}",
            {"_tag": "vonMises", "location": 0, "concentration": 1, "trained": True},
            {"location": 0.0, "logConcentration": float(np.log(k))},
            stats.vonmises(k),
            angles,
        )
        for k in (0.05, 1.5, 20.0, 4000.0)
    ]
    truncated = [
        univariate(
            f"truncated normal on {low}, {high}",
            {"_tag": "truncated", "distribution": {"_tag": "diagonalNormal"}, "low": low, "high": high},
            {"mean": location, "logScale": log_scale},
            stats.truncnorm((low - location) / scale, (high - location) / scale, location, scale),
            np.linspace(low, high, 20),
        )
        for low, high in ((-1.0, 2.0), (5.0, 6.0), (-4.0, -3.0))
    ]
    cut = stats.laplace(location, scale)
    low, high = 0.5, 3.0
    mass = cut.cdf(high) - cut.cdf(low)
    x = float32(np.linspace(low, high, 20))
    truncated_laplace = {
        "name": "truncated laplace",
        "spec": {"_tag": "truncated", "distribution": rows[0]["spec"], "low": low, "high": high},
        "leaves": both,
        "x": numbers(x),
        "logProb": numbers(cut.logpdf(x) - np.log(mass)),
        "quantiles": numbers(cut.ppf(cut.cdf(low) + levels * mass)),
    }
    return [*rows, gumbel, log_normal, *students, *gammas, *betas, exponential, *von_mises, *truncated, truncated_laplace]


def multivariates(rng):
    dim = 4
    mean, log_scale = float32(rng.standard_normal(dim)), float32(rng.standard_normal(dim) * 0.4)
    lower = float32(np.tril(rng.standard_normal((dim, dim)), -1))
    factor = float32(rng.standard_normal((dim, 2)))
    x = float32(rng.standard_normal((20, dim)) * 2)
    unit_lower = np.eye(dim) + lower
    full = torch.distributions.MultivariateNormal(torch.tensor(mean), scale_tril=torch.tensor(unit_lower * np.exp(log_scale)))
    low_rank = torch.distributions.LowRankMultivariateNormal(
        torch.tensor(mean), torch.tensor(factor), torch.tensor(np.exp(2 * log_scale))
    )
    spheres = []
    for d in (2, 3, 8):
        for k in (0.1, 3.0, 500.0):
            direction = float32(rng.standard_normal(d))
            point = rng.standard_normal((10, d)) + (3 if k > 100 else 1) * direction / np.linalg.norm(direction)
            point /= np.linalg.norm(point, axis=1, keepdims=True)
            fisher = stats.vonmises_fisher(direction / np.linalg.norm(direction), k)
            spheres.append(
                {
                    "direction": numbers(direction),
                    "logConcentration": float(np.log(k)),
                    "x": numbers(float32(point)),
                    "logProb": numbers(fisher.logpdf(float32(point) / np.linalg.norm(float32(point), axis=1, keepdims=True))),
                }
            )
    return {
        "multivariateNormal": {
            "leaves": {"mean": numbers(mean), "logScale": numbers(log_scale), "lower": numbers(lower)},
            "x": numbers(x),
            "logProb": numbers(full.log_prob(torch.tensor(x))),
        },
        "lowRankNormal": {
            "leaves": {"mean": numbers(mean), "logScale": numbers(log_scale), "factor": numbers(factor)},
            "x": numbers(x),
            "logProb": numbers(low_rank.log_prob(torch.tensor(x))),
        },
        "vonMisesFisher": spheres,
    }


def von_mises_quantile(level, kappa):
    """By quadrature: scipy's own is a normal approximation from kappa = 50."""
    density = lambda t: np.exp(kappa * (np.cos(t) - 1))
    end = min(np.pi, 12 / np.sqrt(kappa))
    half = integrate.quad(density, 0, end, epsabs=0, epsrel=1e-13)[0]
    beyond = lambda x: integrate.quad(density, 0, x, epsabs=0, epsrel=1e-13)[0] / (2 * half) - (level - 0.5)
    return optimize.brentq(beyond, 0, end, xtol=1e-14, rtol=1e-14)


def normal_mixture(rng):
    """Mixtures of three normals from unconstrained numbers: logits, means, log-scales, as diffeo reads them."""
    theta, x = float32(rng.standard_normal((20, 9))), float32(rng.standard_normal(20) * 2)
    logits, means, raw = (torch.tensor(part) for part in np.split(theta, 3, axis=1))
    log_scales = raw / (1 + raw.abs() / np.log(1e3)) + np.log(np.sqrt(1 / 3))
    components = torch.distributions.Normal(means + torch.tensor([-1.0, 0.0, 1.0]), log_scales.exp())
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(logits=logits), components)
    return {"theta": numbers(theta), "x": numbers(x), "logProb": numbers(mixture.log_prob(torch.tensor(x)))}


def slopes():
    """How a quantile moves with a parameter: what implicit differentiation of a sample gives."""
    a = np.array([0.05, 0.3, 1.0, 2.5, 10.0, 100.0, 3000.0, 20000.0])
    p = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    a, p = (grid.ravel() for grid in np.meshgrid(a, p))
    h = 1e-4 * a
    ppf = lambda c: np.log(special.gammaincinv(c, p))
    gamma_slope = (8 * (ppf(a + h) - ppf(a - h)) - (ppf(a + 2 * h) - ppf(a - 2 * h))) / (12 * h)
    keep = np.isfinite(gamma_slope) & (ppf(a) > -600)
    k = np.array([0.1, 1.0, 5.0, 50.0, 2000.0])
    q = np.array([0.6, 0.9, 0.999])
    k, q = (grid.ravel() for grid in np.meshgrid(k, q))
    angle = lambda c: np.array([von_mises_quantile(qi, ci) for qi, ci in zip(q, c)])
    g = 1e-3 * k
    return {
        "gamma": {"a": numbers(a[keep]), "logX": numbers(ppf(a)[keep]), "slope": numbers(gamma_slope[keep])},
        "vonMises": {"k": numbers(k), "angle": numbers(angle(k)), "slope": numbers((angle(k + g) - angle(k - g)) / (2 * g))},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/fixtures/distributions.json")
    out = parser.parse_args().out
    rng = np.random.default_rng(0)
    write(
        out,
        {
            "scipy": scipy.__version__,
            "torch": torch.__version__,
            **special_functions(rng),
            "univariates": univariates(rng),
            **multivariates(rng),
            "normalMixture": normal_mixture(rng),
            "slopes": slopes(),
        },
    )


if __name__ == "__main__":
    main()
