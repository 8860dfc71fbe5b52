import { formatCount } from '../format';
import { count } from './count';

export const sweepTexts = {
  title: 'Sweep',
  about: 'Trains with several values of some settings, and compares them on dev.',
  how: 'Makes a run for each combination of values. Settings left empty stay as they are. The runs of a sweep are evaluated on dev only, never on test, and keep no weights: once you have chosen settings, train with them.',
  numbersHelp: 'Several values, separated by commas. Leave it empty to keep the setting as it is.',
  strategies: 'Strategies to compare',
  negatives: 'Negatives to compare',
  invalid: (low: string, high: string) =>
    `Each value must be from ${low} to ${high}, and a whole number if the setting needs one.`,
  runs: (n: number) => `${count(n, 'run')} in all.`,
  tooMany: (n: number, most: number) =>
    `That makes ${count(n, 'run')}, but a sweep has at most ${formatCount(most)}; use fewer values.`,
  nothing: 'Give at least one setting some values.',
  refused:
    'These values don’t go together: with another strategy the stage may not exist, or two runs would be the same.',
  noDev: 'A sweep needs dev questions. Import some, or keep a larger share of the pairs for dev in the split stage.',
  seedsSplit:
    'The dev questions are held out from the pairs by the random seed, so runs with another seed have other dev questions.',
  time: (all: string, one: string) => `About ${all}, if each run takes ${one} like the last one.`,
  timeUnknown: 'The time can be estimated once a run is done.',
  start: 'Start the sweep',
  resume: 'Resume the sweep',
  stop: 'Stop after this run',
  stopping: 'The sweep stops after this run.',
  progress: (done: number, of: number) => `${formatCount(done)} of ${count(of, 'run')} done`,
  diverged: (n: number) => `${count(n, 'run')} diverged and ${n === 1 ? 'has' : 'have'} no score.`,
  table: 'Results of the sweep',
  mean: (metric: string) => `${metric} on dev, mean`,
  interval: '95% interval',
  intervalHelp:
    't interval over seeds: mean ± t · s/√n. It covers only the choice of the seed, not that dev has few questions. Needs at least two seeds.',
  scores: 'Per seed',
  csv: 'Export CSV',
  best: 'best',
};
