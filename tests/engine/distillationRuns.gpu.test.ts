import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/domain/experiment';
import type { DevicePreference } from '../../src/domain/device';
import type { RunEvent } from '../../src/domain/run';
import { getRun, updateRun } from '../../src/storage/runs';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { prepared, type SmallRun } from './smallRun';

const settings = { pooling: 'mean', normalize: true, maxTokens: 10, queryPrefix: 'w1 ', passagePrefix: '' } as const;
const teacher = { contentSha256: 'f'.repeat(64), ...settings };

/** A stage with a teacher model, and a stage with teacher scores from the data. */
const taught: SmallRun = {
  stages: [
    {
      dropout: 0,
      negatives: { from: 'random', perAnchor: 2 },
      loss: { kind: 'distillation', temperature: 0.02, teacher },
    },
    {
      dropout: 0,
      negatives: { from: 'imported', perAnchor: 2 },
      loss: { kind: 'distillation', temperature: 0.02, teacherTemperature: 1, scores: 'imported' },
    },
  ] satisfies Partial<Stage>[],
  withNegatives: true,
  withTeacherScores: true,
  models: [{ contentSha256: teacher.contentSha256, seed: 9 }],
};

async function carriedOut(device: DevicePreference) {
  const { db, runId } = await prepared({ devEverySteps: 6 }, taught);
  await updateRun(db, runId, { devicePreference: device });
  const events: RunEvent[] = [];
  const onEvents = (some: RunEvent[]): void => void events.push(...some);
  await runExperiment({ db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents }, runId);
  const record = await getRun(db, runId);
  const looks = events.flatMap((event) => (event.type === 'trainScores' ? [event] : []));
  return { record, looks, losses: events.flatMap((event) => (event.type === 'step' ? [event.loss] : [])) };
}

describe('a run that distils on WebGPU', () => {
  it(
    'has the losses of the same run on wasm, and identical weights when it is repeated',
    { timeout: 300_000 },
    async () => {
      const [first, again] = [await carriedOut('webgpu'), await carriedOut('webgpu')];
      expect([first.record?.status, first.record?.device?.backend, first.losses.length]).toEqual([
        'done',
        'webgpu',
        12,
      ]);
      expect([again.losses, again.record?.weightsSha256]).toEqual([first.losses, first.record?.weightsSha256]);
      expect(first.looks.map(({ step, stage }) => [step, stage])).toEqual([
        [5, 0],
        [11, 1],
      ]);
      expect(again.looks.map(({ hardest }) => hardest)).toEqual(first.looks.map(({ hardest }) => hardest));
      const wasm = await carriedOut('wasm');
      expect(wasm.record?.device?.backend).toBe('wasm');
      first.losses.forEach((loss, i) => expect(Math.abs(loss / (wasm.losses[i] ?? NaN) - 1)).toBeLessThan(0.002));
    },
  );
});
