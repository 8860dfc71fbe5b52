import * as v from 'valibot';
import { settingRanges } from './settingRanges';

/** Ends the run after `patience` dev evaluations in a row without a new best. */
export const earlyStopSchema = v.strictObject({
  patience: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(settingRanges.patience.high)),
});
