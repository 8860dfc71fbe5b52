import type { ExpectedWork } from '../../../src/domain/benchmark/expectedWork';
import { usesHalf, type Experiment } from '../../../src/domain/experiment';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Database } from '../../../src/storage/database';
import type { DeviceMemoryRequest } from '../device/deviceMemory';
import { reportMemory } from '../train/reportMemory';
import { refuseTooLittleMemory } from '../train/refuseRun';
import { preparedData } from '../split/preparedData';
import { negativesOfStages, tokenizedNegatives, type TokenizedNegatives } from '../negatives/stageNegatives';
import { negativesOf } from '../train/stepBatch';
import { stageBatches } from '../train/stageBatches';
import { stageTokens, storedTokenSets } from '../train/runTokens';
import { modelOfExperiment } from '../train/modelOfExperiment';
import { storedExperiment } from '../train/storedExperiment';
import { tokenize } from '../tokenize/tokenize';

type Offsets = Pick<TokenSet, 'offsets'>;

/**
 * Returns the work in a run of the experiment, with the step strategies planned for this machine. Throws
 * `model-missing`, `data-missing` or `memory-too-small` if the experiment cannot run.
 */
export async function expectedWork(
  db: Database,
  experimentId: string,
  request: DeviceMemoryRequest,
): Promise<ExpectedWork> {
  const experiment = await storedExperiment(db, experimentId);
  const { model } = await modelOfExperiment(db, experiment);
  const data = await preparedData(db, experiment);
  const plan = await reportMemory(db, experiment, data, request);
  refuseTooLittleMemory(plan);
  const keys = await tokenize(db, experiment, () => undefined);
  const tokens = await storedTokenSets(db, keys);
  const negatives = tokenizedNegatives(await negativesOfStages(db, experiment, data), () => tokens);
  const ofStages = experiment.stages.map((_, stage) => {
    const { anchors, positives } = stageTokens({ experiment, tokens }, stage);
    return [anchors, positives];
  });
  const encoded = [tokens.knowledgeBase, tokens.dev, tokens.test];
  const batches = await stageBatches(db, experiment, data);
  const steps = batches.flat().length;
  const all = [...new Set(ofStages.flat()), ...encoded];
  return {
    config: model.config,
    steps,
    stages: batches.map((stage, i) => ({
      trainingTokens: tokensOf(stage.flat(), ofStages[i] ?? [], negatives[i]),
      way: plan.run.ways[i]?.kind ?? 'plain',
    })),
    mixed: experiment.stages.some(({ precision }) => usesHalf(precision)),
    encodingTokens: sum(encoded, tokensIn),
    evaluations: evaluationsOf(experiment, steps, data.dev.length > 0),
    textTokens: sum(all, tokensIn) / Math.max(1, sum(all, textsIn)),
  };
}

/** Counts the evaluations of a run: one before and one after training, plus those on dev in between. */
function evaluationsOf({ evaluation }: Experiment, steps: number, hasDev: boolean): number {
  if (!hasDev) return 2;
  const { devEverySteps } = evaluation;
  return 2 + (devEverySteps > 0 ? Math.ceil(steps / devEverySteps) : 1);
}

/** Returns the total number of tokens in the anchors, positives and explicit negatives of the given rows. */
function tokensOf(
  rows: readonly number[],
  pairs: readonly Offsets[],
  negatives: TokenizedNegatives | null | undefined,
): number {
  const length = ({ offsets }: Offsets, text: number): number => (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
  const own = (row: number): number =>
    negatives ? sum(negativesOf([row], negatives), (text) => length(negatives.tokens, text)) : 0;
  return sum(rows, (row) => sum(pairs, (set) => length(set, row)) + own(row));
}

function tokensIn({ offsets }: Offsets): number {
  return offsets.at(-1) ?? 0;
}

function textsIn({ offsets }: Offsets): number {
  return offsets.length - 1;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
