import { tuningGain, type KernelTuning, type TunedProduct } from '../../domain/kernelTuning';
import type { Dictionary } from '../i18n/dictionary';
import { formatDuration } from '../i18n/format';

/** Returns a product's name: its place in the model, what it computes, and its number of tokens. */
export function productName(texts: Dictionary, { product, pass, tokens, half }: TunedProduct): string {
  const t = texts.kernels;
  return [t.products[product], t.passes[pass], t.tokens(tokens), ...(half ? [t.half] : [])].join(texts.common.comma);
}

/** Returns a speed-up as a factor, such as 1.08. */
export function formatGain(gain: number): string {
  return gain.toFixed(2);
}

/** Returns sentences on how a run's kernels were chosen and how much faster that made them. */
export function kernelsText({ kernels: t, time }: Dictionary, tuning: KernelTuning): string[] {
  const { source, reason, ms, products, unmeasured, refused } = tuning;
  if (source === 'rules') return reason ? [t.ruled[reason]] : [];
  const gain = formatGain(tuningGain(tuning));
  const first =
    source === 'measured'
      ? t.measured(products.length, gain, formatDuration(ms, time))
      : products.length > 0
        ? t.stored(products.length, gain)
        : t.storedWithout;
  return [
    first,
    ...(unmeasured > 0 ? [t.unmeasured(unmeasured)] : []),
    ...(refused.shaders + refused.bits > 0 ? [t.refused(refused.shaders, refused.bits)] : []),
  ];
}
