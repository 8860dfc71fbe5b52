import { expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { own } from '../../../src/domain/errorWords';

vi.mock('../../../src/state/evaluation.svelte', () => ({}));
vi.mock('../../../src/state/gateway', () => ({}));
const { refuseProbe } = await import('../../../src/headless/probeRun');

it('a probe beside a stage that trains a prefix is refused before the run, as a fault of the field', () => {
  const experiment = defaultExperiment();
  const probe = { kind: 'general' } as const;
  expect(() => refuseProbe({ experiment, probe })).not.toThrow();
  const [stage] = experiment.stages;
  if (!stage) throw new Error('an experiment has a stage');
  stage.strategy = { kind: 'prefix', tokens: 2, side: 'queries' };
  expect(() => refuseProbe({ experiment, probe: null })).not.toThrow();
  let thrown: unknown;
  try {
    refuseProbe({ experiment, probe });
  } catch (error) {
    thrown = error;
  }
  const details = { kind: 'experiment-invalid', path: 'probe', expected: own('no-prefix') };
  expect(thrown).toMatchObject({ details });
});
