import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { Experiment } from '../../../src/domain/experiment';
import { sha256OfTexts } from '../../../src/domain/hash';
import { abovePositive } from '../../../src/domain/negatives/abovePositive';
import { drawn } from '../../../src/domain/negatives/chooseNegatives';
import { JudgedPairs } from '../../../src/domain/negatives/judgedPairs';
import { scoreBins } from '../../../src/domain/negatives/scoreBins';
import { teacherScoresOfTexts } from '../../../src/domain/negatives/teacherScores';
import { tripletLines, type Triplet, type TripletFormat } from '../../../src/domain/negatives/triplets';
import { RandomStream } from '../../../src/domain/random';
import { hasMargin } from '../../../src/domain/train/negativesSchema';
import type { NegativeSample, NegativesRow, NegativesView, ShownNegative } from '../../../src/protocol/negativesView';
import type { Database } from '../../../src/storage/database';
import { preparedData, type PreparedData } from '../split/preparedData';
import { modelFoldsCase } from '../tokenize/letterCase';
import { negativesOfStages, type StageNegatives } from './stageNegatives';

/** Number of samples to judge. The 95% interval of a share is then at most ±14 percentage points. */
const sampleCount = 50;

interface ViewedStage {
  data: PreparedData;
  negatives: StageNegatives;
}

/** Returns a description of a stage's negatives, and samples to judge. */
export async function viewNegatives(db: Database, experiment: Experiment, stageIndex: number): Promise<NegativesView> {
  const viewed = await viewedStage(db, experiment, stageIndex);
  const { data, negatives } = viewed;
  const { from, excluded, refilled, refilledRows, scores } = negatives;
  const counts = { from, pairs: data.pairs.length, excluded, refilled, refilledRows };
  const samples = await samplesOf(db, experiment, stageIndex);
  if (!scores) return { ...counts, bins: null, suspects: null, above: null, samples };
  const mined = scores.negatives.filter((_, at) => (scores.ranks[at] ?? 0) > 0);
  const bins = scoreBins([scores.positives, mined, scores.random]);
  const above = abovePositive(negatives);
  const { negatives: settings } = experiment.stages[stageIndex] ?? {};
  if (settings?.from === 'mined' && !hasMargin(settings)) return { ...counts, bins, suspects: null, above, samples };
  return { ...counts, bins, suspects: { found: excluded.margin, of: scores.candidates }, above, samples };
}

/** Returns some of a stage's pairs, with their negatives. */
export async function listNegatives(
  db: Database,
  experiment: Experiment,
  stageIndex: number,
  { first, count }: { first: number; count: number },
): Promise<NegativesRow[]> {
  const viewed = await viewedStage(db, experiment, stageIndex);
  const last = Math.min(first + count, viewed.data.pairs.length);
  return Array.from({ length: Math.max(0, last - first) }, (_, i) => rowOf(viewed, first + i));
}

/** Returns a file of a stage's pairs with their negatives. */
export async function exportTriplets(
  db: Database,
  experiment: Experiment,
  stageIndex: number,
  format: TripletFormat,
): Promise<Blob> {
  const { data, negatives } = await viewedStage(db, experiment, stageIndex);
  const { perAnchor, chosen, pool } = negatives;
  const scored = negatives.from === 'imported' && data.pairs.some(({ teacherScores }) => teacherScores);
  function* triplets(): Generator<Triplet> {
    for (const [row, pair] of data.pairs.entries()) {
      const indexes = chosen.subarray(row * perAnchor, (row + 1) * perAnchor);
      const texts = Array.from(indexes, (index) => pool[index] ?? '');
      const scores = scored ? teacherScoresOfTexts(pair, texts).flatMap((score) => score ?? []) : [];
      const { anchor, positive } = pair;
      yield { anchor, positive, negatives: texts, ...(scores.length > perAnchor ? { teacherScores: scores } : {}) };
    }
  }
  return new Blob([...tripletLines(triplets(), { format, perAnchor, scored })], {
    type: format === 'csv' ? 'text/csv' : 'application/jsonl',
  });
}

async function viewedStage(db: Database, experiment: Experiment, stageIndex: number): Promise<ViewedStage> {
  const data = await preparedData(db, experiment);
  const negatives = (await negativesOfStages(db, experiment, data))[stageIndex];
  if (!negatives)
    throw new AppError({
      kind: 'experiment-invalid',
      path: `stages.${stageIndex}.negatives`,
      found: own('no-value'),
    });
  return { data, negatives };
}

function rowOf({ data, negatives }: ViewedStage, row: number): NegativesRow {
  const pair = data.pairs[row];
  const { id = '', anchor = '', positive = '' } = pair ?? {};
  const { perAnchor, scores, from } = negatives;
  const shown = Array.from({ length: perAnchor }, (_, i) => negativeAt(negatives, row * perAnchor + i));
  const texts = shown.map(({ text }) => text);
  return {
    pairId: id,
    anchor,
    positive,
    positiveScore: scores?.positives[row] ?? null,
    negatives: shown,
    ...(pair?.teacherScores && from === 'imported' ? { teacherScores: teacherScoresOfTexts(pair, texts) } : {}),
  };
}

function negativeAt({ chosen, pool, scores }: StageNegatives, at: number): ShownNegative {
  const score = scores?.negatives[at] ?? NaN;
  const rank = scores?.ranks[at] ?? 0;
  return {
    text: pool[chosen[at] ?? 0] ?? '',
    rank: rank > 0 ? rank : null,
    score: Number.isNaN(score) ? null : score,
  };
}

/**
 * Draws samples from the negatives before any is dropped, so that the list stays the same while the user judges. Leaves
 * out passages that were drawn at random because a pair had too few mined ones.
 */
async function samplesOf(db: Database, experiment: Experiment, stageIndex: number): Promise<NegativeSample[]> {
  const stages = experiment.stages.map((stage, index) => {
    if (index !== stageIndex || !stage.negatives) return stage;
    const { dropped: _, ...negatives } = stage.negatives;
    return { ...stage, negatives };
  });
  const viewed = await viewedStage(db, { ...experiment, stages }, stageIndex);
  const { chosen, perAnchor, scores } = viewed.negatives;
  const ids = new JudgedPairs([], await modelFoldsCase(db, experiment), await sha256OfTexts());
  const samples = new Map<string, NegativeSample>();
  for (const at of drawn(chosen.length, new RandomStream(experiment.seed, 'negativeSamples', stageIndex, 1))) {
    if (samples.size === sampleCount) break;
    if (scores?.ranks[at] === 0) continue;
    const { negatives: _, teacherScores: __, ...row } = rowOf(viewed, Math.floor(at / perAnchor));
    const negative = negativeAt(viewed.negatives, at);
    const id = ids.idOf(row.anchor, negative.text);
    samples.set(id, { ...row, id, negative });
  }
  return [...samples.values()];
}
