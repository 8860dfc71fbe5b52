import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { evaluationOf } from '../storage/support';

/** Functions that let the evaluations of a run be read, by run id. */
const released = new Map<string, () => void>();
const searched: string[] = [];
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    getEvaluation: async (runId: string, _: string, moment: string) => {
      if (moment === 'before') await new Promise<void>((resolve) => released.set(runId, resolve));
      return evaluationOf(runId, 0.5);
    },
    readRows: () => Promise.resolve([]),
    data: () =>
      Promise.resolve({
        compareRun: () => Promise.resolve([]),
        listQuestions: () => Promise.resolve([]),
        compareWithKeywords: (runId: string) =>
          Promise.resolve({ results: [], answers: [], search: searched.push(runId) }),
      }),
  },
}));
const { ShownEvaluation } = await import('../../../src/state/evaluation.svelte');

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
