"""Writes tests/fixtures/engine/schedules.json: what PyTorch computes with schedules of the learning rate.

usage: schedules.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

For each schedule of transformers: the learning rate of every step of a stage whose warm-up is a number of steps
(LambdaLR). For each way to train tinyBert: the loss and the gradient norm at each step, and after the first step and
after the last one the L2 norm of the change of each parameter. With an average of the weights (AveragedModel), the
change is that of the average, and `lag` is its distance from the weights after the last step.
"""
import json, os
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import get_scheduler
from tinyBertModel import golden, load, out, vectors

peak, warmup_steps, warmup = 2e-4, 24, 7
learning_rate, steps = 1e-3, 20
names = dict(linear='linear', cosine='cosine', constant='constant_with_warmup')

def rates(name):
    opt = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = get_scheduler(name, opt, num_warmup_steps=warmup, num_training_steps=warmup_steps)
    found = []
    for _ in range(warmup_steps):
        found.append(schedule.get_last_lr()[0]); opt.step(); schedule.step()
    return found

no_decay = lambda n: n.endswith('bias') or 'LayerNorm' in n

def layers_above(n):
    layers = golden['config']['layers']
    return layers - 1 - int(n.split('.')[2]) if n.startswith('encoder.layer.') else layers

def train(layer_decay=1, batches=((0, None),), ema=None):
    model, optimizer = load(), golden['optimizer']
    named = list(model.named_parameters()); before = [p.detach().clone() for _, p in named]
    groups = [dict(params=[p], weight_decay=0.0 if no_decay(n) else optimizer['weightDecay'],
                   lr=learning_rate * layer_decay ** layers_above(n)) for n, p in named]
    betas = (optimizer['beta1'], optimizer['beta2'])
    opt = torch.optim.AdamW(groups, lr=learning_rate, betas=betas, eps=optimizer['epsilon'])
    average = ema and AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(ema))
    found, changes = [], []
    for step in range(steps):
        opt.zero_grad()
        total = 0
        for begin, end in batches:
            anchors, positives = (vectors(model, golden[side][begin:end]) for side in ('anchors', 'positives'))
            scores = anchors @ positives.T / golden['temperature']
            loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(scores))) / len(batches)
            loss.backward(); total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in named], optimizer['clipNorm']); opt.step()
        if average: average.update_parameters(model)
        kept = dict((average.module if average else model).named_parameters())
        found.append([total, norm.item()])
        if step in (0, steps - 1):
            changes.append({n: (kept[n].detach() - was).norm().item() for (n, _), was in zip(named, before)})
    lag = {n: (kept[n] - p).norm().item() for n, p in named}
    return dict(steps=found, first=changes[0], last=changes[1], **(dict(lag=lag) if average else {}))

result = dict(
    warmup=dict(peak=peak, steps=warmup_steps, warmupSteps=warmup,
                rates={kind: rates(name) for kind, name in names.items()}),
    learningRate=learning_rate,
    layerDecay=dict(factor=0.5, **train(layer_decay=0.5)),
    ema=dict(decay=0.9, **train(ema=0.9)),
    # Two batches per step: pairs 0 to 2, and pairs 3 and 4.
    accumulation=dict(cut=3, **train(batches=((0, 3), (3, None)))))
with open(os.path.join(out, 'schedules.json'), 'w') as file: json.dump(result, file, indent=1); file.write('\n')
