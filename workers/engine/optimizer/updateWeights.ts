import type { DeviceArray } from '../arrays';
import type { AdamWStateMoment } from '../model/adamWState';
import type { SegmentTable } from '../model/segmentTable';
import type { WeightAverage } from '../model/weightAverage';
import { adamW, type AdamWOptions, type HalfCopy } from './adamW';
import type { RatedRanges } from './layerRates';
import { movingAverage } from './movingAverage';

/** The arrays that an update of the trained weights reads and writes. */
export interface UpdateTables extends Record<'weights' | 'gradients' | AdamWStateMoment, SegmentTable> {
  /** The gradient norm is at `at`; the factor that clips the gradients follows it. */
  numbers: DeviceArray;
  at: number;
  average: WeightAverage | undefined;
  /** Returns the half-precision copy of a segment's weights, if it has one. */
  halfOf: (segment: number) => HalfCopy | undefined;
}

/**
 * Updates all segments with AdamW and moves their average. `rated` has the parts of each segment by their share of the
 * learning rate. `step` counts the updates from 1; the first one makes the average equal to the weights.
 */
export function updateWeights(
  { weights, gradients, m, v, numbers, at, average, halfOf }: UpdateTables,
  rated: readonly RatedRanges[][],
  options: AdamWOptions & { learningRate: number; step: number },
): void {
  const { engine } = gradients;
  gradients.layout.segments.forEach(({ decayed, ranges }, i) => {
    const [ofWeights, ofGradients, ofM, ofV] = [weights, gradients, m, v].map((table) => table.arrays[i]);
    if (!ofWeights || !ofGradients || !ofM || !ofV) return;
    const segment = { weights: ofWeights, gradients: ofGradients, m: ofM, v: ofV, numbers };
    for (const { share, ranges: ofShare } of rated[i] ?? []) {
      const learningRate = share * options.learningRate;
      adamW(engine, segment, { ...options, learningRate, decayed, ranges: ofShare }, at, halfOf(i));
    }
    const ofAverage = average?.segments.arrays[i];
    if (!average || !ofAverage) return;
    // Starts the average. If AdamW changed nothing because gradients overflowed, it starts from the weights before the
    // first update.
    if (options.step === 1) average.copySegment(i);
    else movingAverage(engine, { weights: ofWeights, average: ofAverage, numbers }, average.decay, at, ranges);
  });
}
