"""Writes golden values of 95% intervals of the difference of two paired proportions (Newcombe 1998, method 10).

usage: pairedIntervals.py OUT.json
Newcombe, R. G. (1998). Improved confidence intervals for the difference between binomial proportions based on paired
data. Statistics in Medicine 17, 2635-2650. Wilson limits come from statsmodels. The correlation is numpy's, of the
answers written out as zeros and ones, shrunk by the continuity correction.
"""

import json, sys

import numpy as np
from statsmodels.stats.proportion import proportion_confint

# Questions that both answer, that are won, that are lost, that neither answers.
tables = [
    (150, 0, 0, 150),
    (303, 0, 0, 0),
    (0, 0, 0, 303),
    (10, 0, 0, 10),
    (149, 0, 1, 150),
    (120, 0, 30, 150),
    (150, 20, 0, 130),
    (100, 12, 17, 174),
    (140, 9, 15, 139),
    (1, 1, 7, 12),
    (2, 30, 40, 3),
    (0, 5, 0, 0),
    (0, 3, 4, 0),
    (1800, 130, 95, 975),
]


def interval(both, won, lost, neither):
    before = np.repeat([1, 0, 1, 0], [both, won, lost, neither])
    after = np.repeat([1, 1, 0, 0], [both, won, lost, neither])
    n = len(before)
    wilson = lambda hits: proportion_confint(int(hits), n, alpha=0.05, method="wilson")
    (low_after, high_after), (low_before, high_before) = wilson(after.sum()), wilson(before.sum())
    varies = before.std() > 0 and after.std() > 0
    correlation = float(np.corrcoef(before, after)[0, 1]) if varies else 0.0
    if correlation > 0:
        product = both * neither - won * lost
        correlation *= max(0.0, product - n / 2) / product
    p, q = after.mean(), before.mean()
    side = lambda x, y: float(np.sqrt(np.array([x, -y]) @ [[1, correlation], [correlation, 1]] @ np.array([x, -y])))
    low = p - q - side(p - low_after, high_before - q)
    high = p - q + side(high_after - p, q - low_before)
    return dict(both=both, won=won, lost=lost, neither=neither, low=float(low), high=float(high))


json.dump([interval(*table) for table in tables], open(sys.argv[1], "w"), indent=1)
