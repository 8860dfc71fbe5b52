import { formatCount } from '../format';
import { count } from './count';

/** The headline of a run and the sentence below it. */
export const runSentenceTexts = {
  none: 'The same test questions are asked before and after training. You can pause at any time. If you close the page, you can resume from the last checkpoint.',
  planned: (pairs: number, steps: number, atMost: boolean) =>
    `${count(pairs, 'pair')}, ${atMost ? 'at most ' : ''}${count(steps, 'training step')}`,
  notPlanned: 'Not trained yet',
  leave: 'You can look at other screens; the run continues.',
  settling: 'Checking where this run stopped…',
  queued: 'The run is about to start',
  prepare: 'Preparing data, tokens and model',
  evaluateBefore: 'Asking the test questions with the original weights',
  firstStep: 'Training has started; the first step is being computed',
  devHits: (before: number, now: number, of: number, sample: string | null) =>
    `On dev${sample === null ? '' : ` (a sample of ${sample} passages)`}, the first result is right for ${formatCount(now)} of ${count(of, 'question')}, ${
      now === before ? 'as before training' : `${now > before ? 'up' : 'down'} from ${formatCount(before)}`
    }`,
  trainingTitle: (step: string, steps: string) => `Training: step ${step} of ${steps}`,
  training: (step: string, steps: string, loss: string, left: string | null) =>
    `Step ${step} of ${steps}, loss ${loss}${left === null ? '' : `, about ${left} left`}.`,
  trainingNoDev: (loss: string, left: string | null) =>
    `Loss ${loss}${left === null ? '' : `, about ${left} left`}. Dev hasn’t been evaluated since training began.`,
  repeating: (from: string, to: string) =>
    from === to ? `Computing step ${from} again` : `Computing steps ${from} to ${to} again`,
  repeatingText: (step: string | null, steps: string, fromStart: boolean) =>
    `${
      fromStart
        ? 'The run was interrupted before its first checkpoint, so it resumed from its start.'
        : 'The run resumed from its last checkpoint, which was written before these steps.'
    }${step === null ? '' : ` Step ${step} of ${steps} is done.`}`,
  evaluateAfter: 'Asking the test questions again with the trained weights',
  atStep: (step: string, steps: string) => `step ${step} of ${steps}`,
  stopped: {
    paused: (place: string) => `Paused: ${place}`,
    interrupted: (place: string) => `Interrupted: ${place}`,
    cancelled: (place: string) => `Cancelled: ${place}`,
    failed: (place: string) => `Failed: ${place}`,
  },
  paused: 'You can close the page; nothing is lost.',
  interruptedAtStart:
    'The page or its worker was closed before the first checkpoint was written, so the run resumes from its start.',
  interrupted: 'The page or its worker was closed. You can resume from the last checkpoint.',
  interruptedAfter: (from: string, to: string) =>
    `The page or its worker was closed. You can resume from the last checkpoint: ${
      from === to ? `step ${from} is` : `steps ${from} to ${to} are`
    } computed again.`,
  sameBits: ' On the same device, the result will be the same, bit for bit.',
  otherBuild: ' The program has changed since then, so the result may differ slightly from that of an unbroken run.',
  cancelled: 'The curves are kept, but you can’t resume the run.',
  failed: 'The error below stopped the run.',
  doneKept: (kept: string, steps: string) => `Done: kept the weights of step ${kept} of ${steps}.`,
  doneTrial: (kept: string, steps: string) =>
    `Done: the weights of step ${kept} of ${steps} were evaluated on dev. This run only compares settings, so it keeps no weights.`,
  done: (steps: number) => `Done after ${count(steps, 'step')}.`,
  doneNext: 'The test questions were asked before and after training.',
  toEvaluate: 'See the result',
};
