import { beforeEach, expect, it, vi } from 'vitest';
import type { LabelDecision } from '../../../src/domain/evaluate/labelDecisions';

const decision = (number: number): LabelDecision => ({
  ...{ number, part: 'test', questionId: 'q', question: '', passageId: `p${number}`, mark: 'right' },
});
let stored: { labelDecisions?: LabelDecision[] } = {};
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getExperiment: () => Promise.resolve(stored),
    putExperiment: (experiment: typeof stored) => Promise.resolve(void (stored = experiment)),
  },
}));
const { useLabelDecisions } = await import('../../../src/headless/labelDecisions');

const notes: unknown[] = [];
const use = (decisions: LabelDecision[] | null) =>
  useLabelDecisions('e', decisions, { send: (_: string, { note }: { note: string }) => notes.push(note) } as never);

beforeEach(() => {
  notes.length = 0;
  stored = {};
});

it('label decisions of an earlier command stay in force without a file, and the terminal says so', async () => {
  stored = { labelDecisions: [decision(1)] };
  expect(await use(null)).toEqual([decision(1)]);
  expect(notes).toEqual(['label decisions: 1 of an earlier command are used']);
});

it('label decisions of a file replace others of an earlier command, and the terminal says so', async () => {
  stored = { labelDecisions: [decision(1)] };
  expect(await use([decision(1), decision(2)])).toHaveLength(2);
  expect(stored.labelDecisions).toHaveLength(2);
  expect(notes).toEqual(['label decisions: 1 of an earlier command are replaced by those of the file']);
});

it('label decisions that are the same as before, or the first ones, need no note', async () => {
  expect(await use(null)).toBeNull();
  await use([decision(1)]);
  await use([decision(1)]);
  expect(notes).toEqual([]);
});
