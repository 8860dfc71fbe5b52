import type { AppErrorDetails } from '../errors';
import {
  progressKinds,
  type DevEvaluation,
  type ProgressKind,
  type RunEvent,
  type RunPhase,
  type RunStatus,
  type StepReport,
} from '../run';
import type { Metrics } from '../evaluate/metrics';
import type { DeviceInfo } from '../device';
import type { Alarm } from './alarm';
import type { EarlyStop } from './earlyStop';
import type { TrainScores } from './trainScores';
import type { KernelTuning } from '../kernelTuning';

/**
 * The state of a run, according to the events read so far. Lists grow in place, so watch `version` in RunState to
 * notice changes.
 */
export interface RunView {
  /** Sequence number of the next event to read. */
  nextSeq: number;
  phase: RunPhase;
  status: RunStatus;
  error: AppErrorDetails | null;
  device: DeviceInfo | null;
  /** How the kernels were chosen when the run last opened a GPU. */
  kernels: KernelTuning | null;
  /** Number of times that the device was lost, including one after which the run gave up. */
  deviceLosses: number;
  /** Steps after which the run continued on another device or with other kernels. */
  deviceChanges: number[];
  /** Builds of the app that continued the run, with the steps after which they did. */
  buildChanges: { step: number; build: string }[];
  /** The steps since the last checkpoint that a resumed run is computing again; null once it has passed them. */
  repeating: { from: number; to: number } | null;
  steps: StepReport[];
  dev: ({ step: number; best: boolean } & DevEvaluation)[];
  /** Scores that the loss saw in some batches of training pairs. */
  trainScores: TrainScores[];
  alarms: Alarm[];
  earlyStop: EarlyStop | null;
  test: Partial<Record<'before' | 'after', Metrics>>;
  progress: { what: ProgressKind; done: number; of: number } | null;
  checkpoint: { step: number; writeMs: number; waitedMs: number; bytes: number } | null;
  phaseStartedAt: Partial<Record<RunPhase, number>>;
  /**
   * Milliseconds of the evaluation before training. A resumed run skips that evaluation, so the longest time seen is
   * kept.
   */
  evaluationMs: number;
  /**
   * The earliest time at which the next dev evaluation can have begun: the end of the newest step, shifted by any pause
   * since. Null if another event came last.
   */
  stepEndedAt: number | null;
  pausedAt: number | null;
  /** Number and total milliseconds of the dev evaluations during training, without pauses. */
  devTime: { count: number; ms: number };
  lastAt: number;
}

export function emptyRunView(): RunView {
  return {
    nextSeq: 0,
    phase: 'prepare',
    status: 'queued',
    error: null,
    device: null,
    kernels: null,
    deviceLosses: 0,
    deviceChanges: [],
    buildChanges: [],
    repeating: null,
    steps: [],
    dev: [],
    trainScores: [],
    alarms: [],
    earlyStop: null,
    test: {},
    progress: null,
    checkpoint: null,
    phaseStartedAt: {},
    evaluationMs: 0,
    stepEndedAt: null,
    pausedAt: null,
    devTime: { count: 0, ms: 0 },
    lastAt: 0,
  };
}

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** Drops the entries from `step` on, because a resumed run repeats the steps since its checkpoint. */
function cutFrom<T extends { step: number }>(list: T[], step: number): void {
  while (list.length > 0 && (list[list.length - 1]?.step ?? -1) >= step) list.pop();
}

/**
 * Shifts `stepEndedAt` by the length of a pause, so that the pause does not count as evaluation time. Clears it if the
 * run continues without a pause, because the run was then closed and resumed.
 */
function trackPause(view: RunView, status: RunStatus, at: number): void {
  if (status === 'paused') {
    view.pausedAt = at;
    return;
  }
  if (view.stepEndedAt !== null)
    view.stepEndedAt = view.pausedAt === null ? null : view.stepEndedAt + (at - view.pausedAt);
  view.pausedAt = null;
}

/** Enters a phase. The evaluation before training is timed when the train phase begins. */
function applyPhase(view: RunView, { phase, at }: EventOf<'phase'>): void {
  view.phase = phase;
  view.progress = null;
  view.phaseStartedAt[phase] = at;
  view.stepEndedAt = null;
  if (phase === 'train')
    view.evaluationMs = Math.max(view.evaluationMs, at - (view.phaseStartedAt.evaluateBefore ?? at));
}

function applyStep(view: RunView, event: EventOf<'step'>): void {
  cutFrom(view.steps, event.step);
  view.steps.push(event);
  if (view.repeating && event.step >= view.repeating.to) view.repeating = null;
  view.progress = null;
  view.stepEndedAt = event.at;
}

/**
 * Drops the steps that will be computed again, so that the view never shows a step that the run has not reached yet.
 */
function applyResumed(view: RunView, { step, reached }: EventOf<'resumed'>): void {
  cutFrom(view.steps, step + 1);
  cutFrom(view.dev, step + 1);
  cutFrom(view.trainScores, step + 1);
  cutFrom(view.alarms, step + 1);
  if (view.earlyStop && view.earlyStop.step > step) view.earlyStop = null;
  view.repeating = reached > step ? { from: step + 1, to: reached } : null;
  view.stepEndedAt = null;
}

function applyDevEvaluation(view: RunView, event: EventOf<'devEvaluation'>): void {
  const { step, at } = event;
  // The evaluation after training uses the kept weights, which may be from any step, so it is not a point on the
  // curve.
  if (view.phase === 'evaluateAfter') return;
  cutFrom(view.dev, step);
  view.dev.push(event);
  if (view.stepEndedAt === null || view.phase !== 'train') return;
  view.devTime = { count: view.devTime.count + 1, ms: view.devTime.ms + at - view.stepEndedAt };
  view.stepEndedAt = null;
}

function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'phase':
      return applyPhase(view, event);
    case 'status':
      view.status = event.status;
      view.error = event.error ?? null;
      return trackPause(view, event.status, event.at);
    case 'batchPlan':
      // The page reads this from the run's record.
      return;
    case 'device':
      view.device = event.device;
      return;
    case 'kernels':
      view.kernels = event;
      return;
    case 'deviceLost':
      view.deviceLosses += 1;
      view.stepEndedAt = null;
      return;
    case 'resumed':
      return applyResumed(view, event);
    case 'buildChanged':
      view.buildChanges.push({ step: event.step, build: event.build });
      return;
    case 'deviceChanged':
      view.deviceChanges.push(event.step);
      return;
    case 'step':
      return applyStep(view, event);
    case 'progress':
      // Logs of version 0.1 use other names for some kinds of work; ignore those.
      if (progressKinds.includes(event.what)) view.progress = { what: event.what, done: event.done, of: event.of };
      return;
    case 'devEvaluation':
      return applyDevEvaluation(view, event);
    case 'trainScores':
      cutFrom(view.trainScores, event.step);
      view.trainScores.push(event);
      return;
    case 'alarm':
      view.alarms.push(event);
      return;
    case 'earlyStop':
      view.earlyStop = event;
      return;
    case 'testEvaluation':
      view.test[event.moment] = event.metrics;
      return;
    case 'checkpoint':
      view.checkpoint = {
        step: event.step,
        writeMs: event.writeMs,
        waitedMs: event.waitedMs ?? event.writeMs,
        bytes: event.bytes,
      };
      return;
    default:
      event satisfies never;
  }
}

/** Applies events in the order of their sequence numbers. Skips events already applied. */
export function applyEvents(view: RunView, events: RunEvent[]): void {
  for (const event of events) {
    if (event.seq < view.nextSeq) continue;
    applyEvent(view, event);
    view.nextSeq = event.seq + 1;
    view.lastAt = event.at;
  }
}

/**
 * Steps averaged for the current speed; the headless runner averages as many (tools/lib/runReport.mjs). Chosen, not
 * measured: batches differ in length, so fewer steps would make the figure jump, and more would show a slowdown late.
 */
const recentSteps = 20;

export function recentMean(view: RunView, value: (step: StepReport) => number): number {
  const recent = view.steps.slice(-recentSteps);
  return recent.length === 0 ? 0 : recent.reduce((sum, step) => sum + value(step), 0) / recent.length;
}

/** Returns tokens per second over the last 20 steps, or 0 before the first step. */
export function tokensPerSecond(view: RunView): number {
  const ms = recentMean(view, (step) => step.stepMs);
  return ms > 0 ? (recentMean(view, (step) => step.tokens) / ms) * 1000 : 0;
}

/**
 * Returns the share of the run that is done, from 0 to 1. Training counts for 0.8, and each evaluation for about a
 * tenth.
 */
export function runShare(view: RunView, totalSteps: number): number {
  const { progress } = view;
  const inPhase = progress && progress.of > 0 ? progress.done / progress.of : 0;
  switch (view.phase) {
    case 'prepare':
      return 0.02 * inPhase;
    case 'evaluateBefore':
      return 0.02 + 0.08 * (progress?.what === 'encodePassages' ? inPhase : 0);
    case 'train': {
      const step = view.steps[view.steps.length - 1]?.step ?? 0;
      return 0.1 + 0.8 * (totalSteps > 0 ? Math.min(1, step / totalSteps) : 0);
    }
    case 'evaluateAfter':
      return 0.9 + 0.1 * (progress?.what === 'encodePassages' ? inPhase : 0);
    case 'done':
      return 1;
    default:
      return view.phase satisfies never;
  }
}
