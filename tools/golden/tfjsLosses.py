"""Writes golden values of the losses in workers/losses to tests/fixtures/engine/tfjsLosses.json.

AnglE, cosine MSE, triplet (one negative) and distillation: sentence-transformers' AnglELoss, CosineSimilarityLoss,
TripletLoss and DistillKLDivLoss. Triplet with more negatives: the mean over its triplets. Sigmoid pairs: a loop over
the formula of uniem's PairInBatchSigmoidLoss. Everything is computed in float64 on unit vectors; each case holds the
loss and its gradients with respect to the unit vectors.
"""
import json, os
import torch
from sentence_transformers import __version__ as version
from sentence_transformers.sentence_transformer import losses

here = os.path.dirname(os.path.abspath(__file__))
out = os.path.join(here, '..', '..', 'tests', 'fixtures', 'engine', 'tfjsLosses.json')
torch.set_default_dtype(torch.float64)
g = torch.Generator().manual_seed(14)
B, E, K = 6, 8, 3  # anchors, length of vectors, explicit negatives per anchor
rounded = lambda t: t.float().double()  # the tests read float32
draw = lambda *shape: rounded(torch.nn.functional.normalize(torch.randn(*shape, generator=g), dim=-1))
flat = lambda t: [float(f'{x:.9g}') for x in t.detach().flatten().tolist()]

class Model(torch.nn.Module):  # a stand-in: the losses are called with vectors, never with texts
    pass

def measured(loss_of, anchors, candidates):
    a, c = (x.clone().requires_grad_() for x in (anchors, candidates))
    loss = loss_of(a, c); loss.backward()
    return dict(loss=loss.item(), gradients=[flat(a.grad), flat(c.grad)])

anchors = draw(B, E)
positives = rounded(torch.nn.functional.normalize(anchors + 0.5 * draw(B, E), dim=-1))
candidates = torch.cat([positives, draw(B * K, E)])
scores = rounded(torch.tensor([0.1, 0.9, 0.5, 0.5, 1.0, 0.0]))
teacher = rounded(torch.randn(B, K + 1, generator=g))
negatives = lambda c: c[B:].reshape(B, K, E)

def sigmoid(tau):
    def loss(a, c):
        pairs = [(i, j) for i in range(B) for j in range(B) if i != j]
        terms = [torch.nn.functional.logsigmoid((a[i] @ c[i] - a[i] @ c[j]) / tau) for i, j in pairs]
        return -sum(terms) / (B * B - B)
    return loss
angle = losses.AnglELoss(Model(), scale=20)
mse = losses.CosineSimilarityLoss(Model())
metrics = dict(cosine=losses.TripletDistanceMetric.COSINE, euclidean=losses.TripletDistanceMetric.EUCLIDEAN)
def triplet(distance, margin):
    one = losses.TripletLoss(Model(), distance_metric=metrics[distance], triplet_margin=margin)
    of = lambda a, c, j: one.compute_loss_from_embeddings([a, c[:B], negatives(c)[:, j]], None)
    return lambda a, c: sum(of(a, c, j) for j in range(K)) / K
kl = losses.DistillKLDivLoss(Model(), student_temperature=0.05, teacher_temperature=2.0)
distill = lambda a, c: kl.compute_loss_from_embeddings([a, c[:B], *(negatives(c)[:, j] for j in range(K))], teacher)

json.dump(dict(
    madeBy=f'tools/golden/tfjsLosses.py, sentence-transformers {version}, torch {torch.__version__}',
    width=E, negatives=K, anchors=flat(anchors), candidates=flat(candidates),
    scores=flat(scores), teacherScores=flat(teacher),
    sigmoidPairs=dict(temperature=0.05, **measured(sigmoid(0.05), anchors, positives)),
    angle=dict(
        temperature=0.05,
        **measured(lambda a, c: angle.compute_loss_from_embeddings([a, c], scores), anchors, positives),
    ),
    cosineMse=measured(lambda a, c: mse.compute_loss_from_embeddings([a, c], scores), anchors, positives),
    triplet=dict(margin=0.8, **measured(triplet('cosine', 0.8), anchors, candidates)),
    tripletEuclidean=dict(margin=0.8, **measured(triplet('euclidean', 0.8), anchors, candidates)),
    distillation=dict(studentTemperature=0.05, teacherTemperature=2, **measured(distill, anchors, candidates)),
), open(out, 'w'))
