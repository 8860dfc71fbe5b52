import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import type { Experiment } from '../../../src/domain/experiment';
import type { RunRecord, RunStatus } from '../../../src/domain/run';
import { emptyRunView } from '../../../src/domain/train/runView';
import { datasetOf, jobs, model, openedTraining, startButtonIn, textOf, TrainStage } from './openedTraining';

const { deviceJob } = await import('../../../src/state/deviceJob.svelte');
const { MemoryState } = await import('../../../src/state/memory.svelte');
const { default: LivePanel } = await import('../../../src/ui/train/LivePanel.svelte');
const { default: RunList } = await import('../../../src/ui/train/RunList.svelte');

describe('the training stage', () => {
  it('lists what is missing, including the base model of an empty experiment', async () => {
    const { state } = await openedTraining();
    const shown = () => textOf(render(TrainStage, { props: { experiment: state, readOnly: false } }).body);
    expect(shown()).toContain('Still missing: Base model.');
    state.change((experiment) => ({ ...experiment, data: [] }));
    expect(shown()).toContain('Still missing: Knowledge base, Training pairs, Test questions, Base model.');
  });

  it.each([
    ['benchmark', 'The benchmark is running'],
    ['export', 'An exported model is being checked'],
    ['run', 'A run has not ended yet'],
  ] as const)('disables the start button while the device is busy (%s) and says why', async (job, reason) => {
    const { state } = await openedTraining();
    await state.setModel(model);
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false } }).body;
    const startButton = () => startButtonIn(shown());
    expect(startButton()).not.toContain(' disabled');
    await deviceJob.during(job, () => {
      expect(startButton()).toContain(' disabled');
      expect(textOf(shown())).toContain(reason);
      return Promise.resolve();
    });
    expect(textOf(shown())).not.toContain(reason);
  });
});

describe('a run that would be refused', () => {
  it('names the different passages that are too few for a batch, and the start button is disabled', async () => {
    const { state } = await openedTraining();
    await state.setModel(model);
    const pairs = Array.from({ length: 80 }, (_, i) => ({ query: `问${i}`, positive: `答${i % 12}` }));
    await state.setDataset('pairs', await datasetOf('pairs', pairs));
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 16, avoidDuplicatePassages: true },
      })),
    }));
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false } }).body;
    await state.countSplit();
    expect(textOf(shown())).toContain('too few different passages (12) for a batch of 16');
    expect(startButtonIn(shown())).toContain(' disabled');
    expect(textOf(shown())).toContain('A run can’t start with these settings');
    state.change((e) => ({
      ...e,
      stages: e.stages.map((stage) => ({
        ...stage,
        batching: { kind: 'seeded', batchSize: 12, avoidDuplicatePassages: true },
      })),
    }));
    expect(startButtonIn(shown())).not.toContain(' disabled');
  });
});

describe('a batch that no selection of pairs can fill', () => {
  const batchesOf = (batchSize: number) => (experiment: Experiment) => ({
    ...experiment,
    stages: experiment.stages.map((stage) => ({
      ...stage,
      batching: { kind: 'seeded' as const, batchSize, avoidDuplicatePassages: true },
    })),
  });

  it('disables the start button with the reason before a run is started, until the settings change', async () => {
    const { state } = await openedTraining();
    await state.setModel(model);
    // There are 11 different questions and 11 different passages, but any two pairs of the same half share one of them.
    const halves = Array.from({ length: 10 }, (_, i) => [
      { query: `问${i}`, positive: '同一个答案' },
      { query: '同一个问题', positive: `答${i}` },
    ]);
    await state.setDataset('pairs', await datasetOf('pairs', halves.flat()));
    state.change((e) => batchesOf(4)({ ...e, split: { ...e.split, devFraction: 0 } }));
    await state.countSplit();
    const memory = new MemoryState();
    const shown = () => render(TrainStage, { props: { experiment: state, readOnly: false, memory } }).body;
    expect(startButtonIn(shown())).not.toContain(' disabled');
    memory.askSoon(state);
    await vi.waitFor(() => expect(memory.refusal).toMatchObject({ kind: 'too-few-pairs', distinct: 'together' }));
    expect(startButtonIn(shown())).toContain(' disabled');
    expect(textOf(shown())).toContain('A run can’t start with these settings');

    state.change(batchesOf(2));
    memory.askSoon(state);
    expect(startButtonIn(shown())).not.toContain(' disabled');
    await vi.waitFor(() => expect(memory.progress).toBeNull());
    expect(memory.refusal).toBeNull();
  });
});

describe('a run that stopped early', () => {
  it('says after which step and why', () => {
    const view = { ...emptyRunView(), earlyStop: { step: 75, bestStep: 50, evaluations: 3 } };
    const props = { headline: { title: '', text: '' }, run: null, record: null, view, readOnly: true };
    expect(textOf(render(LivePanel, { props }).body)).toContain(
      'Stopped early after step 75: 3 dev evaluations in a row brought nothing better than step 50.',
    );
  });
});

describe('a run that raised alarms', () => {
  it('shows the newest of each kind', () => {
    const alarms = [10, 30].map((step) => ({ step, kind: 'deadGradients' as const, steps: 10 }));
    const shownWith = (count: number) =>
      render(LivePanel, {
        props: {
          ...{ headline: { title: '', text: '' }, run: null, record: null, readOnly: true },
          view: { ...emptyRunView(), alarms: alarms.slice(0, count) },
        },
      }).body;
    expect(shownWith(2).match(/<li/g)).toHaveLength(1);
    expect(textOf(shownWith(2))).toContain('At step 30, all gradients had been 0 for 10 steps');
    expect(shownWith(0)).not.toContain('data-testid="alarms"');
  });
});

describe('a run that waits for the user', () => {
  const refresh = () => Promise.resolve();
  const shownWith = async (status: RunStatus, active: boolean) => {
    const { experiment, state } = await openedTraining();
    await state.setModel(model);
    const record = { runId: 'r', status, createdAt: 0, steps: 76, experiment } as RunRecord;
    state.runs = [record];
    jobs.follow = () => ({ runId: 'r', record, active, here: active, refresh, current: emptyRunView });
    return render(TrainStage, { props: { experiment: state, readOnly: false } }).body;
  };
  const buttonIn = (body: string, testid: string) =>
    new RegExp(`<button[^>]*data-testid="${testid}"[^>]*>`).exec(body)?.[0] ?? '';

  it.each([
    ['paused', 'foot-continue-run', 'The run is paused'],
    ['interrupted', 'foot-resume-run', 'The run isn’t finished'],
  ] as const)('is continued by the primary button after a reload, not replaced by a new run: %s', async (...row) => {
    const [status, testid, title] = row;
    const body = await shownWith(status, false);
    expect(buttonIn(body, testid)).toContain('primary');
    expect(startButtonIn(body)).not.toContain('primary');
    expect(textOf(body)).toContain(title);
    expect(textOf(body)).toContain('Start a new run');
    expect(textOf(body)).not.toContain('Train again');
  });

  it('is continued by the primary button while it is paused in this page', async () => {
    const body = await shownWith('paused', true);
    expect(buttonIn(body, 'foot-continue-run')).toContain('primary');
    expect(startButtonIn(body)).toBeUndefined();
    expect(textOf(body)).not.toContain('See the result');
  });

  it('has no such button once it is done or was cancelled', async () => {
    for (const status of ['done', 'cancelled'] as const) expect(await shownWith(status, false)).not.toContain('foot-');
  });
});

describe('the list of runs', () => {
  it('has a column for the number of steps and one for the step whose weights were kept', async () => {
    const { experiment, state } = await openedTraining();
    const run = { runId: 'r', status: 'done', createdAt: 0, steps: 76, experiment } as RunRecord;
    state.runs = [
      { ...run, keptStep: 50 },
      { ...run, runId: 's' },
      { ...run, runId: 't', keptStep: 50, trial: true, sweepId: 's' },
    ];
    const { body } = render(RunList, { props: { experiment: state, current: null, onchoose: () => undefined } });
    const rows = body
      .split('<tr')
      .slice(1)
      .map((row) =>
        row
          .split(/<t[hd]/)
          .slice(1)
          .map((cell) => textOf(`<td${cell}`)),
      );
    expect(rows[0]?.slice(4)).toEqual(['Steps', 'Weights kept from step']);
    expect(rows.slice(1).map((row) => row.slice(4))).toEqual([
      ['76', '50'],
      ['76', '–'],
      ['76', '–'],
    ]);
  });
});
