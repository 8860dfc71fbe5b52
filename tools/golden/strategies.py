"""Writes tests/fixtures/engine/strategies.json: 50 AdamW steps of PyTorch on tinyBert for each training strategy.

usage: strategies.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

For each strategy: the names of the trained parameters, and the loss and the gradient norm at each step. Parameters that
are not trained have no gradient and are not given to the optimizer.
"""

import json, os
import torch
from tinyBertModel import golden, load, out, vectors

optimizer, batch = golden['optimizer'], len(golden['anchors'])
learning_rate = 1e-3


no_decay = lambda n: n.endswith('bias') or 'LayerNorm' in n


def train(trained):
    model = load()
    named = [(n, p) for n, p in model.named_parameters() if trained(n)]
    for n, p in model.named_parameters():
        p.requires_grad_(trained(n))
    groups = [
        dict(
            params=[p for n, p in named if no_decay(n) == without],
            weight_decay=0.0 if without else optimizer['weightDecay'],
        )
        for without in (False, True)
    ]
    opt = torch.optim.AdamW(
        [g for g in groups if g['params']],
        lr=learning_rate,
        betas=(optimizer['beta1'], optimizer['beta2']),
        eps=optimizer['epsilon'],
    )
    steps = []
    for _ in range(50):
        opt.zero_grad()
        scores = vectors(model, golden['anchors']) @ vectors(model, golden['positives']).T / golden['temperature']
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(batch))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in named], optimizer['clipNorm'])
        opt.step()
        steps.append([loss.item(), norm.item()])
    return dict(trained=[n for n, _ in named], steps=steps)


def frozen(n):
    return not n.startswith('embeddings.') and '.layer.0.' not in n


result = dict(
    learningRate=learning_rate,
    strategies=dict(
        bias=train(lambda n: 'bias' in n),
        query=train(lambda n: 'query' in n),
        frozen=train(frozen),
        frozenBias=train(lambda n: 'bias' in n and frozen(n)),
    ),
)
json.dump(result, open(os.path.join(out, 'strategies.json'), 'w'), indent=1)
open(os.path.join(out, 'strategies.json'), 'a').write('\n')
