import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/domain/errors';
import { AnswerIndex } from '../../src/domain/negatives/answerIndex';
import { noExclusions } from '../../src/domain/negatives/chooseNegatives';
import type { Stage } from '../../src/domain/experiment';
import { KnownAnswers } from '../../src/domain/train/knownAnswers';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { updateRun } from '../../src/storage/runs';
import { Trainer } from '../../workers/engine/trainer';
import { maxBatchShape } from '../../workers/engine/memory/batchShape';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { reportExperimentMemory } from '../../workers/services/train/reportMemory';
import { vectorsInOnePiece, type Vectors } from '../../workers/engine/retrieval/vectors';
import { scoresByTeacher } from '../../workers/services/train/teacherScores';
import { stepBatch } from '../../workers/services/train/stepBatch';
import { exportBatch, viewBatch } from '../../workers/services/train/viewBatch';
import { wasmBase } from './environment';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const random: Partial<Stage> = { negatives: { from: 'random', perAnchor: 3 } };
const imported: Partial<Stage> = { negatives: { from: 'imported', perAnchor: 2 } };

describe('a run with explicit negatives', () => {
  it('compares every anchor with the positives and all explicit negatives of its batch', async () => {
    const steps = vi.spyOn(Trainer.prototype, 'begin');
    const { failure } = await carriedOut(() => false, {}, { stage: random });
    expect(failure).toBeUndefined();
    const texts = steps.mock.calls.map(([{ anchors, candidates }]) => [
      anchors.offsets.length - 1,
      candidates.offsets.length - 1,
    ]);
    expect(texts).toEqual(Array.from({ length: 12 }, () => [4, 16]));
    steps.mockRestore();
  });

  it('can be contrasted with its own negatives or with all explicit ones, by the loss of the stage', async () => {
    const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
    const losses: Stage['loss'][] = [
      loss,
      { ...loss, contrast: 'explicit' },
      { ...loss, contrast: 'own' },
      { ...loss, contrast: 'own', hardness: { mode: 'explicit', strength: 5 } },
      { ...loss, contrast: 'own', falseNegatives: { known: true } },
    ];
    const weights = new Set<unknown>();
    for (const one of losses) {
      const { failure, result } = await carriedOut(() => false, {}, { stage: { ...random, loss: one } });
      expect(failure).toBeUndefined();
      weights.add(result.weights);
    }
    // No pair of the batches has a known answer among the other positives, so the last two runs differ only by
    // hardness.
    expect(weights.size).toBe(4);
  });

  it('has the same bits after the device was lost, and different ones from a run without negatives', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stage: imported, withNegatives: true });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [5, 11].includes(call),
      {},
      { stage: imported, withNegatives: true, pauses: (phase, call) => phase === 'train' && [3, 9].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const without = await carriedOut(() => false, {}, { withNegatives: true });
    expect(without.record?.negatives).toBeUndefined();
    expect(without.result.weights).not.toBe(undisturbed.result.weights);
  });

  it('has the same bits after the device was lost if it draws negatives of the batch, and shows them', async () => {
    const loss = {
      kind: 'inBatchInfoNce',
      temperature: 0.05,
      directions: 'queryToPassage',
      inBatchNegatives: 2,
    } as const;
    const batching = { kind: 'seeded', batchSize: 4, avoidDuplicatePassages: true, accumulation: 2 } as const;
    const stage = { loss, batching };
    const undisturbed = await carriedOut(() => false, {}, { stage });
    const disturbed = await carriedOut((phase, call) => phase === 'train' && call === 4, {}, { stage });
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 1]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const all = await carriedOut(() => false, {}, { stage: { batching } });
    expect(all.result.weights).not.toBe(undisturbed.result.weights);
    const { rows } = await viewBatch(undisturbed.db, 'e', 1);
    expect(rows.map(({ drawn }) => drawn?.length)).toEqual(Array.from({ length: 8 }, () => 2));
    expect((await viewBatch(all.db, 'e', 1)).rows.every(({ drawn }) => drawn === undefined)).toBe(true);
  });

  it('records the hash and the counts of its negatives, and does not resume with others', async () => {
    const { db, runId } = await prepared({}, { stage: imported, withNegatives: true });
    const [record] = await db.getAll('runs');
    const [first] = record?.negatives ?? [];
    expect(first).toMatchObject({ from: 'imported', perAnchor: 2, refilled: 1, refilledRows: 1 });
    if (!first) throw new Error('the record has no negatives');
    await updateRun(db, runId, { negatives: [{ ...first, sha256: '0'.repeat(64) }, first] });
    const run = runExperiment(
      { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined },
      runId,
    );
    await expect(run).rejects.toMatchObject({ details: { kind: 'negatives-changed' } });
  });

  it('is refused before it starts if the pairs have no negatives to use', async () => {
    const thrown: unknown = await prepared({}, { stage: imported }).catch((error: unknown) => error);
    expect(thrown instanceof AppError && thrown.details).toEqual({ kind: 'no-negatives' });
  });

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

  it('plans its memory with the negatives', async () => {
    const { db } = await prepared({}, { stage: random });
    const stored = await getExperiment(db, 'e');
    if (!stored) throw new Error('no experiment');
    const { negatives: _, ...without } = stored.experiment.stages[0] ?? {};
    const needs: number[] = [];
    for (const stage of [without, { ...without, ...random }] as Stage[]) {
      await putExperiment(db, { ...stored, experiment: { ...stored.experiment, stages: [stage] } });
      const request = { device: 'wasm', budgetBytes: null } as const;
      const { shape, choice, negatives } = await reportExperimentMemory(db, 'e', request);
      expect(negatives?.[0]?.perAnchor).toBe(stage.negatives?.perAnchor);
      expect(shape.candidates).toBe(stage.negatives ? 16 : 4);
      needs.push(choice.need.activations);
    }
    expect(needs[1]).toBeGreaterThan(needs[0] ?? Infinity);
  });
});

describe('the batch of a step with explicit negatives', () => {
  const set = (...texts: number[][]) => {
    const offsets = new Uint32Array(texts.length + 1);
    texts.forEach((text, i) => (offsets[i + 1] = (offsets[i] ?? 0) + text.length));
    return { key: '', truncated: 0, ids: Int32Array.from(texts.flat()), offsets };
  };
  const pairs = [
    { id: '0', anchor: 'a', positive: 'p' },
    { id: '1', anchor: 'b', positive: 'q' },
    { id: '2', anchor: 'c', positive: 'r' },
  ];
  const negatives = {
    from: 'random' as const,
    perAnchor: 2,
    // Row 0 has q, the answer of row 1, and x; row 1 has x and y; row 2 has p, the answer of row 0, and y.
    chosen: Int32Array.from([0, 1, 1, 2, 3, 2]),
    pool: ['q', 'x', 'y', 'p'],
    tokens: set([10], [11, 11], [12], [13, 13, 13]),
    answers: new AnswerIndex(pairs, false),
    excluded: noExclusions(),
    refilled: 0,
    refilledRows: 0,
  };
  const tokens = { anchors: set([1], [2], [3]), positives: set([4], [5], [6]) };

  it('has the positives first, then the negatives of each anchor in order', () => {
    const { candidates } = stepBatch(tokens, [2, 0], { negatives });
    expect(Array.from(candidates.ids)).toEqual([6, 4, 13, 13, 13, 12, 10, 11, 11]);
    expect(Array.from(candidates.offsets)).toEqual([0, 1, 2, 5, 6, 7, 9]);
  });

  it('leaves a negative out for the anchors whose question it answers, and only for them', () => {
    const { targets } = stepBatch(tokens, [2, 0, 1], { negatives });
    // Candidates: r p q | p y | q x | x y. For row 0, the p at 3 is left out; for row 1, the q at 5.
    expect(targets?.leftOut).toEqual({ words: Uint32Array.from([0, 1 << 3, 1 << 5]), shape: [3, 1] });
    const others = { ...negatives, chosen: Int32Array.from([1, 2, 1, 2, 1, 2]) };
    expect(stepBatch(tokens, [0, 2], { negatives: others }).targets).toBe(undefined);
  });

  it('has a guide’s vectors of its anchors, then of its positives and of the negatives of each anchor', () => {
    const vectors = (first: number): Vectors =>
      vectorsInOnePiece(
        Float32Array.from([0, 1, 2, 3], (i) => first + i),
        1,
      );
    const guide = { anchors: vectors(0), positives: vectors(10), negatives: vectors(20) };
    expect(stepBatch(tokens, [2, 0], { negatives, guide }).targets?.guide).toEqual({
      anchors: { values: Float32Array.of(2, 0), shape: [2, 1] },
      candidates: { values: Float32Array.of(12, 10, 23, 22, 20, 21), shape: [6, 1] },
    });
    const pairsOnly = stepBatch(tokens, [1], { guide: { ...guide, negatives: null } });
    expect(pairsOnly.targets?.guide?.candidates).toEqual({ values: Float32Array.of(11), shape: [1, 1] });
  });

  it('has a teacher’s scores of each anchor with its positive, then with its own negatives', async () => {
    const unit = (...angles: number[]): Vectors =>
      vectorsInOnePiece(Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])), 2);
    const teacher = { anchors: unit(0, 1, 2), positives: unit(0.5, 1, 2.25), negatives: unit(0, 1, 2, 3) };
    const teacherScores = await scoresByTeacher(teacher, negatives, () => Promise.reject(new Error('a pause')));
    const { targets } = stepBatch(tokens, [2, 0], { negatives, teacherScores });
    expect(targets?.guide).toBe(undefined);
    expect(targets?.teacherScores?.shape).toEqual([2, 3]);
    // Row 2 has the positive at 2.25 and the negatives at 3 and 2; row 0 has 0.5, 0 and 1.
    [0.25, 1, 0, 0.5, 0, 1].forEach((angle, i) =>
      expect(targets?.teacherScores?.values[i]).toBeCloseTo(Math.cos(angle), 6),
    );
  });

  it('leaves out known answers among the positives as well, if the loss asks for it', () => {
    const known = new KnownAnswers([...pairs, { anchor: 'a', positive: 'r' }]);
    const { targets } = stepBatch(tokens, [2, 0, 1], { negatives, known });
    // Row 0, the second anchor, also leaves out r, the positive of the first.
    expect(targets?.leftOut).toEqual({ words: Uint32Array.from([0, (1 << 3) | 1, 1 << 5]), shape: [3, 1] });
    expect(stepBatch(tokens, [2, 0, 1], { known }).targets?.leftOut?.words).toEqual(Uint32Array.from([0, 1, 0]));
  });

  it('is counted by the memory plan with its negatives, cut at the maximum length', () => {
    expect(maxBatchShape([[0, 2]], tokens, 2, negatives)).toEqual({
      pairs: 2,
      candidates: 6,
      tokens: 4 + 6,
      longest: 2,
    });
  });
});
