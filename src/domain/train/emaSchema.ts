import * as v from 'valibot';
import { isObject } from '../isObject';

/** An exponential moving average of the weights that a stage trains. */
export const emaSchema = v.strictObject({
  /** Share of the average that each step keeps; the rest comes from the weights after the step. */
  decay: v.pipe(v.number(), v.gtValue(0), v.maxValue(0.9999)),
});

/** Whether `ema` has no effect: with a decay of 0, the average equals the weights. */
export function averagesNothing(ema: unknown): boolean {
  return isObject(ema) && Object.keys(ema).length === 1 && ema['decay'] === 0;
}
