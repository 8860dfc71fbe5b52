import type { AppErrorDetails } from '../errors';
import { dataOfStage, trainsOn, withLowestVersion, type Experiment, type Stage } from '../experiment';
import { lossRefusalOf } from '../train/runRefusal';
import { defaultMined, hasMargin, withoutMargin, type MinedNegatives, type Negatives } from '../train/negativesSchema';

/**
 * The arms of the negatives experiment: runs that differ only in the negatives of their stages. `inBatch`: only
 * in-batch negatives. `mined`: mined by rank only. `filtered`: mined from the same ranks, without passages that score
 * close to the positive or that the user has dropped.
 */
export const armNames = ['inBatch', 'mined', 'filtered'] as const;
export type ArmName = (typeof armNames)[number];

/** Negatives per question if no stage states a number. */
const defaultPerAnchor = 5;

/** The settings that the mined arms share. `scaled`: the ranks are those of 10,000 passages, scaled to fewer. */
export interface MinedRanks {
  firstRank: number;
  lastRank: number;
  perAnchor: number;
  scaled: boolean;
}

/** Returns the negatives of the first stage that mines. */
function firstMined({ stages }: Pick<Experiment, 'stages'>): MinedNegatives | undefined {
  return stages.flatMap(({ negatives }) => (negatives?.from === 'mined' ? [negatives] : []))[0];
}

/** Returns the ranks that the arms mine from: those of the first stage that mines, else 300 to 500 of 10,000. */
export function minedRanks(experiment: Pick<Experiment, 'stages'>, passages: number): MinedRanks {
  const perAnchor = experiment.stages.find((stage) => stage.negatives)?.negatives?.perAnchor ?? defaultPerAnchor;
  const mined = firstMined(experiment);
  const { firstRank, lastRank } = mined ?? defaultMined(passages, perAnchor);
  return { firstRank, lastRank, perAnchor, scaled: !mined && passages < 10_000 };
}

/**
 * Returns the experiments of the arms, which have the same seed and steps. Each runs to its last step and keeps those
 * weights, whatever dev shows on the way, because the best of several dev evaluations would favour arms that vary more.
 */
export function armsOf(experiment: Experiment, passages: number): Record<ArmName, Experiment> {
  const { firstRank, lastRank, perAnchor } = minedRanks(experiment, passages);
  const miner = firstMined(experiment)?.model;
  const ranks = { ...defaultMined(passages, perAnchor), firstRank, lastRank, ...(miner ? { model: miner } : {}) };
  const arm = (negativesOf: (stage: Stage) => Negatives | null): Experiment => {
    const { earlyStop: _, ...evaluation } = experiment.evaluation;
    const stages = experiment.stages.map((stage) => {
      const { negatives: _, ...rest } = stage;
      const negatives = dataOfStage(stage) === 'pairs' ? negativesOf(stage) : null;
      return negatives ? { ...rest, negatives } : rest;
    });
    return withLowestVersion({ ...experiment, stages, evaluation: { ...evaluation, checkpoint: 'last' } });
  };
  return {
    inBatch: arm(() => null),
    mined: arm(() => withoutMargin(ranks)),
    filtered: arm(({ negatives }) => (negatives?.dropped ? { ...ranks, dropped: negatives.dropped } : ranks)),
  };
}

/** Returns the arm of the negatives experiment that an experiment corresponds to. */
export function armOf({ stages }: Pick<Experiment, 'stages'>): ArmName {
  const negatives = stages.find((stage) => stage.negatives)?.negatives;
  if (!negatives) return 'inBatch';
  return negatives.from === 'mined' && !hasMargin(negatives) ? 'mined' : 'filtered';
}

/**
 * Returns why the arms can't run, or null: no stage trains on pairs, there are no dev questions to compare them on, or
 * the loss of a stage needs explicit negatives or can't use any. `dimension` is the length of the model's vectors.
 */
export function armsRefusal(
  arms: Record<ArmName, Experiment>,
  devQuestions: number,
  dimension: number | null,
): AppErrorDetails | null {
  if (!trainsOn(arms.mined.stages, 'pairs')) return { kind: 'negatives-need-pairs' };
  if (devQuestions === 0) return { kind: 'nothing-to-evaluate', part: 'dev' };
  for (const name of armNames) {
    const refusal = lossRefusalOf(arms[name], dimension);
    if (refusal) return refusal;
  }
  return null;
}
