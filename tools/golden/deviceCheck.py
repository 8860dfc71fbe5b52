"""Writes what PyTorch computes in double precision for the training step of "Check this device".

usage: deviceCheck.py tests/fixtures/engine/deviceCheck.json
The step is that of workers/services/deviceCheck/checkStep.ts, drawn here once more from the same random numbers. For
each gradient the file holds its norm and its products with two fixed vectors, which any wrong number would change.
"""

import json, sys
import numpy as np, torch
from bertModel import bert

SEED, PURPOSE, RANGE, TAU = 20261127, 5, 0.2, 0.05
SIZES = dict(
    full=dict(
        layers=2, hidden=128, heads=2, inner=512, words=512, positions=128, pairs=16, anchor=(8, 24), positive=(32, 104)
    ),
    small=dict(
        layers=2, hidden=64, heads=2, inner=128, words=64, positions=24, pairs=4, anchor=(3, 8), positive=(6, 16)
    ),
)


def philox(blocks, first):
    """Philox4x32-10 with counters (0 .. blocks, 0, first, 0), as src/domain/random.ts: [blocks, 4] of uint32."""
    m = np.uint64(0xFFFFFFFF)
    c = [
        np.arange(blocks, dtype=np.uint64),
        np.zeros(blocks, np.uint64),
        np.full(blocks, first, np.uint64),
        np.zeros(blocks, np.uint64),
    ]
    k0, k1 = np.uint64(SEED), np.uint64(PURPOSE)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ k0, p1 & m, (p0 >> np.uint64(32)) ^ c[3] ^ k1, p0 & m]
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & m, (k1 + np.uint64(0xBB67AE85)) & m
    return np.stack(c, 1)


class Stream:
    def __init__(self):
        self.numbers, self.at = philox(2048, 0).ravel(), 0

    def below(self, bound):
        while True:
            drawn = int(self.numbers[self.at])
            self.at += 1
            if drawn < 2**32 - 2**32 % bound:
                return drawn % bound


def weights(name, shape, stream):
    n = int(np.prod(shape))
    unit = philox((n + 3) // 4, stream).ravel()[:n].astype(np.float64) / 2**32
    centre = 1.0 if name.endswith('LayerNorm.weight') else 0.0
    span = RANGE if len(shape) > 1 else RANGE / 2
    return torch.from_numpy((centre + span * (2 * unit - 1)).astype(np.float32).reshape(shape)).double()


def projections(values):
    i = np.arange(values.size, dtype=np.uint64)
    return [
        float(values @ (((i * np.uint64(step)) % np.uint64(2**32)).astype(np.float64) / 2**32 - 0.5))
        for step in (2654435761, 1640531527)
    ]


def case(s):
    model = bert(
        dict(
            layers=s['layers'],
            hiddenSize=s['hidden'],
            heads=s['heads'],
            intermediateSize=s['inner'],
            vocabularySize=s['words'],
            maxPositions=s['positions'],
            typeVocabularySize=2,
            layerNormEpsilon=1e-12,
        )
    ).double()
    named = list(model.named_parameters())  # the order of parameterShapes.ts
    with torch.no_grad():
        for index, (name, p) in enumerate(named):
            p.copy_(weights(name, tuple(p.shape), index + 1))
    random = Stream()

    def texts(least, most):
        return [
            [1 + random.below(s['words'] - 1) for _ in range(least + random.below(most - least + 1))]
            for _ in range(s['pairs'])
        ]

    anchors = texts(*s['anchor'])
    positives = texts(*s['positive'])

    def vectors(batch):
        v = torch.stack([model(input_ids=torch.tensor([text])).last_hidden_state[0].mean(0) for text in batch])
        return torch.nn.functional.normalize(v, dim=1)

    scores = vectors(anchors) @ vectors(positives).T / TAU
    loss = torch.nn.functional.cross_entropy(scores, torch.arange(s['pairs']))
    loss.backward()
    gradients = {}
    for name, p in named:
        g = (torch.zeros_like(p) if p.grad is None else p.grad).numpy().ravel()
        gradients[name] = dict(norm=float(np.linalg.norm(g)), projections=projections(g))
    return dict(tokens=sum(map(len, anchors + positives)), loss=loss.item(), gradients=gradients)


torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
with open(sys.argv[1], 'w') as file:
    json.dump(
        dict(
            madeBy=f'tools/golden/deviceCheck.py, torch {torch.__version__}',
            cases={name: case(s) for name, s in SIZES.items()},
        ),
        file,
    )
    file.write('\n')
