"""Writes tests/fixtures/engine/strategies.json: 50 AdamW steps of PyTorch on tinyBert for each training strategy.

usage: strategies.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

For each strategy: the names of the trained parameters, and the loss and the gradient norm at each step. Parameters that
are not trained have no gradient and are not given to the optimizer.
"""

import json, os
import numpy as np, torch
from transformers import BertConfig, BertModel

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine')
golden = json.load(open(os.path.join(out, 'tinyBert.json')))
floats = np.fromfile(os.path.join(out, 'tinyBert.bin'), dtype='<f4')
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
c, optimizer, batch = golden['config'], golden['optimizer'], len(golden['anchors'])
learning_rate = 1e-3


def load():
    model = (
        BertModel(
            BertConfig(
                vocab_size=c['vocabularySize'],
                hidden_size=c['hiddenSize'],
                num_hidden_layers=c['layers'],
                num_attention_heads=c['heads'],
                intermediate_size=c['intermediateSize'],
                max_position_embeddings=c['maxPositions'],
                type_vocab_size=c['typeVocabularySize'],
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
                layer_norm_eps=c['layerNormEpsilon'],
            ),
            add_pooling_layer=False,
        )
        .float()
        .eval()
    )
    model.set_attn_implementation('eager')
    with torch.no_grad():
        for n, p in model.named_parameters():
            offset, length = golden['ranges'][f'weights/{n}']
            p.copy_(torch.from_numpy(floats[offset : offset + length].copy()).view_as(p))
    return model


def vectors(model, texts):
    n = max(map(len, texts))
    x = torch.zeros(len(texts), n, dtype=torch.long)
    m = torch.zeros(len(texts), n)
    for i, b in enumerate(texts):
        x[i, : len(b)] = torch.tensor(b)
        m[i, : len(b)] = 1
    h = model(input_ids=x, attention_mask=m.long()).last_hidden_state
    return torch.nn.functional.normalize(torch.stack([h[i, : len(b)].mean(0) for i, b in enumerate(texts)]), dim=1)


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
