"""Makes power.csv from the raw table of minutes (see README.md): every second row, six columns, the instruments' own decimals.

    python3 docs/data/make_power.py RAW.npy docs/data/power.csv
"""
import sys

import numpy as np

raw = np.load(sys.argv[1])[::2]
columns = [("active_power", 0, 3), ("voltage", 2, 2), ("sub_metering_1", 4, 0), ("sub_metering_2", 5, 0), ("sub_metering_3", 6, 0), ("minute", 7, 0)]
with open(sys.argv[2], "w", newline="\n") as out:
    out.write(",".join(name for name, _, _ in columns) + "\n")
    for row in raw:
        out.write(",".join(f"{row[at]:.{digits}f}" for _, at, digits in columns) + "\n")
