import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import { readEvents } from '../../src/storage/runEvents';
import { stepBatch } from '../../workers/services/train/stepBatch';
import { viewBatch } from '../../workers/services/train/viewBatch';
import { carriedOut } from './losingRun';
import { prepared } from './smallRun';

const onScores: Partial<Stage> = { data: 'scoredPairs', loss: { kind: 'cosent', temperature: 0.05 } };
const scores = Array.from({ length: 26 }, (_, i) => (i % 7) / 6);

it('a step of scored pairs has the scores of its rows', () => {
  const set = { key: '', ids: Int32Array.of(1, 2, 3), offsets: Uint32Array.of(0, 1, 2, 3), truncated: 0 };
  const ofRows = Float32Array.of(0.25, 0.5, 1);
  const { targets } = stepBatch({ anchors: set, positives: set }, [2, 0], { scores: ofRows });
  expect(targets?.scores).toEqual(Float32Array.of(1, 0.25));
});

describe('a run that trains on pairs and then on scored pairs', () => {
  const stages = [{}, onScores];

  it('has the same bits after device losses and pauses, and records how many comparisons are in order', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stages, scores });
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [4, 7, 11].includes(call),
      {},
      { stages, scores, pauses: (phase, call) => phase === 'train' && [2, 9].includes(call) },
    );
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 3]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const events = await readEvents(undisturbed.db, undisturbed.record?.runId ?? '');
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps).toHaveLength(12);
    expect(steps.map(({ orderedShare }) => orderedShare !== undefined)).toEqual(steps.map(({ stage }) => stage === 1));
    const last = steps[11];
    expect(last?.orderedShare).toBeGreaterThanOrEqual(0);
    expect(last?.orderedShare).toBeLessThanOrEqual(1);
    expect(last?.epoch).toBeCloseTo(24 / 26, 6);
  });

  it('shows the sentences and scores of a step’s rows', async () => {
    const { db } = await prepared({}, { stages, scores });
    const { rows } = await viewBatch(db, 'e', 7);
    expect(rows).toHaveLength(4);
    for (const { pairId, score, negatives } of rows) {
      expect(score).toBe(scores[Number(pairId.slice(1))]);
      expect(negatives).toEqual([]);
    }
  });
});

describe('a run with a loss of scored pairs that tfjs computes', () => {
  it.each<Stage['loss']>([{ kind: 'angle', temperature: 0.05 }, { kind: 'cosineMse' }])(
    'has the same bits after device losses, and a finite loss in each step: $kind',
    async (loss) => {
      const run = { stages: [{ ...onScores, loss }], scores };
      const undisturbed = await carriedOut(() => false, {}, run);
      const disturbed = await carriedOut((phase, call) => phase === 'train' && [3, 5].includes(call), {}, run);
      expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
      expect(disturbed.result).toEqual(undisturbed.result);
      const losses = [...undisturbed.result.losses.values()];
      expect(losses).toHaveLength(6);
      expect(losses.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
    },
  );
});

describe('a run whose scored pairs cannot be compared', () => {
  const begun = (values: number[]) => prepared({}, { stages: [onScores], scores: values });

  it('is refused if all scores are equal or one is out of range', async () => {
    const fault = { kind: 'scores-unusable', stage: 0 };
    await expect(begun([1, 1, 1, 1, 1])).rejects.toMatchObject({ details: { ...fault, equal: 1 } });
    await expect(begun([0, 1, 1e9, 1])).rejects.toMatchObject({ details: { ...fault, id: 's2', largest: 1e6 } });
  });

  it('is refused if there are fewer scored pairs than a batch has rows', async () => {
    const details = { kind: 'too-few-scored-pairs', stage: 0, pairs: 3, batchSize: 4 };
    await expect(begun([0, 0.5, 1])).rejects.toMatchObject({ details });
  });
});
