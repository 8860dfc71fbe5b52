"""Writes the engine's golden values, computed by PyTorch and transformers, to tests/fixtures/engine/.

usage: engine.py [--models DIR]     (DIR contains demo-zh and e5-small-zh; default ../shared/models)

tinyBert.json, tinyBert.bin: a random BERT (2 layers x 32, 4 heads, 61 tokens) with its inputs, last hidden states,
InfoNCE losses for both poolings and both directions, all gradients, and its weights after three AdamW steps with
clipping. The JSON gives the ranges of the .bin (float32, little-endian).
models.json: for three texts, the first, middle and last row of each real model's last_hidden_state, and its sums.
"""

import argparse, json, os
import numpy as np, torch
from tokenizers import Tokenizer
from transformers import BertModel
from bertModel import bert

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.join(here, '..', '..')
ap = argparse.ArgumentParser()
ap.add_argument('--models', default=os.path.join(root, '..', 'shared', 'models'))
a = ap.parse_args()
out = os.path.join(root, 'tests', 'fixtures', 'engine')
os.makedirs(out, exist_ok=True)
torch.manual_seed(20240611)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

config = dict(
    layers=2,
    hiddenSize=32,
    heads=4,
    intermediateSize=64,
    vocabularySize=61,
    maxPositions=24,
    typeVocabularySize=2,
    layerNormEpsilon=1e-12,
    hiddenDropout=0,
    attentionDropout=0,
    padTokenId=0,
)
model = bert(config).float()
with torch.no_grad():  # BERT's init is close to 0; larger weights give every gradient a useful size
    for n, p in model.named_parameters():
        p.copy_(torch.randn_like(p) * (0.2 if p.dim() > 1 else 0.1) + (1.0 if n.endswith('LayerNorm.weight') else 0.0))
start = {n: p.detach().clone() for n, p in model.named_parameters()}

g = torch.Generator().manual_seed(3)


def texts(lengths):
    return [[1] + torch.randint(5, 61, (n - 2,), generator=g).tolist() + [2] for n in lengths]


anchors, positives = texts([5, 3, 9, 6, 4]), texts([17, 12, 20, 9, 14])


def hidden(batch):  # -> list of [S, H]
    n = max(map(len, batch))
    x = torch.zeros(len(batch), n, dtype=torch.long)
    m = torch.zeros(len(batch), n)
    for i, b in enumerate(batch):
        x[i, : len(b)] = torch.tensor(b)
        m[i, : len(b)] = 1
    h = model(input_ids=x, attention_mask=m.long()).last_hidden_state
    return [h[i, : len(b)] for i, b in enumerate(batch)]


def vectors(batch, pooling):
    v = torch.stack([h.mean(0) if pooling == 'mean' else h[0] for h in hidden(batch)])
    return torch.nn.functional.normalize(v, dim=1)


def loss_of(pooling, directions, tau=0.1):
    s = vectors(anchors, pooling) @ vectors(positives, pooling).T / tau
    y = torch.arange(len(anchors))
    ce = torch.nn.functional.cross_entropy
    return ce(s, y) if directions == 'queryToPassage' else (ce(s, y) + ce(s.T, y)) / 2


blob, ranges = [], {}


def put(key, t):
    ranges[key] = [sum(len(b) for b in blob), t.numel()]
    blob.append(t.detach().numpy().astype('<f4').ravel())


for n, p in start.items():
    put(f'weights/{n}', p)
for side, batch in (('anchors', anchors), ('positives', positives)):
    put(f'hidden/{side}', torch.cat(hidden(batch)))
losses = {}
for pooling in ('mean', 'cls'):
    for directions in ('queryToPassage', 'both'):
        losses[f'{pooling}/{directions}'] = loss_of(pooling, directions).item()
cases = (('mean', 'queryToPassage'), ('cls', 'both'))
for pooling, directions in cases:
    model.zero_grad()
    loss_of(pooling, directions).backward()
    for n, p in model.named_parameters():
        put(f'gradients/{pooling}/{n}', p.grad if p.grad is not None else torch.zeros_like(p))

no_decay = lambda n: n.endswith('bias') or 'LayerNorm' in n
named = list(model.named_parameters())
optimizer = dict(learningRate=3e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, weightDecay=0.05, clipNorm=1.0)
opt = torch.optim.AdamW(
    [
        {'params': [p for n, p in named if not no_decay(n)], 'weight_decay': optimizer['weightDecay']},
        {'params': [p for n, p in named if no_decay(n)], 'weight_decay': 0.0},
    ],
    lr=optimizer['learningRate'],
    betas=(0.9, 0.999),
    eps=1e-8,
)
steps = []
for _ in range(3):
    opt.zero_grad()
    loss = loss_of('mean', 'queryToPassage')
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_([p for _, p in named], optimizer['clipNorm'])
    opt.step()
    steps.append(dict(loss=loss.item(), gradientNorm=norm.item()))
for n, p in model.named_parameters():
    put(f'after/{n}', p)

np.concatenate(blob).tofile(os.path.join(out, 'tinyBert.bin'))
json.dump(
    dict(
        madeBy=f'tools/golden/engine.py, torch {torch.__version__}',
        config=config,
        anchors=anchors,
        positives=positives,
        temperature=0.1,
        losses=losses,
        optimizer=optimizer,
        steps=steps,
        ranges=ranges,
    ),
    open(os.path.join(out, 'tinyBert.json'), 'w'),
)

sentences = [
    '仔猪断奶后腹泻怎么办？',
    '母猪产前一周应当减料，并把产房温度调到二十度上下，产床先消毒再干燥。',
    'Weaning at 21 days.',
]
real = {}
for name in ('demo-zh', 'e5-small-zh'):
    folder = os.path.join(a.models, name)
    m = BertModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, attn_implementation='eager'
    ).eval()
    tok = Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
    rows = []
    for s in sentences:
        ids = tok.encode(s).ids
        with torch.no_grad():
            h = m(input_ids=torch.tensor([ids])).last_hidden_state[0]
        rows.append(
            dict(
                ids=ids,
                hidden=[float(f'{x:.7g}') for x in h[[0, len(ids) // 2, -1]].flatten().tolist()],
                rows=[0, len(ids) // 2, len(ids) - 1],
                sum=h.double().sum().item(),
                squares=h.double().pow(2).sum().item(),
            )
        )
    real[name] = rows
json.dump(
    dict(madeBy=f'tools/golden/engine.py, torch {torch.__version__}', sentences=sentences, models=real),
    open(os.path.join(out, 'models.json'), 'w'),
)
