import type { AppErrorDetails } from '../errors';
import {
  progressKinds,
  type DeviceInfo,
  type Metrics,
  type ProgressKind,
  type RunEvent,
  type RunPhase,
  type RunStatus,
  type StepReport,
} from '../run';

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
  /** Number of times that the device was lost and the run resumed automatically. */
  deviceLosses: number;
  /** Steps after which the run continued on another device or with other kernels. */
  deviceChanges: number[];
  steps: StepReport[];
  dev: { step: number; metrics: Metrics; best: boolean }[];
  test: Partial<Record<'before' | 'after', Metrics>>;
  progress: { what: ProgressKind; done: number; of: number } | null;
  checkpoint: { step: number; writeMs: number; waitedMs: number; bytes: number } | null;
  phaseStartedAt: Partial<Record<RunPhase, number>>;
  /**
   * Milliseconds of the evaluation before training. A resumed run skips that evaluation, so the longest time seen is
   * kept.
   */
  evaluationMs: number;
  /** When the newest step ended, later by the time of a pause since. Null if a step was not the last thing done. */
  stepEndedAt: number | null;
  pausedAt: number | null;
  /** Dev evaluations measured during training, pauses left out. */
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
    deviceLosses: 0,
    deviceChanges: [],
    steps: [],
    dev: [],
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

/** Drops the entries from `step` on, because a resumed run repeats the steps since its checkpoint. */
function cutFrom<T extends { step: number }>(list: T[], step: number): void {
  while (list.length > 0 && (list[list.length - 1]?.step ?? -1) >= step) list.pop();
}

/** Leaves a pause out of the time of an evaluation. A run that was closed meanwhile and resumed is not timed. */
function trackPause(view: RunView, status: RunStatus, at: number): void {
  if (status === 'paused') {
    view.pausedAt = at;
    return;
  }
  if (view.stepEndedAt !== null)
    view.stepEndedAt = view.pausedAt === null ? null : view.stepEndedAt + (at - view.pausedAt);
  view.pausedAt = null;
}

function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'phase':
      view.phase = event.phase;
      view.progress = null;
      view.phaseStartedAt[event.phase] = event.at;
      view.stepEndedAt = null;
      if (event.phase === 'train')
        view.evaluationMs = Math.max(view.evaluationMs, event.at - (view.phaseStartedAt.evaluateBefore ?? event.at));
      return;
    case 'status':
      view.status = event.status;
      view.error = event.error ?? null;
      trackPause(view, event.status, event.at);
      return;
    case 'device':
      view.device = event.device;
      return;
    case 'deviceLost':
      view.deviceLosses += 1;
      view.stepEndedAt = null;
      return;
    case 'deviceChanged':
      view.deviceChanges.push(event.step);
      return;
    case 'step':
      cutFrom(view.steps, event.step);
      view.steps.push(event);
      view.progress = null;
      view.stepEndedAt = event.at;
      return;
    case 'progress':
      // Logs of version 0.1 use other names for some kinds of work; ignore those.
      if (progressKinds.includes(event.what)) view.progress = { what: event.what, done: event.done, of: event.of };
      return;
    case 'devEvaluation':
      // The evaluation after training uses the kept weights, which may be from any step, so it is not a point on the
      // curve.
      if (view.phase === 'evaluateAfter') return;
      cutFrom(view.dev, event.step);
      view.dev.push({ step: event.step, metrics: event.metrics, best: event.best });
      if (view.stepEndedAt !== null && view.phase === 'train') {
        view.devTime = { count: view.devTime.count + 1, ms: view.devTime.ms + event.at - view.stepEndedAt };
        view.stepEndedAt = null;
      }
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
