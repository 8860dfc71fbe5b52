import { beforeAll, expect, it } from 'vitest';
import { checkTolerance } from '../../src/domain/deviceCheck/deviceCheck';
import { tensorErrors } from '../../src/domain/deviceCheck/tensorError';
import { deviceEngine } from '../../workers/services/device/openDevice';
import { float64Step } from '../../workers/reference/float64/float64Step';
import { openTfjsStep } from '../../workers/reference/tfjs/openTfjsStep';
import type { LossAndGradients } from '../../workers/reference/trainingStep';
import { checkStep } from '../../workers/services/deviceCheck/checkStep';
import { EngineStep } from '../../workers/services/deviceCheck/engineStep';
import { inTurns } from '../../workers/services/deviceCheck/timing';
import { openTestDevice } from './testDevice';

const step = checkStep('small');
let reference: LossAndGradients;

beforeAll(async () => {
  await openTestDevice();
  reference = await float64Step(step);
});

it('the engine and stock tfjs agree with double precision on one WebGPU adapter, and take turns', async () => {
  const own = new EngineStep(deviceEngine(), step, 'full');
  const [worst] = tensorErrors(await own.result(), reference);
  expect(worst?.error).toBeLessThan(checkTolerance.full / 20);
  const tfjs = await openTfjsStep(step);
  const loss = await tfjs.run();
  const [worstOfPeer] = tensorErrors({ loss, gradients: await tfjs.gradients() }, reference);
  expect(worstOfPeer?.error).toBeLessThan(checkTolerance.full / 10);
  const shares: number[] = [];
  const { first, second } = await inTurns(tfjs, own, async (share) => void shares.push(share));
  expect([second.length, shares.length]).toEqual([first.length, first.length]);
  expect(Math.min(...first, ...second)).toBeGreaterThan(0);
  tfjs.close();
  own.dispose();
  expect(deviceEngine().pool.liveArrays).toBe(0);
});

it('stock tfjs can be opened again after it was closed, for a second check', async () => {
  for (let time = 1; time <= 2; time++) (await openTfjsStep(step)).close();
});
