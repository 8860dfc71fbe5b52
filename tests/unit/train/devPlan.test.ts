import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, withLowestVersion, type Experiment } from '../../../src/domain/experiment';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { devTimeFindings } from '../../../src/domain/train/doctor/devTime';
import { applyFix } from '../../../src/domain/train/doctor/applyFix';
import {
  devEvaluations,
  devSample,
  passesPerStep,
  planDev,
  withDevTimeShare,
  type DevPlan,
  type DevWork,
} from '../../../src/domain/train/devPlan';
import { defaultLora } from '../../../src/domain/train/loraSchema';
import { timeLeftMs } from '../../../src/domain/train/timeLeft';
import type { RunEventBody } from '../../../src/domain/run';
import { phase, viewAfter } from './runEvents';

const lengths = Array.from({ length: 5000 }, (_, i) => 20 + ((i * 37) % 80));
const right = [4999, 17, 300];
const work: DevWork = { training: 3_000_000, steps: 100, questions: 500, passages: lengths, right, seed: 7 };
const evaluation = (change: Partial<Experiment['evaluation']> = {}): Experiment['evaluation'] => ({
  ...defaultExperiment().evaluation,
  devEverySteps: 10,
  ...change,
});

/** Adds up the tokens of all dev evaluations of a plan, passage by passage. */
function tokensOf(plan: DevPlan, atEnd: boolean): number {
  let each = work.questions;
  for (const passage of devSample(plan, right, work.seed)) each += lengths[passage] ?? NaN;
  let count = 0;
  for (let step = 1; step <= work.steps; step++)
    if (step % plan.everySteps === 0 || (atEnd && step === work.steps)) count += 1;
  return count * each;
}

describe('the plan of dev evaluations', () => {
  it('uses the whole knowledge base at the set interval without a limit, and states its share', () => {
    const plan = planDev(work, evaluation());
    expect(plan).toMatchObject({ passages: 5000, of: 5000, everySteps: 10 });
    const all = tokensOf(plan, true);
    expect(plan.share).toBeCloseTo(all / (all + work.training), 12);
  });

  it('draws the largest sample that keeps to the limit', () => {
    const plan = planDev(work, evaluation({ devTimeShare: 0.1 }));
    expect(plan.everySteps).toBe(10);
    expect(plan.passages).toBeLessThan(5000);
    const all = tokensOf(plan, true);
    expect(plan.share).toBeCloseTo(all / (all + work.training), 12);
    expect(plan.share).toBeLessThanOrEqual(0.1);
    const more = tokensOf({ ...plan, passages: plan.passages + 1 }, true);
    expect(more / (more + work.training)).toBeGreaterThan(0.1);
  });

  it('evaluates less often if even a small sample at the set interval takes too long', () => {
    const little = { ...work, training: 600_000 };
    const plan = planDev(little, evaluation({ devTimeShare: 0.1, checkpoint: 'last' }));
    expect(plan.everySteps).toBe(20);
    expect(plan.passages).toBeGreaterThanOrEqual(203);
    expect(plan.share).toBeLessThanOrEqual(0.1);
  });

  it.each(['last', 'bestDev'] as const)(
    'still evaluates three times if no limit can be kept, with %s',
    (checkpoint) => {
      const atEnd = checkpoint === 'bestDev';
      const least = planDev({ ...work, training: 1 }, evaluation({ devTimeShare: 0.1, checkpoint }));
      expect(least).toMatchObject({ passages: 203 });
      expect(devEvaluations(work.steps, least.everySteps, atEnd)).toBeGreaterThanOrEqual(3);
      expect(devEvaluations(work.steps, least.everySteps + 10, atEnd)).toBeLessThan(3);
      expect(least.share, 'stated though it is above the limit').toBeGreaterThan(0.9);
      const rare = planDev({ ...work, training: 1 }, evaluation({ devTimeShare: 0.1, checkpoint, devEverySteps: 80 }));
      expect(rare.everySteps, 'never less often than set, if that is rarer').toBe(80);
    },
  );

  it('uses the whole knowledge base if that is within the limit, or if dev is evaluated before and after only', () => {
    expect(planDev({ ...work, training: 1e9 }, evaluation({ devTimeShare: 0.1 })).passages).toBe(5000);
    const never = evaluation({ devTimeShare: 0.1, devEverySteps: 0, checkpoint: 'last' });
    expect(planDev(work, never)).toEqual({ passages: 5000, of: 5000, everySteps: 0, share: 0 });
    const once = planDev(work, evaluation({ devTimeShare: 0.1, devEverySteps: 0 }));
    expect(once.everySteps).toBe(0);
    expect(once.share).toBeGreaterThan(0);
  });

  it('counts fewer passes over the layers for steps that train less', () => {
    const stage = defaultStage();
    expect(passesPerStep(stage, 12)).toBe(3);
    expect(passesPerStep({ strategy: { kind: 'bitFit', keywords: ['bias'] } }, 12)).toBe(2);
    expect(passesPerStep({ strategy: defaultLora }, 12)).toBe(2);
    expect(passesPerStep({ ...stage, frozen: { embeddings: true, layers: 6 } }, 12)).toBe(2);
  });
});

describe('a sample of the knowledge base', () => {
  const plan = { passages: 400, of: 5000, everySteps: 10, share: 0.1 };

  it('has all right passages, no passage twice, and is drawn by the seed', () => {
    const sample = devSample(plan, right, 7);
    expect(new Set(sample).size).toBe(400);
    for (const passage of right) expect(sample).toContain(passage);
    expect(sample).toEqual(sample.toSorted((a, b) => a - b));
    expect(devSample(plan, right, 7)).toEqual(sample);
    expect(devSample(plan, right, 8)).not.toEqual(sample);
  });

  it('contains every smaller one, and spans the whole knowledge base', () => {
    const sample = new Set(devSample(plan, right, 7));
    for (const passage of devSample({ ...plan, passages: 300 }, right, 7)) expect(sample).toContain(passage);
    const thirds = [0, 0, 0];
    for (const passage of sample) thirds[Math.floor((passage * 3) / 5000)]! += 1;
    for (const count of thirds) expect(count).toBeGreaterThan(90);
  });
});

describe('a limit of the time for dev', () => {
  it('makes an experiment one of version 2, and its absence leaves version 1', () => {
    const limited = { ...defaultExperiment(), evaluation: withDevTimeShare(evaluation(), 0.1) };
    expect(withLowestVersion(limited).schemaVersion).toBe(2);
    expect(parseExperiment(withLowestVersion(limited))).toEqual(withLowestVersion(limited));
    const unlimited = { ...limited, evaluation: withDevTimeShare(limited.evaluation, 0) };
    expect(withLowestVersion(unlimited).schemaVersion).toBe(1);
  });

  it.each([0, -0.1, 0.6, '0.1'])('of %j is refused in a file, with its path', (devTimeShare) => {
    const experiment = { ...defaultExperiment(), evaluation: { ...evaluation(), devTimeShare } };
    expect(() => parseExperiment({ ...experiment, schemaVersion: 2 })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: 'evaluation.devTimeShare' }) as object }),
    );
  });

  it('is advised if dev evaluations take more than a fifth of the time and a sample halves them', () => {
    const devPlan = planDev(work, evaluation());
    const limitedDevPlan = planDev(work, evaluation({ devTimeShare: 0.1 }));
    const found = (memory: object) => devTimeFindings(defaultExperiment(), { memory } as never);
    const [finding] = found({ devPlan, limitedDevPlan });
    expect(finding).toMatchObject({ kind: 'devTakesLong', severity: 'advises', facts: { passages: 5000 } });
    expect(finding && applyFix(defaultExperiment(), finding).evaluation.devTimeShare).toBe(0.1);
    expect(found({ devPlan: { ...devPlan, share: 0.2 }, limitedDevPlan })).toEqual([]);
    expect(found({ devPlan, limitedDevPlan: { ...limitedDevPlan, passages: 2501 } })).toEqual([]);
    expect(found({ devPlan }), 'with a limit').toEqual([]);
  });

  it('that can’t be kept is named, with the share that is reached', () => {
    const limited = { ...defaultExperiment(), evaluation: evaluation({ devTimeShare: 0.1 }) };
    const found = (training: number) => {
      const devPlan = planDev({ ...work, training }, limited.evaluation);
      return devTimeFindings(limited, { memory: { devPlan } } as never);
    };
    expect(found(1)).toMatchObject([{ kind: 'devAboveLimit', facts: { limit: 0.1, passages: 203 } }]);
    expect(found(1e9)).toEqual([]);
  });

  it('shortens the time left before a dev evaluation is measured', () => {
    const dev = { type: 'devEvaluation', step: 0, metrics: {}, best: false } as const;
    const steps = [1, 2, 3].map((n): [number, RunEventBody] => [
      1000 + 10 * n,
      { type: 'step', step: n, stepMs: 10, tokens: 1 } as RunEventBody,
    ]);
    const view = viewAfter([0, phase('evaluateBefore')], [900, dev as never], [1000, phase('train')], ...steps);
    const plan = { steps: 10, experiment: { evaluation: evaluation({ devEverySteps: 1, checkpoint: 'last' }) } };
    const devPlan = { passages: 500, of: 5000, everySteps: 5, share: 0.1 };
    // Dev is evaluated after steps 5 and 10, each on a tenth of the passages.
    expect(timeLeftMs(view, { ...plan, devPlan }, 1030)).toBe(7 * 10 + 2 * 100 + 1000);
  });
});
