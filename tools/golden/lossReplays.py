"""Writes tests/fixtures/engine/lossReplays.json: 50 AdamW steps of PyTorch on tinyBert with losses of
sentence-transformers.

usage: lossReplays.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

For each loss: the value at each step. Explicit negatives are two per anchor, drawn once. The triplet loss is the mean
over the triplets. `tripletDefault` has sentence-transformers' defaults, Euclidean distance and a margin of 5.
`infoNceExplicit`, `infoNceOwn`, `matryoshka` and `sigmoidPairs` are written out here, because sentence-transformers
lacks them or needs a whole model. `distillationOfLogits` learns scores as a cross-encoder gives them, with a teacher's
temperature of 1. CoSENT, AnglE and cosineMse train on scored pairs: anchor, positive and a score.
"""
import json, os
import torch
from sentence_transformers import __version__ as version
from sentence_transformers.sentence_transformer import losses
from tinyBertModel import adam_w, golden, load, out, vectors

anchors, positives = golden['anchors'], golden['positives']
learning_rate, K, B = 1e-3, 2, len(golden['anchors'])
g = torch.Generator().manual_seed(21)
draw = lambda high: int(torch.randint(high, (1,), generator=g))
text = lambda: [1, *(5 + draw(56) for _ in range(2 + draw(8))), 2]
negatives = [[text() for _ in range(B)] for _ in range(K)]  # [k][B]
scores = torch.tensor([0.9, 0.1, 0.5, 0.5, 0.0])
teacher_scores = torch.tensor([[0.9, 0.2, 0.4], [0.8, 0.7, 0.1], [0.3, 0.6, 0.5], [1.0, 0.0, 0.2], [0.7, 0.4, 0.4]])
logits = torch.tensor(
    [[8.5, -3.25, 1.5], [6.0, 5.75, -9.0], [-1.5, 2.25, 0.5], [10.5, -10.25, -4.0], [3.0, -0.75, -0.5]])
metric = losses.TripletDistanceMetric


class Model(torch.nn.Module):  # a stand-in: the losses are called with vectors, never with texts
    pass


def triplet(**given):
    one = losses.TripletLoss(Model(), **given)
    return lambda a, p, ns: sum(one.compute_loss_from_embeddings([a, p, n], None) for n in ns) / K


def scored(loss):
    return lambda a, p, _: loss.compute_loss_from_embeddings([a, p], scores)


def distillation(scores, **temperatures):
    loss = losses.DistillKLDivLoss(Model(), **temperatures)
    return lambda a, p, ns: loss.compute_loss_from_embeddings([a, p, *ns], scores)


def ranking(**given):
    loss = losses.MultipleNegativesRankingLoss(Model(), scale=20, **given)
    return lambda a, p, ns: loss.compute_loss_from_embeddings([a, p, *ns], None)


def explicit(own):  # uniem: a question's own positive against the batch's explicit negatives, or only its own
    def loss_of(a, p, ns):
        mine, others = (a * p).sum(1, keepdim=True), torch.cat([a @ n.T for n in ns], 1)
        if own:
            others = torch.stack([(a * n).sum(1) for n in ns], 1)
        logits = torch.cat([mine, others], 1) / 0.05
        return torch.nn.functional.cross_entropy(logits, torch.zeros(B, dtype=torch.long))
    return loss_of


def prefixes(a, p, ns):  # MatryoshkaLoss cuts and normalizes what its model returns; these are vectors already
    one, cut = ranking(), lambda x, d: torch.nn.functional.normalize(x[:, :d], dim=-1)
    return sum(weight * one(cut(a, d), cut(p, d), []) for d, weight in [(32, 1.0), (16, 0.5), (8, 0.25)])


def sigmoid_pairs(a, p, ns):  # uniem's PairInBatchSigmoidLoss
    s = a @ p.T
    terms = torch.nn.functional.logsigmoid((s.diagonal()[:, None] - s) / 0.05)
    return -terms[~torch.eye(B, dtype=torch.bool)].sum() / (B * B - B)


def train(loss_of):
    model = load()
    opt = adam_w(model, learning_rate)
    steps = []
    for _ in range(50):
        opt.zero_grad()
        loss = loss_of(vectors(model, anchors), vectors(model, positives), [vectors(model, n) for n in negatives])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), golden['optimizer']['clipNorm'])
        opt.step()
        steps.append(float(f'{loss.item():.7g}'))
    return steps


json.dump(dict(
    madeBy=f'tools/golden/lossReplays.py, sentence-transformers {version}, torch {torch.__version__}',
    learningRate=learning_rate, negatives=negatives,
    scores=[float(f'{x:.7g}') for x in scores.tolist()],
    teacherScores=[[float(f'{x:.7g}') for x in row] for row in teacher_scores.tolist()],
    teacherLogits=logits.tolist(),
    steps=dict(
        infoNceBoth=train(lambda a, p, ns: ranking(
            directions=('query_to_doc', 'doc_to_query'), partition_mode='per_direction')(a, p, [])),
        infoNceJoint=train(lambda a, p, ns: ranking(
            directions=('query_to_doc', 'doc_to_query', 'query_to_query', 'doc_to_doc'),
            partition_mode='joint')(a, p, [])),
        infoNceNegatives=train(ranking()),
        infoNceHardened=train(ranking(hardness_mode='all_negatives', hardness_strength=3)),
        infoNceExplicit=train(explicit(own=False)),
        infoNceOwn=train(explicit(own=True)),
        matryoshka=train(prefixes),
        sigmoidPairs=train(sigmoid_pairs),
        tripletDefault=train(triplet()),
        tripletCosine=train(triplet(distance_metric=metric.COSINE, triplet_margin=1.5)),
        cosent=train(scored(losses.CoSENTLoss(Model(), scale=20))),
        angle=train(scored(losses.AnglELoss(Model(), scale=20))),
        cosineMse=train(scored(losses.CosineSimilarityLoss(Model()))),
        distillation=train(distillation(teacher_scores, student_temperature=0.5, teacher_temperature=0.2)),
        distillationOfLogits=train(distillation(logits, student_temperature=0.1, teacher_temperature=1.0)),
    ),
), open(os.path.join(out, 'lossReplays.json'), 'w'))
open(os.path.join(out, 'lossReplays.json'), 'a').write('\n')
