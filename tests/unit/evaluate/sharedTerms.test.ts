import { describe, expect, it } from 'vitest';
import { markedPieces, sharedTerms } from '../../../src/domain/evaluate/sharedTerms';
import { keyCharacters, questionKey } from '../../../src/domain/split/questionKey';

const texts = [
  '母猪产后不食，怎么办？',
  'ＡＢＣ　ｄｅｆ１２３，㎏ ﬁ',
  '温度 37.5 ℃ 左右（体温）。2^10 ≠ 210；C# 5%',
  'Straße ÉCOLE école e\u0301t\u00e9 İzmir',
  '龘𠀀字 👨‍👩‍👧‍👦 한국어',
  '1. 5 与 1.5\n\t第一\u200b段',
  '',
  '。',
];
const partsOf = (question: string, passage: string): string[] =>
  markedPieces(passage, sharedTerms(question, passage)).flatMap(({ text, isMarked }) => (isMarked ? [text] : []));

describe('the terms that question and passage share', () => {
  it.each(texts)('come from the characters that the keyword search compares: %j', (text) => {
    const characters = keyCharacters(text);
    const key = questionKey(text, true);
    // A text of only punctuation is its own key, which has no terms to mark.
    expect(characters.map(({ character }) => character).join('')).toBe(key === text.trim() && key === '。' ? '' : key);
    for (const { from, to } of characters) expect(to).toBeGreaterThan(from);
  });

  it('are marked where both have the same two neighbouring characters', () => {
    expect(partsOf('母猪产后不食怎么办', '产房里的母猪，产后 3 天不食。')).toEqual(['母猪', '产后', '不食']);
    expect(partsOf('断奶', '仔猪保温')).toEqual([]);
  });

  it('reach across punctuation that the keyword search leaves out, without marking it', () => {
    expect(partsOf('仔猪保温', '仔猪，保温')).toEqual(['仔猪', '保温']);
    expect(partsOf('猪保', '仔猪，保温')).toEqual(['猪', '保']);
  });

  it('mark full-width and upper-case letters in their places', () => {
    expect(partsOf('abc病毒', 'ＡＢＣ 病毒')).toEqual(['ＡＢＣ', '病毒']);
  });

  it('mark a question of one character only in a passage that is that character', () => {
    expect(partsOf('猪', '猪')).toEqual(['猪']);
    expect(partsOf('猪', '母猪')).toEqual([]);
  });

  it('make up the unchanged passage when the pieces are joined', () => {
    for (const text of texts)
      expect(
        markedPieces(text, sharedTerms('温度 abc 体温', text))
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
  });
});
