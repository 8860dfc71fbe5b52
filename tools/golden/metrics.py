"""Writes golden retrieval metrics, computed by sentence-transformers' InformationRetrievalEvaluator from given scores.

usage: metrics.py OUT.json
Scores are small integers divided by 2048, so they are exact in float32. The second case has many ties. The evaluator
keeps ties in the order it receives them, so each list is sorted by the product's total order (−score, id) first.
`shuffled` lists the passage ids in random order on purpose.
"""

import json, random, sys
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

KS = [1, 3, 5, 10]
PASSAGES, QUESTIONS = 60, 40


def case(seed, levels):
    rng = random.Random(seed)
    ids = [f'd{i}' for i in range(PASSAGES)]
    rng.shuffle(ids)
    scores = [[rng.randrange(levels) for _ in ids] for _ in range(QUESTIONS)]
    relevant = [sorted(rng.sample(ids, rng.choice([1, 1, 1, 2, 3, 12]))) for _ in range(QUESTIONS)]
    for row, docs in zip(scores, relevant):  # imitate a useful model: raise half of the relevant passages
        for d in docs:
            if rng.random() < 0.5:
                row[ids.index(d)] = levels - 1 - rng.randrange(max(1, levels // 10))
    evaluator = InformationRetrievalEvaluator(
        queries={f'q{i}': '' for i in range(QUESTIONS)},
        corpus={d: '' for d in ids},
        relevant_docs={f'q{i}': set(r) for i, r in enumerate(relevant)},
        mrr_at_k=KS,
        ndcg_at_k=KS,
        accuracy_at_k=KS,
        precision_recall_at_k=KS,
        map_at_k=[100],
    )
    ranked = [
        [dict(corpus_id=d, score=s / 2048) for s, d in sorted(zip(row, ids), key=lambda x: (-x[0], x[1]))]
        for row in scores
    ]
    found = evaluator.compute_metrics(ranked)
    by_k = {
        ours: {k: float(found[theirs][k]) for k in KS}
        for ours, theirs in (
            ('hitRate', 'accuracy@k'),
            ('precision', 'precision@k'),
            ('recall', 'recall@k'),
            ('mrr', 'mrr@k'),
            ('ndcg', 'ndcg@k'),
        )
    }
    return dict(levels=levels, shuffled=ids, scores=scores, relevant=relevant, metrics=by_k)


json.dump([case(7, 2000), case(8, 12)], open(sys.argv[1], 'w'), separators=(',', ':'))
open(sys.argv[1], 'a').write('\n')
