import type { Evaluation } from '../domain/evaluate/evaluation';
import { probeMoment } from '../domain/evaluate/blendMoment';
import { generalProbe, type NamedProbe } from '../domain/evaluate/probe';
import type { ReportedExtras, ReportedLabels } from '../domain/report/reportFacts';
import type { FiguresRequest } from '../protocol/questionFigures';
import { gateway } from './gateway';

/** Returns the figures by the labels that the user has changed. Null if none was. */
export async function reportedLabels(
  experimentId: string,
  request: Omit<FiguresRequest, 'sets'>,
): Promise<ReportedLabels | null> {
  const decisions = (await gateway.getExperiment(experimentId))?.labelDecisions ?? [];
  if (decisions.length === 0) return null;
  const [figures] = await (await gateway.data()).figuresOf({ ...request, sets: [null] });
  const part = 'runId' in request.owner ? 'test' : request.owner.part;
  return figures?.corrected ? { ...figures.corrected, decisions: decisions.filter((one) => one.part === part) } : null;
}

/** Returns the thresholds that are kept with a run. */
async function keptThresholds(
  runId: string,
  names: Record<'before' | 'after', string>,
): Promise<ReportedExtras['thresholds']> {
  const kept: { name: string; threshold: NonNullable<Evaluation['threshold']> }[] = [];
  for (const moment of ['before', 'after'] as const) {
    const threshold = (await gateway.getEvaluation(runId, 'dev', moment))?.threshold;
    if (threshold) kept.push({ name: names[moment], threshold });
  }
  return kept;
}

/** Returns how base and tuned model answer a probe set, if both were measured on it. */
async function reportedProbe(runId: string, k: number, { sha256, name }: NamedProbe): Promise<ReportedExtras['probe']> {
  const [answer] = (await (await gateway.data()).compareRun(runId, [k], sha256)) ?? [];
  const tuned = await gateway.getEvaluation(runId, 'probe', probeMoment(1, sha256));
  return answer && tuned ? { answer, passages: tuned.metrics.passages, name } : null;
}

interface ExtrasRequest {
  k: number;
  ids: readonly string[];
  names: Record<'before' | 'after', string>;
  /** The shipped set if null. */
  probe: NamedProbe | null;
}

/** Returns what was decided or measured beside a run's results. */
export async function runExtras(
  { runId, experimentId }: { runId: string; experimentId: string },
  { k, ids, names, probe }: ExtrasRequest,
): Promise<ReportedExtras> {
  const pair = { before: 'before', after: 'after' };
  return {
    thresholds: await keptThresholds(runId, names),
    labels: await reportedLabels(experimentId, { owner: { runId }, ids, pair, k }),
    probe: await reportedProbe(runId, k, probe ?? { sha256: generalProbe.sha256, name: null }),
    pairs: null,
  };
}
