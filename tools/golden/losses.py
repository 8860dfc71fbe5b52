"""Writes golden values of the losses, by sentence-transformers and PyTorch, to tests/fixtures/engine/losses.json.

infoNce: anchors and candidates (the positives, then explicit negatives), in one direction and in both, by
MultipleNegativesRankingLoss. The case with masked pairs uses plain PyTorch.
infoNceOptions: the options of InfoNCE and combinations of them, on pairs and with one or two explicit negatives per
anchor. Masks are put on the scores that MultipleNegativesRankingLoss computes; masks by the model's own scores are also
compared with GISTEmbedLoss, whose guide is then the model itself. uniem is not installed: its triplet loss is written
out.
cosent: sentence pairs with scores, some of them equal, by CoSENTLoss.
Each case holds the loss and its gradients with respect to the vectors.
"""

import json, os
import torch
from sentence_transformers import __version__ as version
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses import gist_embed, multiple_negatives_ranking
from sentence_transformers.util import cos_sim

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine', 'losses.json')
g = torch.Generator().manual_seed(11)
draw = lambda *shape, by=g: torch.randn(*shape, generator=by)
flat = lambda t: [float(f'{x:.8g}') for x in t.detach().flatten().tolist()]
B, E, tau = 5, 8, 0.1


class Model(torch.nn.Module):  # a stand-in: the losses are called with vectors, never with texts
    def forward(self, features):
        return dict(sentence_embedding=features['vectors'])

    def get_embedding_dimension(self):
        return E


embed = lambda model, columns: [model(dict(column))['sentence_embedding'] for column in columns]
for module in (multiple_negatives_ranking, gist_embed):
    module.embed_columns = embed


def measured(loss_of, *vectors):
    vectors = [v.clone().requires_grad_() for v in vectors]
    loss = loss_of(*vectors)
    loss.backward()
    return dict(loss=loss.item(), gradients=[flat(v.grad) for v in vectors])


anchors, positives, negatives = draw(B, E), draw(B, E), draw(B, E)
candidates = torch.cat([positives, negatives])


def ranking(directions):
    loss = losses.MultipleNegativesRankingLoss(
        Model(), scale=1 / tau, directions=directions, partition_mode='per_direction'
    )
    return lambda a, c: loss.compute_loss_from_embeddings([a, c[:B], c[B:]], None)


left_out = [[1, 7], [], [0, 3, 9], [2], [5, 6, 7, 8, 9, 0, 1, 2, 3]]
mask = torch.zeros(B, 2 * B, dtype=torch.bool)
for i, row in enumerate(left_out):
    mask[i, row] = True


def masked(a, c):
    unit = torch.nn.functional.normalize
    s = (unit(a, dim=1) @ unit(c, dim=1).T / tau).masked_fill(mask, -torch.inf)
    y, ce = torch.arange(B), torch.nn.functional.cross_entropy
    return (ce(s, y) + ce(s[:, :B].T, y)) / 2


# Options. A vector set is (anchors, candidates) with k explicit negatives per anchor, in anchor order.
by = torch.Generator().manual_seed(12)
sets = {k: (draw(B, E, by=by), draw(B * (1 + k), E, by=by)) for k in (0, 1, 2)}
for k, (
    a,
    c,
) in sets.items():  # positives near their anchors, so that masks by score leave something out and keep something
    c[:B] += a
columns_of = lambda c: [c[:B]] + [c[B + m :: len(c) // B - 1] for m in range(len(c) // B - 1)]
names = dict(passageToQueries='doc_to_query', queries='query_to_query', passages='doc_to_doc')
# The order in which the loss computes them, after query_to_doc.
order = ['query_to_query', 'doc_to_query', 'doc_to_doc']


class Masked:
    """Cosines with some pairs left out: those in `known`, those that `by_score` rejects, those outside `contrast`."""

    def __init__(self, k, terms, contrast='batch', by_score=None, known=None):
        self.k, self.calls, self.by_score = k, ['query_to_doc'] + [t for t in order if t in terms], by_score
        owner = torch.arange(B).repeat(1 + k)  # columns as sentence-transformers orders them
        self.own = owner == torch.arange(B)[:, None]
        positive = self.own.clone()
        positive[:, B:] = False
        self.positive, self.known = positive, torch.zeros(B, B * (1 + k), dtype=torch.bool)
        for i, row in enumerate(known or []):
            for j in row:
                self.known[i, j if j < B else B * (1 + (j - B) % k) + (j - B) // k] = True
        positives = torch.arange(B * (1 + k)).repeat(B, 1) < B
        self.contrast = dict(batch=torch.zeros_like(self.own), explicit=positives, own=~self.own)[contrast]
        self.at = 0

    def limit(self, s):
        margin = self.by_score['margin'] * (s.abs() if self.by_score['kind'] == 'relative' else 1)
        return s - margin

    def __call__(self, x, y):
        s, call = cos_sim(x, y), self.calls[self.at % len(self.calls)]
        self.at += 1
        if call == 'query_to_doc':
            self.limits = self.limit(s.diagonal().detach()) if self.by_score else torch.full((B,), 9.0)
        rows = self.limits[:, None]
        known = self.known[:, :B]
        gone = dict(
            query_to_doc=lambda: (self.known | self.contrast | (s > rows)) & ~self.positive,
            query_to_query=lambda: known | known.T | (s > rows),
            doc_to_query=lambda: (known | (s > rows.T)) & ~torch.eye(B, dtype=torch.bool),
            doc_to_doc=lambda: self.known.T | (s > rows.T),
        )[call]()
        return s.masked_fill(gone, -torch.inf)


def option_case(name, k, options, other=None):
    both, side = options.get('directions') == 'both', options.get('sameSide')
    terms = (['doc_to_query'] if both else []) + [names[t] for t in ('queries', 'passages') if side in (t, 'both')]
    hardness, out = options.get('hardness'), options.get('falseNegatives', {})
    masked = Masked(k, terms, options.get('contrast', 'batch'), out.get('byScore'), options.get('known'))
    mode = (
        hardness
        and dict(inBatch='in_batch_negatives', explicit='hard_negatives', all='all_negatives')[hardness['mode']]
    )
    loss = losses.MultipleNegativesRankingLoss(
        Model(),
        scale=1 / tau,
        similarity_fct=masked,
        directions=['query_to_doc', *terms],
        partition_mode='joint' if options.get('softmax') == 'joint' else 'per_direction',
        hardness_mode=mode,
        hardness_strength=hardness['strength'] if hardness else 0,
    )
    if 'matryoshka' in options:
        dims, weights = zip(*[(p['dimension'], p['weight']) for p in options['matryoshka']])
        loss = losses.MatryoshkaLoss(Model(), loss, dims, weights)
        loss.loss.model = loss.model
    run = lambda a, c: loss([dict(vectors=v) for v in [a, *columns_of(c)]], None)
    value = measured(other or run, *sets[k])
    if other:  # the other implementation agrees
        again = measured(run, *sets[k])
        assert torch.allclose(torch.tensor(value['gradients'][1]), torch.tensor(again['gradients'][1]), atol=1e-5), name
    given = {key: options[key] for key in options if key != 'known'}
    return dict(
        name=name, perAnchor=k, options=given, **({'known': options['known']} if 'known' in options else {}), **value
    )


def gist(kind, margin, anchors=False, positives=False):
    loss = losses.GISTEmbedLoss.__new__(losses.GISTEmbedLoss)
    torch.nn.Module.__init__(loss)
    loss.model = loss.guide = Model()
    loss.must_retokenize = False
    loss.gather_across_devices = False
    loss.temperature, loss.margin_strategy, loss.margin = tau, kind, margin
    loss.contrast_anchors, loss.contrast_positives = anchors, positives
    loss.similarity_fct, loss.cross_entropy_loss = torch.nn.CosineSimilarity(dim=-1), torch.nn.CrossEntropyLoss()
    return lambda a, c: loss([dict(vectors=v) for v in [a, *columns_of(c)]], None)


def uniem_triplet(a, c):
    own = torch.nn.functional.cosine_similarity(a, c[:B])[:, None]
    return torch.nn.functional.cross_entropy(
        torch.cat([own, cos_sim(a, c[B:])], 1) / tau, torch.zeros(B, dtype=torch.long)
    )


absolute = lambda margin: dict(byScore=dict(kind='absolute', margin=margin))
relative = lambda margin: dict(byScore=dict(kind='relative', margin=margin))
hard = lambda mode, strength: dict(mode=mode, strength=strength)
prefixes = [dict(dimension=2, weight=0.5), dict(dimension=8, weight=1), dict(dimension=5, weight=2)]
gte = dict(directions='both', softmax='joint', sameSide='both')
known = [[1, 7], [], [0, 3, 9], [2], [0, 1, 3, 5, 6, 8]]
cases = [
    option_case('own positive and all explicit negatives (uniem)', 2, dict(contrast='explicit'), uniem_triplet),
    option_case('own positive and own explicit negatives', 2, dict(contrast='own')),
    option_case('one softmax over both directions', 0, dict(directions='both', softmax='joint')),
    option_case('questions among themselves', 1, dict(softmax='joint', sameSide='queries')),
    option_case('passages among themselves', 2, dict(softmax='joint', sameSide='passages')),
    option_case('all four terms (GTE)', 0, gte),
    option_case('all four terms with explicit negatives', 2, gte),
    option_case('harder negatives of the batch', 0, dict(hardness=hard('inBatch', 9))),
    option_case('harder explicit negatives', 2, dict(hardness=hard('explicit', 5))),
    option_case('harder negatives of every kind', 2, dict(directions='both', hardness=hard('all', 3))),
    option_case('false negatives above the positive', 1, dict(falseNegatives=absolute(0)), gist('absolute', 0)),
    option_case(
        'false negatives within an absolute margin',
        0,
        dict(falseNegatives=absolute(0.4), softmax='joint', sameSide='both'),
        gist('absolute', 0.4, True, True),
    ),
    option_case(
        'false negatives within a relative margin',
        1,
        dict(falseNegatives=relative(0.5), softmax='joint', sameSide='queries'),
        gist('relative', 0.5, True),
    ),
    option_case('false negatives in both directions', 2, dict(directions='both', falseNegatives=relative(0.3))),
    option_case('known positives in all four terms', 1, dict(**gte, known=known)),
    option_case('prefixes (Matryoshka)', 0, dict(matryoshka=prefixes)),
    option_case(
        'everything together',
        2,
        dict(
            **gte,
            hardness=hard('all', 2),
            falseNegatives=relative(0.2),
            known=known,
            contrast='own',
            matryoshka=prefixes,
        ),
    ),
]

first, second, scores = draw(7, E), draw(7, E), torch.tensor([0.1, 0.9, 0.5, 0.5, 1.0, 0.0, 0.9])
cosent = losses.CoSENTLoss(Model(), scale=1 / tau)
json.dump(
    dict(
        madeBy=f'tools/golden/losses.py, sentence-transformers {version}, torch {torch.__version__}',
        temperature=tau,
        width=E,
        infoNce=dict(
            anchors=flat(anchors),
            candidates=flat(candidates),
            leftOut=left_out,
            queryToPassage=measured(ranking(['query_to_doc']), anchors, candidates),
            both=measured(ranking(['query_to_doc', 'doc_to_query']), anchors, candidates),
            bothLeftOut=measured(masked, anchors, candidates),
        ),
        infoNceOptions=dict(
            sets=[dict(anchors=flat(sets[k][0]), candidates=flat(sets[k][1])) for k in sets], cases=cases
        ),
        cosent=dict(
            first=flat(first),
            second=flat(second),
            scores=flat(scores),
            **measured(lambda a, b: cosent.compute_loss_from_embeddings([a, b], scores), first, second),
        ),
    ),
    open(out, 'w'),
)
