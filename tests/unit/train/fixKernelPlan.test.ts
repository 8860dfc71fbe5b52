import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { formatKernelPlan, unmeasuredPlan, type KernelPlan } from '../../../src/domain/kernelPlan';
import { defaultExperiment, defaultStage, type Stage } from '../../../src/domain/experiment';
import type { MatrixFragment } from '../../../src/domain/matrixFragment';
import type { RunEvent, RunRecord } from '../../../src/domain/run';
import { writeCheckpoint } from '../../../src/storage/checkpoints';
import { getRun, putRun } from '../../../src/storage/runs';
import type { KernelPlanInput } from '../../../workers/services/device/kernelPlanOfRun';
import { sections } from '../project/support';
import { freshDatabase, runRecord } from '../storage/support';

const engines = vi.hoisted(() => ({ webGpuOf: vi.fn() }));
const plans = vi.hoisted(() => ({ kernelPlanOfRun: vi.fn() }));
const matrices = vi.hoisted(() => ({ matrixFragmentOfRun: vi.fn() }));
vi.mock('../../../workers/engine/gpu/webGpuOf', () => engines);
vi.mock('../../../workers/services/device/kernelPlanOfRun', () => plans);
vi.mock('../../../workers/services/device/matrixFragmentOfRun', () => matrices);
vi.mock('../../../workers/services/device/browserVersion', () => ({
  browserVersion: () => Promise.resolve('browser 1'),
}));
vi.mock('../../../workers/engine/model/encodingPlan', () => ({
  encodingPlan: (_traits: object, _config: object, limit?: number) => ({ tokensPerBatch: limit ?? 4096 }),
}));
const { fixKernelPlan } = await import('../../../workers/services/train/fixKernelPlan');
const { RunLog } = await import('../../../workers/services/train/runLog');

const tiling = { threadRows: 4, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
const measured: KernelPlan = { ...unmeasuredPlan('webgpu'), matmul: { a: tiling } };
const fragment: MatrixFragment = { rows: 8, columns: 8, depth: 8 };

beforeEach(() => {
  engines.webGpuOf.mockReset().mockReturnValue(null);
  plans.kernelPlanOfRun.mockReset().mockResolvedValue({ plan: measured, tuning: null });
  matrices.matrixFragmentOfRun.mockReset().mockResolvedValue(undefined);
});

interface Setup {
  record?: Partial<RunRecord>;
  stages?: Partial<Stage>[];
  batches?: number[][][];
  moved?: boolean;
  /** Step of the newest checkpoint. */
  checkpoint?: number;
}

async function fixed({
  record: changes,
  stages = [{}],
  batches = [[[0, 1, 2]]],
  moved = false,
  checkpoint,
}: Setup = {}) {
  const db = await freshDatabase();
  const record = runRecord('r', 'e', changes);
  await putRun(db, record);
  const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
  if (checkpoint !== undefined)
    await writeCheckpoint(db, { runId: 'r', step: checkpoint, role: 'latest', loopState, sections: sections(4, [1]) });
  const events: RunEvent[] = [];
  const log = await RunLog.open(db, 'r', (batch) => void events.push(...batch));
  const texts = (...lengths: number[]) => {
    const offsets = Uint32Array.of(
      0,
      ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((sum, each) => sum + each)),
    );
    return { ids: new Int32Array(offsets.at(-1) ?? 0), offsets };
  };
  const session = {
    ...{ db, record, log, engine: { traits: {} }, device: { backend: 'webgpu', threads: 0 } },
    model: { config: { hiddenDropout: 0, attentionDropout: 0 } },
    tokens: { anchors: texts(1, 2), positives: texts(4, 5, 6) },
    negatives: [],
    experiment: {
      ...defaultExperiment(),
      stages: stages.map((stage) => ({ ...defaultStage(), dropout: 0, ...stage })),
    },
    tuning: { running: false, rulesBecause: undefined },
  };
  let running = false;
  const { kernelPlanOfRun } = plans;
  const answer = kernelPlanOfRun.getMockImplementation();
  kernelPlanOfRun.mockImplementation((...given: unknown[]) => {
    running = session.tuning.running;
    return answer?.(...given) as unknown;
  });
  const between = (): Promise<void> => Promise.resolve();
  await fixKernelPlan(session as never, batches, moved, between);
  await log.close();
  const [input, recorded, options] = kernelPlanOfRun.mock.lastCall as [KernelPlanInput, string, object];
  const during = { running, after: session.tuning.running };
  return { input, recorded, options, between, during, events, record: await getRun(db, 'r') };
}

describe('the kernel plan of a run', () => {
  it('is recorded with the device, and set on the GPU', async () => {
    const gpu: { plan?: KernelPlan } = {};
    engines.webGpuOf.mockReturnValue(gpu);
    const { record, events, input, recorded, options, between } = await fixed();
    expect(record).toMatchObject({ kernelPlan: formatKernelPlan(measured), device: { backend: 'webgpu' } });
    expect([record?.deviceChanges, events, gpu.plan]).toEqual([undefined, [], measured]);
    expect([input.gpu, input.browser, recorded, options]).toEqual([gpu, 'browser 1', '', { between }]);
  });

  it('is marked as being measured only during that time, in case the device fails', async () => {
    expect((await fixed()).during).toEqual({ running: true, after: false });
  });

  it('is logged with how it was chosen', async () => {
    plans.kernelPlanOfRun.mockResolvedValue({ plan: measured, tuning: { source: 'measured', ms: 3 } });
    expect((await fixed()).events).toMatchObject([{ type: 'kernels', source: 'measured', ms: 3 }]);
  });

  it('is measured for the tokens of a step, by the mean lengths of the texts, and of a batch of encoding', async () => {
    expect((await fixed()).input.tokens).toEqual({ training: Math.ceil(3 * (1.5 + 5)), encoding: 4096 });
    expect((await fixed({ batches: [[], [[0, 1]]] })).input.tokens.training).toBe(13);
    expect((await fixed({ batches: [[]] })).input.tokens.training).toBe(7);
  });

  it('is measured for fewer tokens if the memory plan divides a step or a batch', async () => {
    const memory = (...passes: (number | undefined)[]) =>
      ({ ways: passes.map((tokensPerPass) => ({ tokensPerPass })), encodingTokens: 128 }) as never;
    expect((await fixed({ record: { memory: memory(5, 9) } })).input.tokens).toEqual({ training: 9, encoding: 128 });
    expect((await fixed({ record: { memory: memory(5, undefined) } })).input.tokens.training).toBe(20);
    expect((await fixed({ record: { memory: memory() } })).input.tokens.training).toBe(20);
  });

  it('covers the precisions and the dropout of all stages', async () => {
    const { input } = await fixed({ stages: [{}, { precision: 'mixed', dropout: 0.1 }] });
    expect([input.precisions, input.dropout]).toMatchObject([['full', 'mixed'], expect.anything()]);
    expect((await fixed()).input.dropout).toBe(false);
  });

  it('names the fragment of the products on matrix units, which is the one that the device chose', async () => {
    matrices.matrixFragmentOfRun.mockResolvedValue(fragment);
    const withMatrices = { ...measured, matrices: fragment };
    expect((await fixed()).record?.kernelPlan).toBe(formatKernelPlan(withMatrices));
    plans.kernelPlanOfRun.mockResolvedValue({ plan: withMatrices, tuning: null });
    matrices.matrixFragmentOfRun.mockResolvedValue(undefined);
    expect((await fixed()).record?.kernelPlan).toBe(formatKernelPlan(measured));
  });
});

describe('a run that continues', () => {
  const recorded = (plan: KernelPlan): Partial<RunRecord> => ({ kernelPlan: formatKernelPlan(plan) });

  it('notes no change if the plan computes the same bits on the same device', async () => {
    const { record, events } = await fixed({ record: recorded({ ...measured, matmul: {} }), checkpoint: 4 });
    expect([record?.deviceChanges, events]).toEqual([undefined, []]);
  });

  it('notes the step of its checkpoint if it has moved to another device', async () => {
    const earlier = { ...recorded(measured), deviceChanges: [2] };
    const { record, events } = await fixed({ record: earlier, moved: true, checkpoint: 4 });
    expect(record?.deviceChanges).toEqual([2, 4]);
    expect(events).toMatchObject([{ type: 'deviceChanged', step: 4 }]);
    expect((await fixed({ record: recorded(measured), moved: true })).record?.deviceChanges).toEqual([0]);
  });

  it.each<[string, string]>([
    ['with another version of the kernels', formatKernelPlan({ ...measured, kernels: measured.kernels - 1 })],
    ['on matrix units', formatKernelPlan({ ...measured, matrices: fragment })],
    ['by a plan that cannot be read', 'old'],
  ])('notes a change if it was computed %s before', async (_case, kernelPlan) => {
    expect((await fixed({ record: { kernelPlan }, checkpoint: 4 })).record?.deviceChanges).toEqual([4]);
  });

  it('notes no change if it has not begun, whatever device it was planned for', async () => {
    expect((await fixed({ moved: true, checkpoint: 4 })).record?.deviceChanges).toBeUndefined();
  });
});
