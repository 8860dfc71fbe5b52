"""Writes golden BM25 scores over character bigrams, computed by bm25s (method "lucene", k1 = 1.2, b = 0.75).

usage: keywordSearch.py
Terms are the pairs of neighbouring characters after NFKC, lower case, and without white space and punctuation. bm25s
counts each distinct term of a question once, so a repeated term's scores are added here.
"""

import json, random, unicodedata
from collections import Counter
from pathlib import Path

import bm25s

OUT = Path(__file__).parents[2] / 'tests/fixtures/metrics/keywordSearch.json'
WORDS = '后备母猪 育肥猪 饲料 每天 饲喂 2次 疫苗 免疫 腹泻 体温 39.5℃ 断奶 仔猪 保温 灯 Feed ＡＢＣ gilt vaccine day 𠮷'.split()
MARKS = ['，', '。', ' ', '？', '、', ' - ', '\u3000']


def text(rng, least, most):
    return ''.join(rng.choice(WORDS) + rng.choice(MARKS) for _ in range(rng.randint(least, most)))


def terms(text):
    text = unicodedata.normalize('NFKC', text)
    kept = [c for c in text if c == '.' or not (c.isspace() or unicodedata.category(c)[0] == 'P')]
    digits = [c.isdigit() for c in kept] + [False]
    # A full stop is part of a number, or punctuation.
    bare = [c for i, c in enumerate(kept) if c != '.' or (digits[i - 1] and digits[i + 1])]
    bare = ''.join(bare).lower()
    return [bare[i : i + 2] for i in range(len(bare) - 1)] or ([bare] if bare else [])


def main():
    rng = random.Random(3)
    passages = [text(rng, 1, 30) for _ in range(40)] + ['猪']
    questions = [text(rng, 1, 5) for _ in range(12)] + ['猪', '饲料饲料饲料', '完全无关', '！']
    index = bm25s.BM25(method='lucene', k1=1.2, b=0.75, dtype='float64')
    index.index([terms(p) for p in passages], show_progress=False)
    scores = []
    for question in questions:
        total = [0.0] * len(passages)
        for term, count in Counter(terms(question)).items():
            if term in index.vocab_dict:
                total = [t + count * float(s) for t, s in zip(total, index.get_scores([term]))]
        scores.append(total)
    OUT.write_text(json.dumps(dict(passages=passages, questions=questions, scores=scores), ensure_ascii=False) + '\n')


main()
