import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { firstLossScale } from '../../src/domain/train/lossScale';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import type { MatrixUnits } from '../../workers/engine/matrixUnits';
import { parameterShapes } from '../../workers/engine/model/parameterShapes';
import { layOutSegments } from '../../workers/engine/model/segmentLayout';
import { SegmentTable } from '../../workers/engine/model/segmentTable';
import { Trainer } from '../../workers/engine/trainer';
import { adamWConfig, bertConfig } from './configs';
import { seededRandom } from './random';
import { tensorLayout } from './tensorLayout';
import { tokenBatch } from './tokenBatch';

/** A small model whose products all suit matrix units. */
export const matrixConfig = bertConfig({
  layers: 2,
  hiddenSize: 128,
  heads: 2,
  intermediateSize: 512,
  vocabularySize: 1000,
  maxPositions: 64,
});

/** Trains on random pairs and returns the losses. */
export async function matrixSteps(
  gpu: WebGpuEngine,
  given: { steps: number; matrices?: MatrixUnits },
): Promise<number[]> {
  const tensors = tensorLayout(parameterShapes(matrixConfig));
  const weights = new SegmentTable(gpu, layOutSegments(tensors));
  const moments = { m: new SegmentTable(gpu, weights.layout), v: new SegmentTable(gpu, weights.layout) };
  const random = seededRandom(3);
  for (const { name, length } of tensors) {
    const start = name.includes('LayerNorm.weight') ? () => 1 : () => 0.08 * (random() - 0.5);
    weights.write(name, Float32Array.from({ length }, start));
  }
  const trainer = new Trainer(
    {
      config: matrixConfig,
      pooling: 'mean',
      loss: infoNceLoss({ temperature: 0.05, directions: 'both' }),
      optimizer: adamWConfig(2e-4),
      dropout: 0.1,
      seed: 1,
      lossScale: firstLossScale(),
      matrices: given.matrices,
    },
    weights,
    moments,
  );
  const token = (): number => 5 + Math.floor(random() * (matrixConfig.vocabularySize - 5));
  const losses: number[] = [];
  for (let step = 1; step <= given.steps; step++) {
    const anchors = Array.from({ length: 8 }, () => Array.from({ length: 6 + Math.floor(random() * 12) }, token));
    const positives = anchors.map((anchor) => [...anchor.map((id) => (random() < 0.7 ? id : token())), token()]);
    losses.push(
      (await trainer.step({ anchors: tokenBatch(anchors), candidates: tokenBatch(positives) }, 2e-4, step)).loss,
    );
  }
  trainer.dispose();
  for (const table of [weights, moments.m, moments.v]) table.dispose();
  return losses;
}
