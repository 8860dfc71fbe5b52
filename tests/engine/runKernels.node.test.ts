import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/storage/database';
import { getExperiment, putExperiment } from '../../src/storage/experiments';
import { getRun } from '../../src/storage/runs';
import { Pipelines } from '../../workers/engine/gpu/pipelines';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { prepareDemo } from '../../workers/services/import/prepareDemo';
import { createRun } from '../../workers/services/train/createRun';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { useNullBrowser } from './nullDevice';
import { publicBase, stubPublicFolder } from './publicFolder';

useNullBrowser({ hardwareConcurrency: 2, deviceMemory: 4 });

it('a run compiles all its kernels in the background before it encodes or trains', async () => {
  stubPublicFolder();
  const db = await openDatabase('run-kernels');
  const { experimentId } = await prepareDemo(db, publicBase, () => undefined);
  const stored = await getExperiment(db, experimentId);
  const stage = stored?.experiment.stages[0];
  if (!stored || !stage) throw new Error('no demo');
  const duration = { unit: 'steps', value: 4 } as const;
  const stages = [
    { ...stage, duration },
    { ...stage, duration, dropout: 0.1, precision: 'mixed' as const },
  ];
  const evaluation = { ...stored.experiment.evaluation, devEverySteps: 3 };
  await putExperiment(db, { ...stored, experiment: { ...stored.experiment, stages, evaluation } });
  const runId = await createRun(db, experimentId, { device: 'webgpu', budgetBytes: null }, 'test');
  const prepareAll = vi.spyOn(WebGpuEngine.prototype, 'prepareKernels');
  const prepare = vi.spyOn(Pipelines.prototype, 'prepare');
  const compile = vi.spyOn(Pipelines.prototype, 'compile');
  await runExperiment(
    { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined },
    runId,
  );
  expect((await getRun(db, runId))?.status).toBe('done');
  expect(prepare.mock.calls.length).toBeGreaterThan(30);
  // Measuring tilings comes first and compiles its own kernels.
  const [begun = NaN] = prepareAll.mock.invocationCallOrder;
  const late = compile.mock.calls.filter((_, i) => (compile.mock.invocationCallOrder[i] ?? 0) > begun);
  expect(late.map(([kernel]) => kernel.name)).toEqual([]);
});
