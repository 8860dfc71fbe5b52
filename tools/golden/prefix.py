"""Writes tests/fixtures/engine/prefix.json: 50 AdamW steps of PyTorch on the prefix of tinyBert.

usage: prefix.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

Adds three tokens with transformers' resize_token_embeddings and trains only their rows, as uniem does: the gradient of
the old rows is set to zero, and weight decay is off. The tokens follow [CLS] in the anchors, or in all texts. For both:
the new rows before the first step, the loss and the gradient norm at each step, and the new rows after the last step.
"""

import json, os
import torch
from tinyBertModel import golden, load, out, vectors

optimizer, batch, old = golden['optimizer'], len(golden['anchors']), golden['config']['vocabularySize']
tokens, learning_rate = 3, 5e-3


def prefixed(texts):
    return [text[:1] + [old + i for i in range(tokens)] + text[1:] for text in texts]


def train(both):
    torch.manual_seed(1)
    model = load()
    words = model.resize_token_embeddings(old + tokens).weight
    with torch.no_grad():
        words[old:] += 0.1 * torch.randn(tokens, words.shape[1])
    initial, before = words[old:].flatten().tolist(), words[:old].detach().clone()
    for p in model.parameters():
        p.requires_grad_(p is words)
    opt = torch.optim.AdamW(
        [words],
        lr=learning_rate,
        betas=(optimizer['beta1'], optimizer['beta2']),
        eps=optimizer['epsilon'],
        weight_decay=0.0,
    )
    anchors = prefixed(golden['anchors'])
    positives = prefixed(golden['positives']) if both else golden['positives']
    steps = []
    for _ in range(50):
        opt.zero_grad()
        scores = vectors(model, anchors) @ vectors(model, positives).T / golden['temperature']
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(batch))
        loss.backward()
        words.grad[:old] = 0
        norm = torch.nn.utils.clip_grad_norm_([words], optimizer['clipNorm'])
        opt.step()
        steps.append([loss.item(), norm.item()])
    assert torch.equal(words[:old], before), 'old rows changed'
    return dict(initial=initial, steps=steps, trained=words[old:].flatten().tolist())


result = dict(tokens=tokens, learningRate=learning_rate, queries=train(False), both=train(True))
json.dump(result, open(os.path.join(out, 'prefix.json'), 'w'), indent=1)
open(os.path.join(out, 'prefix.json'), 'a').write('\n')
