import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { RulesReason } from '../../../src/domain/kernelTuning';
import type { StoredModel } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { RunRecord } from '../../../src/domain/run';
import type { DeviceInfo } from '../../../src/domain/device';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import type { Database } from '../../../src/storage/database';
import type { Engine } from '../../engine/engine';
import { preparedData, type PreparedData } from '../split/preparedData';
import { keepRowsIdentity } from '../split/rowsIdentity';
import { DeviceRecovery } from '../device/deviceRecovery';
import type { RunControl } from './runControl';
import type { RunLog } from './runLog';
import { tokenize } from '../tokenize/tokenize';
import { modelOfExperiment } from './modelOfExperiment';
import { stageTokens, type StageTokens } from './stepBatch';
import { storedTokenSet } from '../tokenize/storedTokenSet';

/** Everything that a run needs, read once at its start. */
export interface RunSession {
  db: Database;
  record: RunRecord;
  experiment: Experiment;
  settings: ExperimentModel;
  model: StoredModel;
  data: PreparedData;
  tokens: { knowledgeBase: TokenSet; dev: TokenSet; test: TokenSet };
  /** What each stage trains on. */
  stageTokens: StageTokens[];
  order: PassageOrder;
  control: RunControl;
  log: RunLog;
  recovery: DeviceRecovery;
  tuning: TuningState;
}

/**
 * Whether kernels are being measured, and whether that has failed. It survives device losses, so that the run does not
 * measure again on a device that failed while measuring.
 */
export interface TuningState {
  running: boolean;
  rulesBecause?: RulesReason;
}

/** A session with its open device. A device loss ends the session; the reopened device gets a new one. */
export interface RunSessionOnDevice extends RunSession {
  engine: Engine;
  device: DeviceInfo;
}

export async function openRunSession(
  db: Database,
  record: RunRecord,
  control: RunControl,
  log: RunLog,
): Promise<RunSession> {
  const { experiment } = record;
  const { model, settings } = await modelOfExperiment(db, experiment);
  const data = await preparedData(db, experiment);
  await keepRowsIdentity(db, record, data);
  const keys = await tokenize(db, experiment, (done, of) => log.progress('tokenize', done, of));
  const tokens = {
    knowledgeBase: await storedTokenSet(db, keys.knowledgeBase),
    dev: await storedTokenSet(db, keys.devQuestions),
    test: await storedTokenSet(db, keys.testQuestions),
  };
  const ofStages = await stageTokens(db, keys, experiment.stages, data);
  const order = passageOrder(data.knowledgeBase);
  const state = { recovery: new DeviceRecovery(), tuning: { running: false } };
  const texts = { data, tokens, stageTokens: ofStages };
  return { db, record, experiment, settings, model, ...texts, order, control, log, ...state };
}
