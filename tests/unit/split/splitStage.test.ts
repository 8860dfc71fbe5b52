import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import { datasetOf, openedTraining, textOf } from '../train/openedTraining';

// Dialogs and tooltips need a browser.
for (const part of ['split/RowList', 'common/NumberField'])
  vi.doMock(`../../../src/ui/${part}.svelte`, () => ({ default: () => undefined }));
const { default: SplitStage } = await import('../../../src/ui/split/SplitStage.svelte');

describe('the split stage', () => {
  it('shows how many training pairs have an answer that is not in the knowledge base, and that they are trained on', async () => {
    const { state } = await openedTraining([{ query: '有答案的问题', positive: '段' }]);
    state.change((e) => ({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    const shown = () => textOf(render(SplitStage, { props: { experiment: state, readOnly: false } }).body);
    expect(state.plan?.pairs).toBe(81);
    expect(shown()).toContain(
      'The answers of 80 training pairs are not passages of the knowledge base. These pairs are still trained on.',
    );
  });

  it('shows how many pairs nearly repeat a test question, offers to remove them, and says when they are removed', async () => {
    const { state } = await openedTraining([{ query: '怎样在手机上修改登录密码呢', positive: '段' }]);
    const shown = () => textOf(render(SplitStage, { props: { experiment: state, readOnly: false } }).body);
    await state.countSplit();
    expect(shown()).toContain('1 pair is nearly the same as a test question and still trained on.');
    expect(shown()).toContain('Remove 1 near-duplicate from train');
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    await state.countSplit();
    expect(shown()).toContain('1 pair nearly the same as a test question was removed from train.');
    expect(shown()).toContain('Put back into train');
  });

  it('shows near-duplicates among scored pairs, and removes them with the same press', async () => {
    const { state } = await openedTraining();
    const contentSha256 = (
      await datasetOf('scoredPairs', [{ sentence1: '怎样在手机上修改登录密码呢', sentence2: '别的', score: 1 }])
    ).contentSha256;
    state.change((e) => ({
      ...e,
      data: [...e.data, { role: 'scoredPairs', contentSha256 }],
      stages: [...e.stages, ...e.stages.map((stage) => ({ ...stage, data: 'scoredPairs' as const }))],
    }));
    await state.load();
    const shown = () => textOf(render(SplitStage, { props: { experiment: state, readOnly: false } }).body);
    await state.countSplit();
    expect(shown()).toContain(
      '1 scored pair has a sentence nearly the same as a test question and is still trained on.',
    );
    expect(shown()).toContain('Remove 1 near-duplicate from train');
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    await state.countSplit();
    expect(shown()).toContain(
      '1 scored pair with a sentence nearly the same as a test question was removed from train.',
    );
    expect(shown()).toContain('Put back into train');
  });

  it('lets the user stop removing near-duplicates when none are found', async () => {
    const { state } = await openedTraining();
    const shown = () => textOf(render(SplitStage, { props: { experiment: state, readOnly: false } }).body);
    await state.countSplit();
    expect(shown()).not.toContain('near-duplicates');
    state.change((e) => ({ ...e, split: { ...e.split, removeNearDuplicates: true } }));
    await state.countSplit();
    expect(shown()).toContain('Near-duplicates are removed from train as soon as there are any.');
    expect(shown()).toContain('Don’t remove near-duplicates');
  });
});
