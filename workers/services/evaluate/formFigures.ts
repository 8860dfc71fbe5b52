import type { FormFigures } from '../../../src/domain/evaluate/speed';
import type { QuestionResult } from '../../../src/domain/evaluate/evaluation';
import { hitRateAtK, mrrAtK, recallAtK, type Ranks } from '../../../src/domain/evaluate/metrics';
import { shownPassages } from '../../../src/domain/evaluate/ranking';
import { pairedBootstrap } from '../../../src/domain/evaluate/statistics';
import { vectorForms } from '../../../src/domain/evaluate/vectorForm';
import type { Engine } from '../../engine/engine';
import type { Vectors } from '../../engine/retrieval/vectors';
import type { ComparedData } from './comparedData';
import { searchQuestions } from './evaluateVectors';
import { cutVectors, passagesInForm } from './vectorsInForm';

type Results = readonly Pick<QuestionResult, 'ranks'>[];

const valuesOf = (results: Results, metric: (ranks: Ranks) => number): number[] =>
  results.map(({ ranks }) => metric(ranks));

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Compares the results of a form with those of the whole vectors. */
export function figuresOf(results: Results, whole: Results | null, seed: number): Omit<FormFigures, 'form'> {
  const hit = (ranks: Ranks): number => hitRateAtK(ranks, 1);
  const recall = (ranks: Ranks): number => recallAtK(ranks, 10);
  const [hits, recalls] = [valuesOf(results, hit), valuesOf(results, recall)];
  const hitsBefore = whole ? valuesOf(whole, hit) : hits;
  return {
    hitRateAt1: mean(hits),
    recallAt10: mean(recalls),
    mrrAt10: mean(valuesOf(results, (ranks) => mrrAtK(ranks, 10))),
    won: hits.filter((value, i) => value > (hitsBefore[i] ?? 0)).length,
    lost: hits.filter((value, i) => value < (hitsBefore[i] ?? 0)).length,
    recallChange: whole && pairedBootstrap(valuesOf(whole, recall), recalls, seed),
  };
}

/**
 * Answers the questions with the passages in each form. Questions are cut as the passages are, but stay in float32:
 * only passages are stored. The search is exact over the values that the form keeps.
 * `between` is called with the number of forms done, and may throw. GPU→CPU sync.
 */
export async function measureForms(
  engine: Engine,
  vectors: { questions: Vectors; passages: Vectors },
  { questions, order, experiment }: Pick<ComparedData, 'questions' | 'order' | 'experiment'>,
  between: (done: number, of: number) => Promise<void>,
): Promise<FormFigures[]> {
  const forms = vectorForms(vectors.passages.width);
  const figures: FormFigures[] = [];
  let whole: Results | null = null;
  for (const [done, form] of forms.entries()) {
    await between(done, forms.length);
    const passageVectors = passagesInForm(vectors.passages, form);
    const questionVectors = cutVectors(vectors.questions, form.dimensions);
    const input = { questions, order, questionVectors, passageVectors, depth: shownPassages };
    const { results } = await searchQuestions(engine, input, (part, of) => between(done + part / of, forms.length));
    figures.push({ form, ...figuresOf(results, whole, experiment.seed) });
    whole ??= results;
  }
  return figures;
}
