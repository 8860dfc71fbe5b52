import type { StageName, StageState } from './pipeline';
import type { RunPhase } from './run';

export interface StageProgress {
  /** Whether the experiment has any data or a model. */
  started: boolean;
  /** Whether all data that a run needs is here. */
  hasData: boolean;
  /** Whether both the data and the model are here. */
  ready: boolean;
  /** Whether no stage is still waiting for negatives to be mined. */
  negativesChosen: boolean;
  /** Whether the texts were tokenized with the current settings. */
  tokensCurrent: boolean;
  /** Phase of the active run; null if there is none. */
  activePhase: RunPhase | null;
  /** State of the newest result: `stale` if settings have changed since. */
  result: 'empty' | 'stale' | 'done';
}

/** Returns the state of each stage, as the rail shows it. */
export function stageStatesOf(progress: StageProgress): Record<StageName, StageState> {
  const { started, hasData, ready, negativesChosen, tokensCurrent, activePhase, result } = progress;
  const prepared = tokensCurrent || (activePhase ? activePhase !== 'prepare' : result === 'done');
  const evaluating = activePhase !== null && activePhase !== 'train' && activePhase !== 'prepare';
  return {
    import: ready ? 'done' : started ? 'ready' : 'empty',
    negatives: !hasData ? 'empty' : negativesChosen || activePhase || result === 'done' ? 'done' : 'ready',
    split: hasData ? 'done' : 'empty',
    tokenize: prepared ? 'done' : ready ? 'ready' : 'empty',
    train: activePhase ? 'running' : result !== 'empty' ? result : ready ? 'ready' : 'empty',
    evaluate: evaluating ? 'running' : result,
    report: result,
  };
}
