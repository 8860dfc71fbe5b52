import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const printEveryMs = 3000;

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A line of events.jsonl: a step under the names that readers of training logs expect, anything else with its `type`. */
function lineOf({ runId: _runId, ...event }) {
  if (event.type !== 'step') return event;
  const { type: _type, seq: _seq, at: _at, stepMs, learningRate, ...numbers } = event;
  const { step, loss, gradientNorm, tokens, ...rest } = numbers;
  return { step, loss, lr: learningRate, gradientNorm, tokens, ms: stepMs, ...rest };
}

const toLines = (events) => events.map((event) => `${JSON.stringify(lineOf(event))}\n`).join('');

/**
 * Of a step that was made twice (once before a kill, once after the resume) the later counts. Progress is for the terminal only.
 * @template {{ type: string, step?: number }} E
 * @param {E[]} events
 * @returns {E[]}
 */
export function settled(events) {
  const lastOfStep = new Map();
  events.forEach((event, index) => event.type === 'step' && lastOfStep.set(event.step, index));
  return events.filter(
    (event, index) => event.type !== 'progress' && (event.type !== 'step' || lastOfStep.get(event.step) === index),
  );
}

const progressWords = {
  import: 'reading files',
  load: 'loading weights',
  tokenize: 'tokenizing',
  encodeCorpus: 'encoding passages',
  encodeQuestions: 'encoding questions',
  checkpoint: 'writing a checkpoint',
  export: 'writing the export',
};

/** Writes events.jsonl while the run goes on and prints a line now and then. */
export class RunReport {
  #events = [];
  #file;
  #printedAt = 0;
  #print;
  #recent = [];
  totalSteps = 0;

  constructor(folder, print = (line) => console.log(line)) {
    this.#file = join(folder, 'events.jsonl');
    this.#print = print;
  }

  async begin() {
    await writeFile(this.#file, '');
  }

  async add(events) {
    this.#events.push(...events);
    await appendFile(this.#file, toLines(events.filter((event) => event.type !== 'progress')));
    for (const event of events) this.#tell(event);
  }

  /** Once more in full, without what a resume repeated. */
  async finish() {
    await writeFile(`${this.#file}.new`, toLines(settled(this.#events)));
    await rename(`${this.#file}.new`, this.#file);
  }

  note(line) {
    this.#print(line);
  }

  progress({ what, done, of }) {
    this.#now(`${progressWords[what] ?? what}${of > 0 ? ` ${done}/${of}` : ''}`, of > 0 && done >= of);
  }

  #now(line, certainly = false) {
    if (!certainly && Date.now() - this.#printedAt < printEveryMs) return;
    this.#printedAt = Date.now();
    this.#print(line);
  }

  #tell(event) {
    if (event.type === 'progress')
      return this.#now(`${progressWords[event.what]}${event.of > 0 ? ` ${event.done}/${event.of}` : ''}`);
    if (event.type === 'step') return this.#tellStep(event);
    if (event.type === 'phase') return this.#print(`== ${event.phase}`);
    if (event.type === 'device')
      return this.#print(`device: ${event.device.backend} (${event.device.reason}), ${event.device.threads} threads`);
    if (event.type === 'deviceLost')
      return this.#print(`device lost (${event.reason}): going on from the last checkpoint`);
    if (event.type === 'devEvaluation')
      return this.#print(
        `dev at step ${event.step}: ${metricsLine(event.metrics)}${event.best ? ', best so far' : ''}`,
      );
    if (event.type === 'testEvaluation') return this.#print(`test ${event.moment}: ${metricsLine(event.metrics)}`);
    return undefined;
  }

  #tellStep({ step, loss, learningRate, tokens, stepMs }) {
    this.#recent = [...this.#recent.slice(-19), { tokens, stepMs }];
    const ms = this.#recent.reduce((sum, one) => sum + one.stepMs, 0);
    const pace = this.#recent.reduce((sum, one) => sum + one.tokens, 0) / (ms / 1000);
    const left = (ms / this.#recent.length) * Math.max(0, this.totalSteps - step);
    const of = this.totalSteps > 0 ? `/${this.totalSteps}` : '';
    const line = `step ${step}${of}  loss ${loss.toFixed(4)}  lr ${learningRate.toExponential(2)}  ${Math.round(pace)} tokens/s`;
    this.#now(this.totalSteps > 0 ? `${line}  ${duration(left)} of training left` : line, step === this.totalSteps);
  }
}

export function metricsLine(metrics) {
  const share = (value) => `${(value * 100).toFixed(1)} %`;
  return `hit rate@1 ${share(metrics.hitRateAt1)}, @10 ${share(metrics.hitRateAt10)}, MRR@10 ${metrics.mrrAt10.toFixed(4)}`;
}
