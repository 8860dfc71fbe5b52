import { describe, expect, it, vi } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import { Trainer } from '../../workers/engine/trainer';
import { exportBatch, viewBatch } from '../../workers/services/train/viewBatch';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const random: Partial<Stage> = { negatives: { from: 'random', perAnchor: 3 } };
const imported: Partial<Stage> = { negatives: { from: 'imported', perAnchor: 2 } };

describe('the view of a step', () => {
  it('shows the negatives of each row of a batch', async () => {
    const { db } = await prepared({}, { stage: imported, withNegatives: true });
    const { rows } = await viewBatch(db, 'e', 7);
    const own = (await db.getAll('datasetBlocks')).flatMap(({ rows: stored }) => stored);
    for (const { pairId, negatives } of rows) {
      expect(negatives).toHaveLength(2);
      const pair = own.find((row) => 'anchor' in row && row.id === pairId);
      if (pairId !== '0') expect(pair && 'negatives' in pair && pair.negatives).toEqual(negatives);
    }
  });

  it('exports the triplets of a step as a file, with what the loss compares each question with', async () => {
    const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
    const lines = async (
      stage: Partial<Stage>,
    ): Promise<{ anchor: string; positive: string; negatives: string[] }[]> => {
      const { db } = await prepared({}, { stage: { ...imported, ...stage }, withNegatives: true });
      const text = await (await exportBatch(db, 'e', 7, 'jsonl')).text();
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as never);
    };
    const [all, own] = [await lines({}), await lines({ loss: { ...loss, contrast: 'own' } })];
    expect(all).toHaveLength(4);
    all.forEach(({ anchor, negatives }, i) => {
      expect(own[i]).toMatchObject({ anchor, negatives: negatives.slice(0, 2) });
      const others = all.flatMap((row, at) => (at === i ? [] : [row.positive]));
      expect(negatives.slice(2, 5)).toEqual(others);
      const ofOthers = own.flatMap((row, at) => (at === i ? [] : row.negatives));
      expect(negatives.slice(5)).toEqual(ofOthers);
    });
    const { db } = await prepared({}, { stage: { loss: { ...loss, inBatchNegatives: 2 } } });
    const csv = await (await exportBatch(db, 'e', 1, 'csv')).text();
    expect(csv.split('\r\n')[0]).toBe('anchor,positive,negative_1,negative_2');
  });

  it.each<[string, Record<string, unknown>]>([
    ['batch', {}],
    ['batch, with known answers left out', { falseNegatives: { known: true } }],
    ['batch, with other questions drawn', { inBatchNegatives: 3 }],
    ['explicit', { contrast: 'explicit' }],
    ['own', { contrast: 'own' }],
  ])('exports exactly the negatives that the loss of a run compares with: contrast %s', async (_name, change) => {
    const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage', ...change } as const;
    const batching = { kind: 'seeded', batchSize: 8, avoidDuplicatePassages: false } as const;
    const begin = vi.spyOn(Trainer.prototype, 'begin');
    // Few passages, so that some are both a negative and the answer of another question.
    const { db, failure } = await carriedOut(() => false, {}, { stage: { ...random, loss, batching }, passages: 60 });
    expect(failure).toBeUndefined();
    const steps = begin.mock.calls.map(([batch]) => batch);
    begin.mockRestore();
    let answering = 0;
    for (const [step, { targets }] of steps.entries()) {
      const { rows, contrast } = await viewBatch(db, 'e', step);
      answering += rows.flatMap((row) => row.answering ?? []).length;
      const candidates = [...rows.map(({ positive }) => positive), ...rows.flatMap(({ negatives }) => negatives)];
      // What the kernels compare: see `row_ignores` in infoNceParams.ts.
      const isCompared = (row: number, candidate: number): boolean => {
        const word = targets?.leftOut?.words[row * (targets.leftOut.shape[1] ?? 0) + (candidate >> 5)] ?? 0;
        if (candidate === row || ((word >>> (candidate & 31)) & 1) === 1) return false;
        if (contrast === 'explicit') return candidate >= rows.length;
        return contrast === 'batch' || Math.floor((candidate - rows.length) / 3) === row;
      };
      const expected = rows.map((_, row) =>
        [...new Set(candidates.filter((_text, candidate) => isCompared(row, candidate)))].sort(),
      );
      const file = await (await exportBatch(db, 'e', step, 'jsonl')).text();
      const lines = file.trim().split('\n');
      const exported = lines.map((line) => (JSON.parse(line) as { negatives: string[] }).negatives.sort());
      expect(exported).toEqual(expected);
    }
    expect(steps).toHaveLength(6);
    expect(answering).toBeGreaterThan(0);
  });

  it('says whether the loss leaves out negatives by scores too, which only a run knows', async () => {
    const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
    const byScore = { ...loss, falseNegatives: { byScore: { kind: 'absolute', margin: 0.1 } } } as const;
    const [own, none] = [await prepared({}, { stage: { loss: byScore } }), await prepared({}, { stage: { loss } })];
    expect((await viewBatch(own.db, 'e', 0)).masksByScore).toBe(true);
    expect((await viewBatch(none.db, 'e', 0)).masksByScore).toBe(false);
  });

  it('shows which passages of a batch the loss leaves out as known answers', async () => {
    const loss = {
      kind: 'inBatchInfoNce',
      temperature: 0.05,
      directions: 'queryToPassage',
      falseNegatives: { known: true },
    } as const;
    const batching = { kind: 'seeded', batchSize: 24, avoidDuplicatePassages: false } as const;
    const { db } = await prepared({}, { stage: { loss, batching } });
    const before = (await viewBatch(db, 'e', 0)).rows;
    expect(before.every(({ known }) => known === undefined)).toBe(true);
    // Gives the first two pairs of the data one question.
    const blocks = await db.getAll('datasetBlocks');
    const block = blocks.find(({ rows }) => rows.some((row) => 'anchor' in row));
    const [first, second] = block?.rows ?? [];
    if (!block || !first || !second || !('anchor' in first)) throw new Error('no pairs');
    Object.assign(second, { anchor: first.anchor });
    await db.put('datasetBlocks', block);
    const view = await viewBatch(db, 'e', 0);
    const places = [first, second].map(({ id }) => view.rows.findIndex(({ pairId }) => pairId === id));
    expect(places.map((at) => view.rows[at]?.known)).toEqual([[places[1]], [places[0]]]);
    expect(view.rows.filter(({ known }) => known)).toHaveLength(2);
  });
});
