import { count } from './count';

export const benchmarkTexts = {
  title: 'Benchmark this device',
  about:
    'Measures matrix products and training steps on random weights: how fast this device is, how much of that speed training reaches, and how long your experiment will take. Nothing is stored or sent.',
  what: 'Model',
  choices: { both: 'Both', bertBase: 'BERT-base', demo: 'Demo' },
  shapes: { bertBase: 'BERT-base, 12 layers × 768', demo: 'Demo model, 3 layers × 256' },
  length: 'Duration',
  lengths: { full: 'About a minute', brief: 'A few seconds' },
  start: 'Start measuring',
  cancelling: 'Cancelling…',
  again: 'Measure again',
  phases: {
    open: 'Opening the device',
    products: 'Matrix products',
    bertBase: 'Training steps of BERT-base',
    demo: 'Training steps of the demo model',
  },
  peak: 'Best matrix product',
  peakHelp: 'The fastest matrix product measured. It shows what this device can do.',
  fixed: 'Same product, untuned',
  fixedHelp: 'The same matrix product with the default kernels, chosen without measuring.',
  measured: (n: number) => `kernels for ${count(n, 'product')} chosen by measuring`,
  withSubgroups: 'with subgroups',
  withoutSubgroups: 'without subgroups',
  longestSubmit: 'Longest submit',
  longestSubmitHelp:
    'The GPU gets its work in pieces that should take less than 500 ms, so that the screen stays responsive. This is the longest timed piece. Pieces smaller than an eighth of a full one, and pieces that include shader compilation, are left out.',
  step: 'Training step',
  stepMs: 'ms per step',
  stepOf: (pairs: number, tokens: number) => `${count(pairs, 'pair')}, ${count(tokens, 'token')}`,
  share: 'of the peak',
  ofPeak: (share: string) => `${share} of the peak`,
  ofPeakHelp: 'GFLOP/s of the whole training step, compared with the best matrix product.',
  stepStrategies: {
    plain: 'whole batch at once',
    recompute: 'layers computed twice',
    gradCache: 'batch in chunks, twice (GradCache)',
  },
  stepStrategiesHelp:
    'As in a run, each step uses the fastest strategy that fits the memory budget. Work done twice counts twice in GFLOP/s.',
  skipped: (shape: string, need: string, budget: string) =>
    `${shape}: not measured. It needs at least ${need} of memory; the budget is ${budget}.`,
  tokensPerSecond: 'tokens/s',
  memory: 'Memory',
  someLayers: (run: number, all: number) => `only ${run} of ${count(all, 'layer')}`,
  someLayersHelp:
    'On a CPU, only some of BERT-base’s layers are run, and the tokens per second of the whole model are estimated from them.',
  expected: 'Expected time of the experiment',
  expectedAbout: (time: string) => `About ${time}`,
  expectedWorking: 'Estimating…',
  work: (steps: number, tokens: number) =>
    `${count(steps, 'step')}, ${count(Math.round(tokens), 'training token')}, evaluations included`,
  twice: 'To fit the memory budget, its steps compute the forward pass twice. The estimate includes this.',
  mixed: 'Measured in full precision. The experiment uses mixed precision and may be faster.',
  notMeasured: 'No training step was measured.',
  notReady: 'This experiment still lacks data or a model.',
  details: 'Details',
  kernels: {
    title: 'GPU time by kernel',
    help: 'One training step, measured by the GPU’s own clock around every dispatch. The gaps between kernels are not included.',
    kernel: 'Kernel',
    count: 'Dispatches',
    share: 'Share',
    bytesHelp: 'Bytes of all arrays that the kernel uses, divided by its time.',
    none: {
      webgpu: 'not measured, because this device has no timestamp queries.',
      wasm: 'not measured, because kernels aren’t timed separately on a CPU.',
    },
  },
  copy: 'Copy as text',
};
