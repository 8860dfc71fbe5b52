import 'fake-indexeddb/auto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Experiment } from '../../src/domain/experiment';
import { latestCheckpoint } from '../../src/storage/checkpoints';
import { openDatabase, type Database } from '../../src/storage/database';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { readEvents } from '../../src/storage/runEvents';
import { getRun, listRuns } from '../../src/storage/runs';
import { errorSentence } from '../../src/ui/i18n/errors';
import { GpuCommands } from '../../workers/engine/gpu/gpuCommands';
import { ArrayPool } from '../../workers/engine/arrayPool';
import { deviceEngine, deviceWebGpu } from '../../workers/services/device/openDevice';
import { createRun } from '../../workers/services/train/createRun';
import { reportExperimentMemory } from '../../workers/services/train/reportMemory';
import { prepareDemo } from '../../workers/services/import/prepareDemo';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { expectInEngineDoc, megabytes } from './expectInEngineDoc';
import { useNullBrowser } from './nullDevice';
import { publicBase, stubPublicFolder } from './publicFolder';
import { wasmBase } from './environment';
import { scratchBytes } from '../../workers/engine/scratch';

// These tests execute whole runs on Dawn's null backend, which does everything except computing.
useNullBrowser({ hardwareConcurrency: 2, deviceMemory: 4 });
beforeEach(stubPublicFolder);
afterEach(() => void vi.restoreAllMocks());

/**
 * All tests share a database, because importing the demo, tokenizing it and measuring its kernels take most of a short
 * run.
 */
let db: Database;
let demos = 0;
beforeAll(async () => {
  db = await openDatabase('run-memory');
  stubPublicFolder();
  await prepareDemo(db, publicBase, () => undefined);
});

/** Stores a copy of the demo with two short stages. The run writes a checkpoint at the end of each stage. */
async function demo({ devEverySteps = 0 } = {}): Promise<{ experimentId: string; experiment: Experiment }> {
  const stored = await getExperiment(db, 'demo');
  const stage = stored?.experiment.stages[0];
  if (!stored || !stage) throw new Error('no demo');
  const stages = [2, 3].map((value) => ({ ...stage, duration: { unit: 'steps' as const, value } }));
  const evaluation = { ...stored.experiment.evaluation, devEverySteps, checkpoint: 'last' as const };
  const experiment = { ...stored.experiment, stages, evaluation };
  const experimentId = `demo-${demos++}`;
  await putExperiment(db, { ...stored, experimentId, experiment });
  return { experimentId, experiment };
}

/** Executes a run and returns the peak bytes of its pool. */
async function peakOf(runId: string): Promise<number> {
  let peak = 0;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the pool of each call
  const { allocate } = ArrayPool.prototype;
  const spy = vi.spyOn(ArrayPool.prototype, 'allocate').mockImplementation(function (this: ArrayPool, ...given) {
    const array = allocate.apply(this, given);
    // Ignore the engine that compiles kernels ahead: its pool holds no memory.
    if (this === deviceEngine().pool) peak = Math.max(peak, this.peakBytes);
    return array;
  });
  await run(runId);
  spy.mockRestore();
  return peak;
}

const run = (runId: string): Promise<void> =>
  runExperiment(
    { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined },
    runId,
  );

describe('a run', () => {
  it('stops with a one-sentence error if memory runs out, and can resume from its last checkpoint', async () => {
    const { experimentId } = await demo();
    const runId = await createRun(db, experimentId, { device: 'webgpu', budgetBytes: 129e6 }, 'test');
    const memory = (await getRun(db, runId))?.memory;
    expect(memory?.ways.map(({ kind }) => kind)).toEqual(['gradCache', 'gradCache']);

    let steps = 0;
    const report = (): void => {
      const error = new GPUOutOfMemoryError('no memory');
      deviceWebGpu()?.device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
    };
    // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the commands of each call
    const { dispatch } = GpuCommands.prototype;
    vi.spyOn(GpuCommands.prototype, 'dispatch').mockImplementation(function (this: GpuCommands, ...given) {
      const [kernel] = given;
      if (kernel.name === 'clipping' && ++steps === 4) report();
      dispatch.apply(this, given);
    });
    await expect(run(runId)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
    const stopped = await getRun(db, runId);
    expect(stopped).toMatchObject({ status: 'failed', phase: 'train', error: { kind: 'gpu-out-of-memory' } });
    expect(errorSentence({ kind: 'gpu-out-of-memory' }, 'en')).toMatch(/^Memory ran out; [^.]+\.$/);
    expect((await latestCheckpoint(db, runId))?.step).toBe(2);
    const stepsOf = async (): Promise<number[]> =>
      (await readEvents(db, runId, 0)).flatMap((event) => (event.type === 'step' ? [event.step] : []));
    // Step 4 had begun when the numbers of step 3 arrived, so the numbers of step 3 could no longer be trusted.
    expect(await stepsOf()).toEqual([1, 2]);

    await run(runId);
    expect(await getRun(db, runId)).toMatchObject({ status: 'done', memory, keptStep: 5 });
    expect(await stepsOf()).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['plain', 1e9],
    ['recompute', 165e6],
    ['gradCache', 129e6],
  ] as const)('stays within its memory budget from the first evaluation to the last (%s)', async (kind, roomyBytes) => {
    // Measuring the kernels must stay within the budget too.
    await db.clear('kernelPlans');
    const { experimentId } = await demo({ devEverySteps: 1 });
    const plan = (budgetBytes: number) => reportExperimentMemory(db, experimentId, { device: 'webgpu', budgetBytes });
    const budgetBytes = (await plan(roomyBytes)).choice.need.total;
    const { choice } = await plan(budgetBytes);
    expect(choice).toMatchObject({ fits: true, stepStrategy: { kind }, need: { total: budgetBytes } });
    const runId = await createRun(db, experimentId, { device: 'webgpu', budgetBytes }, 'test');
    const peakBytes = scratchBytes + (await peakOf(runId));
    const events = await readEvents(db, runId, 0);
    expect(events.filter(({ type }) => type === 'devEvaluation')).toHaveLength(1 + 5);
    // A checkpoint's snapshot is on the host, outside of the pool.
    const arrayBytes = budgetBytes - choice.need.snapshot;
    expect(peakBytes).toBeLessThanOrEqual(arrayBytes);
    expect(peakBytes).toBeGreaterThan(0.9 * arrayBytes);
    const name = kind === 'gradCache' ? 'GradCache' : kind;
    await expectInEngineDoc(`| ${name} | ${megabytes(arrayBytes)} MB | ${megabytes(peakBytes)} MB |`);
  });

  it.each(['plain', 'gradCache'] as const)(
    'stays within the memory plan if the loss has options (%s)',
    async (kind) => {
      const { experimentId, experiment } = await demo();
      const stored = await getExperiment(db, experimentId);
      if (!stored) throw new Error('no demo');
      const request = { device: 'webgpu' as const, budgetBytes: kind === 'plain' ? 1e9 : 145e6 };
      const usual = (await reportExperimentMemory(db, experimentId, { ...request, budgetBytes: 1e9 })).choice.need;
      const [stage] = experiment.stages;
      const { model: guide } = experiment;
      if (!stage || !guide) throw new Error('no stage');
      const loss = {
        ...stage.loss,
        ...({ softmax: 'joint', sameSide: 'both' } as const),
        falseNegatives: { known: true, byScore: { kind: 'absolute' as const, margin: 0, model: guide } },
        matryoshka: [256, 128].map((dimension) => ({ dimension, weight: 1 })),
      };
      const batching = {
        kind: 'seeded',
        batchSize: kind === 'plain' ? 48 : 200,
        avoidDuplicatePassages: false,
      } as const;
      await putExperiment(db, { ...stored, experiment: { ...experiment, stages: [{ ...stage, loss, batching }] } });
      const { need, stepStrategy, fits } = (await reportExperimentMemory(db, experimentId, request)).choice;
      expect([fits, stepStrategy.kind]).toEqual([true, kind]);
      if (kind === 'plain') expect(need.total).toBeGreaterThan(usual.total);
      const runId = await createRun(db, experimentId, { ...request, budgetBytes: need.total }, 'test');
      const peakBytes = scratchBytes + (await peakOf(runId));
      console.log(`loss with options, ${kind}: plan ${need.total}, peak ${peakBytes}`);
      expect(peakBytes).toBeLessThanOrEqual(need.total - need.snapshot);
    },
  );

  it('keeps all wasm memory within its budget: arrays, gaps between them and per-thread memory', async () => {
    const { experimentId, experiment } = await demo({ devEverySteps: 1 });
    const stored = await getExperiment(db, experimentId);
    if (!stored || !experiment.model) throw new Error('no demo');
    const model = { ...experiment.model, maxTokens: 32 };
    const short = { ...experiment, model, stages: experiment.stages.slice(0, 1) };
    await putExperiment(db, { ...stored, experiment: short });
    const plan = (budgetBytes: number) => reportExperimentMemory(db, experimentId, { device: 'wasm', budgetBytes });
    const budgetBytes = (await plan(88e6)).choice.need.total;
    expect((await plan(budgetBytes)).choice).toMatchObject({ fits: true, stepStrategy: { kind: 'gradCache' } });
    let memoryBytes = 0;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the memory of each call
    const { grow } = WebAssembly.Memory.prototype;
    vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (this: WebAssembly.Memory, pages) {
      const before = grow.call(this, pages);
      memoryBytes = Math.max(memoryBytes, this.buffer.byteLength);
      return before;
    });
    const runId = await createRun(db, experimentId, { device: 'wasm', budgetBytes }, 'test');
    const peakBytes = await peakOf(runId);
    expect(memoryBytes).toBeGreaterThan(peakBytes);
    expect(memoryBytes).toBeLessThanOrEqual(budgetBytes);
    await expectInEngineDoc(`it takes ${(memoryBytes / budgetBytes).toFixed(2)} of it with GradCache and one thread`);
  });

  it('stays within the memory plan in mixed precision and stores its loss scale in checkpoints', async () => {
    const { experimentId, experiment } = await demo({ devEverySteps: 1 });
    const stored = await getExperiment(db, experimentId);
    if (!stored) throw new Error('no demo');
    const request = { device: 'webgpu' as const, budgetBytes: 1e9 };
    const full = (await reportExperimentMemory(db, experimentId, request)).choice.need;
    const stages = experiment.stages.map((stage) => ({ ...stage, precision: 'mixed' as const }));
    await putExperiment(db, { ...stored, experiment: { ...experiment, stages } });
    const { need } = (await reportExperimentMemory(db, experimentId, request)).choice;
    // The scratch array stays in float32.
    expect(need.activations - scratchBytes).toBeLessThan(0.6 * (full.activations - scratchBytes));
    await expect(createRun(db, experimentId, { ...request, device: 'wasm' }, 'test')).rejects.toMatchObject({
      details: { kind: 'half-unavailable', stage: 0 },
    });
    const runId = await createRun(db, experimentId, { ...request, budgetBytes: need.total }, 'test');
    expect(scratchBytes + (await peakOf(runId))).toBeLessThanOrEqual(need.total);
    const steps = (await readEvents(db, runId, 0)).flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps.map(({ lossScale, skipped }) => [lossScale, skipped])).toEqual(Array(5).fill([65_536, undefined]));
    const lossScale = { scale: 65_536, goodSteps: 3, skipped: 0 };
    expect((await latestCheckpoint(db, runId))?.loopState.lossScale).toEqual(lossScale);
  });

  it('is refused before it starts if it does not fit in memory, with the nearest settings that do', async () => {
    const { experimentId, experiment } = await demo();
    const stored = await getExperiment(db, experimentId);
    if (!stored || !experiment.model) throw new Error('no demo');
    const put = (maxTokens: number, batchSize: number) =>
      putExperiment(db, {
        ...stored,
        experiment: {
          ...experiment,
          model: experiment.model && { ...experiment.model, maxTokens },
          stages: experiment.stages.map((stage) => ({
            ...stage,
            batching: { kind: 'seeded', batchSize, avoidDuplicatePassages: false },
          })),
        },
      });
    const request = { device: 'webgpu', budgetBytes: 125e6 } as const;
    const refused = (budgetBytes: number) =>
      createRun(db, experimentId, { device: 'webgpu', budgetBytes }, 'test').catch((thrown: unknown) => thrown);
    const { maxTokens } = experiment.model;
    await put(maxTokens, 800);
    expect(await refused(95e6)).toMatchObject({
      details: { kind: 'memory-too-small', limit: 'budget', limitBytes: 95e6, canRaise: true },
    });
    const { proposal, choice } = await reportExperimentMemory(db, experimentId, request);
    expect(choice.fits).toBe(false);
    expect(await refused(125e6)).toMatchObject({ details: { kind: 'memory-too-small', ...proposal } });
    expect(await listRuns(db, experimentId)).toEqual([]);
    const settings = [
      [proposal.maxTokens ?? NaN, 800],
      [maxTokens, proposal.batchSize ?? NaN],
    ] as const;
    for (const [tokens, batchSize] of settings) {
      expect(tokens * batchSize).toBeLessThan(maxTokens * 800);
      await put(tokens, batchSize);
      expect((await reportExperimentMemory(db, experimentId, request)).choice.fits).toBe(true);
    }
    const runId = await createRun(db, experimentId, request, 'test');
    expect((await getRun(db, runId))?.memory?.budgetBytes).toBe(125e6);
  });
});
