"""Writes tests/fixtures/sweep/golden.json: means and 95% t intervals of samples, as scipy computes them.

usage: sweep.py tests/fixtures/sweep/golden.json
"""
import json, sys
import numpy
from scipy import stats

random = numpy.random.default_rng(7)
samples = [[0.31, 0.35], [0.5, 0.5, 0.5], [0.0, 1.0], [0.407, 0.416, 0.398]]
samples += [random.uniform(0, 1, count).round(6).tolist() for count in (4, 5, 6, 9, 10, 31, 64)]
cases = []
for values in samples:
    error = stats.sem(values)
    mean = float(numpy.mean(values))
    low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=error) if error > 0 else (mean, mean)
    cases.append({"values": values, "mean": mean, "low": float(low), "high": float(high)})
with open(sys.argv[1], "w") as file:
    json.dump(cases, file)
    file.write("\n")
