"""Writes golden values of ROC and precision-recall curves, thresholds and separability.

usage: thresholds.py OUT.json
Curves, areas and F1 come from scikit-learn. d' repeats its formula with numpy's mean and unbiased variance, and the
overlap is counted in bins of 0.02. Scores have two digits, so many are equal.
"""

import json, sys

import numpy as np
from sklearn import metrics

rng = np.random.default_rng(17)


def case(count, share, digits):
    right = rng.random(count) < share
    scores = np.round(np.where(right, rng.normal(0.72, 0.08, count), rng.normal(0.64, 0.08, count)), digits)
    fpr, tpr, cuts = metrics.roc_curve(right, scores, drop_intermediate=False)
    precision, recall, thresholds = metrics.precision_recall_curve(right, scores)
    f1 = [metrics.f1_score(right, scores >= cut) for cut in thresholds]
    best = float(thresholds[max(i for i, value in enumerate(f1) if value == max(f1))])
    at_least = {str(x): [float(t) for p, t in zip(precision, thresholds) if p >= x][:1] for x in (0.6, 0.8, 0.9, 1.0)}
    return dict(
        scores=[float(score) for score in scores],
        right=[bool(one) for one in right],
        roc=[[float(cut), float(x), float(y)] for cut, x, y in zip(cuts[1:], fpr[1:], tpr[1:])],
        pr=[[float(cut), float(p), float(r)] for cut, p, r in zip(thresholds, precision, recall)],
        rocArea=float(metrics.roc_auc_score(right, scores)),
        prArea=float(metrics.average_precision_score(right, scores)),
        f1=dict(best=best, value=float(max(f1))),
        atLeast=at_least,
    )


def separability():
    right, wrong = np.round(rng.normal(0.7, 0.05, 40), 3), np.round(rng.normal(0.6, 0.09, 30), 3)
    d = (right.mean() - wrong.mean()) / np.sqrt((right.var(ddof=1) + wrong.var(ddof=1)) / 2)
    bins = lambda values: np.bincount(np.floor(values / 0.02).astype(int), minlength=60) / len(values)
    overlap = np.minimum(bins(right), bins(wrong)).sum()
    return dict(right=right.tolist(), wrong=wrong.tolist(), dPrime=float(d), overlap=float(overlap))


golden = dict(cases=[case(60, 0.6, 2), case(25, 0.3, 2), case(40, 0.9, 6)], separability=separability())
with open(sys.argv[1], 'w') as file:
    json.dump(golden, file, separators=(',', ':'))
    file.write('\n')
