"""Whole flows of zuko with their weights: zuko-flows.json.

Made with zuko 1.6.0 and torch 2.15.0 (the versions of a run are written into the file). MAF, NSF (autoregressive) and RealNVP
(coupling), with and without context, each with random weights far from the identity. Weights, inputs and contexts are
multiples of 2^-8 (exact in float32, and short in a file), the results float64. README.md beside this file says how a layer's
output is laid out.
"""

import argparse
from importlib.metadata import version

import torch
from zuko.flows import MAF, NSF, RealNVP
from zuko.nn import Linear, MaskedLinear

from fixture import numbers, write

FEATURES, CONTEXT, ROWS = 4, 2, 32


def short(values):
    return torch.round(values * 256).double() / 256


def perturbed(flow, generator, spread):
    """The flow in float64, every weight moved from its start by a normal number."""
    flow = flow.double()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.copy_(short(parameter + spread * torch.randn(parameter.shape, generator=generator)))
    return flow


def inputs(generator):
    """Most rows within [-4, 4], two at the spline's bound, four beyond it."""
    x = 8 * torch.rand(ROWS, FEATURES, generator=generator) - 4
    x[0], x[1] = 5, -5
    x[2], x[3] = 7, -7
    x[4, 1], x[5, 2] = 7, -7
    return short(x)


def layers(net):
    """The linear layers of a network: weight [out, in], bias [out] and, of masked ones, the mask as rows of 0 and 1."""
    for layer in net:
        if isinstance(layer, (Linear, MaskedLinear)):
            masked = {"mask": ["".join(str(int(m)) for m in row) for row in layer.mask]} if isinstance(layer, MaskedLinear) else {}
            yield {"weight": numbers(layer.weight.detach()), "bias": numbers(layer.bias.detach()), **masked}


def described(transform):
    place = {"order": numbers(transform.order)} if hasattr(transform, "order") else {"mask": numbers(transform.mask.int())}
    return {**place, "layers": list(layers(transform.hyper))}


def results(flow, x, context):
    x = x.clone().requires_grad_()
    distribution = flow(context)
    z, ladj = distribution.transform.call_and_ladj(x)
    log_prob = distribution.log_prob(x)
    (gradient,) = torch.autograd.grad(log_prob.sum(), x)
    steps, value = [], x
    for transform in flow.transform.transforms:
        value = transform(context)(value)
        steps.append(numbers(value.detach()))
    assert torch.allclose(value, z)
    assert (distribution.transform.inv(z) - x).abs().max() < 1e-6
    return {
        "steps": steps[:-1],
        "z": numbers(z.detach()),
        "ladj": numbers(ladj.detach()),
        "logProb": numbers(log_prob.detach()),
        "logProbGradient": numbers(gradient),
    }


def flow(make, seed, spread, context, **options):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    built = perturbed(make(features=FEATURES, context=context, hidden_features=(16, 16), transforms=3, **options), generator, spread)
    x = inputs(generator)
    given = short(torch.randn(ROWS, context, generator=generator)) if context > 0 else None
    return {
        "features": FEATURES,
        "context": context,
        "hidden": [16, 16],
        "activation": "relu",
        **options,
        "transforms": [described(transform) for transform in built.transform.transforms],
        "x": numbers(x),
        **({"c": numbers(given)} if given is not None else {}),
        **results(built, x, given),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures/zuko-flows.json")
    out = parser.parse_args().out
    write(
        out,
        {
            "versions": {name: version(name) for name in ["zuko", "torch", "numpy"]},
            "maf": flow(MAF, 1, 0.1, 0),
            "mafGiven": flow(MAF, 2, 0.1, CONTEXT),
            "nsf": flow(NSF, 3, 0.3, 0, bins=8),
            "nsfGiven": flow(NSF, 4, 0.3, CONTEXT, bins=8),
            "realNvp": flow(RealNVP, 5, 0.1, 0),
            "realNvpGiven": flow(RealNVP, 6, 0.1, CONTEXT),
        },
    )


if __name__ == "__main__":
    main()
