import { describe, expect, it, vi } from 'vitest';
import type { PairedAnswers } from '../../../src/state/evaluation.svelte';
import type { FiguresRequest, LabelledFigures } from '../../../src/protocol/questionFigures';
import { SubsetFigures } from '../../../src/state/subsetFigures.svelte';

const figuresFor = (set: readonly string[] | null) =>
  ({ imported: { models: [], answer: null }, corrected: null, stale: set?.length ?? 99 }) as LabelledFigures;

/** Answers whose requests are recorded. */
function answers(given: Partial<Pick<PairedAnswers, 'questions' | 'k' | 'modelIds'>> = {}) {
  const figures = vi.fn((sets: FiguresRequest['sets']) => Promise.resolve(sets.map(figuresFor)));
  const rest = { questions: [], k: 1, modelIds: ['before', 'after'], ...given };
  return { ...rest, figures };
}
const labels = { decisions: [], flush: () => Promise.resolve() };

describe('the figures of the questions shown', () => {
  it('are read with those of all in one request, and then alone', async () => {
    const [state, given] = [new SubsetFigures(), answers()];
    await state.read(given, { ids: ['a', 'b'], byOutcome: false }, labels);
    expect([state.shown?.all.stale, state.shown?.some?.stale]).toEqual([99, 2]);
    await state.read(given, { ids: ['a'], byOutcome: true }, labels);
    expect([state.shown?.all.stale, state.shown?.some?.stale, state.shown?.byOutcome]).toEqual([99, 1, true]);
    await state.read(given, { ids: null, byOutcome: false }, labels);
    expect(state.shown?.some).toBeNull();
    expect(given.figures.mock.calls).toEqual([[[null, ['a', 'b']]], [[['a']]]]);
  });

  it('are read again for all if a model, the cut-off, the questions or a label changed', async () => {
    const [state, given] = [new SubsetFigures(), answers()];
    const read = (change: object, decisions: object = labels.decisions) =>
      state.read({ ...given, ...change }, { ids: null, byOutcome: false }, { ...labels, decisions });
    await read({});
    await read({ modelIds: ['before', 'after'] });
    expect(given.figures).toHaveBeenCalledTimes(1);
    await read({ modelIds: ['before', 'keywords', 'after'] });
    await read({ k: 3 });
    await read({ questions: [] });
    await read({}, []);
    expect(given.figures).toHaveBeenCalledTimes(5);
  });

  it('are dropped when nothing is to be shown any more', async () => {
    const [state, given] = [new SubsetFigures(), answers()];
    const reading = state.read(given, { ids: ['a'], byOutcome: false }, labels);
    state.clear();
    await reading;
    expect(state.shown).toBeNull();
  });
});
