import { describe, expect, it } from 'vitest';
import { formatKernelPlan, unmeasuredPlan, type MatmulTiling } from '../../src/domain/kernelPlan';
import { getRun, updateRun } from '../../src/storage/runs';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import { kernelShapesOfRun } from '../../workers/services/device/kernelPlanOfRun';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { bertConfig } from './configs';
import { wasmBase } from './environment';
import { prepared } from './smallRun';

/** The dimensions of the small run's model. */
const sides = { layers: 1, hiddenSize: 8, heads: 2, intermediateSize: 16, vocabularySize: 40, maxPositions: 12 };

/** Executes the small run in its own database, with one tiling for all products of its model. */
async function finishedRun(tiling: MatmulTiling) {
  const { db, runId } = await prepared({}, { passages: 80 });
  const shapes = kernelShapesOfRun({ config: bertConfig(sides), tokens: { training: 60, encoding: 1000 } });
  const matmul = Object.fromEntries(shapes.map((shape) => [planKey(shape), tiling]));
  const kernelPlan = formatKernelPlan({ ...unmeasuredPlan('webgpu'), matmul });
  await updateRun(db, runId, { kernelPlan });
  await runExperiment(
    { db, control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined },
    runId,
  );
  return { record: await getRun(db, runId), kernelPlan };
}

describe('two runs of one experiment with different kernel plans', () => {
  it('end with the same weights, bit by bit', async () => {
    const first = await finishedRun({ threadRows: 4, threadColumns: 4, workgroup: [4, 1], sharedDepth: 0 });
    const second = await finishedRun({ threadRows: 8, threadColumns: 4, workgroup: [2, 2], sharedDepth: 8 });
    for (const { record, kernelPlan } of [first, second])
      expect(record).toMatchObject({ status: 'done', step: 12, kernelPlan });
    expect(first.kernelPlan).not.toBe(second.kernelPlan);
    expect(first.record?.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(second.record?.weightsSha256).toBe(first.record?.weightsSha256);
  });
});
