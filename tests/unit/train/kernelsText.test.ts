import { describe, expect, it } from 'vitest';
import {
  layerProducts,
  productPasses,
  rulesReasons,
  tuningGain,
  type KernelTuning,
  type TunedProduct,
} from '../../../src/domain/kernelTuning';
import { progressKinds } from '../../../src/domain/run';
import { emptyRunView, applyEvents } from '../../../src/domain/train/runView';
import { runEventSchema } from '../../../src/domain/project/eventSchemas';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { kernelsText, productName } from '../../../src/ui/train/kernelsText';
import { safeParse } from 'valibot';

const product = (gflops: number, more: Partial<TunedProduct> = {}): TunedProduct => ({
  ...{ product: 'feedForwardIn', pass: 'weightGradient', tokens: 2048, gflops, ruleGflops: 20_000 },
  ...more,
});
const tuning: KernelTuning = {
  source: 'measured',
  ms: 3200,
  products: [product(20_000), product(24_200, { half: true })],
  unmeasured: 0,
  refused: { shaders: 0, bits: 0 },
};

describe('the text on the kernels of a run', () => {
  it('states the gain over the fixed rules, as the mean factor of all products', () => {
    expect(tuningGain(tuning)).toBeCloseTo(1.1, 9);
    expect(tuningGain({ products: [] })).toBe(1);
    expect(kernelsText(en, tuning)).toEqual([
      'Kernels chosen for 2 matrix products by measuring, which took 3 s: 1.10× the speed of the fixed rules.',
    ]);
    expect(kernelsText(zh, tuning)).toEqual(['为 2 种矩阵乘法测速选了内核，用时 3 秒，速度是固定规则的 1.10 倍。']);
  });

  it('states how many products were left to the rules and which kernels were rejected', () => {
    const [, ...others] = kernelsText(en, { ...tuning, unmeasured: 1, refused: { shaders: 1, bits: 2 } });
    expect(others).toEqual([
      'Time ran out for 1 product, which follows the fixed rules.',
      'Left out: 1 kernel that the browser refused, 2 kernels with different bits.',
    ]);
  });

  it.each(rulesReasons)('says in both languages that the rules choose, because of %s', (reason) => {
    for (const texts of [en, zh]) {
      const [sentence, ...rest] = kernelsText(texts, { ...tuning, source: 'rules', reason });
      expect([sentence === '', sentence?.includes('undefined'), rest]).toEqual([false, false, []]);
    }
  });

  it('names every product of the model in both languages', () => {
    for (const texts of [en, zh]) {
      const names = layerProducts.flatMap((place) =>
        productPasses.flatMap((pass) =>
          [{}, { half: true } as const].map((half) =>
            productName(texts, product(1, { product: place, pass, ...half })),
          ),
        ),
      );
      expect(new Set(names).size).toBe(layerProducts.length * productPasses.length * 2);
      expect(names.join()).not.toContain('undefined');
    }
  });

  it('is kept in the log of a run and of an exported project, and shown from there', () => {
    const event = { runId: 'r', seq: 0, at: 1, type: 'kernels', ...tuning } as const;
    expect(safeParse(runEventSchema, event).success).toBe(true);
    expect(safeParse(runEventSchema, { ...event, source: 'a guess' }).success).toBe(false);
    const view = emptyRunView();
    applyEvents(view, [event]);
    expect(view.kernels).toMatchObject(tuning);
  });
});

describe('the names of a run’s work', () => {
  it('exist in both languages for every kind of progress', () => {
    for (const texts of [en, zh]) for (const kind of progressKinds) expect(texts.job.what[kind]).toMatch(/\S/);
  });
});
