import { expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { RunEvent } from '../../../src/domain/run';
import type { Finding } from '../../../src/domain/train/doctor/finding';
import { evaluationOf, runRecord } from '../storage/support';

vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getEvaluation: (_runId: string, part: string, moment: string) =>
      Promise.resolve({ ...evaluationOf('r', moment === 'after' ? 0.5 : 0.25), part, moment }),
    getModel: () => Promise.resolve({ name: 'demo-zh' }),
    data: () => Promise.resolve({ countSplit: () => Promise.resolve({ train: 7, listed: { overlaps: [] } }) }),
  },
}));
vi.stubGlobal('navigator', { userAgent: 'test', hardwareConcurrency: 2 });
vi.stubGlobal('crossOriginIsolated', true);
const { repeatedSteps, runMetrics } = await import('../../../src/headless/runMetrics');

const stepEvents = (...steps: number[]): RunEvent[] => steps.map((step) => ({ type: 'step', step }) as RunEvent);

it('metrics.json counts the steps that a resumed run trained again', () => {
  expect(repeatedSteps(stepEvents(1, 2, 3))).toBeNull();
  expect(repeatedSteps(stepEvents(1, 2, 3, 4, 3, 4, 5))).toEqual({ count: 2, first: 3, last: 4 });
  expect(repeatedSteps(stepEvents(1, 2, 3, 3, 4, 3, 4))).toEqual({ count: 3, first: 3, last: 4 });
});

const finding: Finding = {
  kind: 'temperatureHigh',
  severity: 'warns',
  stage: 0,
  facts: { temperature: 1, weight: 0.9 },
  fix: { setting: 'temperature', value: 0.05 },
};

it('metrics.json has what was found before the run, with its numbers and fix', async () => {
  expect((await metricsOf({}))['findings']).toEqual([finding]);
});

/** Returns the metrics.json of a run with these fields in its record. */
async function metricsOf(fields: Parameters<typeof runRecord>[2]): Promise<Record<string, unknown>> {
  const experiment = defaultExperiment();
  const metrics = await runMetrics({
    run: runRecord('r', 'e', fields),
    events: stepEvents(1, 2),
    inputs: {
      experiment,
      experimentHash: 'h',
      leftOut: {},
      recognised: {},
      compare: null,
      sweep: null,
      blend: null,
      probe: null,
      titles: 0,
    },
    findings: [finding],
    knowledgeBaseSha256: null,
    questions: [],
    resumed: true,
    exported: { files: [], check: {} } as never,
    reference: { texts: [], vectors: [] },
    importMs: 1,
    exportMs: 2,
  });
  return metrics as Record<string, unknown>;
}

it('metrics.json has the rows left out of each epoch and the builds that continued the run', async () => {
  const buildChanges = [{ step: 4, build: '0.1.0+abc' }];
  const metrics = await metricsOf({ leftOut: [[0, 2], [1]], buildChanges });
  expect(metrics['leftOutOfEpochs']).toEqual([[0, 2], [1]]);
  expect(metrics['buildChanges']).toEqual(buildChanges);
});

it('metrics.json has empty lists if no row was left out and no other build continued the run', async () => {
  expect(await metricsOf({})).toMatchObject({ leftOutOfEpochs: [], buildChanges: [] });
});

it('metrics.json has the planned steps, and the last one if the run stopped early', async () => {
  expect(await metricsOf({ steps: 60 })).toMatchObject({ steps: 60, stoppedStep: null });
  expect(await metricsOf({ steps: 60, stoppedStep: 45 })).toMatchObject({ steps: 60, stoppedStep: 45 });
});
