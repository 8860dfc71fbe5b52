import { describe, expect, it } from 'vitest';
import {
  batchTriplets,
  contrastOf,
  countOfOthers,
  mostNegatives,
  negativesOfOthers,
  type ComparedRows,
} from '../../../src/domain/negatives/batchTriplets';
import { tripletLines } from '../../../src/domain/negatives/triplets';
import { defaultStage, type Stage } from '../../../src/domain/experiment';
import { file, imported } from '../import/importFiles';

const row = (name: string, negatives = [`n${name}`, `m${name}`]) => ({
  anchor: `q${name}`,
  positive: `p${name}`,
  negatives,
});
/** A step of two batches of three and two rows. */
const step: ComparedRows = {
  batchSize: 3,
  contrast: 'batch',
  rows: [row('0'), row('1'), row('2', ['p0', 'n2']), row('3'), row('4')],
};
const negativesOf = (rows: ComparedRows): (readonly string[])[] =>
  Array.from(batchTriplets(rows), ({ negatives }) => negatives);
/** Changes the first rows of the step. */
const changed = (...changes: Partial<ComparedRows['rows'][number]>[]): ComparedRows => ({
  ...step,
  rows: step.rows.map((one, at) => ({ ...one, ...changes[at] })),
});

describe('the triplets of a step', () => {
  it('have a question’s explicit negatives, then passages and explicit negatives of its own batch, each text once', () => {
    expect(negativesOf(step)).toEqual([
      ['n0', 'm0', 'p1', 'p2', 'n1', 'm1', 'p0', 'n2'],
      ['n1', 'm1', 'p0', 'p2', 'n0', 'm0', 'n2'],
      ['p0', 'n2', 'p1', 'n0', 'm0', 'n1', 'm1'],
      ['n3', 'm3', 'p4', 'n4', 'm4'],
      ['n4', 'm4', 'p3', 'n3', 'm3'],
    ]);
  });

  it('leave out passages that are known answers, and explicit negatives of other rows that answer the question', () => {
    // The batch has n0, m0, n1, m1, p0 and n2.
    const [first, second] = negativesOf(changed({ known: [2], answering: [4] }, { answering: [5] }));
    expect(first).toEqual(['n0', 'm0', 'p1', 'n1', 'm1', 'n2']);
    expect(second).toEqual(['n1', 'm1', 'p0', 'p2', 'n0', 'm0']);
  });

  it('have only the texts of drawn rows if some are drawn, without what answers the question', () => {
    const drawn = changed(
      { drawn: [2], answering: [4] },
      { drawn: [0] },
      { drawn: [1] },
      { drawn: [1] },
      { drawn: [0] },
    );
    expect(negativesOf(drawn)).toEqual([
      ['n0', 'm0', 'p2', 'n2'],
      ['n1', 'm1', 'p0', 'n0', 'm0'],
      ['p0', 'n2', 'p1', 'n1', 'm1'],
      // The second batch begins at row 3.
      ['n3', 'm3', 'p4', 'n4', 'm4'],
      ['n4', 'm4', 'p3', 'n3', 'm3'],
    ]);
  });

  it('have the explicit negatives of all rows, but no passages of others, in contrast explicit', () => {
    const explicit = { ...changed({ known: [1], answering: [4] }), contrast: 'explicit' as const };
    expect(negativesOf(explicit)).toEqual([
      ['n0', 'm0', 'n1', 'm1', 'n2'],
      ['n1', 'm1', 'n0', 'm0', 'p0', 'n2'],
      ['p0', 'n2', 'n0', 'm0', 'n1', 'm1'],
      ['n3', 'm3', 'n4', 'm4'],
      ['n4', 'm4', 'n3', 'm3'],
    ]);
  });

  it('have no texts of other questions in contrast own', () => {
    const own = { ...step, contrast: 'own' as const };
    expect(negativesOf(own)).toEqual(step.rows.map(({ negatives }) => negatives));
    expect(step.rows.map((_, at) => countOfOthers(own, at))).toEqual([0, 0, 0, 0, 0]);
    expect(mostNegatives(own)).toBe(10);
  });

  it.each(['batch', 'explicit'] as const)('are counted without a list of them: contrast %s', (contrast) => {
    const steps = [
      step,
      changed({ known: [2], answering: [4] }, { answering: [0, 5] }, {}, { answering: [3], known: [1] }),
      changed({ drawn: [2], answering: [2, 4], known: [1] }),
      changed(...step.rows.map(() => ({ negatives: [] }))),
    ].map((one) => ({ ...one, contrast }));
    for (const one of steps)
      expect(one.rows.map((_, at) => countOfOthers(one, at))).toEqual(
        one.rows.map((_, at) => negativesOfOthers(one, at).length),
      );
  });

  it('are at most as many negatives as are counted before the file is written', () => {
    // Each row has two own negatives and, of each other row of a full batch, a passage and two negatives.
    expect(mostNegatives(step)).toBe(5 * (2 + 2 * 3));
    expect(mostNegatives({ ...step, contrast: 'explicit' })).toBe(5 * (2 + 2 * 2));
    expect(mostNegatives(changed({ drawn: [1] }))).toBe(mostNegatives(step) - 3);
    expect(mostNegatives(step)).toBeGreaterThanOrEqual(negativesOf(step).flat().length);
  });

  it.each(['jsonl', 'csv'] as const)('are read back by the import, whatever their numbers: %s', async (format) => {
    const lines = [...tripletLines(batchTriplets(step), { format, perAnchor: 8 })];
    const { rows } = await imported('pairs', file(`step.${format}`, lines.join('')));
    expect(rows.map((one) => ('negatives' in one ? one.negatives : []))).toEqual(negativesOf(step));
  });
});

describe('the passages that a loss compares a question with', () => {
  const nce = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
  it.each<[Stage['loss'], string]>([
    [nce, 'batch'],
    [{ ...nce, contrast: 'explicit' }, 'explicit'],
    [{ ...nce, contrast: 'own' }, 'own'],
    [{ kind: 'sigmoidPairs', temperature: 0.05 }, 'batch'],
    [{ kind: 'triplet', distance: 'cosine', margin: 0.2 }, 'own'],
    [{ kind: 'distillation', temperature: 0.05 }, 'own'],
  ])('of %o are those of contrast %s', (loss, contrast) => {
    expect(contrastOf({ ...defaultStage(), loss })).toBe(contrast);
  });
});
