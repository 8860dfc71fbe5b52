import * as v from 'valibot';
import { own } from '../errorWords';
import { experimentInvalid, parseWith } from '../parseExperiment';
import { blendRatioSchema } from './blend';

/** The `blend` field of an experiment file: blends to evaluate or export. Not part of the experiment's identity. */
export interface BlendJob {
  /** Ratios that are evaluated on dev after the run. */
  ratios: number[];
  /** The ratio to export, or `bestDev` for the one that does best on dev. If absent, the tuned weights are exported. */
  export?: 'bestDev' | number;
}

/** Maximum number of ratios in a file: dev can't distinguish steps finer than 0.01. */
const mostRatios = 101;

const blendSchema = v.strictObject({
  ratios: v.optional(v.pipe(v.array(blendRatioSchema), v.maxLength(mostRatios)), []),
  export: v.optional(v.unknown()),
});

/**
 * Parses `blend` of an experiment file.
 * @throws experiment-invalid with the path of a ratio outside 0 to 1 or stated twice, of an unknown `export`, or of a
 * `blend` that asks for nothing.
 */
export function parseBlend(given: unknown): BlendJob {
  const { ratios, export: exported } = parseWith(blendSchema, given, 'blend');
  const twice = ratios.findIndex((ratio, i) => ratios.indexOf(ratio) !== i);
  if (twice >= 0) throw experimentInvalid(`blend.ratios.${twice}`, ratios[twice], own('different-values'));
  if (exported === undefined) {
    if (ratios.length === 0) throw experimentInvalid('blend.ratios', ratios, own('list-of', 1, mostRatios));
    return { ratios };
  }
  if (exported !== 'bestDev' && !v.is(blendRatioSchema, exported))
    throw experimentInvalid('blend.export', exported, ['bestDev', own('number-from-to', 0, 1)]);
  return { ratios, export: exported };
}
