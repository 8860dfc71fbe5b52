"""Writes tests/fixtures/engine/blend.json: weights that numpy interpolates between a base and a tuned tensor.

usage: blend.py

numpy computes in float64 and rounds once to float32. The first 24 weights are ordinary; the others are numbers where
rounding shows: denormal ones, neighbours of a power of two, large ones of opposite signs, and both zeros. The results
are checked against torch.lerp on float64 tensors. The bits are stored, not decimal numbers.
"""

import json, os
import numpy as np
import torch

rng = np.random.default_rng(20)
base = rng.standard_normal(24).astype(np.float32) * np.float32(0.02)
tuned = base + rng.standard_normal(24).astype(np.float32) * np.float32(2e-4)
edge = [
    np.array([1e-45, -3e-45, 1.17549435e-38, 1, 1, 3e38, 0.0, -0.0, 16777216], np.float32),
    np.array([4e-45, 1e-45, 1e-38, np.nextafter(np.float32(1), np.float32(2)), -1, -3e38, -0.0, -0.0, 1], np.float32),
]
base, tuned = np.concatenate([base, edge[0]]), np.concatenate([tuned, edge[1]])


def bits(values):
    return values.astype(np.float32).view(np.uint32).tolist()


blends = []
for ratio in (0, 0.1, 0.3, 0.5, 2 / 3, 0.999, 1):
    wide = (1 - ratio) * base.astype(np.float64) + ratio * tuned.astype(np.float64)
    by_torch = torch.lerp(torch.from_numpy(base).double(), torch.from_numpy(tuned).double(), ratio)
    assert np.allclose(wide, by_torch.numpy(), rtol=1e-12, atol=1e-55), ratio
    blends.append({'ratio': ratio, 'bits': bits(wide)})
path = os.path.join(os.path.dirname(__file__), '../../tests/fixtures/engine/blend.json')
with open(path, 'w') as file:
    json.dump({'base': bits(base), 'tuned': bits(tuned), 'blends': blends}, file)
    file.write('\n')
