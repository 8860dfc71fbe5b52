import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { RulesReason } from '../../../src/domain/kernelTuning';
import type { StoredModel } from '../../../src/domain/model';
import type { RunRecord } from '../../../src/domain/run';
import type { DeviceInfo } from '../../../src/domain/device';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import type { Database } from '../../../src/storage/database';
import type { Engine } from '../../engine/engine';
import { preparedData, type PreparedData } from '../split/preparedData';
import { keepRowsIdentity } from '../split/rowsIdentity';
import { DeviceRecovery } from '../device/deviceRecovery';
import { prefixOf } from '../../../src/domain/train/prefix';
import { prefixedSets } from '../tokenize/prefixTokens';
import type { EncodedTexts } from '../evaluate/encodedTexts';
import type { FrozenTargets } from './stageGuide';
import type { TeacherScores } from './teacherScores';
import { devSampleOf, type DevSample } from './devSampleOf';
import type { RunControl } from './runControl';
import type { RunLog } from './runLog';
import { tokenize } from '../tokenize/tokenize';
import { modelOfExperiment } from './modelOfExperiment';
import { negativesOfStages, tokenizedNegatives, type TokenizedNegatives } from '../negatives/stageNegatives';
import { keepNegativesIdentity } from '../negatives/keepNegatives';
import { storedTokenSets, tokensInStage, type RunTokens } from './runTokens';

/** Everything that a run needs, read once at its start. */
export interface RunSession {
  db: Database;
  record: RunRecord;
  experiment: Experiment;
  settings: ExperimentModel;
  model: StoredModel;
  data: PreparedData;
  tokens: RunTokens;
  /** The token sets with the prefix that the run trains; undefined if it trains none. */
  prefixed?: RunTokens | undefined;
  /** Explicit negatives of each stage; null for stages without. */
  negatives: (TokenizedNegatives | null)[];
  order: PassageOrder;
  /** The passages that dev is evaluated on during training; undefined if it is evaluated on all. */
  devSample?: DevSample | undefined;
  control: RunControl;
  log: RunLog;
  recovery: DeviceRecovery;
  /**
   * Vectors that guides and teachers have encoded, by model and texts. They are on the host, so they survive a device
   * loss.
   */
  guideVectors: Map<string, EncodedTexts>;
  /** The scores of each stage's teacher, by stage. Like the vectors, they are on the host. */
  teacherScores: Map<number, TeacherScores>;
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
  /** The first stage that is still to train. Set before training. */
  firstStage?: number;
  /** What each stage's loss reads from its guide or teacher; undefined for stages without, and before `firstStage`. */
  frozen?: readonly (FrozenTargets | undefined)[];
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
  const chosen = await negativesOfStages(db, experiment, data);
  await keepNegativesIdentity(record, chosen);
  const keys = await tokenize(db, experiment, (done, of) => log.progress('tokenize', done, of));
  const tokens = await storedTokenSets(db, keys);
  const prefix = prefixOf(experiment.stages);
  const prefixed = prefix ? prefixedSets(tokens, model, prefix, settings.maxTokens) : undefined;
  const negatives = tokenizedNegatives(chosen, (stage) => tokensInStage({ experiment, tokens, prefixed }, stage));
  const order = passageOrder(data.knowledgeBase);
  const devSample = devSampleOf(record, data);
  const state = {
    recovery: new DeviceRecovery(),
    guideVectors: new Map<string, EncodedTexts>(),
    teacherScores: new Map<number, TeacherScores>(),
    tuning: { running: false },
  };
  const read = { experiment, settings, model, data, tokens, prefixed, negatives, order, devSample };
  return { db, record, ...read, control, log, ...state };
}
