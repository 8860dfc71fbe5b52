import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import type { DataApi } from '../../../../src/protocol/dataApi';
import { browser } from '../../state/experimentPage';
import { model, openedTraining, textOf } from '../openedTraining';
import { healthyTexts } from './patient';

const examineTexts = vi.fn(() => Promise.resolve(healthyTexts));
Object.assign(browser.data, { examineTexts } satisfies Partial<DataApi>);
const { DoctorState } = await import('../../../../src/state/doctor.svelte');
const { MemoryState } = await import('../../../../src/state/memory.svelte');
const { default: DoctorPanel } = await import('../../../../src/ui/train/DoctorPanel.svelte');

/** Opens an experiment with 76 training pairs in batches of 2, and counts its split. */
async function opened() {
  const { state } = await openedTraining();
  await state.setModel(model);
  await state.countSplit();
  const doctor = new DoctorState();
  const memory = new MemoryState();
  const shown = (readOnly = false) =>
    render(DoctorPanel, { props: { experiment: state, memory, doctor, readOnly } }).body;
  return { state, doctor, memory, shown };
}

describe('the panel of the checks before a run', () => {
  it('lists findings with reason and fix, and one line if there are none', async () => {
    const { state, doctor, shown } = await opened();
    await doctor.ask(state);
    state.planned(state.batchesKey, { steps: 76, leftOut: [] });
    expect(textOf(shown())).toContain('1 suggestion. You can also train without it.');
    expect(textOf(shown())).toContain('Each question is compared with only 1 negative. With 7 or more,');
    expect(textOf(shown())).toContain('Set the batch size to 8');
    expect(shown(true)).toMatch(/<button[^>]* disabled/);
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 8, avoidDuplicatePassages: true },
        duration: { unit: 'epochs', value: 5 },
      })),
    }));
    expect(textOf(shown())).toMatch(/^Data and settings Checking… Usual settings/);
    state.planned(state.batchesKey, { steps: 47, leftOut: [] });
    expect(textOf(shown())).toMatch(
      /^Data and settings Checked: nothing needs a change\. Usual settings .* These are your settings\.$/,
    );
  });

  it('names the stage of a finding if there are several', async () => {
    const { state, shown } = await opened();
    expect(textOf(shown())).not.toContain('Stage 1');
    state.change((e) => ({ ...e, stages: e.stages.flatMap((stage) => [stage, stage]) }));
    await state.countSplit();
    expect(textOf(shown())).toContain('Stage 2: The batch is small');
  });

  it('leaves the reason of a finding that stops the run to the refusal, but offers the fix', async () => {
    const { state, shown } = await opened();
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 500, avoidDuplicatePassages: true },
      })),
    }));
    expect(textOf(shown())).toContain('A run can’t start yet: 1 finding to fix first.');
    expect(textOf(shown())).toContain('Set the batch size to 8 See why');
    expect(textOf(shown())).not.toContain('count as negatives');
  });

  it('reads the texts once per version of data and model settings', async () => {
    const { state, doctor } = await opened();
    examineTexts.mockClear();
    await doctor.ask(state);
    await doctor.ask(state);
    expect(examineTexts).toHaveBeenCalledTimes(1);
    expect(doctor.isComplete(state)).toBe(true);
    state.change((e) => ({ ...e, model: e.model && { ...e.model, maxTokens: 64 } }));
    expect(doctor.isComplete(state)).toBe(false);
    await doctor.ask(state);
    expect(examineTexts).toHaveBeenCalledTimes(2);
  });

  it('says why the texts could not be read, and reads them again when asked', async () => {
    const { state, doctor, shown } = await opened();
    examineTexts.mockRejectedValueOnce(new Error('broken'));
    await doctor.ask(state);
    expect(textOf(shown())).toContain('broken');
    await doctor.ask(state);
    expect(doctor.problem).toBeNull();
  });
});
