"""Writes the losses' golden values, computed by sentence-transformers and PyTorch, to tests/fixtures/engine/losses.json.

infoNce: anchors and candidates (the positives, then explicit negatives), in one direction and in both, by
MultipleNegativesRankingLoss. The case with masked pairs uses plain PyTorch.
cosent: sentence pairs with scores, some of them equal, by CoSENTLoss.
Each case holds the loss and its gradients with respect to the vectors.
"""
import json, os
import torch
from sentence_transformers import __version__ as version
from sentence_transformers.sentence_transformer import losses

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine', 'losses.json')
g = torch.Generator().manual_seed(11)
draw = lambda *shape: torch.randn(*shape, generator=g)
flat = lambda t: [float(f'{x:.8g}') for x in t.detach().flatten().tolist()]
B, E, tau = 5, 8, 0.1

class Model(torch.nn.Module):  # a stand-in: the losses are called with vectors, never with texts
    pass

def measured(loss_of, *vectors):
    vectors = [v.clone().requires_grad_() for v in vectors]
    loss = loss_of(*vectors); loss.backward()
    return dict(loss=loss.item(), gradients=[flat(v.grad) for v in vectors])

anchors, positives, negatives = draw(B, E), draw(B, E), draw(B, E)
candidates = torch.cat([positives, negatives])
def ranking(directions):
    loss = losses.MultipleNegativesRankingLoss(Model(), scale=1 / tau, directions=directions, partition_mode='per_direction')
    return lambda a, c: loss.compute_loss_from_embeddings([a, c[:B], c[B:]], None)
left_out = [[1, 7], [], [0, 3, 9], [2], [5, 6, 7, 8, 9, 0, 1, 2, 3]]
mask = torch.zeros(B, 2 * B, dtype=torch.bool)
for i, row in enumerate(left_out): mask[i, row] = True
def masked(a, c):
    unit = torch.nn.functional.normalize
    s = (unit(a, dim=1) @ unit(c, dim=1).T / tau).masked_fill(mask, -torch.inf)
    y, ce = torch.arange(B), torch.nn.functional.cross_entropy
    return (ce(s, y) + ce(s[:, :B].T, y)) / 2

first, second, scores = draw(7, E), draw(7, E), torch.tensor([0.1, 0.9, 0.5, 0.5, 1.0, 0.0, 0.9])
cosent = losses.CoSENTLoss(Model(), scale=1 / tau)
json.dump(dict(
    madeBy=f'tools/golden/losses.py, sentence-transformers {version}, torch {torch.__version__}', temperature=tau, width=E,
    infoNce=dict(anchors=flat(anchors), candidates=flat(candidates), leftOut=left_out,
                 queryToPassage=measured(ranking(['query_to_doc']), anchors, candidates),
                 both=measured(ranking(['query_to_doc', 'doc_to_query']), anchors, candidates),
                 bothLeftOut=measured(masked, anchors, candidates)),
    cosent=dict(first=flat(first), second=flat(second), scores=flat(scores),
                **measured(lambda a, b: cosent.compute_loss_from_embeddings([a, b], scores), first, second)),
), open(out, 'w'))
