import { expect, it, vi } from 'vitest';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { Trainer } from '../../workers/engine/trainer';
import { adamWConfig, tinyConfig } from './configs';
import { nullGpu } from './nullDevice';
import { tensorLayout } from './tensorLayout';
import { tokenBatch } from './tokenBatch';

it("AdamW's bias corrections count only the steps that changed the weights", async () => {
  const { gpu } = await nullGpu(['shader-f16']);
  const layout = layOutSegments(tensorLayout(parameterShapes(tinyConfig)));
  const [weights, m, v] = [new SegmentTable(gpu, layout), new SegmentTable(gpu, layout), new SegmentTable(gpu, layout)];
  const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'both' } as const;
  const options = { config: tinyConfig, pooling: 'mean', loss, dropout: 0, seed: 1 } as const;
  const lossScale = { scale: 1024, goodSteps: 0, skipped: 3 };
  const trainer = new Trainer({ ...options, optimizer: adamWConfig(1e-3), lossScale }, weights, { m, v });
  const dispatch = vi.spyOn(gpu.commands, 'dispatch');
  const batch = tokenBatch([
    [1, 2],
    [3, 4],
  ]);
  await trainer.step(batch, batch, 1e-3, 5);
  const stepSizes = dispatch.mock.calls.flatMap(([, , params]) => ('stepSize' in params ? [params['stepSize']] : []));
  // One dispatch updates the parameters with weight decay and one those without. Three of the five steps were skipped.
  expect(stepSizes).toEqual([1e-3 / (1 - 0.9 ** 2), 1e-3 / (1 - 0.9 ** 2)]);
  trainer.dispose();
  for (const table of [weights, m, v]) table.dispose();
  gpu.dispose();
});
