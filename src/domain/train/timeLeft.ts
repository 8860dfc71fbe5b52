import type { RunRecord } from '../run';
import { checkpointIntervalMs } from './checkpointInterval';
import { devEvaluations, devInterval, devIsDue } from './devPlan';
import { lastStepOf } from './lastStep';
import { recentMean, type RunView } from './runView';

type Plan = Pick<RunRecord, 'steps' | 'stoppedStep' | 'devPlan'> & {
  experiment: Pick<RunRecord['experiment'], 'evaluation'>;
};

/** Counts the dev evaluations after `step`, without the one due at `step` itself. */
function devEvaluationsAfter(step: number, plan: Plan): number {
  if (step >= plan.steps) return 0;
  const everySteps = devInterval(plan);
  const atEnd = plan.experiment.evaluation.checkpoint === 'bestDev';
  return devEvaluations(plan.steps, everySteps, atEnd) - devEvaluations(step, everySteps, false);
}

/** Milliseconds of the dev evaluations left, including the rest of one in progress. */
function devMsLeft(view: RunView, step: number, plan: Plan, now: number): number {
  // The list contains the evaluation before training too, so it is empty only without dev questions.
  if (view.dev.length === 0) return 0;
  // Until one is measured, estimate from the evaluation before training, which encodes the whole knowledge base.
  const { passages, of } = plan.devPlan ?? { passages: 1, of: 1 };
  const each = view.devTime.count > 0 ? view.devTime.ms / view.devTime.count : view.evaluationMs * (passages / of);
  const atEnd = plan.experiment.evaluation.checkpoint === 'bestDev';
  const begun = devIsDue(step, plan.steps, devInterval(plan), atEnd) && view.dev[view.dev.length - 1]?.step !== step;
  const rest = begun ? Math.max(0, each - Math.max(0, now - (view.stepEndedAt ?? now))) : 0;
  return each * devEvaluationsAfter(step, plan) + rest;
}

/** Returns `ms` plus the time of the checkpoints that fall due meanwhile. */
function withCheckpoints(ms: number, view: RunView): number {
  const { writeMs, waitedMs } = view.checkpoint ?? { writeMs: 0, waitedMs: 0 };
  return ms + (ms / checkpointIntervalMs(writeMs, waitedMs)) * waitedMs;
}

/**
 * Estimates the milliseconds until the run ends. Returns null while too few steps have been measured. During training,
 * adds the remaining steps at the mean pace of the last 20, the remaining dev evaluations and checkpoints at their
 * measured durations, and an evaluation after training that takes as long as the one before. During the evaluation
 * after training, extrapolates from its progress; until it reports some, uses the time of the evaluation before
 * training.
 */
export function timeLeftMs(view: RunView, planned: Plan, now: number): number | null {
  const plan = { ...planned, steps: lastStepOf(planned, view) };
  const evaluation = view.evaluationMs;
  if (view.phase === 'evaluateAfter') {
    const { progress } = view;
    const started = view.phaseStartedAt.evaluateAfter ?? now;
    if (progress?.what === 'encodePassages' && progress.done > 0 && progress.of > 0)
      return ((now - started) / progress.done) * (progress.of - progress.done);
    return evaluation > 0 ? Math.max(0, started + evaluation - now) : null;
  }
  const last = view.steps[view.steps.length - 1];
  if (view.phase !== 'train' || !last || view.steps.length < 3) return null;
  const pace = recentMean(view, (step) => step.stepMs);
  const training = pace * Math.max(0, plan.steps - last.step) + devMsLeft(view, last.step, plan, now);
  return withCheckpoints(training, view) + evaluation;
}
