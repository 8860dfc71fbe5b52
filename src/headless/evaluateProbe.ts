import { candidateId } from '../domain/evaluate/candidate';
import type { NamedCandidate } from '../domain/evaluate/evaluationFile';
import { generalProbe, generalProbeFiles } from '../domain/evaluate/probe';
import type { ProbeJob } from '../domain/evaluate/probeFile';
import { downloaded } from '../domain/download';
import { AppError, type AppErrorDetails } from '../domain/errors';
import type { DataEntry } from '../domain/experiment';
import { sha256Hex } from '../domain/hash';
import { withEntry } from '../domain/import/slots';
import { parseExperiment } from '../domain/parseExperiment';
import { probeTable } from '../domain/report/probeTable';
import type { ProbeTable } from '../domain/report/reportFacts';
import { baseUrl, gateway } from '../state/gateway';
import { dataExperimentId } from './dataExperiment';
import { evaluateCandidates } from './evaluateCandidates';
import type { EvaluateJob, JobRoutes } from './jobRoutes';
import type { EventSender } from './prepare';
import { readProbeFiles } from './probeRun';

interface ProbeRequest {
  probe: ProbeJob | null;
  /** The data that the candidates are compared on. */
  data: readonly DataEntry[];
  /** Candidates that were evaluated on it. */
  candidates: readonly NamedCandidate[];
  baseline: NamedCandidate;
  k: number;
}

/** Stores the shipped probe set as an experiment without training. Throws `download-failed` if it is not the one. */
async function shippedExperimentId(): Promise<string> {
  const folder = `${baseUrl}probe/`;
  const read = (name: string): Promise<string> =>
    downloaded(
      `${folder}${name}`,
      () => fetch(`${folder}${name}`),
      (response) => response.text(),
    );
  const [passages, questions] = [await read(generalProbeFiles.passages), await read(generalProbeFiles.questions)];
  if ((await sha256Hex(passages + questions)) !== generalProbe.sha256)
    throw new AppError({ kind: 'download-failed', url: folder });
  const data = await gateway.data();
  const quiet = (): void => undefined;
  const { dataset: base } = await data.importDataset(
    [new File([passages], generalProbeFiles.passages)],
    'knowledgeBase',
    quiet,
  );
  const options = { knowledgeBase: base.contentSha256 };
  const files = [new File([questions], generalProbeFiles.questions)];
  const { dataset } = await data.importDataset(files, 'questions', quiet, options);
  const empty = parseExperiment({ split: { devFraction: 0 } });
  const withBase = withEntry(empty, 'knowledgeBase', base.contentSha256, false);
  return dataExperimentId('general ability', withEntry(withBase, 'devQuestions', dataset.contentSha256, false));
}

/**
 * Evaluates the candidates on a probe set. Returns the table of the report and the part of metrics.json about it (null
 * if all failed), and the errors of candidates by id; null if the file asks for no probe.
 */
export async function evaluateProbe(
  routes: JobRoutes,
  job: EvaluateJob,
  { probe, data, candidates, baseline, k }: ProbeRequest,
  sender: EventSender,
): Promise<{ table: ProbeTable | null; metrics: object | null; failed: Map<string, AppErrorDetails> } | null> {
  if (!probe) return null;
  sender.send('progress', { note: 'general ability' });
  const { experimentId, name } =
    probe.kind === 'general'
      ? { experimentId: await shippedExperimentId(), name: null }
      : await readProbeFiles(routes, job, { locations: probe.locations, data }, sender);
  const failed = await evaluateCandidates({ experimentId, part: 'dev', candidates }, job, sender);
  const { models, questions, passages } = await (await gateway.data()).comparedPart(experimentId, 'dev');
  const stored = new Map(models.map((model) => [model.id, model.results]));
  const answered = candidates.flatMap((one) => {
    const id = candidateId(one.candidate);
    const results = stored.get(id);
    return results && !failed.has(id) ? [{ id, name: one.name, results }] : [];
  });
  const about = { name, questions: questions.length, passages, k };
  const table = probeTable(answered, candidateId(baseline.candidate), about);
  return { table, metrics: table && metricsOf(table), failed };
}

function metricsOf({ name, rows, ...about }: ProbeTable): object {
  return {
    set: name ?? 'general',
    ...about,
    models: rows.map(({ name: model, hits, against }) => ({
      ...{ name: model, hitRate: hits / Math.max(1, about.questions) },
      baseline: against && {
        ...{ won: against.won, lost: against.lost, mcNemarP: against.p, adjusted: against.adjusted },
        change: { value: (against.hitsAfter - against.hitsBefore) / against.questions, ...against.interval },
      },
    })),
  };
}
