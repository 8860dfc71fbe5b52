import { rangeOf, type DeviceArray } from './arrays';
import type { Engine } from './engine';
import { computeGradients, type GradientOptions } from './gradients';
import type { StepBatch } from './losses/loss';
import type { EncoderContext } from './model/encoderContext';
import type { SegmentTable } from './model/segmentTable';
import { clipping } from './optimizer/clipping';

/**
 * Layout of a step's numbers: those of the last batch, then the gradient norm and the clipping factor, then those of
 * the other batches.
 */
export interface NumbersLayout {
  /** Numbers that the loss writes for each batch. */
  ofLoss: number;
  /** Batches whose gradients the step accumulates. */
  batches: number;
}

export function numbersLength({ ofLoss, batches }: NumbersLayout): number {
  return ofLoss + 2 + (batches - 1) * ofLoss;
}

/** Returns the index of a batch's first number. */
function firstNumber({ ofLoss, batches }: NumbersLayout, batch: number): number {
  return batch === batches - 1 ? 0 : ofLoss + 2 + batch * ofLoss;
}

/** Returns the mean over a step's batches of one of the loss's numbers. */
export function meanNumber(values: Float32Array, layout: NumbersLayout, number: number): number {
  let sum = 0;
  for (let batch = 0; batch < layout.batches; batch++) sum += values[firstNumber(layout, batch) + number] ?? NaN;
  return sum / layout.batches;
}

/** Returns a view of one number. */
function numberOf(array: DeviceArray, at: number): DeviceArray {
  return rangeOf(array, at, at + 1);
}

/**
 * Writes the numbers of each batch, and the gradients of the mean of their losses. Batches are computed one after the
 * other with the memory of one, so the texts of one batch are never negatives of another. Dropout draws different
 * numbers for each batch.
 */
export function stepGradients(
  context: Omit<EncoderContext, 'tokens'>,
  batches: readonly StepBatch[],
  options: Omit<GradientOptions, 'accumulate'>,
  { numbers, ofLoss, gradients }: { numbers: DeviceArray; ofLoss: number; gradients: SegmentTable },
): void {
  const { engine, dropout } = context;
  const layout = { ofLoss, batches: batches.length };
  const gradientScale = (options.gradientScale ?? 1) / batches.length;
  for (const [i, batch] of batches.entries()) {
    const drawn = dropout && { ...dropout, step: (dropout.step - 1) * batches.length + i + 1 };
    const own = i === batches.length - 1 ? numbers : engine.pool.allocate([ofLoss]);
    const given = { ...options, gradientScale, accumulate: i > 0 };
    computeGradients({ ...context, dropout: drawn }, batch, given, { numbers: own, gradients });
    if (own === numbers) continue;
    const first = firstNumber(layout, i);
    engine.commands.copy(own, rangeOf(numbers, first, first + ofLoss));
    engine.pool.free(own);
  }
}

/**
 * Writes a number to parts[first …] for each batch except the last: 0, or a number that is not finite if the batch's
 * loss is not. Added to the squares of the gradients, such a number makes the step a bad one, as a bad loss of the last
 * batch does.
 */
export function addBadLosses(
  engine: Engine,
  numbers: DeviceArray,
  layout: NumbersLayout,
  parts: DeviceArray,
  first: number,
): void {
  if (layout.batches === 1) return;
  const { pool, commands } = engine;
  const [none, own] = [pool.allocate([1]), pool.allocate([3])];
  commands.clear(none);
  for (let batch = 0; batch < layout.batches - 1; batch++) {
    commands.copy(numberOf(numbers, firstNumber(layout, batch)), numberOf(own, 0));
    clipping(engine, none, 0, own, 1); // the norm of [0], unless a bad loss replaces it
    commands.copy(numberOf(own, 1), numberOf(parts, first + batch));
  }
  for (const array of [none, own]) pool.free(array);
}
