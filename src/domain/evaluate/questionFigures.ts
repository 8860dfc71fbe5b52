import { answerAt, type AnswerAt } from './answerAt';
import { meanOf, type QuestionResult } from './evaluation';
import { hitRateAtK, mrrAtK, ndcgAtK } from './metrics';
import { wilsonInterval, type Interval } from './statistics';

/** How a model answers some questions if the first k passages count. */
export interface ModelFigures {
  id: string;
  questions: number;
  /** Questions with a right passage in the first k. */
  hits: number;
  /** 95% Wilson interval of the hit rate. */
  interval: Interval;
  mrrAt10: number;
  ndcgAt10: number;
}

/** The results of one model. */
export interface NamedResults {
  id: string;
  results: readonly QuestionResult[];
}

/** How models answer the same questions, and how the second of two compares with the first. */
export interface QuestionFigures {
  models: ModelFigures[];
  /** Null if there is only one model. */
  answer: AnswerAt | null;
}

export function modelFigures({ id, results }: NamedResults, k: number): ModelFigures {
  const hits = results.filter(({ ranks }) => hitRateAtK(ranks, k) === 1).length;
  return {
    id,
    questions: results.length,
    hits,
    interval: wilsonInterval(hits, results.length),
    mrrAt10: meanOf(results, (ranks) => mrrAtK(ranks, 10)),
    ndcgAt10: meanOf(results, (ranks) => ndcgAtK(ranks, 10)),
  };
}

/** Computes the figures of models, and compares two of them. */
export function questionFigures(
  models: readonly NamedResults[],
  pair: { before: string | null; after: string | null },
  k: number,
): QuestionFigures {
  const [before, after] = [pair.before, pair.after].map((id) => models.find((model) => model.id === id)?.results);
  return {
    models: models.map((model) => modelFigures(model, k)),
    answer: before && after && before !== after ? answerAt(before, after, k) : null,
  };
}
