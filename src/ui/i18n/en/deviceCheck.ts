import { formatFigure } from '../format';
import { count } from './count';

export const deviceCheckTexts = {
  title: 'Check this device',
  about:
    'Runs a training step of a small model and compares the loss and every gradient with double precision, and on a GPU also with TensorFlow.js (tfjs). Takes about ten seconds. Nothing is sent; only the result is stored.',
  start: 'Check',
  again: 'Check again',
  cancelling: 'Cancelling…',
  phases: {
    open: 'Opening the device',
    reference: 'Computing in double precision',
    engine: 'Computing on this device',
    half: 'Computing in mixed precision',
    tfjs: 'Computing with tfjs',
    speed: 'Comparing the speed with tfjs',
  },
  agrees: (error: string) => `Agrees to ${error}`,
  faster: (times: number) => (times === 1 ? 'as fast as tfjs' : `${formatFigure(times)} times faster than tfjs`),
  slower: (times: number) => (times === 1 ? 'as fast as tfjs' : `${formatFigure(times)} times as fast as tfjs`),
  loss: 'the loss',
  gradientOf: (tensor: string) => `the gradient of ${tensor}`,
  offBy: (tensor: string, error: string) => `${tensor} is off by ${error}`,
  notFinite: (tensor: string) => `${tensor} is not finite`,
  wrong: (what: string) => `Computes wrongly: ${what}`,
  refused: (tolerance: string) => `At most ${tolerance} is allowed, so this device isn’t used for training.`,
  mixed: (result: string) => `Mixed precision: ${result}`,
  mixedAgrees: (error: string) => `agrees to ${error}`,
  mixedRefused: (tolerance: string) => `At most ${tolerance} is allowed, so runs in mixed precision are refused.`,
  times: (engineMs: string, tfjsMs: string) => `${engineMs} ms per step here, ${tfjsMs} ms in tfjs`,
  peerAgrees: (error: string) => `tfjs agrees with double precision to ${error}`,
  peerWrong: (what: string) => `tfjs itself computes wrongly on this GPU: ${what}`,
  peerFailed: (reason: string) =>
    `tfjs failed on this GPU (${reason}), so there is no comparison with it. The one with double precision stands.`,
  model: (tokens: number, layers: number) => `${count(layers, 'layer')}, ${count(tokens, 'token')}`,
  checkedAt: (date: string) => `Checked on ${date}`,
  outdated: 'The browser or the program has changed since; check again.',
  details: 'All compared numbers',
  detailsHelp: 'The difference from double precision, divided by the size of the gradient.',
  tensor: 'Loss and gradients',
  error: 'Error',
  mixedColumn: 'In mixed precision',
  offer: {
    title: 'This GPU hasn’t been checked yet',
    text: 'The check shows whether it computes correctly, and how fast. It takes about ten seconds.',
    later: 'Not now',
  },
};
