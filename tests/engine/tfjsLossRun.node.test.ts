import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../src/storage/runEvents';
import { carriedOut } from './losingRun';

const stage = { loss: { kind: 'sigmoidPairs', temperature: 0.05 } } as const;

describe('a run with the triplet loss', () => {
  it.each(['random', 'imported'] as const)(
    'reports the loss with scores, and gives identical weights after the device was lost, with %s negatives',
    async (from) => {
      const negatives = { from, perAnchor: 2 };
      const run = {
        stage: { loss: { kind: 'triplet', distance: 'cosine', margin: 0.8 }, negatives },
        withNegatives: true,
      } as const;
      const undisturbed = await carriedOut(() => false, {}, run);
      const disturbed = await carriedOut((phase, call) => phase === 'train' && [5, 11].includes(call), {}, run);
      expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
      expect(disturbed.result).toEqual(undisturbed.result);
      const events = await readEvents(undisturbed.db, undisturbed.record?.runId ?? '');
      const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
      expect(steps).toHaveLength(12);
      for (const { loss, inBatchAccuracy, positiveScore, negativeScore } of steps) {
        expect([loss, positiveScore, negativeScore].every(Number.isFinite)).toBe(true);
        expect(inBatchAccuracy).toBeUndefined();
      }
    },
  );
});

describe('a run with the sigmoid pair loss', () => {
  it('reports the loss with accuracy and scores, and gives identical weights after the device was lost', async () => {
    const undisturbed = await carriedOut(() => false, {}, { stage });
    const disturbed = await carriedOut((phase, call) => phase === 'train' && [5, 11].includes(call), {}, { stage });
    expect([undisturbed.failure, disturbed.failure, disturbed.lost]).toEqual([undefined, undefined, 2]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const other = await carriedOut(() => false);
    expect(other.result.weights).not.toBe(undisturbed.result.weights);
    const events = await readEvents(undisturbed.db, undisturbed.record?.runId ?? '');
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps).toHaveLength(12);
    for (const { loss, inBatchAccuracy, positiveScore, negativeScore } of steps) {
      expect([loss, inBatchAccuracy, positiveScore, negativeScore].every(Number.isFinite)).toBe(true);
      expect(loss).toBeGreaterThan(0);
    }
  });
});
