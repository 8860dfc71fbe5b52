import { rankChange, sortByGain } from '../evaluate/answerAt';
import { pairedQuestions, type PairedQuestion } from '../evaluate/pairedQuestions';
import { resultsOf, type ReportFacts } from './reportFacts';

/** Number of examples of each kind in a report: enough to judge by, and few enough for a page. */
const mostExamples = 8;

/** Questions that the judged model answers and the baseline does not, and vice versa. */
export interface ReportExamples {
  won: PairedQuestion[];
  lost: PairedQuestion[];
  /** Total number of such questions. */
  wonCount: number;
  lostCount: number;
}

/** Returns the questions whose right passage moved furthest across the line between the first k and the rest. */
export function reportExamples(facts: Pick<ReportFacts, 'models' | 'baselineId' | 'judgedId' | 'k'>): ReportExamples {
  const { baselineId, judgedId, k } = facts;
  const pairs = sortByGain(pairedQuestions(resultsOf(facts, baselineId), resultsOf(facts, judgedId)));
  const of = (kind: 'won' | 'lost') =>
    pairs.filter(({ rankBefore, rankAfter }) => rankChange(rankBefore, rankAfter, k) === kind);
  const [won, lost] = [of('won'), of('lost').reverse()];
  return {
    won: won.slice(0, mostExamples),
    lost: lost.slice(0, mostExamples),
    wonCount: won.length,
    lostCount: lost.length,
  };
}

/**
 * Returns the ids of the passages whose texts a report shows: right passages, and the first ones found in the examples.
 */
export function shownPassageIds(facts: Pick<ReportFacts, 'models' | 'baselineId' | 'judgedId' | 'k' | 'questions'>) {
  const { won, lost } = reportExamples(facts);
  const ids = new Set(facts.questions.flatMap(({ relevant }) => relevant));
  for (const { before, after } of [...won, ...lost])
    for (const { top } of [before, after]) if (top[0]) ids.add(top[0].passageId);
  return [...ids];
}
