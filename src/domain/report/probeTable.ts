import { answerAt } from '../evaluate/answerAt';
import { comparedProbe } from '../evaluate/comparedProbe';
import type { QuestionResult } from '../evaluate/evaluation';
import { probeInterval } from '../evaluate/probe';
import type { ProbeTable } from './reportFacts';

interface AnsweredProbe {
  id: string;
  name: string;
  results: readonly QuestionResult[];
}

/**
 * Returns how candidates answered a probe set, or null if none did. Each is compared with the baseline, if that did, by
 * Newcombe's paired interval and by McNemar's test, corrected by Holm as on the page.
 */
export function probeTable(
  answered: readonly AnsweredProbe[],
  baselineId: string,
  about: Pick<ProbeTable, 'name' | 'questions' | 'passages' | 'k'>,
): ProbeTable | null {
  if (answered.length === 0) return null;
  const base = answered.find(({ id }) => id === baselineId);
  const judged = comparedProbe(answered, baselineId, about.k);
  const rows = answered.map(({ name, results }, at): ProbeTable['rows'][number] => {
    const { hits = 0, baseline = null } = judged[at] ?? {};
    const answer = base && baseline ? answerAt(base.results, results, about.k) : null;
    if (!answer || !baseline) return { name, hits, against: null };
    return { name, hits, against: { ...answer, interval: probeInterval(answer), adjusted: baseline.adjusted } };
  });
  return { ...about, baseline: base?.name ?? null, rows };
}
