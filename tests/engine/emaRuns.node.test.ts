import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { withLowestVersion, type Stage } from '../../src/domain/experiment';
import { defaultLora } from '../../src/domain/train/loraSchema';
import { latestCheckpoint } from '../../src/storage/checkpoints';
import { carriedOut } from './losingRun';

const ema = { decay: 0.8 };
const duration = { unit: 'steps', value: 6 } as const;
const lora: Stage['strategy'] = { ...defaultLora, kind: 'lora', rank: 2, alpha: 4 };
const queries: Stage['strategy'] = { kind: 'bitFit', keywords: ['query'] };
const inTraining =
  (...calls: number[]) =>
  (phase: string, call: number) =>
    phase === 'train' && calls.includes(call);

describe('a run that averages its weights', () => {
  it.each<[string, Partial<Stage>[]]>([
    ['all parameters', [{ ema }, { ema }]],
    [
      'a part of a matrix, and then adapters',
      [
        { strategy: queries, ema },
        { strategy: lora, ema },
      ],
    ],
  ])(
    'has the same bits if it is killed and resumed, during a step or an evaluation, training %s',
    async (_, stages) => {
      const run = { stages: stages.map((stage) => ({ ...stage, duration })) };
      const evaluation = { devEverySteps: 2, checkpoint: 'bestDev' } as const;
      const undisturbed = await carriedOut(() => false, evaluation, run);
      const last = undisturbed.calls['train'] ?? 0;
      const all = Array.from({ length: last }, (_, i) => i + 1);
      const disturbed = await carriedOut(inTraining(...all.filter((call) => call % 7 === 5)), evaluation, {
        ...run,
        pauses: inTraining(...all.filter((call) => call % 3 === 1)),
      });
      expect([undisturbed.failure, disturbed.failure]).toEqual([undefined, undefined]);
      expect(disturbed.lost).toBeGreaterThan(2);
      expect(disturbed.result).toEqual(undisturbed.result);
      expect(undisturbed.record && withLowestVersion(undisturbed.record.experiment).schemaVersion).toBe(2);
    },
  );

  it('evaluates, keeps and passes on the averaged weights, but trains as without the average', async () => {
    const evaluation = { devEverySteps: 4 };
    const averaged = await carriedOut(() => false, evaluation, { stages: [{ duration, ema }, { duration }] });
    const plain = await carriedOut(() => false, evaluation, { stages: [{ duration }, { duration }] });
    const losses = (run: typeof plain, from: number, to: number): number[] =>
      [...run.result.losses.values()].slice(from, to);
    expect(losses(averaged, 0, 6)).toEqual(losses(plain, 0, 6));
    expect(losses(averaged, 6, 12)).not.toEqual(losses(plain, 6, 12));
    expect(averaged.result.weights).not.toBe(plain.result.weights);
    const only = await carriedOut(() => false, {}, { stages: [{ duration, ema }] });
    const without = await carriedOut(() => false, {}, { stages: [{ duration }] });
    expect([...only.result.losses]).toEqual([...without.result.losses]);
    expect(only.result.weights).not.toBe(without.result.weights);
  });

  it('stores the average in checkpoints until the stage ends', async () => {
    const seen: unknown[] = [];
    const { db, record } = await carriedOut(
      () => false,
      {},
      {
        stages: [{ duration, ema }],
        pauses: inTraining(3),
        onPaused: async (paused, runId) => {
          const { averaged, floats = 0, parts } = (await latestCheckpoint(paused, runId)) ?? {};
          seen.push([averaged, parts?.length, floats]);
        },
      },
    );
    const end = await latestCheckpoint(db, record?.runId ?? '');
    expect(end).not.toHaveProperty('averaged');
    const weights = (end?.floats ?? NaN) / 3;
    expect(seen).toEqual([[true, 4, 4 * weights]]);
  });
});
