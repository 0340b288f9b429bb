"""Makes weather.csv and housing.csv, tables of mixed columns, from the raw ones (see README.md).

    python3 docs/data/make_tables.py NYC_WEATHER_2013.npy CALIFORNIA_HOUSING.npy docs/data
"""
import sys

import numpy as np


def write(path, names, rows):
    with open(path, "w", newline="\n") as out:
        out.write(",".join(names) + "\n")
        for row in rows:
            out.write(",".join(row) + "\n")


# station, month, hour, temperature F, dew point F, humidity %, wind direction, wind speed mph, pressure hPa
weather = np.load(sys.argv[1])
weather = weather[weather[:, 7] > 0][::14]  # without wind there is no direction
stations = ["EWR", "JFK", "LGA"]
write(
    f"{sys.argv[3]}/weather.csv",
    ["station", "hour", "temperature", "humidity", "wind_direction", "wind_speed", "pressure"],
    (
        [stations[int(r[0])], f"{r[2]:.0f}", f"{r[3]:.2f}", f"{r[5]:.2f}", f"{r[6]:.0f}", f"{r[7]:.5f}", f"{r[8]:.1f}"]
        for r in weather
    ),
)

# longitude, latitude, median age, rooms, bedrooms, population, households, median income, median house value, ocean proximity
housing = np.load(sys.argv[2])
housing = housing[housing[:, 8] < 500_000][::16]  # values are capped at 500,001
proximity = ["<1H OCEAN", "INLAND", "NEAR OCEAN", "NEAR BAY", "ISLAND"]
write(
    f"{sys.argv[3]}/housing.csv",
    ["longitude", "latitude", "median_age", "rooms", "population", "median_income", "median_value", "ocean_proximity"],
    (
        [f"{r[0]:.2f}", f"{r[1]:.2f}", f"{r[2]:.0f}", f"{r[3]:.0f}", f"{r[5]:.0f}", f"{r[7]:.4f}", f"{r[8]:.0f}", proximity[int(r[9])]]
        for r in housing
    ),
)
