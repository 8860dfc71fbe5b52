import type { Experiment, Precision, Stage } from '../../domain/experiment';
import type { Negatives } from '../../domain/train/negativesSchema';
import type { ExperimentState } from '../../state/experiment.svelte';

/** Changes settings of the first training stage. */
export function editStage(experiment: ExperimentState, change: Partial<Stage>): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => (index === 0 ? { ...one, ...change } : one)),
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

/** Sets the explicit negatives. Without any, their field is left out. */
export function editNegatives(experiment: ExperimentState, negatives: Negatives | null): void {
  experiment.change((e) => ({
    ...e,
    stages: e.stages.map((one, index) => {
      if (index !== 0) return one;
      const { negatives: _, ...rest } = one;
      return negatives ? { ...rest, negatives } : rest;
    }),
  }));
}

export function editEvaluation(experiment: ExperimentState, change: Partial<Experiment['evaluation']>): void {
  experiment.change((e) => ({ ...e, evaluation: { ...e.evaluation, ...change } }));
}
