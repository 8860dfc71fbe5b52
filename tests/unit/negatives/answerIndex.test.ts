import { describe, expect, it } from 'vitest';
import { sha256OfTexts } from '../../../src/domain/hash';
import { AnswerIndex, type Exclusion } from '../../../src/domain/negatives/answerIndex';
import { JudgedPairs } from '../../../src/domain/negatives/judgedPairs';
import { RandomStream } from '../../../src/domain/random';
import type { Pair } from '../../../src/domain/records';
import { questionKey } from '../../../src/domain/split/questionKey';

const hash = await sha256OfTexts();
const random = new RandomStream(5, 'deviceCheck');
const oneOf = (texts: readonly string[]): string => texts[random.below(texts.length)] ?? '';

const questions = ['how to feed', 'How to feed?', 'HOW TO FEED', 'when to wean', 'when to wean!', 'where to keep'];
const long = 'wash the pen with warm water three days before the sow gives birth';
const passages = [
  long,
  `${long.replace('warm', 'hot')}.`,
  long.toUpperCase(),
  ` ${long} `,
  'wean at four weeks',
  'Wean at four weeks.',
  'keep the vaccine cold',
  'feed twice a day',
  'feed thrice a day',
];

interface Known {
  pairs: Pair[];
  foldCase: boolean;
  /** Questions with the texts that the user has dropped for them. */
  dropped: [question: string, text: string][];
}

/** The definition of an exclusion, checked pair by pair. */
class Naive {
  constructor(private readonly known: Known) {}

  #isSame(a: string, b: string): boolean {
    return questionKey(a, this.known.foldCase) === questionKey(b, this.known.foldCase);
  }
  answersOf(row: number): string[] {
    const { pairs } = this.known;
    const question = pairs[row]?.anchor ?? '';
    return pairs.filter(({ anchor }) => this.#isSame(anchor, question)).map(({ positive }) => positive.trim());
  }
  isDropped(row: number, text: string): boolean {
    const question = this.known.pairs[row]?.anchor ?? '';
    return this.known.dropped.some(([asked, one]) => this.#isSame(asked, question) && one.trim() === text.trim());
  }
  exclusionOf(row: number, text: string): Exclusion | null {
    const bare = text.trim();
    if (bare === this.known.pairs[row]?.positive.trim()) return 'samePassage';
    if (this.answersOf(row).includes(bare)) return 'knownPositive';
    if (this.isDropped(row, text)) return 'judged';
    return this.answersOf(row).some((answer) => jaccard(answer, bare) >= 0.8) ? 'nearDuplicate' : null;
  }
}

/** Returns the share of character bigrams that two texts have in common, without case, spaces and punctuation. */
function jaccard(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => {
    const key = questionKey(text, true);
    return new Set(Array.from(key).flatMap((_, i) => (i > 0 ? [key.slice(i - 1, i + 1)] : [])));
  });
  const shared = [...(first ?? [])].filter((gram) => second?.has(gram)).length;
  return shared / ((first?.size ?? 0) + (second?.size ?? 0) - shared);
}

function drawnKnown(): Known {
  const pairs = Array.from({ length: 1 + random.below(6) }, (_, i) => ({
    id: `${i}`,
    anchor: oneOf(questions),
    positive: oneOf(passages),
  }));
  const dropped = Array.from({ length: random.below(4) }, (): [string, string] => [oneOf(questions), oneOf(passages)]);
  return { pairs, foldCase: random.below(2) === 1, dropped };
}

function indexOf({ pairs, foldCase, dropped }: Known): AnswerIndex {
  const ids = new JudgedPairs([], foldCase, hash);
  const list = dropped.map(([question, text]) => ids.idOf(question, text));
  return new AnswerIndex(pairs, foldCase, list.length > 0 ? new JudgedPairs(list, foldCase, hash) : null);
}

describe('the known answers of all questions', () => {
  it('exclude the texts that the definition excludes, for the reason that comes first', () => {
    const seen = new Map<Exclusion | null, number>();
    for (let round = 0; round < 60; round++) {
      const known = drawnKnown();
      const [index, naive] = [indexOf(known), new Naive(known)];
      for (const row of known.pairs.keys())
        for (const text of passages) {
          const expected = naive.exclusionOf(row, text);
          expect(index.exclusionOf(row, text)).toBe(expected);
          seen.set(expected, (seen.get(expected) ?? 0) + 1);
        }
    }
    for (const reason of ['samePassage', 'knownPositive', 'judged', 'nearDuplicate', null] as const)
      expect(seen.get(reason)).toBeGreaterThan(20);
  });

  it('include a text if it is a positive of the question in any spelling, or was dropped there', () => {
    for (let round = 0; round < 60; round++) {
      const known = drawnKnown();
      const [index, naive] = [indexOf(known), new Naive(known)];
      const rows = [...known.pairs.keys()];
      for (const text of passages) {
        for (const row of rows) {
          expect(index.isDropped(row, text)).toBe(naive.isDropped(row, text));
          const isAnswer = naive.answersOf(row).includes(text.trim()) || naive.isDropped(row, text);
          expect(index.answers(row, text)).toBe(isAnswer);
        }
        const isDropped = known.dropped.some(([, one]) => one.trim() === text.trim());
        const isPositive = known.pairs.some(({ positive }) => positive.trim() === text.trim());
        expect(index.answersAny(text)).toBe(isPositive || isDropped);
      }
    }
  });

  it('say nothing about a pair that does not exist', () => {
    const known: Known = { pairs: [{ id: '0', anchor: 'q', positive: 'p' }], foldCase: false, dropped: [['q', 'x']] };
    const index = indexOf(known);
    expect([index.answers(1, 'p'), index.answers(1, 'x'), index.isDropped(1, 'x')]).toEqual([false, false, false]);
    expect(new AnswerIndex([], false).exclusionOf(0, 'p')).toBeNull();
  });
});
