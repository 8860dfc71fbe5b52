import type { Experiment } from '../../../src/domain/experiment';
import { relevantPlaces, shownPassages, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { evaluateRanks, questionResult, type Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { Question } from '../../../src/domain/records';
import type { Engine } from '../../engine/engine';
import { search } from '../../engine/retrieval/search';
import { maxQuestionsPerSearch } from '../../engine/retrieval/search';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';
import type { BetweenBatches } from './betweenBatches';

export interface EvaluateVectorsInput {
  runId: string;
  part: 'dev' | 'test';
  moment: Evaluation['moment'];
  experiment: Experiment;
  questions: Question[];
  order: PassageOrder;
  questionVectors: Vectors;
  passageVectors: Vectors;
  encodeMs: number;
}

/** Searches the whole knowledge base exactly for every question and computes the metrics. */
export async function evaluateVectors(
  engine: Engine,
  input: EvaluateVectorsInput,
  between: BetweenBatches,
): Promise<Evaluation> {
  const { questions, order, passageVectors, questionVectors } = input;
  const count = order.ids.length;
  const passages = pickedVectors(passageVectors, count, (place) => order.inOrder[place] ?? 0);
  const results: Evaluation['results'] = [];
  for (let from = 0; from < questions.length; from += maxQuestionsPerSearch) {
    const group = questions.slice(from, from + maxQuestionsPerSearch);
    const queries = pickedVectors(questionVectors, group.length, (question) => from + question);
    const targets = group.map((question) => relevantPlaces(question, order));
    const found = await search(engine, { queries, passages, targets, k: shownPassages }, between);
    group.forEach((question, i) => {
      const own = found[i];
      if (own) results.push(questionResult(question, own, order));
    });
  }
  const { runId, part, moment, encodeMs } = input;
  return {
    runId,
    part,
    moment,
    encodeMs,
    results,
    createdAt: Date.now(),
    ...evaluateRanks(results, questions, count, input.experiment.evaluation.ks),
  };
}
