"""Linear maps of nflows, zuko and FlowJAX with their matrices: linear-maps.json.

Made with nflows 0.14, zuko 1.6.0, torch 2.15.0 and flowjax 19.1.2 (the versions of a run are written into the file). Parameters are random and far from
the identity, inputs and parameters multiples of 2^-8; results are float64. README.md beside this file says what the fields are.
"""

import argparse
from importlib.metadata import version

import jax
import jax.numpy as jnp
import torch
from flowjax.bijections import TriangularAffine
from nflows.transforms.lu import LULinear
from nflows.transforms.orthogonal import HouseholderSequence
from nflows.transforms.qr import QRLinear
from nflows.transforms.svd import SVDLinear
from paramax import unwrap
from zuko.transforms import LULinearTransform, RotationTransform

from fixture import numbers, write

ROWS = 8


def short(values):
    return torch.round(values * 256).double() / 256


def perturbed(module, generator, spread=0.4):
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(short(parameter + spread * torch.randn(parameter.shape, generator=generator)))
    return module


def results(forward, inverse, x):
    """y, the log-determinant of the map at x, and the inverse of x with its own log-determinant."""
    y, logdet = forward(x)
    back, inverse_logdet = inverse(x)
    return {
        "x": numbers(x),
        "y": numbers(y),
        "logDet": numbers(logdet),
        "inverse": numbers(back),
        "inverseLogDet": numbers(inverse_logdet),
    }


def of_nflows(module, x):
    return results(lambda v: module.forward(v), lambda v: module.inverse(v), x)


def of_zuko(transform, x):
    return results(transform.call_and_ladj, transform.inv.call_and_ladj, x)


def of_flowjax(bijection, x):
    x = jnp.asarray(x.numpy())
    return results(jax.vmap(bijection.transform_and_log_det), jax.vmap(bijection.inverse_and_log_det), x)


@torch.no_grad()
def made(features, generator):
    x = short(2 * torch.randn(ROWS, features, generator=generator))
    normal = lambda: short(0.4 * torch.randn(features, features, generator=generator))
    count = 2 * (features // 2)

    lu = perturbed(LULinear(features), generator)
    lower, upper = lu._create_lower_upper()
    yield "lu", {"lower": numbers(lower), "upper": numbers(upper), "shift": numbers(lu.bias), **of_nflows(lu, x)}

    qr = perturbed(QRLinear(features, num_householder=count), generator)
    yield "qr", {
        "vectors": numbers(qr.orthogonal.q_vectors),
        "upper": numbers(qr._create_upper()),
        "shift": numbers(qr.bias),
        **of_nflows(qr, x),
    }

    svd = perturbed(SVDLinear(features, num_householder=count), generator)
    yield "svd", {
        "left": numbers(svd.orthogonal_1.q_vectors),
        "diagonal": numbers(svd.diagonal),
        "right": numbers(svd.orthogonal_2.q_vectors),
        "shift": numbers(svd.bias),
        **of_nflows(svd, x),
    }

    for reflections in (1, 3, count):
        sequence = perturbed(HouseholderSequence(features, reflections), generator)
        yield f"householder{reflections}", {"vectors": numbers(sequence.q_vectors), **of_nflows(sequence, x)}

    matrix = normal() + torch.eye(features, dtype=torch.float64)
    yield "zukoLu", {"lowerUpper": numbers(matrix), **of_zuko(LULinearTransform(matrix), x)}
    for name, skew in (("rotation", normal()), ("largeRotation", 4 * normal())):
        yield name, {"matrix": numbers(skew), **of_zuko(RotationTransform(skew), x)}

    for name, is_lower in (("triangularLower", True), ("triangularUpper", False)):
        matrix = normal()
        matrix.diagonal().copy_(short(0.25 + torch.rand(features, generator=generator)))
        loc = short(torch.randn(features, generator=generator))
        bijection = unwrap(TriangularAffine(jnp.asarray(loc.numpy()), jnp.asarray(matrix.numpy()), lower=is_lower))
        yield name, {"matrix": numbers(bijection.triangular), "shift": numbers(loc), **of_flowjax(bijection, x)}


def fixture():
    jax.config.update("jax_enable_x64", True)
    generator = torch.Generator().manual_seed(4)
    return {
        "versions": {name: version(name) for name in ("nflows", "zuko", "torch", "flowjax")},
        **{f"D{features}": dict(made(features, generator)) for features in (3, 5, 20)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/linear-maps.json")
    write(parser.parse_args().out, fixture())
