import { candidateId } from '../domain/evaluate/candidate';
import type { EvaluationFile, NamedCandidate } from '../domain/evaluate/evaluationFile';
import type { AppErrorDetails } from '../domain/errors';
import type { CompareProgress, CompareReports } from '../protocol/compareApi';
import { gateway } from '../state/gateway';
import type { EvaluateJob } from './jobRoutes';
import { throttled, type EventSender } from './prepare';

/** Names of the work in the terminal, by the names that a comparison reports. */
const workNames: Record<CompareProgress['what'], string> = {
  load: 'load',
  passages: 'encodePassages',
  questions: 'encodeQuestions',
  search: 'search',
  keywords: 'keywords',
};

/** Evaluates the candidates. Returns the errors of those that failed, by id. */
export function evaluateCandidates(
  request: { experimentId: string; part: EvaluationFile['part']; candidates: readonly NamedCandidate[] },
  job: EvaluateJob,
  sender: EventSender,
): Promise<Map<string, AppErrorDetails>> {
  const candidates = request.candidates.map(({ candidate }) => candidate);
  return withReports(request.candidates, sender, async (...reports) =>
    (await gateway.gpu()).compareModels({ ...request, candidates }, job.device, ...reports),
  );
}

/** Scores the pairs of the file with the candidates. Returns the errors of those that failed, by id. */
export function scorePairs(
  request: { experimentId: string; candidates: readonly NamedCandidate[] },
  job: EvaluateJob,
  sender: EventSender,
): Promise<Map<string, AppErrorDetails>> {
  const candidates = request.candidates.map(({ candidate }) => candidate);
  return withReports(request.candidates, sender, async (...reports) =>
    (await gateway.gpu()).scorePairs({ ...request, candidates }, job.device, ...reports),
  );
}

/** Does work on candidates and reports it to the terminal. Returns the errors of those that failed, by id. */
async function withReports(
  candidates: readonly NamedCandidate[],
  sender: EventSender,
  work: (progress: CompareReports['progress'], ended: CompareReports['ended']) => Promise<void>,
): Promise<Map<string, AppErrorDetails>> {
  const failures = new Map<string, AppErrorDetails>();
  const names = new Map(candidates.map(({ candidate, name }) => [candidateId(candidate), name]));
  let current = '';
  let doing: CompareProgress['what'] = 'load';
  const report = throttled((done, of) => sender.send('progress', { what: workNames[doing], done, of }));
  await work(
    ({ id, what, done, of }) => {
      if (id !== current) sender.send('progress', { note: `== ${names.get(id) ?? id}` });
      if (what !== doing) sender.send('progress', { what: workNames[what], done, of });
      [current, doing] = [id, what];
      report(done, of);
    },
    (id, error) => {
      if (error) failures.set(id, error);
    },
  );
  return failures;
}
