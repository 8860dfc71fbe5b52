import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import type { DenseCandidate } from '../../src/domain/evaluate/candidate';
import { toAppError, type AppErrorDetails } from '../../src/domain/errors';
import { getExperiment } from '../../src/storage/experiments';
import type { Database } from '../../src/storage/database';
import { updateRun } from '../../src/storage/runs';
import { GpuCommands } from '../../workers/engine/gpu/gpuCommands';
import * as device from '../../workers/services/device/openDevice';
import { compareModels } from '../../workers/services/evaluate/compareModels';
import { evaluateBlends } from '../../workers/services/evaluate/evaluateBlends';
import { searchByCandidates } from '../../workers/services/evaluate/playground';
import { searchPassages } from '../../workers/services/evaluate/searchPassages';
import { mineNegatives } from '../../workers/services/negatives/mineNegatives';
import { encodeWithWeights } from '../../workers/services/report/encodeWithWeights';
import { RunControl } from '../../workers/services/train/runControl';
import { wasmBase } from './environment';
import { carriedOut } from './losingRun';
import { withMined } from './minedNegatives';
import { useNullBrowser } from './nullDevice';
import { prepared } from './smallRun';

useNullBrowser({ userAgent: 'node', hardwareConcurrency: 1 });

const lost = { kind: 'gpu-device-lost' };
const deps = (db: Database) => ({
  db,
  control: new RunControl(),
  device: 'webgpu' as const,
  wasmBaseUrl: wasmBase,
  baseUrl: wasmBase,
  progress: () => undefined,
});

/** Loses the device at the next readback, which fails before the loss is reported. */
function loseAtReadback(): void {
  vi.spyOn(GpuCommands.prototype, 'read').mockImplementationOnce(() => {
    device.deviceWebGpu()?.device.destroy();
    return Promise.reject(new DOMException('mapAsync failed', 'AbortError'));
  });
}

/** Returns the error of a job that loses its device at the first readback. */
async function failureOf(job: () => Promise<unknown>): Promise<AppErrorDetails | null> {
  loseAtReadback();
  try {
    await job();
    return null;
  } catch (thrown) {
    return toAppError(thrown).details;
  } finally {
    expect(device.deviceWebGpu()).toBeNull();
    vi.restoreAllMocks();
  }
}

async function given(): Promise<{ db: Database; base: DenseCandidate & { kind: 'base' } }> {
  const { db } = await prepared({}, { passages: 30 });
  const model = (await getExperiment(db, 'e'))?.experiment.model;
  if (!model) throw new Error('no model');
  return { db, base: { kind: 'base', model } };
}

describe('a job that loses its device', () => {
  it('reports the loss if it searches for one question', async () => {
    const { db, base } = await given();
    const request = { knowledgeBase: 'b'.repeat(64), model: base.model, question: 'w1', relevant: [] };
    expect(await failureOf(() => searchPassages(request, deps(db)))).toMatchObject(lost);
  });

  it('reports the loss if it mines negatives', async () => {
    const { db } = await withMined();
    expect(await failureOf(() => mineNegatives('e', undefined, deps(db)))).toMatchObject(lost);
  });

  it('reports the loss for the model that it was comparing', async () => {
    const { db, base } = await given();
    const ended = vi.fn();
    const request = { experimentId: 'e', part: 'dev' as const, candidates: [base] };
    expect(await failureOf(() => compareModels(request, { ...deps(db), ended }))).toBeNull();
    expect(ended.mock.calls).toMatchObject([[expect.any(String), lost]]);
  });

  it('reports the loss if it evaluates blends of a run', async () => {
    const { db, record } = await carriedOut(() => false, {}, { stages: [{}], passages: 30 });
    const runId = record?.runId ?? '';
    await updateRun(db, runId, { devicePreference: 'webgpu' });
    const wanted = { ratios: [0.5], part: 'dev' as const };
    expect(await failureOf(() => evaluateBlends(runId, wanted, deps(db)))).toMatchObject(lost);
  });

  it('reports the loss if it encodes the texts for checking an export', async () => {
    const { db, record } = await carriedOut(() => false, {}, { stages: [{}], passages: 30 });
    await updateRun(db, record?.runId ?? '', { devicePreference: 'webgpu' });
    const source = { runId: record?.runId ?? '' };
    expect(await failureOf(() => encodeWithWeights(db, source, [[1, 2]], wasmBase))).toMatchObject(lost);
  });

  it('reports any other error unchanged, and closes the device', async () => {
    const { db, base } = await given();
    const request = { knowledgeBase: 'b'.repeat(64), model: base.model, question: 'w1', relevant: [] };
    const { control, ...rest } = deps(db);
    control.cancel();
    await expect(searchPassages(request, { ...rest, control })).rejects.toMatchObject({
      details: { kind: 'cancelled' },
    });
    expect(device.deviceWebGpu()).toBeNull();
  });
});

describe('a question that loses the device left open by earlier questions', () => {
  it('reports the loss, and the next question opens the device again', async () => {
    const { db, base } = await given();
    const ask = () =>
      searchByCandidates({ base: { experimentId: 'e' }, candidates: [base], question: 'w1', encode: true }, deps(db));
    expect((await ask()).answers).toMatchObject([{ kind: 'found' }]);
    expect(await failureOf(ask)).toMatchObject(lost);
    expect((await ask()).answers).toMatchObject([{ kind: 'found' }]);
  });
});
