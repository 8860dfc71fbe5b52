import { count } from './count';

/** Texts on how the kernels of matrix products were chosen, and how much faster that made them. */
export const kernelsTexts = {
  title: 'Matrix products',
  help: 'Speed with the kernel chosen by measuring, and with the one that the fixed rules choose. Both give bit-identical results.',
  product: 'Product',
  chosen: 'Chosen',
  rules: 'Fixed rules',
  gain: 'Gain',
  products: {
    queryKeyValue: 'query, key, value',
    attentionOutput: 'attention output',
    feedForwardIn: 'feed-forward, in',
    feedForwardOut: 'feed-forward, out',
  },
  passes: { forward: 'forward', inputGradient: 'input gradient', weightGradient: 'weight gradient' },
  half: 'half precision',
  tokens: (n: number) => count(n, 'token'),
  measured: (n: number, gain: string, time: string) =>
    `Kernels chosen for ${count(n, 'matrix product')} by measuring, which took ${time}: ${gain}× the speed of the fixed rules.`,
  stored: (n: number, gain: string) =>
    `Kernels of ${count(n, 'matrix product')} as measured earlier on this device: ${gain}× the speed of the fixed rules.`,
  storedWithout: 'Kernels as measured earlier on this device.',
  ruled: {
    'device-lost':
      'The GPU was lost while its kernels were being measured. This run uses the kernels of the fixed rules.',
    'measuring-failed': 'The kernels could not be measured. This run uses those of the fixed rules.',
  },
  unmeasured: (n: number) =>
    `Time ran out for ${count(n, 'product')}, which follow${n === 1 ? 's' : ''} the fixed rules.`,
  refused: (shaders: number, bits: number) =>
    `Left out: ${count(shaders, 'kernel')} that the browser refused, ${count(bits, 'kernel')} with different bits.`,
};
