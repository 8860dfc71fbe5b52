"""Writes golden values of the correlations of scored pairs.

usage: scoredPairs.py SHARED_DATA OUT.json
Every seventh pair of stsb_test.jsonl is embedded as counts of its characters, by code point modulo 32, so that scores
have ties. `cosine` are the cosines of these vectors, `overlap` the numbers of shared characters. Each has Spearman's
and Pearson's correlation with the labels by scipy; those of the cosines are checked against sentence-transformers'
EmbeddingSimilarityEvaluator. `interval` is scipy's percentile bootstrap interval of both.
"""

import json, sys
from types import SimpleNamespace

import numpy as np
from scipy import stats
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator
from sentence_transformers.util.similarity import SimilarityFunction
from sentence_transformers.util import pairwise_cos_sim

shared, out = sys.argv[1:]
rows = [json.loads(line) for line in open(f'{shared}/stsb_test.jsonl', encoding='utf-8')][::7]
labels = [row['score'] for row in rows]


def encode(texts, **_):
    vectors = np.zeros((len(texts), 32))
    for row, text in enumerate(texts):
        for character in text:
            vectors[row, ord(character) % 32] += 1
    return vectors


class Model:
    similarity_fn_name = 'cosine'
    prompts = {}
    model_card_data = SimpleNamespace(set_evaluation_metrics=lambda *_: None)
    encode = staticmethod(encode)


def cosines():
    return pairwise_cos_sim(encode([row['a'] for row in rows]), encode([row['b'] for row in rows])).tolist()


def correlations(scores):
    def interval(of):
        found = stats.bootstrap(
            (scores, labels),
            lambda x, y: of(x, y).statistic,
            paired=True,
            vectorized=False,
            n_resamples=4000,
            method='percentile',
            rng=7,
        ).confidence_interval
        return [float(found.low), float(found.high)]

    of = dict(spearman=stats.spearmanr, pearson=stats.pearsonr)
    return {
        name: dict(value=float(function(scores, labels).statistic), interval=interval(function))
        for name, function in of.items()
    }


scores = dict(
    cosine=cosines(),
    overlap=[len(set(row['a']) & set(row['b'])) for row in rows],
)
evaluator = EmbeddingSimilarityEvaluator(
    [row['a'] for row in rows], [row['b'] for row in rows], labels, main_similarity=SimilarityFunction.COSINE
)
theirs = evaluator(Model())
found = {name: correlations(values) for name, values in scores.items()}
for name in ('spearman', 'pearson'):
    value = next(value for key, value in theirs.items() if key.endswith(f'{name}_cosine'))
    assert abs(value - found['cosine'][name]['value']) < 1e-9, (name, value, found['cosine'][name])
json.dump(dict(labels=labels, scores=scores, correlations=found), open(out, 'w'))
