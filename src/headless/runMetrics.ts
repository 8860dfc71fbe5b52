import { compareQuestions } from '../domain/evaluate/comparison';
import type { RunEvent, RunRecord } from '../domain/run';
import type { Finding } from '../domain/train/doctor/finding';
import type { Evaluation } from '../domain/evaluate/evaluation';
import type { ReportedQuestion } from '../domain/report/reportFacts';
import type { ExportReport, ExportRequest, SplitCounts } from '../protocol/dataApi';
import { primaryK } from '../state/evaluation.svelte';
import { gateway } from '../state/gateway';
import type { ImportedInputs } from './importInputs';
import { keptColumns } from './keptColumns';

function ranksOf(evaluation: Evaluation): Record<string, number[]> {
  return Object.fromEntries(evaluation.results.map(({ questionId, ranks }) => [questionId, ranks]));
}

function rightScoresOf(evaluation: Evaluation): Record<string, number | null> {
  return Object.fromEntries(evaluation.results.map(({ questionId, rightScore = null }) => [questionId, rightScore]));
}

/** Returns an evaluation without its per-question results. */
export function summaryOf({
  metrics,
  hitRateAtK,
  recallAtK,
  precisionAtK,
  hitRateIntervals,
  encodeMs,
}: Evaluation): object {
  return { metrics, hitRateAtK, recallAtK, precisionAtK, hitRateIntervals, encodeMs };
}

/**
 * Returns the milliseconds per phase. For a resumed run, this includes work before the interruption but no idle time.
 */
export function phaseDurations(events: readonly RunEvent[]): Record<string, number> {
  const durations: Record<string, number> = {};
  let phase: string | null = null;
  let last = 0;
  for (const event of events) {
    const isNewStart = event.type === 'status' && event.status === 'running';
    if (phase !== null && !isNewStart) durations[phase] = (durations[phase] ?? 0) + event.at - last;
    if (event.type === 'phase') phase = event.phase === 'done' ? null : event.phase;
    last = event.at;
  }
  return durations;
}

/**
 * Returns how many steps a resumed run trained again after its last checkpoint, and the first and last of them. Returns
 * null if there are none.
 */
export function repeatedSteps(events: readonly RunEvent[]): { count: number; first: number; last: number } | null {
  const known = new Set<number>();
  let [count, first, last] = [0, Infinity, 0];
  for (const event of events) {
    if (event.type !== 'step') continue;
    const { step } = event;
    if (known.has(step)) [count, first, last] = [count + 1, Math.min(first, step), Math.max(last, step)];
    known.add(step);
  }
  return count > 0 ? { count, first, last } : null;
}

export function environmentOf(run: RunRecord): object {
  return {
    build: run.build,
    browser: navigator.userAgent,
    device: run.device,
    devicePreference: run.devicePreference,
    kernelPlan: run.kernelPlan,
    memory: run.memory,
    hardwareConcurrency: navigator.hardwareConcurrency,
    crossOriginIsolated,
  };
}

const overlapsListed = 20;

/** Returns the counts of train, dev and test, with the first of the overlaps between them. */
export function splitOf({ listed, ...counts }: SplitCounts): object {
  return { ...counts, first: listed.overlaps.slice(0, overlapsListed) };
}

interface MetricsParts {
  run: RunRecord;
  events: readonly RunEvent[];
  inputs: ImportedInputs;
  /** Findings of the checks before the run. */
  findings: readonly Finding[];
  resumed: boolean;
  exported: ExportReport;
  /** Results of the blends, if the file asks for some. */
  blend?: object | undefined;
  /** Results on a probe set, if the file asks for one. */
  probe?: object | null;
  /** The user's decisions about labels and the figures by them. All other figures are by the imported labels. */
  labelDecisions?: object | null;
  /** The test questions that were evaluated. */
  questions: readonly ReportedQuestion[];
  /** SHA-256 of the passages with their ids. */
  knowledgeBaseSha256: string | null;
  /** The app's own vectors of a few texts: any tool that loads the export must reproduce them. */
  reference: ExportRequest['reference'];
  importMs: number;
  exportMs: number;
}

/** Builds metrics.json: every number of the on-screen report, and the environment in which it was computed. */
export async function runMetrics(parts: MetricsParts): Promise<object> {
  const { run, inputs, exported } = parts;
  const read = (part: 'dev' | 'test', moment: 'before' | 'after') => gateway.getEvaluation(run.runId, part, moment);
  const [before, after, devBefore, devAfter] = [
    await read('test', 'before'),
    await read('test', 'after'),
    await read('dev', 'before'),
    await read('dev', 'after'),
  ];
  if (!before || !after) return {};
  const counts = await (await gateway.data()).countSplit(run.experiment, () => undefined);
  const k = primaryK(run.experiment);
  const { won, lost, unchanged, p, verdict, mrrChange } = compareQuestions(before.results, after.results, k);
  return {
    before: before.metrics,
    after: after.metrics,
    hitRateIntervals: { before: before.hitRateIntervals, after: after.hitRateIntervals },
    ranksBefore: ranksOf(before),
    ranksAfter: ranksOf(after),
    rightScoresBefore: rightScoresOf(before),
    rightScoresAfter: rightScoresOf(after),
    modelName: (await gateway.getModel(run.experiment.model?.contentSha256 ?? ''))?.name ?? null,
    questions: parts.questions,
    knowledgeBaseSha256: parts.knowledgeBaseSha256,
    comparison: { k, verdict, won, lost, unchanged: unchanged.length, mcNemarP: p, mrrChange },
    test: { before: summaryOf(before), after: summaryOf(after) },
    dev: { before: devBefore ? summaryOf(devBefore) : null, after: devAfter ? summaryOf(devAfter) : null },
    experimentHash: inputs.experimentHash,
    experiment: inputs.experiment,
    weightsSha256: run.weightsSha256,
    ...(parts.blend ? { blend: { ...parts.blend, weightsSha256: exported.weightsSha256 } } : {}),
    ...(parts.probe ? { probe: parts.probe } : {}),
    ...(parts.labelDecisions ? { labelDecisions: parts.labelDecisions } : {}),
    keptStep: run.keptStep,
    steps: run.steps,
    stoppedStep: run.stoppedStep ?? null,
    ...(run.devPlan ? { devPlan: run.devPlan } : {}),
    leftOutOfEpochs: run.leftOut ?? [],
    ...(run.negatives ? { negatives: run.negatives } : {}),
    deviceLosses: run.deviceLosses ?? 0,
    deviceChanges: run.deviceChanges ?? [],
    buildChanges: run.buildChanges ?? [],
    resumed: parts.resumed,
    repeatedSteps: repeatedSteps(parts.events),
    leftOut: inputs.leftOut,
    keptColumns: await keptColumns(inputs.experiment),
    split: splitOf(counts),
    findings: parts.findings,
    durationsMs: { import: parts.importMs, ...phaseDurations(parts.events), export: parts.exportMs },
    export: {
      files: exported.files.map(({ path, blob }) => ({ path, bytes: blob.size })),
      check: exported.check,
      reference: { texts: parts.reference.texts, vectors: parts.reference.vectors.map((vector) => [...vector]) },
    },
    environment: environmentOf(run),
  };
}
