import { expect, it, vi } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { Finding } from '../../../src/domain/train/doctor/finding';
import { examine } from '../../../src/domain/train/doctor/examine';
import type { HeadlessJob } from '../../../src/headless/jobRoutes';
import { batchOf, experimentWith, factsWith, healthyTexts, splitOf } from '../train/doctor/patient';

const { model } = factsWith();
const gpu = { planMemory: vi.fn() };
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    getModel: () => Promise.resolve(model),
    data: () =>
      Promise.resolve({
        countSplit: () => Promise.resolve(splitOf(960)),
        examineTexts: () => Promise.resolve({ ...healthyTexts, samePassage: 5000 }),
      }),
    gpu: () => Promise.resolve(gpu),
  },
}));
const { findingLine, findingsOf } = await import('../../../src/headless/findings');

const high: Finding = {
  kind: 'temperatureHigh',
  severity: 'warns',
  stage: 1,
  facts: { temperature: 1, weight: 0.9048 },
  fix: { setting: 'temperature', value: 0.05 },
};

it('the runner finds what the page would find, also if there is no memory plan', async () => {
  const job = { device: 'wasm' } as HeadlessJob;
  const kinds = async () => (await findingsOf('e', experimentWith(batchOf(16, false)), job)).map(({ kind }) => kind);
  gpu.planMemory.mockResolvedValueOnce(null);
  expect(await kinds()).toEqual(['duplicatePositives', 'smallBatch']);
  gpu.planMemory.mockRejectedValueOnce(new AppError({ kind: 'too-few-pairs', pairs: 2, batchSize: 16 }));
  expect(await kinds()).toEqual(['duplicatePositives', 'smallBatch']);
  gpu.planMemory.mockRejectedValueOnce(new AppError({ kind: 'worker-crashed', worker: 'gpu', reason: 'x' }));
  await expect(kinds()).rejects.toThrow(AppError);
});

it('a line of the terminal states a finding, its stage, its reason and its fix', () => {
  expect(findingLine(high, 2)).toBe(
    'warning: Stage 2: A temperature of 1 is high. A negative that scores 0.1 below the positive still counts 90% as ' +
      'much, so the model hardly learns to tell them apart. 0.01 to 0.1 is usual. To fix it: Set the temperature to 0.05.',
  );
  expect(findingLine(high, 1)).toMatch(/^warning: A temperature of 1 is high\./);
});

it('a line on what stops the run leaves the reason to the refusal', () => {
  const facts = factsWith({ split: splitOf(200, { trainPassages: 5 }) });
  const [stops] = examine(experimentWith(batchOf(16)), facts);
  expect(stops && findingLine(stops, 1)).toBe(
    'stops the run: Only 5 different passages for a batch of 16. To fix it: Set the batch size to 5.',
  );
});
