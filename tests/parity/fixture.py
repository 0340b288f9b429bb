"""How the fixtures are written: plain JSON numbers, one top-level entry to a line."""

import json
from pathlib import Path

import numpy as np


def float32(array):
    """The nearest float32 values, in float64: what a float32 program and a float64 one both read without rounding."""
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def numbers(array):
    """A nested list of Python numbers. A float32 becomes the float64 of the same value, so nothing is lost."""
    return np.asarray(array).tolist()


def write(out, fixture):
    """Writes a record; infinities and NaN are refused, as JSON has none."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, allow_nan=False, separators=(',', ':'))}" for k, v in fixture.items()]
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
