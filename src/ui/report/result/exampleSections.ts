import type { QuestionResult } from '../../../domain/evaluate/evaluation';
import type { PairedQuestion } from '../../../domain/evaluate/pairedQuestions';
import { reportExamples } from '../../../domain/report/reportExamples';
import type { ReportExample, ReportFact, ReportSection } from '../../../domain/report/reportDocument';
import { nameOf, type ReportFacts } from '../../../domain/report/reportFacts';
import type { Dictionary } from '../../i18n/dictionary';
import { formatCount } from '../../i18n/format';

/** Number of characters of a passage that an example shows. */
const shownCharacters = 200;

function beginning(text: string): string {
  const characters = [...text.slice(0, 2 * shownCharacters)];
  const short = characters.slice(0, shownCharacters).join('');
  return short.length < text.length ? `${short}…` : short;
}

function passageText(t: Dictionary, { texts }: ReportFacts, id: string | undefined): string {
  const text = id === undefined ? undefined : texts.get(id);
  return text === undefined ? t.resultReport.example.unknown : beginning(text);
}

/** Returns the passage that a model ranks first, unless it is the right one. */
function firstFound(
  t: Dictionary,
  facts: ReportFacts,
  id: string,
  result: QuestionResult,
  relevant: string[],
): ReportFact[] {
  const [top] = result.top;
  if (!top || relevant.includes(top.passageId)) return [];
  return [{ label: t.resultReport.example.first(nameOf(facts, id)), value: passageText(t, facts, top.passageId) }];
}

function exampleOf(t: Dictionary, facts: ReportFacts, pair: PairedQuestion, change: 'won' | 'lost'): ReportExample {
  const question = facts.questions.find(({ id }) => id === pair.questionId);
  const relevant = question?.relevant ?? [];
  const rank = (value: number): string => (value === Infinity ? t.evaluate.notFound : formatCount(value));
  const right = relevant.find((id) => facts.texts.has(id));
  return {
    title: question?.text ?? pair.questionId,
    note: t.evaluate.rank(rank(pair.rankBefore), rank(pair.rankAfter)),
    change,
    lines: [
      { label: t.resultReport.example.right, value: passageText(t, facts, right) },
      ...firstFound(t, facts, facts.baselineId, pair.before, relevant),
      ...firstFound(t, facts, facts.judgedId, pair.after, relevant),
    ],
  };
}

/** Returns the sections of questions that improved and of those that got worse, or none if there is only one model. */
export function exampleSections(t: Dictionary, facts: ReportFacts): ReportSection[] {
  if (facts.baselineId === facts.judgedId) return [];
  const { won, lost, wonCount, lostCount } = reportExamples(facts);
  const words = t.resultReport;
  const section = (kind: 'won' | 'lost', shown: PairedQuestion[], count: number): ReportSection => ({
    title: words[kind].title(count),
    blocks: [
      ...(count === 0 ? [{ kind: 'text' as const, text: words[kind].none }] : []),
      ...(count > shown.length ? [{ kind: 'text' as const, text: words.shownOf(shown.length, count) }] : []),
      { kind: 'examples', examples: shown.map((pair) => exampleOf(t, facts, pair, kind)) },
    ],
  });
  return [section('won', won, wonCount), section('lost', lost, lostCount)];
}
