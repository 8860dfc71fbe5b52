import type { Experiment, Precision, Stage, StageData } from '../../domain/experiment';
import { withDevTimeShare } from '../../domain/train/devPlan';
import { withPatience } from '../../domain/train/earlyStop';
import type { Negatives } from '../../domain/train/negativesSchema';
import { withFrozen, withStrategy } from '../../domain/train/strategyEdits';
import type { Frozen, Strategy } from '../../domain/train/strategySchema';
import { withData } from '../../domain/train/withData';
import type { ExperimentState } from '../../state/experiment.svelte';

/** Changes settings of the training stage that the form shows. */
export function editStage(experiment: ExperimentState, change: Partial<Stage>): void {
  replaceStage(experiment, (stage) => ({ ...stage, ...change }));
}

/** Chooses the rows that the stage trains on, and a suitable loss. */
export function editData(experiment: ExperimentState, data: StageData): void {
  replaceStage(experiment, (stage) => withData(stage, data));
}

export function editOptimizer(experiment: ExperimentState, change: Partial<Stage['optimizer']>): void {
  replaceStage(experiment, (stage) => ({ ...stage, optimizer: { ...stage.optimizer, ...change } }));
}

/** Sets how many seeded batches a step accumulates. With one, the field is left out. */
export function editAccumulation(experiment: ExperimentState, accumulation: number): void {
  replaceStage(experiment, (stage) => {
    if (stage.batching.kind === 'listed') return stage;
    const { accumulation: _, ...batching } = stage.batching;
    return { ...stage, batching: accumulation === 1 ? batching : { ...batching, accumulation } };
  });
}

/**
 * Sets the learning rate of each layer as a share of that of the next higher layer. Without decay, the field is left
 * out.
 */
export function editLayerDecay(experiment: ExperimentState, layerDecay: number): void {
  replaceStage(experiment, ({ optimizer: { layerDecay: _, ...optimizer }, ...rest }) => ({
    ...rest,
    optimizer: layerDecay === 1 ? optimizer : { ...optimizer, layerDecay },
  }));
}

/** Sets how slowly the average of the weights follows them. Without an average, the field is left out. */
export function editEma(experiment: ExperimentState, decay: number): void {
  replaceStage(experiment, ({ ema: _, ...rest }) => (decay === 0 ? rest : { ...rest, ema: { decay } }));
}

/** Sets which embeddings and layers the stage does not change. */
export function editFrozen(experiment: ExperimentState, frozen: Frozen): void {
  replaceStage(experiment, (stage) => withFrozen(stage, frozen));
}

/** Gives the stage a strategy with its usual settings. */
export function editStrategy(experiment: ExperimentState, kind: Strategy['kind']): void {
  replaceStage(experiment, (stage) => withStrategy(stage, kind));
}

function replaceStage(experiment: ExperimentState, edit: (stage: Stage) => Stage): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => (index === experiment.stageIndex ? edit(one) : one)),
  }));
}

/** Sets the precision. Full precision is the default, so its field is left out. */
export function editPrecision(experiment: ExperimentState, precision: Precision): void {
  replaceStage(experiment, ({ precision: _, ...rest }) => (precision === 'full' ? rest : { ...rest, precision }));
}

/** Sets the explicit negatives. Without any, their field is left out. */
export function editNegatives(experiment: ExperimentState, negatives: Negatives | null): void {
  replaceStage(experiment, ({ negatives: _, ...rest }) => (negatives ? { ...rest, negatives } : rest));
}

export function editEvaluation(experiment: ExperimentState, change: Partial<Experiment['evaluation']>): void {
  experiment.change((e) => ({ ...e, evaluation: { ...e.evaluation, ...change } }));
}

/** Sets after how many dev evaluations without a new best the run stops; 0 turns early stopping off. */
export function editPatience(experiment: ExperimentState, patience: number): void {
  experiment.change((e) => ({ ...e, evaluation: withPatience(e.evaluation, patience) }));
}

/** Limits the time of dev evaluations during training; 0 sets no limit. */
export function editDevTimeShare(experiment: ExperimentState, share: number): void {
  experiment.change((e) => ({ ...e, evaluation: withDevTimeShare(e.evaluation, share) }));
}
