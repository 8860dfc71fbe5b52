import { describe, expect, it } from 'vitest';
import {
  batchTriplets,
  contrastOf,
  inBatchNegatives,
  mostNegatives,
  type ComparedRows,
} from '../../../src/domain/negatives/batchTriplets';
import { tripletLines } from '../../../src/domain/negatives/triplets';
import { defaultStage, type Stage } from '../../../src/domain/experiment';
import { file, imported } from '../import/importFiles';

const row = (name: string, negatives: string[] = []) => ({ anchor: `q${name}`, positive: `p${name}`, negatives });
/** A step of two batches of three and two rows. */
const step: ComparedRows = {
  batchSize: 3,
  contrast: 'batch',
  rows: [row('0', ['n0']), row('1', ['n1']), row('2', ['p0', 'n2']), row('3'), row('4')],
};
const negativesOf = (rows: ComparedRows): (readonly string[])[] =>
  Array.from(batchTriplets(rows), ({ negatives }) => negatives);

describe('the triplets of a step', () => {
  it('have a question’s explicit negatives, then the passages of its own batch, and each text once', () => {
    expect(negativesOf(step)).toEqual([['n0', 'p1', 'p2'], ['n1', 'p0', 'p2'], ['p0', 'n2', 'p1'], ['p4'], ['p3']]);
  });

  it('leave out known answers, and have only the passages of drawn rows if some are drawn', () => {
    const [first, second, ...rest] = step.rows;
    if (!first || !second) throw new Error('no rows');
    const rows = [{ ...first, known: [2] }, { ...second, drawn: [2] }, ...rest.map((one) => ({ ...one, drawn: [0] }))];
    expect(negativesOf({ ...step, rows }).slice(0, 3)).toEqual([
      ['n0', 'p1'],
      ['n1', 'p2'],
      ['p0', 'n2'],
    ]);
    // The second batch begins at row 3.
    expect(inBatchNegatives({ ...step, rows }, 4)).toEqual(['p3']);
  });

  it.each(['explicit', 'own'] as const)('have no passages of other questions in contrast %s', (contrast) => {
    expect(negativesOf({ ...step, contrast })).toEqual([['n0'], ['n1'], ['p0', 'n2'], [], []]);
    expect(mostNegatives({ ...step, contrast })).toBe(4);
  });

  it('are at most as many negatives as are counted before the file is written', () => {
    expect(mostNegatives(step)).toBeGreaterThanOrEqual(negativesOf(step).flat().length);
    const drawn = step.rows.map((one) => ({ ...one, drawn: [0, 1] }));
    expect(mostNegatives({ ...step, rows: drawn })).toBe(14);
  });

  it.each(['jsonl', 'csv'] as const)('are read back by the import, whatever their numbers: %s', async (format) => {
    const lines = [...tripletLines(batchTriplets(step), { format, perAnchor: 3 })];
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
