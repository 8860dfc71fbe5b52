/**
 * The stages in the order of the work, with what goes in and what comes out. The rail on the experiment screen is drawn from
 * this list; a stage has the same word in domain, ui and tests. Stages that later work brings (generate, clean, negatives,
 * review) take their place in this list.
 */
export const pipeline = [
  { stage: 'import', takes: 'files', gives: 'datasets' },
  { stage: 'split', takes: 'datasets', gives: 'trainDevTest' },
  { stage: 'tokenize', takes: 'trainDevTest', gives: 'tokenSets' },
  { stage: 'train', takes: 'tokenSets', gives: 'checkpoints' },
  { stage: 'evaluate', takes: 'checkpoints', gives: 'evaluations' },
  { stage: 'report', takes: 'evaluations', gives: 'exportAndLink' },
] as const;
export type StageName = (typeof pipeline)[number]['stage'];

/** `stale`: something before it changed since it was done. */
export type StageState = 'empty' | 'ready' | 'running' | 'stale' | 'done';
