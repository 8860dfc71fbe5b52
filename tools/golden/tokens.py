"""Writes golden token ids: 300 texts tokenized by Hugging Face's tokenizers (Rust), for both models in ../shared.

usage: tokens.py SHARED_DIR OUT.json
For each model and length limit, writes the counts and a SHA-256 over all ids (int32 little-endian, each text's count
before its ids). The texts are not stored: tests/unit/tokenize builds the same list from the same files as `texts` here.
Writes texts with Han characters beyond the BMP with their ids, for demo-zh, which is also in public/models.
Writes the ids of lowercased texts for several normalizers, with a vocabulary of single characters.
"""

import hashlib, json, os, struct, sys, unicodedata
from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase

odd = [
    '',
    ' ',
    '\n\t ',
    '🐖🐷 小猪👨‍👩‍👧‍👦',
    'ＡＢＣ１２３，．！',
    'café naïve Ångström Straße İstanbul',
    'a\u0000b\u0001c\u200bd\ufeffe\u00ad',
    '4°F(2.2°C) 0.51% 15Ib(7kg)',
    'https://example.org/a_b?c=1&d=%E4',
    '１．猪　瘟\u3000疫苗',
    '𠮷野家𪚥',
    'e\u0301 \u1100\u1161\u11a8 각',
    'ﬁ ﬂ ℡ ㎏ ½ ²',
    '[CLS] [MASK] [SEP] <s> </s> <mask>',
    "Don't—stop…“quoted” «x»",
    '~!@#$%^&*()_+`-={}|[]\\:";\'<>?,./',
    '\u202eabc\u202c',
    'x' * 300,
    '猪' * 700,
    'ไทย العربية עברית हिन्दी русский ΑΣΣ',
    '\r\n第一行\r\n第二行',
    '<br>关注&nbsp;更多',
    '①②③ ㈠ Ⅻ ㍿',
    'ﾊﾝｶｸ カタカナ ひらがな ゔ が',
]

# Both ends of every range of Han characters beyond the BMP, one between the ranges (U+2B820), and mixed texts.
rare = ['a𠮷b', '𬭊3号与𫠝𬺈', '李𬭎𬱖', '𠮷野家𪚥', 'abc𠮷', '𠮷𠮷', 'x\U0002b820y', '[SEP]𠮷a', '🐖𠮷b'] + [
    f'a{chr(end)}b'
    for end in (
        0x20000,
        0x2A6DF,
        0x2A700,
        0x2B73F,
        0x2B740,
        0x2B81F,
        0x2B91F,
        0x2B920,
        0x2CEAF,
        0x2CEB0,
        0x2F800,
        0x2FA1F,
        0x2FA20,
        0x30000,
    )
]

# Texts, and normalizers of a tokenizer.json whose texts sentence-transformers lowercases (`do_lower_case`).
mixed = ['ABC abc', 'İstanbul Straße ẞ', 'ÀÉÎ À', 'ΑΒΓ ЖЩ', 'ＡＢＣ Ⅻ ㎏', '猪A𠮷B', 'Ǆ ǅ Ա Ⓐ']
bert = dict(type='BertNormalizer', clean_text=True, handle_chinese_chars=True, strip_accents=None)
normalizers = [
    None,
    {**bert, 'lowercase': False},
    {**bert, 'lowercase': True},
    dict(type='Lowercase'),
    dict(type='NFKC'),
    dict(type='Sequence', normalizers=[dict(type='NFD'), dict(type='StripAccents')]),
    dict(type='Sequence', normalizers=[dict(type='Lowercase'), dict(type='NFC')]),
]


def rows(shared, name):
    return [json.loads(line) for line in open(os.path.join(shared, 'data', name), encoding='utf8')]


def texts(shared):
    passages = [r['text'] for r in rows(shared, 't2_sample_passages.jsonl')][:120]
    more = [r['text'] for r in rows(shared, 'cmrc_passages.jsonl')][:56]
    papers = [t for r in rows(shared, 'csl_title_abstract.jsonl')[:30] for t in (r['query'], r['pos'])]
    pairs = [t for r in rows(shared, 'stsb_valid.jsonl')[:20] for t in (r['a'], r['b'])]
    return odd + passages + more + papers + pairs


def lowercased():
    """The ids that each tokenizer gives the texts after Lowercase, whether or not its normalizer lowercases too."""
    lower = [Lowercase().normalize_str(text) for text in mixed]
    characters = sorted(
        {
            c
            for text in mixed + lower
            for c in text + unicodedata.normalize('NFKC', text) + unicodedata.normalize('NFKD', text)
        }
        - {' '}
    )
    words = ['[UNK]'] + [prefix + c for c in characters for prefix in ('', '##')]
    model = dict(
        type='WordPiece',
        unk_token='[UNK]',
        continuing_subword_prefix='##',
        max_input_chars_per_word=100,
        vocab={word: id for id, word in enumerate(words)},
    )
    definition = dict(
        version='1.0',
        truncation=None,
        padding=None,
        added_tokens=[],
        normalizer=None,
        pre_tokenizer=dict(type='BertPreTokenizer'),
        post_processor=None,
        decoder=None,
        model=model,
    )
    cases = []
    for normalizer in normalizers:
        tokenizer = Tokenizer.from_str(json.dumps({**definition, 'normalizer': normalizer}))
        cases.append(
            dict(normalizer=normalizer, ids=[' '.join(map(str, tokenizer.encode(text).ids)) for text in lower])
        )
    return dict(texts=mixed, words=' '.join(words), cases=cases)


def main():
    shared, out = sys.argv[1:]
    result = {}
    for model, prefix in (('demo-zh', ''), ('e5-small-zh', 'passage: ')):
        tokenizer = Tokenizer.from_file(os.path.join(shared, 'models', model, 'tokenizer.json'))
        for limit in (16, 128, 512):
            digest, counts = hashlib.sha256(), []
            for text in texts(shared):
                ids = tokenizer.encode(prefix + text).ids
                if len(ids) > limit:
                    ids = ids[: limit - 1] + ids[-1:]
                counts.append(len(ids))
                digest.update(struct.pack(f'<{len(ids) + 1}i', len(ids), *ids))
            result[f'{model}@{limit}'] = dict(sha256=digest.hexdigest(), texts=len(counts), tokens=sum(counts))
    tokenizer = Tokenizer.from_file(os.path.join(shared, 'models', 'demo-zh', 'tokenizer.json'))
    result = dict(
        hashes=result,
        rareHan=[dict(text=text, ids=tokenizer.encode(text).ids) for text in rare],
        lowercase=lowercased(),
    )
    json.dump(result, open(out, 'w', encoding='utf8'), indent=1, ensure_ascii=False)
    open(out, 'a').write('\n')


main()
