"""Checks that an exported folder gives the same vectors in Python as in the app.

usage: export_check.py METRICS_JSON EXPORT_FOLDER BASE_FOLDER
Takes texts (with their prefixes) and the app's own vectors from `export.reference` in metrics.json. Encodes the texts
with sentence-transformers (model.safetensors) and onnxruntime (onnx/model.onnx, validated by onnx first). An adapter
in the folder is also loaded onto the base model with peft. Prints the smallest cosine of each as one JSON object.
Exits with code 1, and the reason in stderr, if one of them is below 0.99999, if a number of peft's vectors differs by
more than 1e-5, or if transformers initializes weights of the export that it finds in the base model.
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from peft import PeftModel
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoModel

LEAST = 0.99999
LARGEST_DIFFERENCE = 1e-5


def smallest_cosine(found, expected):
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(np.min(np.sum(found * expected, axis=1) / norms))


def by_onnxruntime(folder, texts, longest):
    path = f'{folder}/onnx/model.onnx'
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    outputs = [output.name for output in session.get_outputs()]
    assert outputs[0] == 'last_hidden_state', outputs
    tokenizer = Tokenizer.from_file(f'{folder}/tokenizer.json')
    tokenizer.enable_truncation(longest)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(texts)
    ids = np.array([one.ids for one in encoded], np.int64)
    mask = np.array([one.attention_mask for one in encoded], np.int64)
    inputs = {'input_ids': ids, 'attention_mask': mask, 'token_type_ids': np.zeros_like(ids)}
    return session.run(['sentence_embedding'], inputs)[0]


def by_peft(folder, base, texts):
    """Encodes like the export, but with the base model's weights and the adapter beside them."""
    model = SentenceTransformer(folder, device='cpu')
    # transformers 5 keeps the half precision of a stored model.
    weights = AutoModel.from_pretrained(base, dtype='float32')
    model[0].model = PeftModel.from_pretrained(weights, f'{folder}/adapter').eval()
    return model.encode(texts, prompt='')


def newly_initialized(folder):
    return set(AutoModel.from_pretrained(folder, output_loading_info=True)[1]['missing_keys'])


def main(metrics_path, folder, base):
    with open(metrics_path, encoding='utf8') as file:
        metrics = json.load(file)
    reference = metrics['export']['reference']
    model = SentenceTransformer(folder, device='cpu')
    cosines = {
        'sentenceTransformers': smallest_cosine(model.encode(reference['texts'], prompt=''), reference['vectors']),
        'onnxruntime': smallest_cosine(
            by_onnxruntime(folder, reference['texts'], model.max_seq_length), reference['vectors']
        ),
    }
    if os.path.isdir(f'{folder}/adapter'):
        found = by_peft(folder, base, reference['texts'])
        cosines['peft'] = smallest_cosine(found, reference['vectors'])
        difference = float(np.max(np.abs(found - np.asarray(reference['vectors']))))
        if difference > LARGEST_DIFFERENCE:
            print(f'peft: a number of its vectors differs by {difference:.1e}', file=sys.stderr)
            return 1
    lost = newly_initialized(folder) - newly_initialized(base)
    if lost:
        print(f'the export lacks weights of the base model: {sorted(lost)}', file=sys.stderr)
        return 1
    print(json.dumps(cosines))
    low = {reader: cosine for reader, cosine in cosines.items() if cosine < LEAST}
    if low:
        print(f'cosines below {LEAST}: {low}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:4]))
