"""Writes golden values of a comparison of models: metrics, fused rankings and significance tests.

usage: compare.py SHARED_DATA OUT.json
`metrics` are computed by sentence-transformers' InformationRetrievalEvaluator and checked against ranx, over the
questions of t2_sample_*.jsonl, most of which have several right passages. A passage scores the number of different
characters that it shares with the question, so there are many ties; each list is sorted by (−score, id) first.
`fused` comes from ranx, `wilson`, `mcNemar` and `holm` from statsmodels, `bootstrap` from scipy (interval) and numpy.
`needed` repeats the formula of Connor 1987 with scipy's quantiles; `power` is the share of simulated data sets of that
size in which McNemar's exact test finds a difference.
"""

import json, random, sys

import numpy as np
import ranx
from scipy import stats
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

shared, out = sys.argv[1:]
KS = [1, 3, 5, 10, 20]


def rows(name):
    return [json.loads(line) for line in open(f'{shared}/{name}', encoding='utf-8')]


def metrics():
    passages = {row['pid']: set(row['text']) for row in rows('t2_sample_passages.jsonl')}
    questions = rows('t2_sample_queries.jsonl')
    ranked, run = [], {}
    for row in questions:
        scores = {pid: len(set(row['query']) & characters) for pid, characters in passages.items()}
        order = sorted(scores, key=lambda pid: (-scores[pid], pid))[:200]
        ranked.append([dict(corpus_id=pid, score=float(scores[pid])) for pid in order])
        run[row['qid']] = {pid: 1 / (at + 1) for at, pid in enumerate(order)}
    relevant = {row['qid']: set(row['pos']) for row in questions}
    found = InformationRetrievalEvaluator(
        queries={qid: '' for qid in relevant},
        corpus={pid: '' for pid in passages},
        relevant_docs=relevant,
        mrr_at_k=[10],
        ndcg_at_k=[10],
        accuracy_at_k=KS,
        precision_recall_at_k=KS,
        map_at_k=[100],
    ).compute_metrics(ranked)
    named = {'mrr@10': found['mrr@k'][10], 'ndcg@10': found['ndcg@k'][10], 'map@100': found['map@k'][100]}
    for k in KS:
        named[f'hitRate@{k}'] = found['accuracy@k'][k]
        named[f'recall@{k}'] = found['recall@k'][k]
        named[f'precision@{k}'] = found['precision@k'][k]
    qrels = ranx.Qrels({qid: {pid: 1 for pid in pids} for qid, pids in relevant.items()})
    asked = {name.replace('hitRate', 'hit_rate'): name for name in named}
    for theirs, value in ranx.evaluate(qrels, ranx.Run(run), list(asked)).items():
        assert abs(value - named[asked[theirs]]) < 1e-9, (theirs, value, named[asked[theirs]])
    return {name: float(value) for name, value in named.items()}


def fused():
    rng = random.Random(3)
    ids = [f'd{i:02}' for i in range(30)]
    lists = [rng.sample(ids, 12), rng.sample(ids, 20)]
    runs = [ranx.Run({'q': {pid: 1 / (at + 1) for at, pid in enumerate(ranking)}}) for ranking in lists]
    scores = ranx.fuse(runs=runs, norm=None, method='rrf', params={'k': 60}).run['q']
    return dict(lists=lists, scores={pid: float(score) for pid, score in scores.items()})


def needed(won, lost, questions):
    psi, delta = (won + lost) / questions, (won - lost) / questions
    z, power = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
    return int(np.ceil((z * psi**0.5 + power * (psi - delta**2) ** 0.5) ** 2 / delta**2))


def power(won, lost, questions, size, trials=4000):
    rng = np.random.default_rng(5)
    draws = rng.multinomial(size, [won / questions, lost / questions, 1 - (won + lost) / questions], trials)
    return float(np.mean([stats.binomtest(int(b), int(b + c)).pvalue < 0.05 if b + c else False for b, c, _ in draws]))


def bootstrap():
    rng = np.random.default_rng(11)
    values = [float(v) for v in rng.integers(0, 3, 80) / 2 - 0.4]
    means = [float(np.mean(rng.choice(values, len(values)))) for _ in range(400)]
    observed = float(np.mean(values))
    interval = stats.bootstrap((values,), np.mean, n_resamples=200_000, method='percentile', random_state=rng)
    far = sum(abs(mean - observed) >= abs(observed) for mean in means)
    return dict(
        values=values,
        means=means,
        percentiles=[float(p) for p in np.percentile(means, [2.5, 97.5])],
        p=(far + 1) / (len(means) + 1),
        interval=[float(interval.confidence_interval.low), float(interval.confidence_interval.high)],
    )


splits = [(8, 2, 100), (33, 10, 113), (1, 0, 50), (0, 7, 40), (12, 5, 1000)]
ps = [0.012, 0.4, 0.003, 0.04, 0.04, 0.9, 0.0004]
golden = dict(
    metrics=metrics(),
    fused=fused(),
    wilson=[[k, n, *map(float, proportion_confint(k, n, method='wilson'))] for k, n in [(0, 9), (35, 113), (50, 50)]],
    mcNemar=[[won, lost, float(mcnemar([[0, won], [lost, 0]], exact=True).pvalue)] for won, lost, _ in splits],
    holm=dict(ps=ps, adjusted=[float(p) for p in multipletests(ps, method='holm')[1]]),
    needed=[[*split, needed(*split), power(*split, needed(*split))] for split in splits],
    bootstrap=bootstrap(),
)
with open(out, 'w') as file:
    json.dump(golden, file, separators=(',', ':'))
    file.write('\n')
