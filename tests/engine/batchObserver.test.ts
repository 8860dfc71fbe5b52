import { beforeAll, describe, expect, it } from 'vitest';
import replays from '../fixtures/engine/lossReplays.json';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { Trainer } from '../../workers/engine/trainer';
import { distillation } from '../../workers/losses/distillation';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { BatchObserver, type ObservedVectors } from '../../workers/services/train/batchObserver';
import { openTfjsLoss, type OpenLoss } from '../../workers/services/train/tfjsLoss';
import { expectNoLeak } from './expectNoLeak';
import { golden, loadGoldenModel } from './golden';
import { openTestDevice } from './testDevice';
import { tokenBatch } from './tokenBatch';

let pytorch: Awaited<ReturnType<typeof loadGoldenModel>>;

beforeAll(async () => {
  await openTestDevice();
  pytorch = await loadGoldenModel();
});

const rows = golden.anchors.length;
const perAnchor = replays.negatives.length;
const negatives = golden.anchors.flatMap((_, anchor) => replays.negatives.map((column) => column[anchor] ?? []));
const teacherScores = {
  values: Float32Array.from(replays.teacherScores.flat()),
  shape: [rows, 1 + perAnchor],
} as const;

const losses: [string, () => Promise<OpenLoss>][] = [
  [
    'fused InfoNCE',
    () =>
      Promise.resolve({
        loss: infoNceLoss({ temperature: 0.05, directions: 'queryToPassage', contrast: 'own' }),
        close: () => undefined,
      }),
  ],
  [
    'distillation by tfjs',
    () => openTfjsLoss(deviceEngine(), distillation({ studentTemperature: 0.5, teacherTemperature: 0.2 })),
  ],
];

/** Trains six steps, looking at every second one if `looks`. */
async function trained(open: () => Promise<OpenLoss>, looks: boolean, stepStrategy?: StepStrategy) {
  const { loss, close } = await open();
  const observer = new BatchObserver(loss);
  const parameters = pytorch.parameters();
  const adamW = new AdamWState(parameters);
  const trainer = new Trainer(
    {
      ...{ config: pytorch.config, pooling: 'mean', loss: observer.loss, dropout: 0.1, seed: 1, stepStrategy },
      optimizer: { kind: 'adamW', ...golden.optimizer },
    },
    parameters.segments,
    adamW.segments,
  );
  const candidates = tokenBatch([...golden.positives, ...negatives]);
  const batch = { anchors: pytorch.anchors, candidates, targets: { teacherScores } };
  const seen: ObservedVectors[] = [];
  const numbers: (number | undefined)[] = [];
  for (let step = 1; step <= 6; step++) {
    const begin = (): void => trainer.begin(batch, replays.learningRate, step, [batch]);
    const read = looks && step % 2 === 0 ? observer.observing(begin) : void begin();
    numbers.push((await trainer.finish()).loss);
    if (read) seen.push(await read);
  }
  const weights: Uint32Array[] = [];
  for (const { name } of pytorch.tensors) weights.push(new Uint32Array((await parameters.read(name)).buffer));
  for (const held of [trainer, adamW, parameters]) held.dispose();
  close();
  return { seen, numbers, weights };
}

describe('a look at a batch', () => {
  it.each(losses)('changes no bit of training and leaks nothing: %s', async (_name, open) => {
    await expectNoLeak(async () => {
      const [plain, looked] = [await trained(open, false), await trained(open, true)];
      expect([plain.seen.length, looked.seen.length]).toEqual([0, 3]);
      expect(looked.numbers).toEqual(plain.numbers);
      expect(looked.weights).toEqual(plain.weights);
    });
  });

  it.each(losses)(
    'gives the unit vectors of the first batch of the step, also with GradCache: %s',
    async (_name, open) => {
      const { seen } = await trained(open, true);
      for (const { width, batchRows, anchors, positives, negatives: explicit, ...of } of seen) {
        expect([batchRows, of.rows, of.perAnchor]).toEqual([rows, rows, perAnchor]);
        expect([anchors.length, positives.length, explicit.length]).toEqual(
          [rows, rows, rows * perAnchor].map((count) => count * width),
        );
        for (const values of [anchors, positives, explicit])
          for (let row = 0; row < values.length; row += width)
            expect(Math.hypot(...values.subarray(row, row + width))).toBeCloseTo(1, 5);
      }
      const cached = await trained(open, true, { kind: 'gradCache', tokensPerPass: 30 });
      cached.seen[0]?.anchors.forEach((x, i) => expect(x).toBeCloseTo(seen[0]?.anchors[i] ?? NaN, 4));
    },
  );
});
