import { describe, expect, it } from 'vitest';
import type { AppErrorDetails } from '../../../src/domain/errors';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { RunRecord } from '../../../src/domain/run';
import { earlierRun, isUnfinished, resumeNote } from '../../../src/headless/earlierRun';

const wasm = { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 1, simd: true } as const;

function run(runId: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    runId,
    experimentId: 'e',
    experiment: defaultExperiment(),
    experimentHash: 'h',
    build: 'b',
    device: wasm,
    devicePreference: 'wasm',
    kernelPlan: '',
    memory: { budgetBytes: 2e9, ways: [], encodingTokens: 512 },
    status: 'interrupted',
    phase: 'train',
    step: 7,
    steps: 9,
    createdAt: 0,
    ...change,
  };
}
const outOfMemory: AppErrorDetails = { kind: 'gpu-out-of-memory' };
const resumedId = (runs: RunRecord[], chosen?: number) => earlierRun(runs, chosen).resumed?.runId;

describe('the runner, given an unfinished run of the same experiment,', () => {
  it('resumes that run if no budget or the same budget is requested', () => {
    expect(resumedId([run('a')])).toBe('a');
    expect(resumedId([run('a')], 2e9)).toBe('a');
    expect(resumedId([run('a', { status: 'failed', error: { kind: 'device-busy', job: 'run' } })], 2e9)).toBe('a');
  });

  it('leaves it to the events to say after which step training resumes', () => {
    expect(resumeNote(run('a'))).toBe('resuming the interrupted run');
  });

  it('continues with the export of a trained run until its results are written', () => {
    const trained = run('a', { status: 'done' });
    expect(isUnfinished(trained, [])).toBe(true);
    expect(isUnfinished(trained, ['a'])).toBe(false);
    expect(isUnfinished(run('a'), ['b'])).toBe(true);
    expect(isUnfinished(run('a', { status: 'cancelled' }), [])).toBe(false);
    expect(resumedId([trained], 1e9)).toBe('a');
    expect(resumeNote(trained)).toMatch(/going on with the export$/);
  });

  it('starts a new run and says so if a different budget is requested', () => {
    expect(earlierRun([run('a')], 1e9)).toEqual({
      note: 'starting a new run: the interrupted one was planned for a budget of 2.0 GB, not 1.0 GB',
    });
    const { memory: _, ...unplanned } = run('a');
    expect(earlierRun([unplanned], 1e9)).toEqual({
      note: 'starting a new run: the interrupted one was planned without a budget',
    });
    expect(resumedId([unplanned])).toBe('a');
  });

  it('starts a new run and says so if the earlier one ran out of memory, whatever budget is requested', () => {
    const failed = run('a', { status: 'failed', error: outOfMemory });
    for (const chosen of [undefined, 2e9, 1e9])
      expect(earlierRun([failed], chosen)).toEqual({
        note: 'starting a new run: the interrupted one ran out of memory and would do so again',
      });
  });

  it('starts a new run and says so if the earlier one began with other rows', () => {
    const refused = run('a', { status: 'failed', error: { kind: 'rows-changed', recorded: true } });
    expect(earlierRun([refused], undefined)).toEqual({
      note: 'starting a new run: the interrupted one began with rows that this version does not train on',
    });
  });

  it('applies the wasm limit to the requested budget before comparing it with the planned one', () => {
    const atTheCap = { memory: { budgetBytes: 3 * 2 ** 30, ways: [], encodingTokens: 512 } };
    expect(resumedId([run('a', atTheCap)], 20e9)).toBe('a');
    expect(resumedId([run('a', { ...atTheCap, device: null })], 20e9)).toBe('a');
    expect(resumedId([run('a', { ...atTheCap, device: null, devicePreference: 'auto' })], 20e9)).toBe('a');
    const webgpu = { ...atTheCap, device: { ...wasm, backend: 'webgpu' as const } };
    expect(resumedId([run('a', webgpu)], 20e9)).toBeUndefined();
  });

  it('skips runs that it cannot resume and takes the first that it can', () => {
    const failed = run('a', { status: 'failed', error: outOfMemory });
    expect(resumedId([failed, run('b')], 2e9)).toBe('b');
    expect(resumedId([failed, run('b')], 1e9)).toBeUndefined();
    expect(earlierRun([], 1e9)).toEqual({});
  });
});
