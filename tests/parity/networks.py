"""Networks of nflows with their weights and what they give: networks.json.

Made with nflows 0.14, torch 2.15.0 (the versions of a run are written into the file).
"""

import argparse
from importlib.metadata import version

import numpy as np
import torch
from nflows.nn.nets import ResidualNet

from fixture import float32, numbers, write


def layer(linear):
    """Weights as [in, out]."""
    return {"w": numbers(linear.weight.detach().T.double()), "b": numbers(linear.bias.detach().double())}


def residual_net(rng, context):
    torch.manual_seed(context)
    net = ResidualNet(3, 4, 8, context_features=context or None, num_blocks=2, activation=torch.nn.functional.elu).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.tensor(float32(rng.standard_normal(parameter.shape) * 0.5)))
    x = float32(rng.standard_normal((6, 3)))
    c = float32(rng.standard_normal((6, context)))
    y = net(torch.tensor(x), torch.tensor(c) if context else None).detach()
    blocks = [
        {
            "one": layer(block.linear_layers[0]),
            "two": layer(block.linear_layers[1]),
            **({"gate": layer(block.context_layer)} if context else {}),
        }
        for block in net.blocks
    ]
    return {
        "first": layer(net.initial_layer),
        "blocks": blocks,
        "last": layer(net.final_layer),
        "x": numbers(x),
        "context": numbers(c),
        "y": numbers(y),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/fixtures/networks.json")
    out = parser.parse_args().out
    rng = np.random.default_rng(0)
    write(out, {"nflows": version("nflows"), "torch": torch.__version__, "gatedResidual": residual_net(rng, 2)})


if __name__ == "__main__":
    main()
