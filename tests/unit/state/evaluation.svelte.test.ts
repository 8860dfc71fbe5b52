import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment, type Experiment } from '../../../src/domain/experiment';
import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { rowsPerBlock, type Row } from '../../../src/domain/records';
import { evaluationOf } from '../storage/support';

/** Functions that let the evaluations of a run be read, by run id. */
const released = new Map<string, () => void>();
const searched: string[] = [];
let readRows = (_: number): Promise<Row[]> => Promise.resolve([]);
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    getEvaluation: async (runId: string, _: string, moment: string) => {
      if (moment === 'before') await new Promise<void>((resolve) => released.set(runId, resolve));
      return evaluationOf(runId, 0.5);
    },
    readRows: (_: string, offset: number) => readRows(offset),
    data: () =>
      Promise.resolve({
        compareRun: () => Promise.resolve([]),
        listQuestions: () => Promise.resolve([]),
        compareWithKeywords: (runId: string) =>
          Promise.resolve({ results: [], answers: [], search: searched.push(runId) }),
      }),
  },
}));
const { EvaluationState, ShownEvaluation } = await import('../../../src/state/evaluation.svelte');

async function asked(shown: InstanceType<typeof ShownEvaluation>, runId: string): Promise<() => Promise<void>> {
  const showing = shown.show(runId, defaultExperiment());
  await vi.waitFor(() => expect(released.has(runId)).toBe(true));
  const release = released.get(runId);
  released.delete(runId);
  return () => {
    release?.();
    return showing;
  };
}

describe('the evaluation on the screen', () => {
  it('is that of the run chosen last, even if an earlier choice takes longer to load', async () => {
    const shown = new ShownEvaluation();
    const first = await asked(shown, 'slow');
    const second = await asked(shown, 'quick');
    await second();
    await first();
    expect(shown.current?.runId).toBe('quick');
    expect(searched).toEqual(['quick']);
  });

  it('keeps the chosen cut-off and the keyword search when the same run is read again, and not for another run', async () => {
    const shown = new ShownEvaluation();
    await (
      await asked(shown, 'a')
    )();
    if (shown.current) shown.current.k = 5;
    await (
      await asked(shown, 'a')
    )();
    expect(shown.current?.k).toBe(5);
    expect(shown.current?.keyword).not.toBeNull();
    expect(searched.filter((runId) => runId === 'a')).toHaveLength(1);
    await (
      await asked(shown, 'b')
    )();
    expect(shown.current?.k).toBe(1);
    expect(searched.at(-1)).toBe('b');
  });
});

describe('an evaluation whose rows are partly lost', () => {
  const experiment: Experiment = {
    ...defaultExperiment(),
    data: [
      { role: 'knowledgeBase', contentSha256: 'a' },
      { role: 'questions', part: 'test', contentSha256: 'b' },
    ],
  };
  const lost = new AppError({ kind: 'storage-failed', reason: own('rows-missing', 2, 'x') });

  it('is shown, with the ids of questions in place of lost texts', async () => {
    readRows = (offset) => (offset === 0 ? Promise.reject(lost) : Promise.resolve([]));
    const shown = new ShownEvaluation();
    const showing = shown.show('r', experiment);
    await vi.waitFor(() => expect(released.has('r')).toBe(true));
    released.get('r')?.();
    await showing;
    expect(shown.current?.questions.map(({ text, questionId }) => text === questionId)).not.toContain(false);
    expect(shown.current?.questions.length).toBeGreaterThan(0);
  });

  it('reads passages again once they are back, and shows those that are here', async () => {
    const passage = { id: 'p', text: '猪' };
    const state = new EvaluationState('r', experiment);
    readRows = (offset) => (offset === 0 ? Promise.reject(lost) : Promise.resolve([passage]));
    const ids = ['p', 'q'];
    expect((await state.passages(ids)).map(({ text }) => text)).toEqual(['猪', 'q']);
    readRows = () => Promise.reject(new Error('no database'));
    await expect(state.passages(ids)).rejects.toThrow('no database');
    const block = Array.from({ length: rowsPerBlock }, (_, i) => ({ id: `${i}`, text: 'x' }));
    readRows = (offset) => Promise.resolve(offset === 0 ? block : [passage, { id: 'q', text: '病' }]);
    expect((await state.passages(ids)).map(({ text }) => text)).toEqual(['猪', '病']);
  });
});
