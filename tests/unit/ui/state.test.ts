import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { StepReport } from '../../../src/domain/run';
import { summarizeLengths } from '../../../src/state/lengths';
import { formatRoute, parseRoute, type Route } from '../../../src/state/routes';
import { emptyRunView } from '../../../src/state/runLog';
import { entryOf, missingSlots, slotOf, withEntry } from '../../../src/state/slots';
import { lossAndRecall, thinned } from '../../../src/ui/common/curveData';

const sha = (letter: string): string => letter.repeat(64);

describe('routes', () => {
  it.each<Route>([
    { name: 'home' },
    { name: 'settings' },
    { name: 'benchmark' },
    { name: 'headless' },
    { name: 'link', payload: 'AbC-_9' },
    { name: 'experiment', experimentId: 'a/b c', stage: 'evaluate' },
  ])('come back from the hash as they went in: $name', (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it('lead home from what is unknown, and to import from an unknown stage', () => {
    expect(parseRoute('')).toEqual({ name: 'home' });
    expect(parseRoute('#/nowhere/at/all')).toEqual({ name: 'home' });
    expect(parseRoute('#/experiment/e1/fly')).toEqual({ name: 'experiment', experimentId: 'e1', stage: 'import' });
  });

  it('survive a broken escape', () => {
    expect(parseRoute('#/experiment/%E0%A4%A/train')).toEqual({ name: 'experiment', experimentId: '', stage: 'train' });
  });
});

describe('the places of data sets in an experiment', () => {
  it('are put, found and emptied one by one', () => {
    let experiment = withEntry(defaultExperiment(), 'testQuestions', sha('a'));
    experiment = withEntry(experiment, 'devQuestions', sha('b'));
    experiment = withEntry(experiment, 'testQuestions', sha('c'));
    expect(entryOf(experiment, 'testQuestions')).toEqual({ role: 'questions', part: 'test', contentSha256: sha('c') });
    expect(experiment.data.map(slotOf).sort()).toEqual(['devQuestions', 'testQuestions']);
    expect(withEntry(experiment, 'devQuestions', null).data).toHaveLength(1);
  });

  it('are missing until knowledge base, pairs and test questions are there; dev is optional', () => {
    expect(missingSlots(defaultExperiment())).toEqual(['knowledgeBase', 'pairs', 'testQuestions']);
  });
});

describe('lengths in tokens', () => {
  it('agree with a count by hand', () => {
    const summary = summarizeLengths('corpus', Int32Array.from([5, 3, 9, 3, 100]), 1);
    expect(summary).toMatchObject({ texts: 5, truncated: 1, median: 5, p95: 100, longest: 100, binWidth: 4 });
    expect(summary.bins[0]).toBe(2);
    expect(summary.bins[1]).toBe(1);
    expect(summary.bins[2]).toBe(1);
    expect(summary.bins[25]).toBe(1);
    expect(summary.bins.reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  it('of no text are zeros', () => {
    expect(summarizeLengths('corpus', new Int32Array(0), 0)).toMatchObject({
      texts: 0,
      median: 0,
      longest: 0,
      bins: [0],
    });
  });
});

describe('columns of the curves', () => {
  const step = (number: number): StepReport => ({
    step: number,
    stage: 0,
    epoch: 0,
    loss: number / 10,
    learningRate: 0,
    gradientNorm: 0,
    inBatchAccuracy: 0,
    positiveScore: 0,
    negativeScore: 0,
    tokens: 0,
    stepMs: 0,
    backendBytes: 0,
  });

  it('draw at most 1,500 points and always the newest', () => {
    const many = Array.from({ length: 10_001 }, (_, i) => step(i + 1));
    const few = thinned(many);
    expect(few.length).toBeLessThanOrEqual(1501);
    expect(few[few.length - 1]?.step).toBe(10_001);
  });

  it('put loss and dev recall on the same steps', () => {
    const view = emptyRunView();
    const metrics = {
      hitRateAt1: 0.4, hitRateAt3: 0, hitRateAt5: 0, hitRateAt10: 0, recallAt10: 0.7, mrrAt10: 0, ndcgAt10: 0, questions: 1, passages: 1,
    }; // prettier-ignore
    view.steps.push(step(1), step(2));
    view.dev.push({ step: 0, metrics, best: false }, { step: 2, metrics, best: true });
    expect(lossAndRecall(view)).toEqual({
      x: [0, 1, 2],
      series: [
        [null, 0.1, 0.2],
        [0.7, null, 0.7],
        [0.4, null, 0.4],
      ],
    });
  });
});
