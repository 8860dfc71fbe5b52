import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { RunRecord } from '../../../src/domain/run';
import type { DeviceInfo } from '../../../src/domain/device';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import { getBatchList } from '../../../src/storage/batchLists';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';
import { getTokenSet } from '../../../src/storage/tokenSets';
import { planBatches } from '../../../src/domain/train/planBatches';
import type { Engine } from '../../engine/engine';
import { preparedData, type PreparedData } from '../split/preparedData';
import { Recovery } from '../device/recovery';
import type { RunControl } from './runControl';
import type { RunLog } from './runLog';
import { tokenize } from '../tokenize/tokenize';

/** Everything that a run needs, read once at its start. */
export interface RunSession {
  db: Database;
  record: RunRecord;
  experiment: Experiment;
  settings: ExperimentModel;
  model: StoredModel;
  data: PreparedData;
  tokens: { anchors: TokenSet; positives: TokenSet; knowledgeBase: TokenSet; dev: TokenSet; test: TokenSet };
  order: PassageOrder;
  control: RunControl;
  log: RunLog;
  recovery: Recovery;
}

/** A session with its open device. A device loss ends the session; the reopened device gets a new one. */
export interface DeviceSession extends RunSession {
  engine: Engine;
  device: DeviceInfo;
}

export async function modelOf(
  db: Database,
  experiment: Experiment,
): Promise<{ model: StoredModel; settings: ExperimentModel }> {
  if (!experiment.model) throw new AppError({ kind: 'model-missing' });
  const model = await getModel(db, experiment.model.contentSha256);
  if (!model) throw new AppError({ kind: 'model-missing', contentSha256: experiment.model.contentSha256 });
  return { model, settings: experiment.model };
}

export async function tokenSet(db: Database, key: string): Promise<TokenSet> {
  const set = await getTokenSet(db, key);
  if (!set) throw new AppError({ kind: 'not-found', what: 'tokens', id: key });
  return set;
}

export async function openSession(
  db: Database,
  record: RunRecord,
  control: RunControl,
  log: RunLog,
): Promise<RunSession> {
  const { experiment } = record;
  const { model, settings } = await modelOf(db, experiment);
  const data = await preparedData(db, experiment);
  const keys = await tokenize(db, experiment, (done, of) => log.progress('tokenize', done, of));
  const tokens = {
    anchors: await tokenSet(db, keys.anchors),
    positives: await tokenSet(db, keys.positives),
    knowledgeBase: await tokenSet(db, keys.knowledgeBase),
    dev: await tokenSet(db, keys.devQuestions),
    test: await tokenSet(db, keys.testQuestions),
  };
  const order = passageOrder(data.knowledgeBase);
  return { db, record, experiment, settings, model, data, tokens, order, control, log, recovery: new Recovery() };
}

/** Returns the batches of every stage as rows of the training pairs: [stage][step][row]. */
export async function stageBatches(db: Database, experiment: Experiment, data: PreparedData): Promise<number[][][]> {
  const plans: number[][][] = [];
  for (const [index, stage] of experiment.stages.entries()) {
    const listed = stage.batching.kind === 'listed' ? await getBatchList(db, stage.batching.sha256) : undefined;
    plans.push(
      planBatches({
        pairs: data.pairs,
        stage,
        stageIndex: index,
        seed: experiment.seed,
        ...(listed ? { listed } : {}),
      }),
    );
  }
  return plans;
}

/** Estimates the tokens per training step from the mean text lengths and the size of the first batch. */
export function tokensOfStep(batches: readonly number[][][], { anchors, positives }: RunSession['tokens']): number {
  const mean = ({ ids, offsets }: TokenSet): number => ids.length / Math.max(1, offsets.length - 1);
  return Math.ceil((batches.flat()[0]?.length ?? 1) * (mean(anchors) + mean(positives)));
}
