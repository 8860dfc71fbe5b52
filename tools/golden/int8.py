"""Writes tests/fixtures/metrics/int8.json: int8 codes of vectors by sentence-transformers' quantize_embeddings."""

import json
from pathlib import Path

import numpy as np
from sentence_transformers.util.quantization import quantize_embeddings

COUNT, WIDTH = 24, 12

random = np.random.default_rng(15)
vectors = random.standard_normal((COUNT, WIDTH)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
vectors[:, 3] = np.float32(0.25)  # a dimension without a range
outside = (vectors[:4] * np.float32(1.5)).astype(np.float32)  # values outside the ranges are clipped
codes = quantize_embeddings(vectors, precision="int8")
clipped = quantize_embeddings(outside, precision="int8", calibration_embeddings=vectors)

golden = {
    "width": WIDTH,
    "vectors": [float(value) for value in vectors.ravel()],
    "codes": codes.ravel().tolist(),
    "outside": [float(value) for value in outside.ravel()],
    "clipped": clipped.ravel().tolist(),
}
file = Path(__file__).parents[2] / "tests/fixtures/metrics/int8.json"
file.write_text(json.dumps(golden) + "\n")
