import { describe, expect, it } from 'vitest';
import { stageStatesOf, type StageProgress } from '../../../src/domain/stageStates';

const nothing: StageProgress = {
  started: false,
  hasData: false,
  ready: false,
  negativesChosen: true,
  tokensCurrent: false,
  activePhase: null,
  result: 'empty',
};
const ready: StageProgress = { ...nothing, started: true, hasData: true, ready: true };

describe('the rail of an experiment', () => {
  it('is empty before anything is imported', () => {
    expect(stageStatesOf(nothing)).toEqual({
      import: 'empty',
      negatives: 'empty',
      split: 'empty',
      tokenize: 'empty',
      train: 'empty',
      evaluate: 'empty',
      report: 'empty',
    });
  });

  it('shows an import that has begun, and a split as soon as the data is there without a model', () => {
    const started = stageStatesOf({ ...nothing, started: true });
    expect([started.import, started.split]).toEqual(['ready', 'empty']);
    const withData = stageStatesOf({ ...nothing, started: true, hasData: true });
    expect([withData.import, withData.split, withData.tokenize, withData.train]).toEqual([
      'ready',
      'done',
      'empty',
      'empty',
    ]);
  });

  it('shows that a complete import can be tokenized and trained', () => {
    expect(stageStatesOf(ready)).toEqual({
      import: 'done',
      negatives: 'done',
      split: 'done',
      tokenize: 'ready',
      train: 'ready',
      evaluate: 'empty',
      report: 'empty',
    });
    expect(stageStatesOf({ ...ready, tokensCurrent: true }).tokenize).toBe('done');
  });

  it('shows that negatives are still to be mined, until a run has used them', () => {
    const toMine = { ...ready, negativesChosen: false };
    expect(stageStatesOf(toMine).negatives).toBe('ready');
    expect(stageStatesOf({ ...toMine, activePhase: 'train' }).negatives).toBe('done');
    expect(stageStatesOf({ ...toMine, result: 'stale' }).negatives).toBe('ready');
    expect(stageStatesOf({ ...toMine, result: 'done' }).negatives).toBe('done');
  });

  it('follows the phases of a run', () => {
    const during = (activePhase: StageProgress['activePhase']) => {
      const { tokenize, train, evaluate } = stageStatesOf({ ...ready, activePhase });
      return [tokenize, train, evaluate];
    };
    expect(during('prepare')).toEqual(['ready', 'running', 'empty']);
    expect(during('evaluateBefore')).toEqual(['done', 'running', 'running']);
    expect(during('train')).toEqual(['done', 'running', 'empty']);
    expect(during('evaluateAfter')).toEqual(['done', 'running', 'running']);
  });

  it('shows a result, and that it is stale once a setting has changed', () => {
    expect(stageStatesOf({ ...ready, result: 'done' })).toEqual({
      import: 'done',
      negatives: 'done',
      split: 'done',
      tokenize: 'done',
      train: 'done',
      evaluate: 'done',
      report: 'done',
    });
    expect(stageStatesOf({ ...ready, result: 'stale' })).toMatchObject({
      tokenize: 'ready',
      train: 'stale',
      evaluate: 'stale',
      report: 'stale',
    });
  });

  it('tokenizes again for a run that is preparing, even if an older result is current', () => {
    expect(stageStatesOf({ ...ready, result: 'done', activePhase: 'prepare' }).tokenize).toBe('ready');
  });
});
