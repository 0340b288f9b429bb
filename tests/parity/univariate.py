"""Transformers of one number: univariate.json.

Made with zuko 1.6.0, nflows 0.14, torch 2.15.0, scipy 1.17.1 (the versions of a run are written into the file), in float64; what goes in (theta, points,
weights) is float32. Each case has a spec of ours, our theta, the points x, and what the library makes of them: `y`, `logDeriv`, and `inverse`, its own inverse
at y. How our theta becomes the library's parameters is written out here: softclips, the spread of components at theta = 0, and constant factors.

The linear rational spline (Dolatabadi et al. 2020, algorithm 1), the deep sigmoidal flow (Huang et al. 2018, eq. 8) and the mixture of logistics (Ho et al. 2019,
eq. 13 and 14), which none of the libraries has, are written here after the papers' formulas; the inverse of x exp(h x^2 / 2) is scipy's Lambert W.
"""

import argparse
from importlib.metadata import version

import nflows.transforms.splines.linear as nflows_linear
import nflows.transforms.splines.quadratic as nflows_quadratic
import numpy as np
import torch
from scipy.special import erfinv, lambertw
from zuko.flows.neural import MNN, UMNN
from zuko.nn import Linear
from zuko.transforms import (
    BernsteinTransform,
    BoundedBernsteinTransform,
    GaussianizationTransform,
    MonotonicTransform,
    SOSPolynomialTransform,
)

from fixture import float32, numbers, write

THOUSAND = np.log(1000)
POINTS = 25


def softclip(x, limit):
    return x / (1 + np.abs(x / limit))


def tensor(array):
    return torch.tensor(np.array(array), dtype=torch.float64)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def grid(count, deviation):
    """Centres and scale of the components at theta = 0."""
    if count == 1:
        return np.zeros(1), 1.0
    q = erfinv((2 * np.arange(count) + 1) / count - 1)
    return 0.5 * deviation * q / np.sqrt((q**2).mean()), np.sqrt(0.75)


def case(name, spec, theta, x, transform, params=None):
    """`transform` maps x [points] to (y, log-derivative, inverse at y)."""
    y, log_deriv, inverse = transform(x)
    assert np.abs(inverse - x).max() < 1e-4, (name, np.abs(inverse - x).max())
    return {
        "name": name,
        "spec": spec,
        "theta": numbers(theta),
        **({} if params is None else {"params": params}),
        "x": numbers(x),
        "y": numbers(y),
        "logDeriv": numbers(log_deriv),
        "inverse": numbers(inverse),
    }


def of_torch(transform):
    def run(x):
        y, ladj = transform.call_and_ladj(tensor(x))
        return y.detach().numpy(), ladj.detach().numpy(), transform.inv(y).detach().numpy()

    return run


def of_formula(f):
    """Of an increasing torch function, its derivative by autodiff and its inverse by bisection."""
    return of_torch(MonotonicTransform(f=f, bound=50.0, eps=1e-9))


# Splines of nflows, on our knots


def shares(theta):
    return softmax(softclip(theta, THOUSAND / 2))


def linear_spline(theta, bound):
    logits = tensor(np.log(shares(theta)))

    def run(x):
        rows = lambda: logits.expand(len(x), -1)
        y, ladj = nflows_linear.unconstrained_linear_spline(tensor(x), rows(), tail_bound=bound)
        back, _ = nflows_linear.unconstrained_linear_spline(y, rows(), inverse=True, tail_bound=bound)
        return y.numpy(), ladj.numpy(), back.numpy()

    return run


def quadratic_spline(theta, bins, bound):
    """Our densities at the knots, normalized to area 1, given to nflows' code as K + 1 heights with its minima undone."""
    widths = shares(theta[:bins])
    inner = np.exp(softclip(theta[bins:], THOUSAND))
    area = (inner * (widths[:-1] + widths[1:]) / 2).sum()
    slopes = 1e-2 + (1 - 1e-2) * inner * (1 - (widths[0] + widths[-1]) / 2) / area
    heights = np.concatenate([[1], slopes, [1]])
    assert abs(((heights[1:] + heights[:-1]) / 2 * widths).sum() - 1) < 1e-12
    logits = (tensor(np.log(widths)), tensor(np.log(np.expm1(heights - 1e-3))))

    def run(x):
        inside = np.abs(x) <= bound

        def spline(points, inverse):
            rows = [part.expand(len(points), -1) for part in logits]
            return nflows_quadratic.quadratic_spline(
                points, *rows, inverse=inverse, left=-bound, right=bound, bottom=-bound, top=bound, min_bin_width=0, min_bin_height=0
            )

        y, ladj, back = x.copy(), np.zeros_like(x), x.copy()
        image, log_deriv = spline(tensor(x[inside]), False)
        y[inside], ladj[inside] = image.numpy(), log_deriv.numpy()
        back[inside] = spline(image, True)[0].numpy()
        return y, ladj, back

    return run


def linear_rational_spline(theta, bins, bound):
    """Algorithm 1 of Dolatabadi et al. 2020, by the letter."""
    edges = lambda part: bound * (2 * np.concatenate([[0], np.cumsum(shares(part))]) - 1)
    x, y = edges(theta[:bins]), edges(theta[bins : 2 * bins])
    d = np.concatenate([[1], np.exp(softclip(theta[2 * bins : 3 * bins - 1], THOUSAND)), [1]])
    cuts = 0.025 + 0.95 / (1 + np.exp(-theta[3 * bins - 1 :]))

    def bin_of(knots, value):
        return min(max(int(np.searchsorted(knots, value, side="right")) - 1, 0), bins - 1)

    def middle(k):
        l, wa = cuts[k], 1.0
        wb = np.sqrt(d[k] / d[k + 1]) * wa
        wc = (l * wa * d[k] + (1 - l) * wb * d[k + 1]) * (x[k + 1] - x[k]) / (y[k + 1] - y[k])
        yc = ((1 - l) * wa * y[k] + l * wb * y[k + 1]) / ((1 - l) * wa + l * wb)
        return l, wa, wb, wc, yc

    def forward(value):
        if abs(value) > bound:
            return value, 0.0
        k = bin_of(x, value)
        l, wa, wb, wc, yc = middle(k)
        width = x[k + 1] - x[k]
        phi = (value - x[k]) / width
        if phi <= l:
            below = wa * (l - phi) + wc * phi
            return (wa * y[k] * (l - phi) + wc * yc * phi) / below, np.log(l * wa * wc * (yc - y[k]) / below**2 / width)
        below = wc * (1 - phi) + wb * (phi - l)
        top = wc * yc * (1 - phi) + wb * y[k + 1] * (phi - l)
        return top / below, np.log((1 - l) * wb * wc * (y[k + 1] - yc) / below**2 / width)

    def inverse(value):
        if abs(value) > bound:
            return value
        k = bin_of(y, value)
        l, wa, wb, wc, yc = middle(k)
        if value <= yc:
            phi = l * wa * (y[k] - value) / (wa * (y[k] - value) + wc * (value - yc))
        else:
            phi = (wc * (yc - value) + l * wb * (value - y[k + 1])) / (wc * (yc - value) + wb * (value - y[k + 1]))
        return x[k] + phi * (x[k + 1] - x[k])

    def run(points):
        y_, ladj = np.array([forward(p) for p in points]).T
        return y_, ladj, np.array([inverse(p) for p in y_])

    return run


def splines(random):
    for bins, bound, spread in [(4, 3.0, 1), (8, 5.0, 1), (8, 5.0, 4)]:
        x = float32(np.concatenate([random.uniform(-bound, bound, POINTS - 3), [-bound - 1, bound + 2, 0.5]]))
        fields = {"bins": bins, "bound": bound, "knots": "softclip"}
        draw = lambda size: float32(spread * random.normal(size=size))
        what = f"{bins} bins on {bound}, spread {spread}"
        theta = draw(bins)
        yield case(f"linearSpline of {what}", {"_tag": "linearSpline", **fields}, theta, x, linear_spline(theta, bound))
        theta = draw(2 * bins - 1)
        yield case(f"quadraticSpline of {what}", {"_tag": "quadraticSpline", **fields}, theta, x, quadratic_spline(theta, bins, bound))
        theta = draw(4 * bins - 1)
        spec = {"_tag": "linearRationalSpline", **fields}
        yield case(f"linearRationalSpline of {what}", spec, theta, x, linear_rational_spline(theta, bins, bound))


# Transformers of zuko


def bernstein(theta, count, bound):
    """zuko's unconstrained numbers for our rises."""
    scale = 2 * bound / (count + 1)
    rises = scale * (1e-3 + np.log1p(np.exp(theta[1:] + np.log(np.expm1(1 - 1e-3)))))
    shift = np.log(2.0) * count / 2
    return BernsteinTransform(tensor(np.concatenate([[theta[0] - bound + shift], np.log(np.expm1(rises))])), bound=bound)


def sum_of_squares(theta, degree, polynomials):
    a = theta[:-1].reshape(polynomials, degree + 1).copy()
    if polynomials > 1:
        a[:, 1] += 0.25 * np.linspace(-1, 1, polynomials)
    zuko = SOSPolynomialTransform(tensor(a), slope=1e-3)

    def run(x):
        y, ladj = zuko.call_and_ladj(tensor(x))
        back = zuko.inv(y)
        return y.numpy() / 1.001 + theta[-1], ladj.numpy() - np.log(1.001), back.numpy()

    return run


def gaussianization(theta, count):
    centres, scale = grid(count, 1)
    return GaussianizationTransform(
        tensor(theta[:count] - centres / scale), tensor(softclip(theta[count:], THOUSAND) - np.log(scale)), bound=20.0
    )


def network(module, spread, generator):
    """The module in float64, every weight moved by a normal number and rounded to float32; and its layers as ours, w [in, out]."""
    module = module.double().eval()
    layers = []
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_((parameter + spread * torch.randn(parameter.shape, generator=generator)).float().double())
        for layer in module.modules():
            if isinstance(layer, Linear):
                layers.append({"w": numbers(layer.weight.T), "b": numbers(layer.bias)})
    return module, {"layers": layers}


def of_zuko(random):
    x = float32(random.uniform(-4.5, 4.5, POINTS))
    draw = lambda size, spread=0.7: float32(spread * random.normal(size=size))
    for count, bound in [(6, 5.0), (17, 5.0), (9, 8.0)]:
        theta = draw(count)
        spec = {"_tag": "bernstein", "coefficients": count, "bound": bound, "tails": "identity"}
        zuko = BoundedBernsteinTransform(tensor(softclip(theta, THOUSAND / 2)), bound=bound, eps=1e-9)
        yield case(f"bernstein of {count} on {bound}", spec, theta, x, of_torch(zuko))
        theta = draw(count)
        spec = {**spec, "tails": "linear"}
        yield case(f"bernstein of {count} on {bound} with linear tails", spec, theta, x, of_torch(bernstein(theta, count, bound)))
    for degree, polynomials in [(4, 3), (2, 1), (6, 5)]:
        theta = draw(polynomials * (degree + 1) + 1)
        spec = {"_tag": "sumOfSquares", "degree": degree, "polynomials": polynomials, "bound": 10}
        yield case(f"sumOfSquares of {polynomials} of degree {degree}", spec, theta, x, sum_of_squares(theta, degree, polynomials))
    for count in [1, 4, 8]:
        theta = draw(2 * count, 0.4)
        zuko = gaussianization(theta, count)
        bulk = x[np.abs(zuko(tensor(x)).numpy()) < 2.4]
        yield case(f"gaussianization of {count}", {"_tag": "gaussianization", "components": count}, theta, bulk, of_torch(zuko))
    for signal, hidden in [(3, [8, 6]), (16, [64, 64])]:
        torch.manual_seed(signal)
        generator = torch.Generator().manual_seed(signal)
        theta = draw(signal)
        module, params = network(MNN(signal=signal, hidden_features=hidden), 0.02, generator)
        spec = {"_tag": "monotoneMlp", "signal": signal, "hidden": hidden}
        if signal == 3:
            yield case(f"monotoneMlp of {signal}, {hidden}", spec, theta, x, of_torch(module(tensor(theta))), params)
        hidden = [8, 6] if signal == 3 else [16, 16]
        module, params = network(UMNN(signal=signal, hidden_features=hidden), 0.1, generator)
        spec = {"_tag": "unconstrainedMonotone", "signal": signal, "hidden": hidden, "activation": "elu", "points": 32, "bound": 10}
        shift = float32(random.normal())
        zuko = module(tensor(theta), tensor(shift))
        yield case(f"unconstrainedMonotone of {signal}, {hidden}", spec, np.append(theta, shift), x, of_torch(zuko), params)


# After the papers


def deep_sigmoid(theta, units, layers):
    centres, scale = grid(units, np.pi / np.sqrt(3))

    def f(x):
        for part in theta.reshape(layers, 3, units):
            a = tensor(np.exp(softclip(part[0], THOUSAND)) / scale)
            b = tensor(part[1] - centres / scale)
            w = tensor(softmax(softclip(part[2], THOUSAND)))
            x = torch.logit((w * torch.sigmoid(a * x[..., None] + b)).sum(-1))
        return x

    return f


def logistic_mixture(theta, count):
    centres, scale = grid(count, np.pi / np.sqrt(3))
    pi = tensor(softmax(softclip(theta[:count], THOUSAND)))
    mu = tensor(theta[count : 2 * count] + centres)
    s = tensor(softclip(theta[2 * count : 3 * count], THOUSAND) + np.log(scale))
    a, b = np.exp(softclip(theta[-2], THOUSAND)), theta[-1]
    return lambda x: a * torch.logit((pi * torch.sigmoid((x[..., None] - mu) * torch.exp(-s))).sum(-1)) + b


def heavy_tails(theta):
    t = softclip(theta, 2)
    below, above = (t + np.sqrt(t**2 + 1e-4)) / 2

    def run(x):
        h = np.where(x > 0, above, below)
        y = x * np.exp(h * x**2 / 2)
        return y, h * x**2 / 2 + np.log1p(h * x**2), np.sign(y) * np.sqrt(lambertw(h * y**2).real / h)

    return run


def of_papers(random):
    x = float32(random.uniform(-5, 5, POINTS))
    draw = lambda size: float32(0.7 * random.normal(size=size))
    for units, layers in [(1, 1), (8, 1), (4, 3)]:
        theta = draw(3 * units * layers)
        spec = {"_tag": "deepSigmoid", "units": units, "layers": layers}
        yield case(f"deepSigmoid of {layers} x {units}", spec, theta, x, of_formula(deep_sigmoid(theta, units, layers)))
    for count in [1, 8]:
        theta = draw(3 * count + 2)
        spec = {"_tag": "logisticMixture", "components": count}
        yield case(f"logisticMixture of {count}", spec, theta, x, of_formula(logistic_mixture(theta, count)))
    for theta in [np.array([0.0, 0.0]), np.array([0.25, -1.0]), np.array([-0.125, 0.5])]:
        yield case(f"heavyTails {numbers(theta)}", {"_tag": "heavyTails"}, theta, x, heavy_tails(theta))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/univariate.json")
    out = parser.parse_args().out
    random = np.random.default_rng(20190610)
    cases = [*splines(random), *of_zuko(random), *of_papers(random)]
    write(out, {"versions": {name: version(name) for name in ["zuko", "nflows", "torch", "scipy", "numpy"]}, "cases": cases})


if __name__ == "__main__":
    main()
