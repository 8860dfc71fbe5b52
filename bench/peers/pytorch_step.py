"""Training steps of a random BERT in PyTorch on the CPU: the peer of the wasm path. Reads a task from standard input, prints milliseconds. Frozen."""
import json
import sys
import time

import torch
from transformers import BertConfig, BertModel

task = json.load(sys.stdin)
torch.set_num_threads(task["threads"])
torch.manual_seed(1)
c = task["config"]
model = BertModel(
    BertConfig(
        vocab_size=c["vocabularySize"], hidden_size=c["hiddenSize"], num_hidden_layers=c["layers"], num_attention_heads=c["heads"],
        intermediate_size=c["intermediateSize"], max_position_embeddings=c["maxPositions"], hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    ),
    add_pooling_layer=False,
)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)


def encode(lengths):
    longest = max(lengths)
    mask = torch.tensor([[1] * n + [0] * (longest - n) for n in lengths])
    ids = torch.randint(0, c["vocabularySize"], (len(lengths), longest)) * mask
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask.unsqueeze(-1).float()
    return torch.nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)


for line in range(task["steps"]):
    begin = time.perf_counter()
    optimizer.zero_grad()
    scores = encode(task["anchors"]) @ encode(task["positives"]).T / 0.05
    torch.nn.functional.cross_entropy(scores, torch.arange(len(task["anchors"]))).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    print((time.perf_counter() - begin) * 1000, flush=True)
