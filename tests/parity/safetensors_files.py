"""Files written by Python's safetensors: from-python.safetensors, from-python-bare.safetensors and model-v1.safetensors.

The first two hold every dtype that diffeo reads, with and without metadata; the values are given by formulas, so that a test can
compute them anew. The last one is a diffeo model file of version 1, which no release of diffeo writes any more. Made with
safetensors 0.8.0 and numpy 2.4.6.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def every_dtype():
    """NaN and the infinities are left out: diffeo refuses them unless asked."""
    return {
        "scalar": np.array(-0.0, dtype=np.float32),
        "layers.0.w": (np.arange(6, dtype=np.float32) / 7 - 0.5).reshape(2, 3),
        "layers.1.w": np.array([1e-45, 3.4028235e38, -1.1754944e-38], dtype=np.float32),
        "empty": np.zeros((0, 4), dtype=np.float32),
        "step": np.array([0, -1, 2**31 - 1, -(2**31)], dtype=np.int32),
        "mask": np.array([[True, False], [False, True]]),
        "bytes": np.arange(0, 256, 51, dtype=np.uint8),
        "double": np.array([0.1, -1e300], dtype=np.float64),
        "long": np.array([2**53 + 1, -(2**63)], dtype=np.int64),
        "größe": np.array([1.5], dtype=np.float32),
    }


def model_v1():
    """Version 1: one JSON text `config`; flows are tagged 'transformed'; there are no checksums."""
    spec = {
        "_tag": "transformed",
        "base": {"_tag": "standardNormal"},
        "bijector": {
            "_tag": "invert",
            "bijector": {
                "_tag": "chain",
                "bijectors": [
                    {"_tag": "elementwise", "transformer": {"_tag": "affine", "scale": "exp"}},
                    {"_tag": "elementwise", "transformer": {"_tag": "rationalQuadratic", "bins": 2, "bound": 3, "knots": "softmax"}},
                ],
            },
        },
    }
    layer = {"theta": None, "transformer": {}}
    config = {
        "spec": spec,
        "tree": {"base": {}, "bijector": [layer, layer]},
        "schema": {"columns": ["u", "v"]},
        "record": {"epochs": 3, "loss": 1.25},
        "event": [2],
        "context": None,
    }
    tensors = {
        "bijector.0.theta": (np.arange(4, dtype=np.float32) / 8).reshape(1, 2, 2),
        "bijector.1.theta": (np.arange(10, dtype=np.float32) / 16).reshape(1, 2, 5),
    }
    return tensors, {"format": "diffeo", "version": "1", "library": "0.0.1", "config": json.dumps(config)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="tests/fixtures")
    out = Path(parser.parse_args().out)
    save_file(every_dtype(), out / "from-python.safetensors", metadata={"made by": "Python"})
    save_file(every_dtype(), out / "from-python-bare.safetensors")
    tensors, metadata = model_v1()
    save_file(tensors, out / "model-v1.safetensors", metadata=metadata)
