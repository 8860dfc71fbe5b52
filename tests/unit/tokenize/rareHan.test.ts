import { describe, expect, it } from 'vitest';
import { hasRareHan, separatingRareHan } from '../../../src/domain/tokenize/rareHan';

const at = (...points: number[]): string[] => points.map((point) => String.fromCodePoint(point));
const bert = { type: 'BertNormalizer', handle_chinese_chars: true, lowercase: false };
const rare = { Regex: '[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]' };
const separated = {
  type: 'Sequence',
  normalizers: [{ type: 'Replace', pattern: rare, content: ' $& ' }, bert],
};

describe('a rare Han character', () => {
  it('is one of extensions B to E or of the compatibility supplement, with the limits of the Rust tokenizers', () => {
    const inside = at(0x20000, 0x2a6df, 0x2a700, 0x2b81f, 0x2b920, 0x2ceaf, 0x2f800, 0x2fa1f);
    const outside = at(0x1ffff, 0x2a6e0, 0x2b820, 0x2b91f, 0x2ceb0, 0x2f7ff, 0x2fa20, 0x4e00, 0x1f600);
    expect(inside.map(hasRareHan)).toEqual(inside.map(() => true));
    expect(outside.map(hasRareHan)).toEqual(outside.map(() => false));
    expect([hasRareHan('说𠀀字'), hasRareHan('说字'), hasRareHan('')]).toEqual([true, false, false]);
  });

  it('is separated in front of a BERT normalizer that separates other Han characters', () => {
    const definition = { normalizer: bert, model: { type: 'WordPiece' } };
    expect(separatingRareHan(definition)).toEqual({ normalizer: separated, model: definition.model });
    const rest = { type: 'Sequence', normalizers: [{ type: 'NFKC' }, bert] };
    expect(separatingRareHan({ normalizer: rest })).toEqual({
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, separated] },
    });
  });

  it.each<[string, object]>([
    ['no normalizer', { model: {} }],
    ['the normalizer null', { normalizer: null }],
    ['a list as normalizer', { normalizer: [bert] }],
    ['a BERT normalizer that leaves Han characters together', { normalizer: { ...bert, handle_chinese_chars: false } }],
    ['another normalizer', { normalizer: { type: 'NFKC', handle_chinese_chars: true } }],
    ['a sequence without a list', { normalizer: { type: 'Sequence', normalizers: 'x' } }],
    ['another normalizer with a list', { normalizer: { type: 'Other', normalizers: [bert] } }],
  ])('is left alone by a definition with %s', (_, definition) => {
    expect(separatingRareHan(definition)).toEqual(definition);
  });

  it('is not looked for in normalizers nested more than 16 deep', () => {
    const nested = (depth: number): object =>
      depth === 0 ? bert : { type: 'Sequence', normalizers: [nested(depth - 1)] };
    expect(JSON.stringify(separatingRareHan({ normalizer: nested(16) }))).toContain(' $& ');
    expect(() => separatingRareHan({ normalizer: nested(17) })).toThrow(RangeError);
  });
});
