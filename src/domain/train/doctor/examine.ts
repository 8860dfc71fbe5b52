import type { Experiment } from '../../experiment';
import { batchFindings } from './batch';
import { devTimeFindings } from './devTime';
import { durationFindings } from './duration';
import { emaFindings } from './ema';
import type { ExperimentFacts } from './facts';
import type { Check, Finding, Severity } from './finding';
import { frozenModelFindings } from './frozenModel';
import { memoryFindings } from './memory';
import { negativesFindings } from './negatives';
import { poolingFindings, prefixFindings, promptFindings } from './prompts';
import { learningRateFindings, temperatureFindings } from './rates';
import { leakFindings, truncationFindings } from './texts';

/** The checks, in the order in which equally severe findings are shown. A new check is one more entry. */
const checks: readonly Check[] = [
  memoryFindings,
  leakFindings,
  poolingFindings,
  prefixFindings,
  promptFindings,
  truncationFindings,
  learningRateFindings,
  temperatureFindings,
  batchFindings,
  negativesFindings,
  frozenModelFindings,
  durationFindings,
  emaFindings,
  devTimeFindings,
];

const order: Record<Severity, number> = { stops: 0, warns: 1, advises: 2 };

/** Examines an experiment before a run, most severe findings first. Cheap: all counting was done for `facts`. */
export function examine(experiment: Experiment, facts: ExperimentFacts): Finding[] {
  return checks.flatMap((check) => check(experiment, facts)).sort((a, b) => order[a.severity] - order[b.severity]);
}
