import { count } from './count';

/** Why a run may be going wrong. `steps` is the number of steps up to and including `step`. */
export const alarmTexts = {
  label: 'Alarms',
  collapse: (step: string, steps: number, positive: string, negative: string, limit: string) =>
    `At step ${step}, right and wrong passages had both scored above ${limit} on average for ${count(steps, 'step')} (now ${positive} and ${negative}): the vectors are collapsing to one point. A lower learning rate may help.`,
  deadGradients: (step: string, steps: number) =>
    `At step ${step}, all gradients had been 0 for ${count(steps, 'step')}: the run no longer learns from its pairs. A lower learning rate or a higher temperature may help.`,
  divergence: (step: string, steps: number, loss: string, lowest: string) =>
    `At step ${step}, the loss had been more than 1.5 times its lowest level for ${count(steps, 'step')} (${loss}, up from ${lowest}): the run is diverging. A lower learning rate may help.`,
  recallFalls: (
    step: string,
    evaluations: number,
    values: { metric: string; from: string; to: string; low: string; high: string; fromLoss: string; loss: string },
  ) =>
    `At step ${step}, ${values.metric} on dev had fallen over ${count(evaluations, 'evaluation')} from ${values.from} to ${values.to} (95% interval of the change: ${values.low} to ${values.high} points), although the loss fell from ${values.fromLoss} to ${values.loss}: the run may be overfitting. Fewer steps or other negatives may help.`,
};
