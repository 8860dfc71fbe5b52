import { answerAt } from '../../../domain/evaluate/answerAt';
import type { Language } from '../../../domain/language';
import type { ReportDocument } from '../../../domain/report/reportDocument';
import { nameOf, resultsOf, type ReportFacts } from '../../../domain/report/reportFacts';
import { compareAnswerText } from '../../compare/compareAnswerText';
import { gainText, judgementText, keywordVerdictText } from '../../evaluate/answerText';
import type { Dictionary } from '../../i18n/dictionary';
import { formatDate } from '../../i18n/format';
import { exampleSections } from './exampleSections';
import { extraSections } from './extraSections';
import { figureSection } from './figureSection';
import { riskSection } from './riskSection';
import { comparedSection, trainedSection } from './trainedSection';

type Answer = Pick<ReportDocument, 'answer' | 'verdict' | 'lead'>;

/** Answers whether training made retrieval better. */
function runAnswer(t: Dictionary, facts: ReportFacts): Answer {
  const judged = resultsOf(facts, facts.judgedId);
  const answer = answerAt(resultsOf(facts, facts.baselineId), judged, facts.k);
  const { answer: words } = t.evaluate;
  const { gain, interval } = gainText(words, answer);
  const keywords = facts.models.find(({ kind }) => kind === 'keywords');
  const floor = keywords && answerAt(keywords.results, judged, facts.k);
  const kinds = { better: 'better', worse: 'worse', noDifferenceShown: 'none' } as const;
  return {
    answer: words.title(answer.k, answer.hitsAfter, answer.questions, answer.hitsBefore),
    verdict: { text: words.badge[answer.verdict], kind: kinds[answer.verdict] },
    lead: [
      judgementText(words, answer),
      `${words.gain}${t.common.colon}${gain}${interval}`,
      ...(floor
        ? [`${words.keyword}${t.common.colon}${words.keywordHits(floor.hitsBefore)}${keywordVerdictText(words, floor)}`]
        : []),
      `${words.moved}${t.common.colon}${words.upDown(answer.up, answer.down)}`,
    ],
  };
}

/** Answers which of the compared models is best. */
function comparisonAnswer(t: Dictionary, facts: ReportFacts): Answer {
  const { rows, baselineId, k } = facts;
  const text = compareAnswerText(t.compare.answer, rows, baselineId, { k, nameOf: (id) => nameOf(facts, id) });
  if (!text) return { answer: t.compare.title, verdict: null, lead: [] };
  const sentences = [text.verdict, text.needed, text.corrected].filter((sentence) => sentence !== '');
  return { answer: text.title, verdict: null, lead: [t.common.inARow(...sentences)] };
}

/** Returns the report for the person who decides, in one language. */
export function resultDocument(t: Dictionary, language: Language, facts: ReportFacts): ReportDocument {
  const words = t.resultReport;
  const { questions, part, passages, leftOut, training } = facts;
  const answer = training ? runAnswer(t, facts) : comparisonAnswer(t, facts);
  const scope = words.scope(facts.rows[0]?.questions ?? questions.length, part, passages);
  return {
    language,
    title: facts.name,
    subtitle: words.subtitle(formatDate(facts.createdAt, language), facts.build),
    ...answer,
    lead: [...answer.lead, scope, ...(leftOut ? [words.leftOut(leftOut)] : [])],
    sections: [
      training ? trainedSection(t, training) : comparedSection(t, facts),
      figureSection(t, facts),
      ...exampleSections(t, facts),
      ...extraSections(t, facts),
      riskSection(t, language, facts),
    ],
    footer: [words.notes.intervals, words.notes.metrics, words.notes.privacy],
  };
}
