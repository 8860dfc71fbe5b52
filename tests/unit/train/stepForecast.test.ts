import { render } from 'svelte/server';
import { describe, expect, it } from 'vitest';
import { experimentModelOf } from '../../../src/domain/experiment';
import { planBatches } from '../../../src/domain/train/planBatches';
import { preparedData } from '../../../workers/services/split/preparedData';
import { browser } from '../state/experimentPage';
import { model, openedTraining, textOf, TrainStage } from './openedTraining';

const { default: LeftOut } = await import('../../../src/ui/train/LeftOut.svelte');

describe('the step forecast', () => {
  it('equals the steps of the run, without the pairs held out for dev', async () => {
    const { experiment, state } = await openedTraining();
    expect(state.plan).toBeNull();
    await state.countSplit();
    const { pairs } = await preparedData(browser.db, experiment);
    const [stage] = experiment.stages;
    const batches = stage ? planBatches({ pairs, stage, stageIndex: 0, seed: experiment.seed }).batches : [];
    expect(state.plan).toEqual({ pairs: 76, steps: batches.length, atMost: false });
    const stageText = textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(stageText).toContain('76 pairs, 76 training steps');
  });

  it('is an upper bound while pairs share a text, until the worker has planned the batches and counted what is left out', async () => {
    const { state } = await openedTraining(
      Array.from({ length: 20 }, (_, i) => ({ query: `问题${i}`, positive: '答' })),
    );
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 100, steps: 100, atMost: true });
    const shown = () => textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(shown()).toContain('100 pairs, at most 100 training steps');
    state.planned(state.batchesKey, { steps: 90, leftOut: [[8, 12]] });
    expect(state.plan).toEqual({ pairs: 100, steps: 90, atMost: false });
    expect(shown()).toContain('100 pairs, 90 training steps');
    const leftOut = () => textOf(render(LeftOut, { props: { experiment: state } }).body);
    expect(leftOut()).toContain('Each epoch leaves out 8 to 12 pairs that fit no batch');
    state.change((e) => ({ ...e, seed: e.seed + 1 }));
    expect(leftOut()).toBe('');
  });

  it('loses the near-duplicates of test questions as soon as the experiment removes them', async () => {
    const { state } = await openedTraining([{ query: '怎样在手机上修改登录密码呢', positive: '答' }]);
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 81, steps: 81, atMost: false });
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    expect(state.plan).toBeNull();
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 80, steps: 80, atMost: false });
    state.undo();
    await state.countSplit();
    expect(state.plan?.pairs).toBe(81);
  });

  it('is unknown until a changed split is counted, and stays when only dropout changes', async () => {
    const { state } = await openedTraining();
    await state.countSplit();
    state.change((e) => ({ ...e, stages: e.stages.map((stage) => ({ ...stage, dropout: 0.1 })) }));
    expect(state.plan?.pairs).toBe(76);
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    expect(state.plan).toBeNull();
    await state.countSplit();
    expect(state.plan).toEqual({ pairs: 80, steps: 80, atMost: false });
  });
});

describe('everything that depends on the split', () => {
  it('is out of date with another model, whose tokenizer may fold case, and with other training pairs', async () => {
    const { state } = await openedTraining();
    await state.countSplit();
    state.tokenizedFor = state.tokensKey;
    expect(state.stageStates.tokenize).toBe('done');
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    expect([state.plan, state.stageStates.tokenize]).toEqual([null, 'empty']);
    state.undo();
    expect([state.plan?.pairs, state.stageStates.tokenize]).toEqual([76, 'done']);
    state.change((experiment) => ({ ...experiment, model: experimentModelOf(model) }));
    expect(state.plan).toBeNull();
  });
});
