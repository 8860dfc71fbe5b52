import { formatCount } from '../format';
import { count } from './count';

/** The memory that a run needs, and what would make it fit. */
export const memoryPlanTexts = {
  title: 'Memory',
  details: 'Details and budget',
  asking: 'Counting tokens to estimate the memory…',
  later: 'The memory is estimated when the device is free.',
  sentence: {
    plain: (need: string, budget: string) => `Needs ${need} of a ${budget} budget: fits.`,
    recompute: (need: string, budget: string) =>
      `Needs ${need} of a ${budget} budget. To fit, each layer is computed twice, so steps take about a third longer.`,
    gradCache: (need: string, budget: string, tokens: number) =>
      `Needs ${need} of a ${budget} budget. To fit, each batch is processed twice in chunks of ${count(tokens, 'token')} (GradCache). The gradients are the same; steps take about a third longer.`,
  },
  parts: {
    weights: 'Weights',
    gradients: 'Gradients',
    moments: 'Optimizer',
    activations: 'Activations',
    snapshot: 'Checkpoint copy',
  },
  partHelp: {
    weights: 'The model’s numbers, in float32.',
    gradients: 'One number per trained weight.',
    moments: 'AdamW keeps two averages per trained weight. An average of the weights (EMA) is a third.',
    activations: 'Layer outputs kept for the backward pass. They grow with the number of tokens processed at once.',
    snapshot:
      'A copy of weights and optimizer that is written to disk while steps continue. If the budget has no room for it, steps wait during the write.',
  },
  batch: (tokens: number, longest: number) =>
    `The largest batch has ${count(tokens, 'token')}, the longest text ${formatCount(longest)}.`,
  budget: 'Memory budget',
  budgetHelp:
    'How much memory a run may use on this computer. The browser can’t tell how much memory a graphics card has, so the default is half of the computer’s memory, from 1.1 to 8.6 GB, and at most 3.2 GB on the CPU. Raise it if the card has more.',
  useDefault: (bytes: string) => `Reset to ${bytes}`,
  table: 'With other settings',
  tableHelp:
    'Memory of the fastest step strategy that fits: plain, † layers computed twice, ‡ in chunks. ✕ doesn’t fit; the figure is the least it needs.',
  stepStrategy: 'Step strategy',
  stepStrategyHelp:
    'How a step processes its batch. It is chosen before the run to fit the memory budget and kept when the run is resumed.',
  stepStrategies: {
    plain: 'whole batch at once',
    recompute: 'layers computed twice',
    gradCache: 'in chunks',
    none: 'doesn’t fit',
  },
  useBudget: (bytes: string) => `Set the budget to ${bytes}`,
};
