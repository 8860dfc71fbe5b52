import type { Experiment } from '../../../src/domain/experiment';
import type { AnswerIndex } from '../../../src/domain/negatives/answerIndex';
import {
  chooseNegatives,
  noExclusions,
  type ChosenNegatives,
  type MinedScores,
} from '../../../src/domain/negatives/chooseNegatives';
import { minedCandidates, scoreExclusion, type FoundForRow } from '../../../src/domain/negatives/minedCandidates';
import { RandomStream } from '../../../src/domain/random';
import type { MinedNegatives } from '../../../src/domain/train/negativesSchema';
import type { PreparedData } from '../split/preparedData';

/**
 * Results of the search for each pair, and a function that returns the cosine of any pair's anchor with any passage.
 */
export interface SearchedPairs {
  found: readonly FoundForRow[];
  scoreOf: (row: number, passage: number) => number;
}

export interface StageToMine {
  stageIndex: number;
  settings: MinedNegatives;
}

/** Number of random scores. They are only drawn in a histogram, for which this many suffice. */
const maxRandomScores = 2000;

/** Chooses a stage's negatives from the search's results for each pair, and adds their ranks and scores. */
export function chooseMined(
  { found, scoreOf }: SearchedPairs,
  { stageIndex, settings }: StageToMine,
  { experiment: { seed }, data, answers }: { experiment: Experiment; data: PreparedData; answers: AnswerIndex },
): ChosenNegatives & { scores: MinedScores } {
  const byScore = noExclusions();
  let candidates = 0;
  const own = (row: number): number[] => {
    const random = new RandomStream(seed, 'minedPick', stageIndex, row);
    const kept = minedCandidates(found[row] ?? { top: [], positiveScore: 0 }, settings, random, byScore);
    candidates += kept.length;
    return kept;
  };
  const pool = data.knowledgeBase.map(({ text }) => text);
  const { perAnchor } = settings;
  const chosen = chooseNegatives({ pairs: data.pairs, answers, pool, perAnchor, seed, stageIndex, own });
  const { scoreWindow, margin } = byScore;
  const ofChosen = scoresOfChosen(chosen, { found, scoreOf }, settings);
  const random = randomScores(scoreOf, data, new RandomStream(seed, 'negativeSamples', stageIndex));
  const positives = Float32Array.from(found, ({ positiveScore }) => positiveScore);
  const scores = { positives, ...ofChosen, random, candidates: candidates + margin };
  return { ...chosen, excluded: { ...chosen.excluded, scoreWindow, margin }, scores };
}

function scoresOfChosen(
  { chosen, perAnchor }: ChosenNegatives,
  { found, scoreOf }: SearchedPairs,
  settings: MinedNegatives,
): Pick<MinedScores, 'negatives' | 'ranks'> {
  const negatives = new Float32Array(chosen.length);
  const ranks = new Uint16Array(chosen.length);
  for (const [row, { top, positiveScore }] of found.entries())
    for (let at = row * perAnchor; at < (row + 1) * perAnchor; at++) {
      const passage = chosen[at] ?? 0;
      const place = top.findIndex((one, i) => i >= settings.firstRank - 1 && one.passage === passage);
      const score = top[place]?.score ?? scoreOf(row, passage);
      negatives[at] = score;
      // A passage drawn at random may also be in the rank range, but not with a score that makes it a candidate.
      ranks[at] = place < 0 || scoreExclusion(score, positiveScore, settings) ? 0 : place + 1;
    }
  return { negatives, ranks };
}

/** Returns the cosines of some anchors, spread evenly over the pairs, with one random passage each. */
function randomScores(
  scoreOf: SearchedPairs['scoreOf'],
  { pairs, knowledgeBase }: PreparedData,
  random: RandomStream,
): Float32Array<ArrayBuffer> {
  const count = Math.min(pairs.length, maxRandomScores);
  return Float32Array.from({ length: count }, (_, i) =>
    scoreOf(Math.floor((i * pairs.length) / count), random.below(knowledgeBase.length)),
  );
}
