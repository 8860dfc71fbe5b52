"""The small BERT model of tests/fixtures/engine/tinyBert.json, whose weights and texts engine.py writes, in PyTorch."""
import json, os
import numpy as np, torch
from bertModel import bert

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine')
golden = json.load(open(os.path.join(out, 'tinyBert.json')))
floats = np.fromfile(os.path.join(out, 'tinyBert.bin'), dtype='<f4')
torch.set_num_threads(1); torch.use_deterministic_algorithms(True)

def load():
    model = bert(golden['config']).float()
    with torch.no_grad():
        for n, p in model.named_parameters():
            offset, length = golden['ranges'][f'weights/{n}']
            p.copy_(torch.from_numpy(floats[offset:offset + length].copy()).view_as(p))
    return model

def vectors(model, texts):
    n = max(map(len, texts)); x = torch.zeros(len(texts), n, dtype=torch.long); m = torch.zeros(len(texts), n)
    for i, b in enumerate(texts): x[i, :len(b)] = torch.tensor(b); m[i, :len(b)] = 1
    h = model(input_ids=x, attention_mask=m.long()).last_hidden_state
    return torch.nn.functional.normalize(torch.stack([h[i, :len(b)].mean(0) for i, b in enumerate(texts)]), dim=1)

def adam_w(model, learning_rate):
    """Returns AdamW over all weights, without decay for biases and LayerNorm."""
    optimizer = golden['optimizer']
    bare = lambda n: n.endswith('bias') or 'LayerNorm' in n
    groups = [
        dict(
            params=[p for n, p in model.named_parameters() if bare(n) == without],
            weight_decay=0.0 if without else optimizer['weightDecay'],
        )
        for without in (False, True)
    ]
    return torch.optim.AdamW(
        groups, lr=learning_rate, betas=(optimizer['beta1'], optimizer['beta2']), eps=optimizer['epsilon']
    )
