import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import { defaultExperiment, defaultStage, type Experiment, type Stage } from '../../../src/domain/experiment';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { RunControl } from '../../../workers/services/train/runControl';

/** The actions of the run, in order. */
const done = vi.hoisted((): string[] => []);
const trainers = vi.hoisted((): { options: Record<string, unknown>; moments: unknown }[] => []);
const behaviour = vi.hoisted(() => ({ stepsAhead: 0, due: false, onFinish: (): void => undefined }));
vi.mock('../../../workers/engine/trainer', () => ({
  Trainer: class {
    stepsAhead = behaviour.stepsAhead;
    constructor(options: Record<string, unknown>, _weights: object, moments: unknown) {
      trainers.push({ options, moments });
    }
    begin = (_batch: object, _rate: number, step: number) => void done.push(`begin ${step}`);
    finish = () => {
      behaviour.onFinish();
      done.push('finish');
      return Promise.resolve({ loss: 1 });
    };
    dispose = () => void done.push('dispose trainer');
  },
}));
const moments = vi.hoisted(() => ({ made: 0 }));
vi.mock('../../../workers/engine/model/adamWState', () => ({
  AdamWState: class {
    segments = `moments ${++moments.made}`;
    dispose = () => void done.push('dispose moments');
  },
}));
vi.mock('../../../workers/engine/releaseIdleMemory', () => ({ releaseIdleMemory: () => undefined }));
vi.mock('../../../workers/services/train/checkpointKeeper', () => ({
  CheckpointKeeper: class {
    #add = (what: string) => Promise.resolve(void done.push(what));
    write = () => this.#add('checkpoint');
    writeBest = () => this.#add('best');
    writeWhenDue = async (settle: () => Promise<void>) => {
      if (!behaviour.due) return;
      await settle();
      done.push('due');
    };
    pause = () => this.#add('pause');
    resume = () => this.#add('resume');
    end = () => this.#add('end');
  },
}));
const { trainModel } = await import('../../../workers/services/train/trainModel');

beforeEach(() => {
  done.length = 0;
  trainers.length = 0;
  moments.made = 0;
  Object.assign(behaviour, { stepsAhead: 0, due: false, onFinish: () => undefined });
});

interface Setup {
  batches?: number[][][];
  evaluation?: Partial<Experiment['evaluation']>;
  stages?: Partial<Stage>[];
  /** MRR@10 of the dev evaluations, one after the other. */
  dev?: number[];
  devQuestions?: number;
  step?: number;
  loop?: object;
  /** Whether stages train adapters. */
  adapters?: boolean;
  /** Called during a dev evaluation with the callback for pauses. */
  onDev?: (pause: () => Promise<void>) => Promise<void>;
}

function training(setup: Setup = {}) {
  const {
    batches = [
      [[0], [1]],
      [[0], [1]],
    ],
    stages = batches.map(() => ({})),
    step = 0,
    dev = [],
  } = setup;
  const { devQuestions = 1, loop = {}, evaluation, adapters = false, onDev = () => Promise.resolve() } = setup;
  const [logged, control]: [Record<string, unknown>[], RunControl] = [[], new RunControl()];
  const tokens = { ids: Int32Array.of(1, 2), offsets: Uint32Array.of(0, 1, 2) };
  const experiment: Experiment = {
    ...defaultExperiment(),
    seed: 11,
    stages: stages.map((stage) => ({ ...defaultStage(), ...stage })),
    evaluation: { ...defaultExperiment().evaluation, devEverySteps: 0, checkpoint: 'last', ...evaluation },
  };
  const session = {
    ...{ experiment, control, tokens: { anchors: tokens, positives: tokens }, negatives: [] },
    engine: { pool: { totalBytes: 0 }, traits: {} },
    data: { dev: Array.from({ length: devQuestions }), pairs: [1, 2] },
    settings: { pooling: 'cls' },
    model: { config: { layers: 3 } },
    record: { experiment, memory: { ways: batches.map((_, stage) => ({ kind: 'plain', stage })) } },
    log: { append: (event: Record<string, unknown>) => void logged.push(event), settle: () => Promise.resolve() },
  };
  const adamW = { segments: 'moments 0', dispose: () => void done.push('dispose moments') };
  const state = { step, stage: 0, loop: { bestDev: null, bestStep: null, elapsedMs: 0, ...loop }, adamW };
  const left = [...dev];
  const evaluateDev = async (at: number, onPause: () => Promise<void>): Promise<{ metrics: Metrics }> => {
    done.push(`dev ${at}`);
    await onDev(onPause);
    const mrrAt10 = left.shift() ?? 0;
    return { metrics: { hitRateAt1: 0, hitRateAt3: 0, hitRateAt5: 0, hitRateAt10: 0, mrrAt10 } as Metrics };
  };
  const deps = { session, batches, leftOut: batches.map(() => []), evaluateDev };
  const note = (what: string): void => void (adapters && done.push(what));
  const parameters = {
    segments: 'weights',
    adapters: adapters ? 'adapters' : undefined,
    beginStage: (stage: number) => note(`stage ${stage}`),
    mergeAdapters: () => note('merge'),
  };
  const run = (): Promise<void> => trainModel(deps as never, parameters as never, state as never);
  return { run, state, logged, control, session };
}
const of = (type: string, events: Record<string, unknown>[]) => events.filter((event) => event['type'] === type);

describe('training', () => {
  it('goes through the stages, each with a checkpoint at its end and fresh moments at its beginning', async () => {
    const { run, state, logged } = training({ loop: { lossScale: { scale: 2 } }, devQuestions: 0 });
    await run();
    const steps = ['begin 1', 'finish', 'begin 2', 'finish', 'checkpoint', 'end', 'dispose trainer'];
    expect(done).toEqual([...steps, 'dispose moments', ...steps]);
    expect(of('step', logged).map(({ step, stage }) => [step, stage])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [4, 1],
    ]);
    expect(trainers.map(({ moments }) => moments)).toEqual(['moments 0', 'moments 1']);
    expect(state).toMatchObject({ step: 4, adamW: { segments: 'moments 1' } });
    expect(state.loop).not.toHaveProperty('lossScale');
    expect(trainers.map(({ options }) => options['stepsBefore'])).toEqual([0, 2]);
  });

  it('merges adapters at the end of a stage, before weights are evaluated or stored, and begins the next with its own', async () => {
    const { run, state } = training({ adapters: true, evaluation: { devEverySteps: 2 }, dev: [1, 2] });
    await run();
    const steps = ['begin 1', 'finish', 'begin 2', 'finish', 'merge'];
    const end = ['checkpoint', 'end', 'dispose trainer'];
    expect(done).toEqual([...steps, 'dev 2', ...end, 'dispose moments', 'stage 1', ...steps, 'dev 4', ...end]);
    expect(state.stage).toBe(1);
    expect(trainers.every(({ options }) => options['adapters'] === 'adapters')).toBe(true);
  });

  it('resumes within a stage with its moments and its loss scale, and skips stages that are done', async () => {
    const { run, state } = training({ step: 3, loop: { lossScale: { scale: 2 } }, devQuestions: 0 });
    await run();
    expect(done).toEqual(['begin 2', 'finish', 'checkpoint', 'end', 'dispose trainer']);
    expect([state.step, trainers[0]?.moments, state.loop]).toMatchObject([4, 'moments 0', { lossScale: { scale: 2 } }]);
  });

  it('resumes between two stages with fresh moments', async () => {
    await training({ step: 2, devQuestions: 0 }).run();
    expect(done.slice(0, 2)).toEqual(['dispose moments', 'begin 1']);
  });

  it('does nothing if all steps are done', async () => {
    await training({ step: 4 }).run();
    expect(done).toEqual([]);
  });

  it('begins steps ahead if the device allows it, and records all of them at the end of the stage', async () => {
    behaviour.stepsAhead = 1;
    await training({ batches: [[[0], [1], [0]]], devQuestions: 0 }).run();
    expect(done).toEqual([
      ...['begin 1', 'begin 2', 'finish', 'begin 3', 'finish', 'finish'],
      ...['checkpoint', 'end', 'dispose trainer'],
    ]);
  });

  it('records all steps that have begun before it stores a checkpoint that is due', async () => {
    Object.assign(behaviour, { stepsAhead: 1, due: true });
    await training({ batches: [[[0], [1]]], devQuestions: 0 }).run();
    expect(done.slice(0, 6)).toEqual(['begin 1', 'finish', 'due', 'begin 2', 'finish', 'due']);
  });

  it('frees the trainer and waits for a checkpoint under way if a step fails', async () => {
    behaviour.onFinish = () => {
      throw new Error('lost');
    };
    await expect(training().run()).rejects.toThrow('lost');
    expect(done).toEqual(['begin 1', 'end', 'dispose trainer']);
  });

  it('is refused if the experiment has fewer stages than batches were planned for', async () => {
    const details = { kind: 'experiment-invalid', path: 'stages.0' };
    await expect(training({ stages: [] }).run()).rejects.toMatchObject({ details });
  });
});

describe('evaluations on dev', () => {
  const at = (): string[] => done.filter((what) => /^(dev|best)/.test(what));

  it('are due at a fixed interval of steps, after all steps that have begun are recorded', async () => {
    behaviour.stepsAhead = 1;
    await training({ evaluation: { devEverySteps: 2 } }).run();
    expect(at()).toEqual(['dev 2', 'dev 4']);
    const before = done.slice(0, done.indexOf('dev 2'));
    expect(before.filter((what) => what === 'finish')).toHaveLength(2);
  });

  it('are due at the last step if the best checkpoint is kept, and only once', async () => {
    await training({ evaluation: { checkpoint: 'bestDev' }, dev: [0.5] }).run();
    expect(at()).toEqual(['dev 4', 'best']);
    done.length = 0;
    await training({ evaluation: { checkpoint: 'bestDev', devEverySteps: 4 }, dev: [0.5] }).run();
    expect(at()).toEqual(['dev 4', 'best']);
  });

  it('are never due without dev questions', async () => {
    await training({ evaluation: { checkpoint: 'bestDev', devEverySteps: 1 }, devQuestions: 0 }).run();
    expect(at()).toEqual([]);
  });

  it('keep the weights of the best step, and of the earlier one if two are equal', async () => {
    const evaluation = { checkpoint: 'bestDev', devEverySteps: 1, primary: 'mrrAt10' } as const;
    const { run, state, logged } = training({ evaluation, dev: [0.3, 0.5, 0.5, 0.4] });
    await run();
    expect(at()).toEqual(['dev 1', 'best', 'dev 2', 'best', 'dev 3', 'dev 4']);
    expect(state.loop).toMatchObject({ bestDev: 0.5, bestMrrAt10: 0.5, bestStep: 2 });
    expect(state.loop).not.toHaveProperty('devPending');
    expect(of('devEvaluation', logged).map(({ step, best }) => [step, best])).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, false],
    ]);
  });

  it('note the best step without keeping its weights if the last checkpoint is kept', async () => {
    const { run, state } = training({ evaluation: { devEverySteps: 4 }, dev: [0.5] });
    await run();
    expect([at(), state.loop.bestStep]).toEqual([['dev 4'], 4]);
  });

  it('are pending while they last, as a checkpoint of a pause then states', async () => {
    const { run, state } = training({ evaluation: { devEverySteps: 4 }, onDev: (pause) => pause() });
    let pending: unknown;
    behaviour.due = true;
    const { loop } = state;
    Object.defineProperty(loop, 'devPending', { configurable: true, set: (value) => (pending = value) });
    await run();
    expect(pending).toBe(true);
    expect(done.slice(done.indexOf('dev 4'), done.indexOf('dev 4') + 2)).toEqual(['dev 4', 'pause']);
  });

  it('that were pending when the run stopped are done before the next step', async () => {
    const { run, state, logged } = training({ step: 3, loop: { devPending: true }, dev: [0.5] });
    await run();
    expect(done.slice(0, 3)).toEqual(['dev 3', 'end', 'begin 2']);
    expect(of('devEvaluation', logged)).toMatchObject([{ step: 3, best: true }]);
    expect(state.loop).not.toHaveProperty('devPending');
  });
});

it('early stopping ends training for good, after the deciding evaluation and a checkpoint', async () => {
  const evaluation = { devEverySteps: 1, earlyStop: { patience: 1 }, primary: 'mrrAt10' } as const;
  const { run, state } = training({ evaluation, dev: [0.5, 0.4] });
  await run();
  expect(done.splice(0).slice(-4)).toEqual(['dev 2', 'checkpoint', 'end', 'dispose trainer']);
  expect(state).toMatchObject({ step: 2, loop: { stopped: true, bestStep: 1 } });
  await training({ evaluation, step: 1, loop: { stopped: true } }).run();
  expect(done.splice(0)).toEqual([]);
  await training({ evaluation, step: 1, loop: { devPending: true, bestDev: 0.5, bestStep: 1 }, dev: [0.4] }).run();
  expect(done).toEqual(['dev 1', 'checkpoint', 'end']);
});

describe('a pause between two steps', () => {
  it('records the steps that have begun, then stores a checkpoint, and lasts until the run continues', async () => {
    behaviour.stepsAhead = 1;
    const { run, control } = training({ batches: [[[0], [1], [0]]], devQuestions: 0 });
    control.pause();
    const running = run();
    await vi.waitFor(() => expect(done).toContain('pause'));
    expect(done).toEqual(['begin 1', 'finish', 'pause']);
    control.continue();
    await running;
    expect(done.slice(3, 5)).toEqual(['resume', 'begin 2']);
  });

  it('ends a cancelled run after its last step, whose failure no longer matters', async () => {
    behaviour.stepsAhead = 1;
    const { run, control } = training({ devQuestions: 0 });
    control.cancel();
    await expect(run()).rejects.toMatchObject({ details: { kind: 'cancelled' } });
    expect(done).toEqual(['begin 1', 'finish', 'end', 'dispose trainer']);
    const failing = training({ devQuestions: 0 });
    failing.control.cancel();
    behaviour.onFinish = () => {
      throw new AppError({ kind: 'unexpected' } as never);
    };
    await expect(failing.run()).rejects.toMatchObject({ details: { kind: 'cancelled' } });
  });
});
