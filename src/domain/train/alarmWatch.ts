import { differenceInterval } from '../evaluate/statistics';
import type { MetricName } from '../experiment';
import type { RunEventBody, StepReport } from '../run';
import { collapseScore, type Alarm } from './alarm';
import type { TrainScores } from './trainScores';

/**
 * Steps in a row with a collapse, or without gradients, that raise an alarm. A single such step may be due to its
 * batch.
 */
const suspectSteps = 10;
/** Looks in a row that show a collapse and so raise an alarm, for losses that report no scores per step. */
const suspectLooks = 3;
/** Steps in a row with a high loss that raise an alarm. Chosen so that a few hard batches do not raise one. */
const highSteps = 20;
/** Steps averaged for a level of the loss. */
const levelSteps = 10;
/** A loss is high if it exceeds the lowest level of its stage by half, … */
const highRatio = 1.5;
/** … and a tenth of the stage's first level. Otherwise the noise of a loss close to 0 would be high. */
const highShare = 0.1;
/** Dev evaluations below an earlier one that raise an alarm. */
const fallingEvaluations = 3;

interface WatchedScores {
  step: number;
  stage: number;
  positiveScore: number;
  negativeScore: number;
}
interface WatchedStep extends WatchedScores {
  loss: number;
  dead: boolean;
  high: boolean;
  /** Level of the loss after the first steps of the stage, and the lowest level so far. Infinite until then. */
  firstLevel: number;
  lowestLevel: number;
}
interface DevPoint {
  step: number;
  value: number;
  questions: number;
}

/**
 * Watches the events of a run and raises alarms. Depends only on the events, so a run that was closed and resumed
 * raises the same alarms as one that was not, once its earlier events have been seen again.
 */
export class AlarmWatch {
  readonly #steps: WatchedStep[] = [];
  readonly #dev: DevPoint[] = [];
  /** Looks at batches. They replace the scores of steps in losses that report none. */
  readonly #looks: WatchedScores[] = [];

  constructor(private readonly primary: MetricName) {}

  /** Takes the next event of the log and returns the alarms that it raises. */
  saw(event: RunEventBody): Alarm[] {
    switch (event.type) {
      case 'step':
        return this.#sawStep(event);
      case 'trainScores':
        return this.#sawScores(event);
      case 'devEvaluation':
        cutAfter(this.#dev, event.step - 1);
        this.#dev.push({ step: event.step, value: event.metrics[this.primary], questions: event.metrics.questions });
        return this.#recallAlarms();
      case 'resumed':
        cutAfter(this.#steps, event.step);
        cutAfter(this.#looks, event.step);
        cutAfter(this.#dev, event.step);
        return [];
      default:
        return [];
    }
  }

  #sawStep(report: StepReport): Alarm[] {
    cutAfter(this.#steps, report.step - 1);
    this.#steps.push(this.#watched(report));
    const { step, positiveScore = NaN, negativeScore = NaN } = report;
    const alarms: Alarm[] = [];
    if (justHeldFor(this.#steps, suspectSteps, isAlike))
      alarms.push({ step, kind: 'collapse', steps: suspectSteps, positiveScore, negativeScore });
    if (justHeldFor(this.#steps, suspectSteps, ({ dead }) => dead))
      alarms.push({ step, kind: 'deadGradients', steps: suspectSteps });
    if (justHeldFor(this.#steps, highSteps, ({ high }) => high)) {
      const { lowestLevel } = this.#steps[this.#steps.length - 1 - highSteps] ?? { lowestLevel: NaN };
      const loss = mean(this.#steps.slice(-levelSteps));
      alarms.push({ step, kind: 'divergence', steps: highSteps, loss, lowestLoss: lowestLevel });
    }
    return alarms;
  }

  #sawScores({ step, stage, right, others }: TrainScores): Alarm[] {
    cutAfter(this.#looks, step - 1);
    const scores = { positiveScore: right, negativeScore: others ?? NaN };
    this.#looks.push({ step, stage, ...scores });
    const reported = this.#steps[this.#steps.length - 1];
    if (reported && !Number.isNaN(reported.positiveScore)) return [];
    if (!justHeldFor(this.#looks, suspectLooks, isAlike)) return [];
    const first = this.#looks[this.#looks.length - suspectLooks]?.step ?? step;
    return [{ step, kind: 'collapse', steps: step - first + 1, ...scores }];
  }

  #watched(report: StepReport): WatchedStep {
    const { step, stage, loss, gradientNorm, positiveScore = NaN, negativeScore = NaN } = report;
    const newest = this.#steps[this.#steps.length - 1];
    const previous = newest?.stage === stage ? newest : { firstLevel: Infinity, lowestLevel: Infinity };
    const recent = [...this.#steps.slice(1 - levelSteps), { stage, loss }];
    const isFull = recent.length === levelSteps && recent[0]?.stage === stage;
    const level = isFull ? mean(recent) : Infinity;
    const { lowestLevel } = previous;
    const firstLevel = previous.firstLevel === Infinity ? level : previous.firstLevel;
    return {
      ...{ step, stage, loss, positiveScore, negativeScore },
      dead: gradientNorm === 0,
      high: loss > lowestLevel + (highRatio - 1) * Math.abs(lowestLevel) && loss > highShare * firstLevel,
      firstLevel,
      lowestLevel: Math.min(lowestLevel, level),
    };
  }

  #recallAlarms(): Alarm[] {
    const fall = this.#fall(this.#dev);
    return fall && !this.#fall(this.#dev.slice(0, -1)) ? [fall] : [];
  }

  /**
   * Returns the alarm if the metric stayed below its earlier best in each of the last evaluations while the loss fell.
   * The best of many evaluations is high by chance, so being below it is not enough: the metric must also have fallen
   * from each of these evaluations to the next, or by more than chance explains.
   */
  #fall(dev: DevPoint[]): Alarm | null {
    const [first, second, last] = dev.slice(-fallingEvaluations);
    const earlier = dev.slice(0, -fallingEvaluations);
    if (!first || !second || !last || earlier.length === 0) return null;
    const best = earlier.reduce((a, b) => (b.value > a.value ? b : a));
    if ([first, second, last].some(({ value }) => value >= best.value)) return null;
    const change = differenceInterval(best.value, best.questions, last.value, last.questions);
    const fallsEachTime = first.value > second.value && second.value > last.value;
    if (!fallsEachTime && change.high >= 0) return null;
    const after = dev[dev.indexOf(best) + 1] ?? last;
    const before = this.#stepsWithin(best.step, after.step);
    const now = this.#stepsWithin(second.step, last.step);
    const [fromLoss, loss] = [mean(before), mean(now)];
    if (before[0]?.stage !== now[0]?.stage || !(loss < fromLoss)) return null;
    const evaluations = dev.length - 1 - dev.indexOf(best);
    const values = { metric: this.primary, fromStep: best.step, from: best.value, to: last.value, change };
    return { step: last.step, kind: 'recallFalls', evaluations, ...values, fromLoss, loss };
  }

  /** Returns the steps after `from`, up to and including `to`. */
  #stepsWithin(from: number, to: number): WatchedStep[] {
    return this.#steps.filter(({ step }) => step > from && step <= to);
  }
}

/** Whether the last `count` entries are of one stage and `holds` for each of them, but not for the one before. */
function justHeldFor<T extends { stage: number }>(
  list: readonly T[],
  count: number,
  holds: (entry: T) => boolean,
): boolean {
  const stage = list[list.length - 1]?.stage;
  const holdsAt = (index: number): boolean => {
    const entry = list[index];
    return entry !== undefined && entry.stage === stage && holds(entry);
  };
  for (let back = 1; back <= count; back++) if (!holdsAt(list.length - back)) return false;
  return !holdsAt(list.length - 1 - count);
}

function isAlike({ positiveScore, negativeScore }: WatchedScores): boolean {
  return positiveScore > collapseScore && negativeScore > collapseScore;
}

function cutAfter(list: { step: number }[], step: number): void {
  while ((list[list.length - 1]?.step ?? -Infinity) > step) list.pop();
}

function mean(steps: { loss: number }[]): number {
  return steps.reduce((sum, { loss }) => sum + loss, 0) / steps.length;
}
