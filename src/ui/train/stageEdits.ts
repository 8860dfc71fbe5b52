import type { Experiment, Precision, Stage } from '../../domain/experiment';
import { defaultLoss } from '../../domain/train/stageSchema';
import type { StageData } from '../../domain/train/lossSchema';
import type { ExperimentState } from '../../state/experiment.svelte';

/** Changes settings of the first training stage. */
export function editStage(experiment: ExperimentState, change: Partial<Stage>): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => (index === 0 ? { ...one, ...change } : one)),
  }));
}

/** Chooses the rows that the first stage trains on, with a loss for them. Pairs are the default, so their field is left out. */
export function editData(experiment: ExperimentState, data: StageData): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => {
      if (index !== 0) return one;
      const { data: _, ...rest } = { ...one, loss: defaultLoss(data) };
      return data === 'pairs' ? rest : { ...rest, data };
    }),
  }));
}

export function editOptimizer(experiment: ExperimentState, change: Partial<Stage['optimizer']>): void {
  const stage = experiment.experiment?.stages[0];
  if (stage) editStage(experiment, { optimizer: { ...stage.optimizer, ...change } });
}

/** Sets the precision. Full precision is the default, so its field is left out. */
export function editPrecision(experiment: ExperimentState, precision: Precision): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => {
      if (index !== 0) return one;
      const { precision: _, ...rest } = one;
      return precision === 'full' ? rest : { ...rest, precision };
    }),
  }));
}

export function editEvaluation(experiment: ExperimentState, change: Partial<Experiment['evaluation']>): void {
  experiment.change((e) => ({ ...e, evaluation: { ...e.evaluation, ...change } }));
}
