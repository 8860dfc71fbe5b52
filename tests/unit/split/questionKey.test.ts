import { describe, expect, it } from 'vitest';
import { questionKey } from '../../../src/domain/split/questionKey';
import { tokenizerFoldsCase } from '../../../workers/services/tokenize/letterCase';

describe('the key of a question', () => {
  it.each([
    ['full and half width', 'ＡＢＣ１２３', 'ABC123'],
    ['half-width kana', 'ｶﾞｲﾄﾞ', 'ガイド'],
    ['full-width punctuation', '请问，如何（快速）登录？', '请问,如何(快速)登录?'],
    ['punctuation at the end', '怎么退款', '怎么退款。'],
    ['a question mark at the end', '怎么退款', '怎么退款？？'],
    ['quotes', '“退款”是什么', '"退款"是什么'],
    ['a separator that is a symbol', '怎么退款|售后', '怎么退款^售后'],
    ['a ratio sign for a colon', '售后∶怎么退款', '售后:怎么退款'],
    ['a blank Braille pattern', '退\u2800款', '退款'],
    ['a zero-width joiner', '退\u200d款', '退款'],
    ['a zero-width space and a byte order mark', '\ufeff退\u200b款', '退款'],
    ['a soft hyphen and a variation selector', 're\u00adfund\ufe0f', 'refund'],
    ['spaces of any kind', ' 用\u3000VPN\u00a0登 录\n', '用VPN登录'],
    ['spaces around the only punctuation', ' ？\u3000', '？'],
    ['a composed and a decomposed letter', 'caf\u00e9', 'cafe\u0301'],
    ['a ligature', 'ﬁle', 'file'],
  ])('does not depend on %s', (_, a, b) => {
    expect(questionKey(a, false)).toBe(questionKey(b, false));
  });

  it.each([
    ['a character', '怎么退款', '怎么退货'],
    ['a language that differs by a sign', 'C#是什么', 'C是什么'],
    ['a language that differs by a symbol', 'C++是什么', 'C是什么'],
    ['a decimal point', '1.5倍是多少', '15倍是多少'],
    ['a power', '2^10是多少', '210是多少'],
    ['a per cent sign', '5%是多少', '5是多少'],
    ['the only punctuation', '？', '！'],
  ])('is different for texts that differ in %s', (_, a, b) => {
    expect(questionKey(a, true)).not.toBe(questionKey(b, true));
  });

  it('folds case only if the tokenizer does', () => {
    expect(questionKey('VPN Straße ΟΔΟΣ', true)).toBe(questionKey('vpn STRASSE οδοσ', true));
    expect(questionKey('VPN', false)).not.toBe(questionKey('vpn', false));
  });
});

describe('a tokenizer', () => {
  const bert = (lowercase?: boolean) => ({ normalizer: { type: 'BertNormalizer', lowercase } });
  it.each([
    ['lower-cases in its BERT normalizer', bert(true), {}, true],
    ['keeps case in its BERT normalizer, whatever do_lower_case says', bert(false), { do_lower_case: true }, false],
    ['has a BERT normalizer that leaves it to do_lower_case', bert(), { do_lower_case: true }, true],
    ['has no normalizer, and do_lower_case', { normalizer: null }, { do_lower_case: true }, true],
    ['has neither', { normalizer: { type: 'NFKC' } }, {}, false],
    [
      'lower-cases in a sequence',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] } },
      null,
      true,
    ],
    ['is not an object', 'text', 7, false],
  ])('that %s folds case as stated', (_, tokenizer, config, expected) => {
    expect(tokenizerFoldsCase(tokenizer, config)).toBe(expected);
  });

  it('with endlessly nested sequences is read only to a limited depth', () => {
    let normalizer: object = { type: 'Lowercase' };
    for (let depth = 0; depth < 50_000; depth++) normalizer = { type: 'Sequence', normalizers: [normalizer] };
    expect(tokenizerFoldsCase({ normalizer }, {})).toBe(false);
  });
});
