"""Writes tests/fixtures/engine/schedules.json: learning rates of PyTorch's LambdaLR with the schedules of transformers.

usage: schedules.py

For each schedule: the learning rate of every step of a stage whose warm-up is a number of steps.
"""
import json, os
import torch
from transformers import get_scheduler

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine')
peak, steps, warmup = 2e-4, 24, 7
names = dict(linear='linear', cosine='cosine', constant='constant_with_warmup')

def rates(name):
    opt = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = get_scheduler(name, opt, num_warmup_steps=warmup, num_training_steps=steps)
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr()[0]); opt.step(); schedule.step()
    return found

result = dict(peak=peak, steps=steps, warmupSteps=warmup, rates={kind: rates(name) for kind, name in names.items()})
with open(os.path.join(out, 'schedules.json'), 'w') as file: json.dump(result, file, indent=1); file.write('\n')
