import type { DataRole } from '../records';
import { resolveReferences } from '../split/relevant';
import type { PassageLookup } from '../split/passageLookup';
import { Columns } from './rowColumns';
import { scoreIn } from './scores';
import { isObject } from '../isObject';

/** One line of a file of judgements (qrels): how relevant a passage is for a question, both by id. */
interface Judgement {
  question: string;
  passage: string;
  /** Null if the file has a score for it that cannot be read; 1 if the file has no scores. */
  score: number | null;
}

/**
 * Parses a record as a judgement. Returns null for other records: one with the text of a question or passage is a row.
 */
export function judgementOf(value: unknown): Judgement | null {
  if (!isObject(value)) return null;
  return judgementIn(new Columns(Object.entries(value)));
}

/** Like `judgementOf`, and marks the columns that the judgement was made from as used. */
export function judgementIn(columns: Columns): Judgement | null {
  const question = columns.pick('judgedQuestion')?.value;
  const passage = columns.pick('judgedPassage')?.value;
  const isId = (id: unknown): boolean => typeof id === 'string' || typeof id === 'number';
  if (!isId(question) || !isId(passage)) return null;
  if (columns.knows('question') || columns.knows('passage') || columns.knows('title')) return null;
  return {
    question: String(question).trim(),
    passage: String(passage).trim(),
    score: columns.knows('pairScore') ? scoreIn(columns.pick('pairScore')?.value) : 1,
  };
}

/** The judgements of the files of one import. Ids are compared as text, and a score above 0 counts as relevant. */
export class Judgements<Place> {
  readonly #byQuestion = new Map<string, { passages: string[]; place: Place; asked: boolean }>();
  readonly #judgedPassages = new Set<string>();
  /**
   * Questions with a passage judged not relevant, or judged relevant but unknown. The value is true if there are only
   * passages judged not relevant.
   */
  readonly #irrelevant = new Map<string, boolean>();

  constructor(private readonly passages: PassageLookup | undefined) {}

  get size(): number {
    return this.#byQuestion.size;
  }

  /** Returns `unknown` if the knowledge base lacks the passage, and `irrelevant` if the score is not above 0. */
  add({ question, passage, score }: Judgement, place: Place): 'taken' | 'unknown' | 'irrelevant' {
    if (score === null || score <= 0) {
      if (score !== null && !this.#irrelevant.has(question)) this.#irrelevant.set(question, true);
      return 'irrelevant';
    }
    if (this.passages && resolveReferences([passage], this.passages).relevant.length === 0) {
      this.#irrelevant.set(question, false);
      return 'unknown';
    }
    this.#judgedPassages.add(passage);
    const known = this.#byQuestion.get(question);
    if (known) known.passages.push(passage);
    else this.#byQuestion.set(question, { passages: [passage], place, asked: false });
    return 'taken';
  }

  /** Returns the ids that the judgements name: of passages for a knowledge base, of questions for other roles. */
  idsOf(role: DataRole): { has(id: string): boolean; readonly size: number } {
    return role === 'knowledgeBase' ? this.#judgedPassages : this.#byQuestion;
  }

  /**
   * Returns the passages judged relevant for the question: an empty list if all were judged not relevant, and undefined
   * if the question was not judged.
   */
  readonly of = (question: string): string[] | undefined => {
    const found = this.#byQuestion.get(question);
    if (found) found.asked = true;
    return found?.passages ?? (this.#irrelevant.get(question) ? [] : undefined);
  };

  /** Returns the judged questions that no file of questions contains. */
  unasked(): { question: string; place: Place }[] {
    return [...this.#byQuestion].flatMap(([question, { asked, place }]) => (asked ? [] : [{ question, place }]));
  }
}

/** Returns the id of a record that is read as a row of the role, or null. */
export function rowIdOf(value: unknown, list: 'passageId' | 'questionId'): string | null {
  if (!isObject(value)) return null;
  const id = new Columns(Object.entries(value)).pick(list)?.value;
  return typeof id === 'string' || typeof id === 'number' ? String(id).trim() : null;
}

export type Side = 'questions' | 'passages';

/** Evidence of whether a file holds the questions or the passages of judgements. */
interface SideEvidence {
  name: string;
  /** Whether a row has a title. Passages have one, questions do not. */
  titled: boolean;
  /** How many of its ids the judgements name as questions, and how many as passages. */
  asQuestions: number;
  asPassages: number;
}

/** Returns the side that a file's name suggests, or null. */
export function sideOfName(name: string): Side | null {
  const base = /[^/\\]*$/.exec(name)?.[0] ?? name;
  if (/corpus|passage|document|collection|knowledge|知识|段落/i.test(base)) return 'passages';
  return /quer|question|topic|问题/i.test(base) ? 'questions' : null;
}

/**
 * Returns whether a file holds the judged questions or the passages, or null if neither. Ids are not enough, because
 * questions and passages are often both numbered from 1, so the file's name and titles decide first.
 */
export function sideOf({ name, titled, asQuestions, asPassages }: SideEvidence): Side | null {
  const named = sideOfName(name);
  const matches = { questions: asQuestions, passages: asPassages };
  if (named !== null && (matches[named] > 0 || (asQuestions === 0 && asPassages === 0))) return named;
  if (asQuestions === 0 && asPassages === 0) return null;
  if (titled && asPassages > 0) return 'passages';
  return asQuestions >= asPassages ? 'questions' : 'passages';
}
