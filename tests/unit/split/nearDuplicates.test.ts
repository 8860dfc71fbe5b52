import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Question } from '../../../src/domain/records';
import { NearDuplicateIndex } from '../../../src/domain/split/nearDuplicates';
import { nearDuplicatesOfTest } from '../../../workers/services/split/nearDuplicates';

/** Computes the Jaccard similarity of character bigrams from its definition. */
function jaccard(a: string, b: string): number {
  const grams = (text: string): Set<string> => {
    const characters = [...text];
    if (characters.length === 1) return new Set(characters);
    return new Set(characters.slice(1).map((character, i) => `${characters[i] ?? ''}${character}`));
  };
  const [left, right] = [grams(a), grams(b)];
  const shared = [...left].filter((gram) => right.has(gram)).length;
  return shared / (left.size + right.size - shared);
}

/** Finds the most similar key by comparing with every one. The first of equally similar keys wins. */
function nearestByLoop(key: string, keys: readonly string[]): { index: number; jaccard: number } | null {
  let best: { index: number; jaccard: number } | null = null;
  keys.forEach((other, index) => {
    const similarity = jaccard(key, other);
    if (similarity >= 0.8 && similarity > (best?.jaccard ?? 0)) best = { index, jaccard: similarity };
  });
  return best;
}

const rowsOf = (texts: string[]) => texts.map((text, row) => ({ from: 'train' as const, row, texts: [text] }));
const testOf = (texts: string[]): Question[] => texts.map((text, i) => ({ id: `t${i}`, text, relevant: ['p'] }));
const search = (anchors: string[], test: string[]) =>
  nearDuplicatesOfTest({ rows: rowsOf(anchors), test: testOf(test), foldCase: false }, () => undefined);

describe('the search for near-duplicates', () => {
  it('finds the same key as a loop over all keys, with the same similarity', () => {
    let found = 0;
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '猪', '𠀀'), minLength: 1, maxLength: 14 });
    const edited = fc
      .tuple(fc.array(letters, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(14), letters)
      .map(([keys, which, at, inserted]) => {
        const base = keys[which % keys.length] ?? '';
        return { keys, key: base.slice(0, at) + inserted.slice(0, 1) + base.slice(at) };
      });
    const property = fc.property(edited, ({ keys, key }) => {
      const expected = nearestByLoop(key, keys);
      if (expected) found += 1;
      expect(new NearDuplicateIndex(keys).nearest(key)).toEqual(expected);
    });
    fc.assert(property, { numRuns: 3000 });
    expect(found).toBeGreaterThan(300);
  });

  it('accepts a similarity of exactly 0.8, and none below', () => {
    // Four of five bigrams are shared.
    expect(new NearDuplicateIndex(['abcdef']).nearest('abcde')).toEqual({ index: 0, jaccard: 0.8 });
    expect(new NearDuplicateIndex(['abcde']).nearest('abcd')).toBeNull();
    expect(new NearDuplicateIndex([]).nearest('abcd')).toBeNull();
    expect(new NearDuplicateIndex(['abc']).nearest('')).toBeNull();
  });

  it('finds a key of one character, but never an empty one', () => {
    expect(new NearDuplicateIndex(['b', 'a']).nearest('a')).toEqual({ index: 1, jaccard: 1 });
    expect(new NearDuplicateIndex(['', 'a']).nearest('')).toBeNull();
  });

  it('finds the first of equally similar keys, in whatever order they are compared', () => {
    expect(new NearDuplicateIndex(['abcdef', 'abcdef']).nearest('abcdef')).toEqual({ index: 0, jaccard: 1 });
    // Only the second key has the bigram ab, the rarest one, so it is compared before the first.
    const keys = ['bcdefghijk', 'abcdefghij', 'xjk', 'yjk'];
    expect(new NearDuplicateIndex(keys).nearest('abcdefghijk')).toEqual({ index: 0, jaccard: 0.9 });
  });

  it('compares normalised texts, and reports both as they were written', async () => {
    expect(await search(['怎样，在手机上修改 登录密码呢'], ['怎样在手机上修改登录密码？', '别的'])).toEqual([
      {
        kind: 'near',
        from: 'train',
        row: 0,
        text: '怎样，在手机上修改 登录密码呢',
        part: 'test',
        question: '怎样在手机上修改登录密码？',
        jaccard: 11 / 12,
      },
    ]);
  });

  it('leaves out pairs that are the same as a test question after normalisation: they are leaks', async () => {
    expect(await search(['怎样在手机上修改登录密码。'], ['怎样在手机上修改登录密码？'])).toEqual([]);
  });

  it('reports a row of two texts once, with the text that is more similar to a test question', async () => {
    const rows = [
      { from: 'scored' as const, row: 3, texts: ['abcdefghijkxx', 'abcdefghijkx'] },
      { from: 'scored' as const, row: 5, texts: ['abcdefghijkx', 'abcdefghijkxx'] },
      { from: 'scored' as const, row: 6, texts: ['别的', '又一句'] },
    ];
    const found = await nearDuplicatesOfTest({ rows, test: testOf(['abcdefghijk']), foldCase: false }, () => undefined);
    expect(found.map(({ from, row, text }) => [from, row, text])).toEqual([
      ['scored', 3, 'abcdefghijkx'],
      ['scored', 5, 'abcdefghijkx'],
    ]);
  });

  it('compares each of 10,000 pairs with few of 1,000 test questions, and reports progress', async () => {
    const word = (seed: number): string => `${(Math.imul(seed, 2_654_435_761) >>> 0).toString(36)}号产品`;
    const textOf = (i: number): string => `请问${word(i % 1500)}的保修期是多久，在哪里可以办理${word(i % 700)}`;
    const anchors = Array.from({ length: 10_000 }, (_, i) => (i % 5 === 0 ? `${textOf(i)}呢啊` : textOf(i * 7)));
    const test = Array.from({ length: 1000 }, (_, i) => `${textOf(i * 3)}呀`);
    const reported: number[] = [];
    // One rounding per comparison, and one per text for its rarest grams.
    const rounded = vi.spyOn(Math, 'ceil');
    const roundedDown = vi.spyOn(Math, 'floor');
    const found = await nearDuplicatesOfTest({ rows: rowsOf(anchors), test: testOf(test), foldCase: false }, (done) =>
      reported.push(done),
    );
    const comparisons = rounded.mock.calls.length + roundedDown.mock.calls.length;
    vi.restoreAllMocks();
    expect(comparisons).toBeLessThan(20 * 10_000);
    expect(found.length).toBeGreaterThan(1000);
    expect(reported.at(-1)).toBe(10_000);
    expect(reported.length).toBeGreaterThan(10);
  });
});
