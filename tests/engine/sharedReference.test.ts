import { infoNceLoss } from '../../workers/engine/losses/infoNce';
import { Tokenizer } from '@huggingface/tokenizers';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import type { TokenBatch } from '../../workers/engine/model/tokenBatch';
import { AdamWState } from '../../workers/engine/model/adamWState';
import { Trainer, type TrainerOptions } from '../../workers/engine/trainer';
import { adamWConfig } from './configs';
import { hasSharedModels, loadSharedModel, readSharedText } from './sharedModels';
import { inBrowser } from './environment';
import { tokenBatch } from './tokenBatch';
import { testDeviceLiveArrays, openTestDevice } from './testDevice';

beforeAll(openTestDevice);

interface Pair {
  query: string;
  positive: string;
}

describe.skipIf(!hasSharedModels)('the reference fine-tuning of ../shared (skipped if ../shared is absent)', () => {
  /** Few steps, because each one takes seconds on software WebGPU. `npm run verify` replays 20. */
  const steps = inject('replaySteps') ?? (inBrowser ? 3 : 5);
  const maxTokens = 128;

  it('is reproduced with the same loss and gradient norm at each of the first steps', async () => {
    const lines = async <T>(path: string): Promise<T[]> =>
      (await readSharedText(path))
        .trim()
        .split('\n')
        .map((line): T => JSON.parse(line));
    const pairs = await lines<Pair>('reference/train.jsonl');
    const expected = await lines<{ loss: number; lr: number; gradNorm: number }>('reference/losses.jsonl');
    const batches: number[][] = JSON.parse(await readSharedText('reference/batches.json'));
    const tokenizer = new Tokenizer(
      JSON.parse(await readSharedText('models/demo-zh/tokenizer.json')),
      JSON.parse(await readSharedText('models/demo-zh/tokenizer_config.json')),
    );
    const tokenize = (texts: string[]): TokenBatch =>
      tokenBatch(
        texts.map((text) => {
          const { ids } = tokenizer.encode(text);
          return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ...ids.slice(-1)];
        }),
      );
    const { config, parameters } = await loadSharedModel('demo-zh');
    const adamW = new AdamWState(parameters);
    const options: TrainerOptions = {
      config,
      pooling: 'mean',
      loss: infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' }),
      optimizer: adamWConfig(2e-4),
      dropout: 0,
      seed: 7,
    };
    const trainer = new Trainer(options, parameters.segments, adamW.segments);
    const arrayCounts: number[] = [];
    for (let step = 0; step < steps; step++) {
      const rows = (batches[step] ?? []).map((row) => pairs[row] ?? { query: '', positive: '' });
      const reference = expected[step] ?? { loss: NaN, lr: NaN, gradNorm: NaN };
      const anchors = tokenize(rows.map(({ query }) => query));
      const positives = tokenize(rows.map(({ positive }) => positive));
      const numbers = await trainer.step({ anchors, candidates: positives }, reference.lr, step + 1);
      expect(Math.abs(numbers.loss - reference.loss)).toBeLessThan(Math.max(0.002 * reference.loss, 0.001));
      expect(Math.abs(numbers.gradientNorm / reference.gradNorm - 1)).toBeLessThan(0.002);
      arrayCounts.push(testDeviceLiveArrays());
    }
    expect(arrayCounts.at(-1)).toBe(arrayCounts[1]);
    trainer.dispose();
    adamW.dispose();
    parameters.dispose();
  });
});
