"""Writes tests/fixtures/engine/prefixModel.json: what other tools compute with an exported model that has a prefix.

usage: prefixExport.py     (reads tests/fixtures/engine/prefixModel; prefixExport.node.test.ts exports the same files)

For queries and passages: token ids and vectors of sentence-transformers. Checks that transformers, tokenizers and
onnxruntime give the same.
"""

import json, os
import numpy as np, onnxruntime
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import AutoTokenizer

out = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'fixtures', 'engine')
folder = os.path.join(out, 'prefixModel')
texts = ['猪吃什么', 'ab Aa', ' 12 [ x ]', '问题' * 10, '', 'query: 猪']
model = SentenceTransformer(folder, device='cpu')
fast = Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
fast.no_padding()
fast.enable_truncation(max_length=model.max_seq_length)
auto = AutoTokenizer.from_pretrained(folder)
session = onnxruntime.InferenceSession(os.path.join(folder, 'onnx', 'model.onnx'))
tokens = [f'[prefix{i + 1}]' for i in range(3)]
assert [auto.convert_tokens_to_ids(token) for token in tokens] == [32, 33, 34]
assert all(token in auto.all_special_tokens for token in tokens), auto.all_special_tokens
assert model[0].auto_model.config.vocab_size == 35
assert model[0].auto_model.embeddings.word_embeddings.weight.shape[0] == 35


def case(prompt):
    ids = [fast.encode(model.prompts[prompt] + text).ids for text in texts]
    cut = dict(truncation=True, max_length=model.max_seq_length)
    found = [auto(model.prompts[prompt] + text, **cut).input_ids for text in texts]
    assert found == ids, (found, ids)
    vectors = model.encode(texts, prompt_name=prompt)
    for row, expected in zip(ids, vectors):
        x = np.array([row])
        inputs = {'input_ids': x, 'attention_mask': np.ones_like(x), 'token_type_ids': np.zeros_like(x)}
        vector = session.run(['sentence_embedding'], inputs)[0][0]
        assert np.abs(vector - expected).max() < 1e-5, (vector, expected)
    return dict(texts=texts, ids=ids, vectors=[[float(f'{v:.8g}') for v in row] for row in vectors.tolist()])


result = dict(queries=case('query'), passages=case('document'))
json.dump(result, open(os.path.join(out, 'prefixModel.json'), 'w'), ensure_ascii=False, indent=1)
open(os.path.join(out, 'prefixModel.json'), 'a').write('\n')
print('same in all tools')
