"""Writes tests/fixtures/engine/guide.json: InfoNCE with a guide, by sentence-transformers' GISTEmbedLoss.

usage: guide.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

cases: the loss of drawn vectors, and its gradients with respect to them. The guide's vectors have another length.
steps: the loss at each of 50 AdamW steps of tinyBert. The guide is tinyBert before the first step.
Each case also states how many pairs the guide masks that the model itself would keep, or the other way round, so that
no case passes without a guide.
"""
import json, os
import torch
from sentence_transformers import __version__ as version
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses import gist_embed
from tinyBertModel import adam_w, golden, load, out, vectors

gist_embed.embed_columns = lambda model, columns: [model(column) for column in columns]
tau = 0.1


def gist(kind, margin, anchors, positives):
    """GISTEmbedLoss over columns that hold the vectors of the model and of the guide, instead of texts."""
    loss = losses.GISTEmbedLoss.__new__(losses.GISTEmbedLoss)
    torch.nn.Module.__init__(loss)
    loss.model, loss.guide = lambda column: column['own'], lambda column: column['guide']
    loss.must_retokenize = loss.gather_across_devices = False
    loss.temperature, loss.margin_strategy, loss.margin = tau, kind, margin
    loss.contrast_anchors, loss.contrast_positives = anchors, positives
    loss.similarity_fct, loss.cross_entropy_loss = torch.nn.CosineSimilarity(dim=-1), torch.nn.CrossEntropyLoss()
    return lambda own, guide: loss([dict(own=o, guide=g) for o, g in zip(own, guide)], None)


def masked(kind, margin, columns):
    a, p = (torch.nn.functional.normalize(x, dim=1) for x in (columns[0], torch.cat(columns[1:])))
    s = a @ p.T
    own = s.diagonal()[:, None]
    return s > own - margin * (own.abs() if kind == 'relative' else 1)


g = torch.Generator().manual_seed(31)
draw = lambda *shape: torch.randn(*shape, generator=g)
flat = lambda t: [float(f'{x:.8g}') for x in t.detach().flatten().tolist()]
B, E, G = 6, 8, 12
columns_of = lambda width: [draw(B, width) for _ in range(3)]
own, guide = columns_of(E), columns_of(G)
for texts in (own, guide):  # positives near their anchors, so that the guide leaves something out and keeps something
    texts[1] += texts[0]


def case(name, columns, kind, margin, anchors=False, positives=False):
    given = [x.clone().requires_grad_() for x in own[:columns]]
    loss = gist(kind, margin, anchors, positives)(given, guide[:columns])
    loss.backward()
    differing = (masked(kind, margin, own[:columns]) != masked(kind, margin, guide[:columns])).sum().item()
    assert differing > 0, name
    side = {(False, False): None, (True, False): 'queries', (False, True): 'passages', (True, True): 'both'}
    options = dict(falseNegatives=dict(byScore=dict(kind=kind, margin=margin)))
    if anchors or positives:
        options.update(softmax='joint', sameSide=side[anchors, positives])
    return dict(
        name=name, perAnchor=columns - 2, options=options, differing=differing, loss=loss.item(),
        gradients=[flat(given[0].grad), flat(torch.cat([x.grad for x in given[1:]]))],
    )


learning_rate = 1e-3
length = lambda: int(torch.randint(2, 10, (1,), generator=g))
text = lambda: [1, *torch.randint(5, 61, (length(),), generator=g).tolist(), 2]
negatives = [text() for _ in golden['anchors']]


def train(columns, *options):
    model = load()
    texts = [golden['anchors'], golden['positives'], negatives][:columns]
    with torch.no_grad():
        frozen = [vectors(model, column) for column in texts]
    loss_of = gist(*options)
    opt = adam_w(model, learning_rate)
    steps = []
    for _ in range(50):
        opt.zero_grad()
        loss = loss_of([vectors(model, column) for column in texts], frozen)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), golden['optimizer']['clipNorm'])
        opt.step()
        steps.append(float(f'{loss.item():.7g}'))
    return steps


json.dump(
    dict(
        madeBy=f'tools/golden/guide.py, sentence-transformers {version}, torch {torch.__version__}',
        temperature=tau, width=E, guideWidth=G,
        own=[flat(x) for x in own],
        guide=[flat(torch.nn.functional.normalize(x, dim=1)) for x in guide],
        cases=[
            case('an absolute margin', 2, 'absolute', 0.1),
            case('a relative margin with explicit negatives', 3, 'relative', 0.3),
            case('an absolute margin with questions and passages among themselves', 2, 'absolute', 0.2, True, True),
            case('a relative margin with questions among themselves', 3, 'relative', 0.2, True),
        ],
        learningRate=learning_rate, negatives=negatives,
        steps=dict(
            pairs=train(2, 'absolute', 0, True, True),
            triplets=train(3, 'relative', 0.05, True, False),
            inBatch=train(2, 'absolute', 0.02, False, False),
        ),
    ),
    open(os.path.join(out, 'guide.json'), 'w'),
)
open(os.path.join(out, 'guide.json'), 'a').write('\n')
