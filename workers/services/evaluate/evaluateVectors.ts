import type { Experiment } from '../../../src/domain/experiment';
import { relevantPlaces, shownPassages, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import {
  evaluateRanks,
  questionResult,
  type EvaluatedPart,
  type Evaluation,
  type QuestionResult,
} from '../../../src/domain/evaluate/evaluation';
import type { Question } from '../../../src/domain/records';
import type { Engine } from '../../engine/engine';
import { search } from '../../engine/retrieval/search';
import { maxQuestionsPerSearch } from '../../engine/retrieval/search';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';
import type { BetweenBatches } from './betweenBatches';

export interface EvaluateVectorsInput {
  runId: string;
  part: EvaluatedPart;
  moment: Evaluation['moment'];
  experiment: Experiment;
  questions: Question[];
  order: PassageOrder;
  questionVectors: Vectors;
  passageVectors: Vectors;
  encodeMs: number;
}

interface SearchedQuestions extends Pick<
  EvaluateVectorsInput,
  'questions' | 'order' | 'questionVectors' | 'passageVectors'
> {
  /** Number of passages to rank for each question. */
  depth: number;
}

/**
 * Searches the whole knowledge base exactly for every question. Returns each question's result, and the indexes of its
 * first `depth` passages, best first.
 */
export async function searchQuestions(
  engine: Engine,
  { questions, order, questionVectors, passageVectors, depth }: SearchedQuestions,
  between: BetweenBatches,
): Promise<{ results: QuestionResult[]; rankings: number[][] }> {
  const passages = pickedVectors(passageVectors, order.ids.length, (place) => order.inOrder[place] ?? 0);
  const results: QuestionResult[] = [];
  const rankings: number[][] = [];
  for (let from = 0; from < questions.length; from += maxQuestionsPerSearch) {
    const group = questions.slice(from, from + maxQuestionsPerSearch);
    const queries = pickedVectors(questionVectors, group.length, (question) => from + question);
    const targets = group.map((question) => relevantPlaces(question, order));
    const found = await search(engine, { queries, passages, targets, k: depth }, between);
    group.forEach((question, i) => {
      const own = found[i];
      if (!own) return;
      results.push(questionResult(question, { ...own, top: own.top.slice(0, shownPassages) }, order));
      rankings.push(own.top.map(({ passage }) => order.inOrder[passage] ?? 0));
    });
  }
  return { results, rankings };
}

/** Searches the whole knowledge base exactly for every question and computes the metrics. */
export async function evaluateVectors(
  engine: Engine,
  input: EvaluateVectorsInput,
  between: BetweenBatches,
): Promise<Evaluation> {
  const { questions, order } = input;
  const { results } = await searchQuestions(engine, { ...input, depth: shownPassages }, between);
  const { runId, part, moment, encodeMs } = input;
  return {
    runId,
    part,
    moment,
    encodeMs,
    results,
    createdAt: Date.now(),
    ...evaluateRanks(results, questions, order.ids.length, input.experiment.evaluation.ks),
  };
}
