import { AppError, type AppErrorDetails } from '../errors';
import type { Experiment } from '../experiment';
import type { RunRecord } from '../run';
import type { ModelSize } from '../train/doctor/recommended';
import { defaultMined, defaultNegativesPerAnchor, type Negatives, type NegativeSource } from '../train/negativesSchema';
import { settingRanges } from '../train/settingRanges';
import { withStrategyPreset, type StrategyPreset } from '../train/strategyPresets';
import { parseAxes, sweepRefusal, type SweepAxis } from './sweep';

/** The settings that the form varies by a list of numbers. */
export const numberAxes = ['learningRate', 'temperature', 'batchSize', 'seed'] as const;
export type NumberAxis = (typeof numberAxes)[number];

/** Values chosen in the form. A setting without values keeps its value. */
export interface SweepForm {
  numbers: Record<NumberAxis, number[]>;
  strategies: StrategyPreset[];
  negatives: (NegativeSource | 'inBatch')[];
}

/** Reads numbers separated by commas or spaces. Returns null if one is not a number in the setting's range. */
export function readNumbers(text: string, axis: NumberAxis): number[] | null {
  const range: { low: number; high: number; integer?: true } = settingRanges[axis];
  const numbers = text
    .split(/[,，、;；\s]+/)
    .filter((part) => part !== '')
    .map(Number);
  const fits = (n: number): boolean => n >= range.low && n <= range.high && (!range.integer || Number.isInteger(n));
  return numbers.every(fits) ? [...new Set(numbers)] : null;
}

/** Values that the form needs besides the experiment's settings. */
interface FormContext {
  /** Index of the stage whose settings vary. */
  stage: number;
  passages: number;
  size: ModelSize;
}

function negativesOf(source: SweepForm['negatives'][number], now: Negatives | undefined, passages: number): unknown {
  const perAnchor = now?.perAnchor ?? defaultNegativesPerAnchor;
  if (source === 'inBatch') return null;
  if (now?.from === source) return now;
  return source === 'mined' ? defaultMined(passages, perAnchor) : { from: source, perAnchor };
}

/**
 * Returns the axes chosen in the form, with the seed last, or the reason why they do not make a sweep. Returns null if
 * nothing is varied.
 */
export function axesOf(
  form: SweepForm,
  experiment: Experiment,
  { stage, passages, size }: FormContext,
): { axes: SweepAxis[] } | { refusal: AppErrorDetails } | null {
  const at = stage === 0 ? {} : { stage };
  const plans = form.strategies.map((preset) => withStrategyPreset(experiment, preset, size).stages);
  const now = experiment.stages[stage]?.negatives;
  const sources = form.negatives.map((source) => negativesOf(source, now, passages));
  const axes: SweepAxis[] = [
    { setting: 'stages' as const, values: plans },
    ...numberAxes.slice(0, -1).map((setting) => ({ setting, ...at, values: form.numbers[setting] })),
    { setting: 'negatives' as const, ...at, values: sources },
    { setting: 'seed' as const, values: form.numbers.seed },
  ].filter(({ values }) => values.length > 0);
  if (axes.length === 0) return null;
  try {
    const parsed = parseAxes(axes, experiment);
    const refusal = sweepRefusal(experiment, parsed);
    return refusal ? { refusal } : { axes: parsed };
  } catch (thrown) {
    if (thrown instanceof AppError) return { refusal: thrown.details };
    throw thrown;
  }
}

/** Returns the duration of the last run that finished, in milliseconds, or null if none has. */
export function lastRunMs(runs: readonly RunRecord[]): number | null {
  const done = runs.find(({ status, finishedAt }) => status === 'done' && finishedAt !== undefined);
  return done?.finishedAt === undefined ? null : done.finishedAt - done.createdAt;
}
