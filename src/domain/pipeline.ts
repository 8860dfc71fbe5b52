/**
 * The pipeline stages in order, with their inputs and outputs. The experiment screen draws its rail from this list. A
 * stage has the same name in domain, ui, services and tests. Planned stages (generate, clean, review) will be added
 * here.
 */
export const pipeline = [
  { stage: 'import', takes: 'files', gives: 'datasets' },
  { stage: 'negatives', takes: 'datasets', gives: 'explicitNegatives' },
  { stage: 'split', takes: 'datasets', gives: 'trainDevTest' },
  { stage: 'tokenize', takes: 'trainDevTest', gives: 'tokenSets' },
  { stage: 'train', takes: 'tokenSets', gives: 'checkpoints' },
  { stage: 'evaluate', takes: 'checkpoints', gives: 'evaluations' },
  { stage: 'report', takes: 'evaluations', gives: 'exportAndLink' },
] as const;
export type StageName = (typeof pipeline)[number]['stage'];

/** `stale`: an input has changed since the stage was done. */
export type StageState = 'empty' | 'ready' | 'running' | 'stale' | 'done';
