"""Special functions, distributions and tests of scipy: scipy-statistics.json.

Made with scipy 1.17.1 (the version of a run is written into the file).
"""

import argparse

import numpy as np
import scipy
from scipy import special, stats

from fixture import numbers, write


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="tests/fixtures/scipy-statistics.json")
    out = parser.parse_args().out
    rng = np.random.default_rng(0)
    shapes, points = np.meshgrid([0.5, 1, 2.5, 10, 50], [1e-8, 1e-3, 0.3, 1, 2, 5, 11, 40, 60, 120])
    x = np.array([-37, -8.3, -5, -2, -1, -0.3, -1e-9, 0, 1e-9, 0.3, 1, 2, 5, 8])
    lambdas = np.array([0.1, 0.3, 0.5, 0.9, 1.17, 1.19, 1.5, 2, 3, 6])
    uniform, a, b = rng.random(200), rng.standard_normal(150), rng.standard_normal(80) * 1.2
    observed = np.array([18, 25, 14, 31, 12])
    write(
        out,
        {
            "scipy": scipy.__version__,
            "logGamma": {"x": numbers(shapes[0]), "y": numbers(special.gammaln(shapes[0]))},
            "upperIncompleteGamma": {
                "a": numbers(shapes.ravel()),
                "x": numbers(points.ravel()),
                "y": numbers(special.gammaincc(shapes, points).ravel()),
            },
            "normalCdf": {"x": numbers(x), "y": numbers(special.ndtr(x))},
            "chiSquareSurvival": {"x": numbers(points[:, 0]), "degrees": 7, "y": numbers(stats.chi2.sf(points[:, 0], 7))},
            "kolmogorovSurvival": {"x": numbers(lambdas), "y": numbers(special.kolmogorov(lambdas))},
            "uniformTest": {
                "values": numbers(uniform),
                "statistic": float(stats.kstest(uniform, "uniform").statistic),
                "exactPValue": float(stats.kstest(uniform, "uniform", method="exact").pvalue),
            },
            "twoSampleTest": {
                "a": numbers(a),
                "b": numbers(b),
                "statistic": float(stats.ks_2samp(a, b).statistic),
                "exactPValue": float(stats.ks_2samp(a, b, method="exact").pvalue),
            },
            "chiSquareTest": {
                "observed": numbers(observed),
                "expected": [20.0] * 5,
                "statistic": float(stats.chisquare(observed).statistic),
                "pValue": float(stats.chisquare(observed).pvalue),
            },
            "energyDistance": {"a": numbers(a), "b": numbers(b), "squared": float(stats.energy_distance(a, b) ** 2)},
        },
    )


if __name__ == "__main__":
    main()
