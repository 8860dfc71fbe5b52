"""Writes tests/fixtures/engine/lora.json: 50 AdamW steps of peft's LoRA on tinyBert, without dropout.

usage: lora.py     (after engine.py, whose tinyBert.json and tinyBert.bin hold weights and inputs)

For each choice of matrices: A before the first step, the loss and the gradient norm at each step, and the unit vectors
of the anchors after the last step. For all matrices, also A and B after the last step. Also checks that peft's own
merge and, if tests/fixtures/engine/adapter exists, the adapter that the app exported give the same vectors.
"""
import json, os
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tinyBertModel import golden, load, out, vectors

optimizer, batch = golden['optimizer'], len(golden['anchors'])
learning_rate = 5e-3
rank, alpha = 4, 8

def listed(tensor): return [float(f'{v:.8g}') for v in tensor.detach().flatten().tolist()]

def train(target_modules, seed):
    torch.manual_seed(seed)
    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=target_modules, task_type='FEATURE_EXTRACTION')
    model = get_peft_model(load(), config); model.train()
    # peft puts `default` before `weight`; saved files leave it out, as the app does.
    named = {n.replace('.default.', '.'): p for n, p in model.named_parameters() if p.requires_grad}
    initial = {n: listed(p) for n, p in named.items() if '.lora_A.' in n}
    opt = torch.optim.AdamW(
        named.values(), lr=learning_rate, betas=(optimizer['beta1'], optimizer['beta2']), eps=optimizer['epsilon'],
        weight_decay=optimizer['weightDecay'])
    steps = []
    for _ in range(50):
        opt.zero_grad()
        scores = vectors(model, golden['anchors']) @ vectors(model, golden['positives']).T / golden['temperature']
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(batch)); loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(list(named.values()), optimizer['clipNorm']); opt.step()
        steps.append([loss.item(), norm.item()])
    model.eval()
    with torch.no_grad():
        result = vectors(model, golden['anchors'])
        trained = {n: listed(p) for n, p in named.items()}
        merged = vectors(model.merge_and_unload(), golden['anchors'])
    assert (merged - result).abs().max() < 1e-5, 'merged vectors differ'
    return dict(initial=initial, steps=steps, trained=trained, vectors=listed(result))

def without_trained(case): return {k: v for k, v in case.items() if k != 'trained'}

cases = dict(
    all=train(r'.*\.(query|key|value|dense)', 1),
    queryValue=without_trained(train(['query', 'value'], 2)),
    output=without_trained(train(r'encoder\.layer\.\d+\.output\.dense', 3)))
with open(os.path.join(out, 'lora.json'), 'w') as file:
    file.write(json.dumps(dict(learningRate=learning_rate, rank=rank, alpha=alpha, cases=cases)) + '\n')

folder = os.path.join(out, 'adapter')
if os.path.exists(folder):
    model = PeftModel.from_pretrained(load(), folder).eval()
    with torch.no_grad(): found = vectors(model, golden['anchors'])
    difference = (found - torch.tensor(cases['all']['vectors']).view_as(found)).abs().max().item()
    print(f'exported adapter loaded by peft: largest difference {difference:.1e}')
    assert difference < 1e-5
