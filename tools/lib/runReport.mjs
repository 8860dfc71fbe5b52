import { appendFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alarmLine } from './alarmLine.mjs';
import { writing } from './errors.mjs';

const printEveryMs = 3000;

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Returns an event as a line of events.jsonl. Steps omit `type` and use the names common in training logs. */
function lineOf({ runId: _runId, ...event }) {
  if (event.type !== 'step') return event;
  const { type: _type, seq: _seq, at: _at, stepMs, learningRate, ...numbers } = event;
  const { step, loss, gradientNorm, tokens, ...rest } = numbers;
  return { step, loss, lr: learningRate, gradientNorm, tokens, ms: stepMs, ...rest };
}

const toLines = (events) => events.map((event) => `${JSON.stringify(lineOf(event))}\n`).join('');

/**
 * Returns the events without progress, which is only for the terminal. A resumed run repeats the steps after its last
 * checkpoint, with their dev evaluations; only the last event of each is kept. `run` is the number of a run in a sweep.
 * @template {{ type: string, step?: number, kind?: string, arm?: string, run?: number }} E
 * @param {E[]} events
 * @returns {E[]}
 */
export function eventsToKeep(events) {
  const keyOf = ({ type, step, kind, arm, run }) =>
    repeatedTypes.has(type) ? `${type} ${step} ${kind ?? ''} ${arm ?? ''} ${run ?? ''}` : null;
  const last = new Map();
  events.forEach((event, index) => last.set(keyOf(event), index));
  return events.filter((event, index) => {
    const key = keyOf(event);
    return event.type !== 'progress' && (key === null || last.get(key) === index);
  });
}

/** Types of events that a resumed run repeats for the steps after its checkpoint. */
const repeatedTypes = new Set(['step', 'devEvaluation', 'trainScores', 'alarm', 'earlyStop', 'checkpoint']);

/** The terminal's phrase for each kind of progress: of a run (`progressKinds`) and of the runner's page. */
export const progressWords = {
  import: 'reading files',
  download: 'fetching the model, MB:',
  tune: 'measuring kernels',
  load: 'loading weights',
  tokenize: 'tokenizing',
  mine: 'mining negatives, texts and questions:',
  encodeGuide: 'encoding with the guide or teacher',
  blend: 'evaluating blends, texts:',
  probe: 'measuring the general ability, texts:',
  encodePassages: 'encoding passages',
  encodeQuestions: 'encoding questions',
  search: 'searching, passages:',
  keywords: 'searching by keywords:',
  report: 'writing the report',
  checkpoint: 'writing a checkpoint',
  export: 'writing the export',
};

/** Writes events.jsonl during the run and prints events. Prints steps and progress at most once per `printEveryMs`. */
export class RunReport {
  #events = [];
  #file;
  #printedAt = 0;
  #print;
  #printError;
  #recent = [];
  #stage = -1;
  #stages = 1;
  #what = '';
  totalSteps = 0;

  constructor(folder, print = (line) => console.log(line), printError = (line) => console.error(line)) {
    this.#file = join(folder, 'events.jsonl');
    this.#print = print;
    this.#printError = printError;
  }

  async begin() {
    await writing(this.#file, () => writeFile(this.#file, ''));
  }

  async add(events) {
    // A resumed run sends all its earlier events at once, too many for the arguments of one call.
    for (const event of events) this.#events.push(event);
    const lines = toLines(events.filter((event) => event.type !== 'progress'));
    await writing(this.#file, () => appendFile(this.#file, lines));
    for (const event of events) this.#printEvent(event);
  }

  /** Rewrites the whole file without events of steps that a resumed run repeated. */
  async finish() {
    const whole = `${this.#file}.new`;
    await writing(whole, () => writeFile(whole, toLines(eventsToKeep(this.#events))));
    await rename(whole, this.#file);
  }

  /** Takes a progress report of the page, which may contain more than events. */
  take(progress) {
    if (progress.totalSteps !== undefined) this.totalSteps = progress.totalSteps;
    if (progress.note !== undefined) this.note(progress.note);
    if (progress.finding !== undefined) this.finding(progress.finding);
    if (progress.what !== undefined) this.progress(progress);
  }

  note(line) {
    this.#print(line);
  }

  /** Prints a finding of the checks before the run to stderr, so that it is seen even if the output goes to a file. */
  finding(line) {
    this.#printError(line);
  }

  progress({ what, done, of }, finished = of > 0 && done >= of) {
    // Print the first progress of each kind immediately, so that the terminal always shows the current work.
    const important = finished || what !== this.#what;
    this.#what = what;
    this.#printSparingly(`${progressWords[what] ?? what ?? 'working'}${of > 0 ? ` ${done}/${of}` : ''}`, important);
  }

  /** Prints a line, unless another line was printed less than `printEveryMs` ago and this one is not `important`. */
  #printSparingly(line, important = false) {
    if (!important && Date.now() - this.#printedAt < printEveryMs) return;
    this.#printedAt = Date.now();
    this.#print(line);
  }

  #printEvent(event) {
    if (event.type === 'progress') return this.progress(event, false);
    if (event.type === 'step') return this.#printStep(event);
    if (event.type === 'phase') return this.#print(`== ${event.phase}`);
    if (event.type === 'batchPlan') {
      this.#stages = event.leftOut.length;
      return this.#printLeftOut(event);
    }
    if (event.type === 'device')
      return this.#print(`device: ${event.device.backend} (${event.device.reason}), ${event.device.threads} threads`);
    if (event.type === 'kernels') return kernelsLines(event).forEach((line) => this.#print(line));
    if (event.type === 'resumed') return this.#print(resumedLine(event));
    if (event.type === 'buildChanged')
      return this.#print(`continuing after step ${event.step} with another version: ${event.build}`);
    if (event.type === 'deviceLost')
      return this.#print(`device lost (${event.reason}): resuming from the last checkpoint`);
    if (event.type === 'devEvaluation')
      return this.#print(
        `dev at step ${event.step}${sampleWords(event)}: ${metricsLine(event.metrics)}${event.best ? ', best so far' : ''}`,
      );
    if (event.type === 'alarm') return this.#print(alarmLine(event));
    if (event.type === 'earlyStop') return this.#print(earlyStopLine(event));
    if (event.type === 'testEvaluation') return this.#print(`test ${event.moment}: ${metricsLine(event.metrics)}`);
    return undefined;
  }

  #printLeftOut({ leftOut }) {
    if (!leftOut.flat().some((rows) => rows > 0)) return;
    const named = leftOut.map((rows, i) => `${leftOut.length > 1 ? `stage ${i + 1}: ` : ''}${rows.join(', ')}`);
    this.#print(`rows that fit no batch of their epoch, by epoch: ${named.join('; ')}`);
  }

  /** Announces the stage of a step if the run has several and the previous step was in another. */
  #printStage(stage) {
    if (this.#stages > 1 && stage !== this.#stage) this.#print(`== stage ${stage + 1} of ${this.#stages}`);
    this.#stage = stage;
  }

  #printStep({ step, stage, loss, learningRate, tokens, stepMs }) {
    this.#printStage(stage);
    this.#what = 'step';
    this.#recent = [...this.#recent.slice(-19), { tokens, stepMs }];
    const ms = this.#recent.reduce((sum, one) => sum + one.stepMs, 0);
    const pace = this.#recent.reduce((sum, one) => sum + one.tokens, 0) / (ms / 1000);
    const left = (ms / this.#recent.length) * Math.max(0, this.totalSteps - step);
    const of = this.totalSteps > 0 ? `/${this.totalSteps}` : '';
    const lr = learningRate.toExponential(2);
    const line = `step ${step}${of}  loss ${loss.toFixed(4)}  lr ${lr}  ${Math.round(pace)} tokens/s`;
    this.#printSparingly(
      this.totalSteps > 0 ? `${line}  ${duration(left)} of training left` : line,
      step === this.totalSteps,
    );
  }
}

/** Returns the line on the step after which training resumed and the steps that are computed again. */
function resumedLine({ step, reached }) {
  const from =
    step === 0 ? 'resumed from the start, without a checkpoint' : `resumed after step ${step}, the last checkpoint`;
  if (reached <= step) return from;
  const steps = reached === step + 1 ? `step ${reached}` : `steps ${step + 1} to ${reached}`;
  return `${from}: computing ${steps} again`;
}

/** Returns a phrase for the number of passages on which dev was evaluated, if not all. */
function sampleWords({ metrics, sampleOf }) {
  return sampleOf === undefined ? '' : ` on a sample of ${metrics.passages} of ${sampleOf} passages`;
}

function earlyStopLine({ step, bestStep, evaluations }) {
  const brought = evaluations === 1 ? '1 dev evaluation' : `${evaluations} dev evaluations in a row`;
  return `stopped early after step ${step}: ${brought} without anything better than step ${bestStep}`;
}

/** Returns how the kernels were chosen and the gain over the fixed rules, one product per line. */
function kernelsLines({ source, reason, ms, products, unmeasured, refused }) {
  if (source === 'rules') return [`kernels: by the fixed rules (${reason})`];
  const left = unmeasured > 0 ? `, ${unmeasured} by the fixed rules for lack of time` : '';
  const out =
    refused.shaders + refused.bits > 0 ? `, left out ${refused.shaders} refused and ${refused.bits} inexact` : '';
  const lines = products.map(({ product, pass, tokens, half, gflops, ruleGflops }) => {
    const name = `${productWords[product]}, ${passWords[pass]}, ${tokens} tokens${half ? ', half precision' : ''}`;
    return `  ${name}: ${(gflops / 1000).toFixed(2)} TFLOP/s, ${(gflops / ruleGflops).toFixed(2)} times the rules`;
  });
  return [`kernels: ${source} (${Math.round(ms)} ms)${left}${out}`, ...lines];
}

/** The terminal's names for the products of a layer (`layerProducts`) and their passes (`productPasses`). */
export const productWords = {
  queryKeyValue: 'query, key and value',
  attentionOutput: 'attention output',
  feedForwardIn: 'feed-forward in',
  feedForwardOut: 'feed-forward out',
};
export const passWords = {
  forward: 'forward',
  inputGradient: 'input gradient',
  weightGradient: 'weight gradient',
};

const share = (value) => `${(value * 100).toFixed(1)}%`;

/** Formats a metric's value as on the page: shares of questions in percent, MRR and nDCG with four decimals. */
const shown = (metric, value) => (metric === 'mrrAt10' || metric === 'ndcgAt10' ? value.toFixed(4) : share(value));

export function metricsLine({ hitRateAt1, hitRateAt10, mrrAt10 }) {
  return `hit rate@1 ${share(hitRateAt1)}, @10 ${share(hitRateAt10)}, MRR@10 ${mrrAt10.toFixed(4)}`;
}

/** Returns a line per blend of base and tuned weights, and one on the blend that is exported. */
export function blendLines({ metric, ratios, best, exported, test }) {
  const lines = ratios.map(
    ({ ratio, metrics }) =>
      `blend ${ratio}: dev ${metric} ${shown(metric, metrics[metric])}, MRR@10 ${metrics.mrrAt10.toFixed(4)}${ratio === best ? ', best' : ''}`,
  );
  if (exported === 1) return lines;
  return [...lines, `exported blend ${exported}${test ? `: test ${metricsLine(test)}` : ''}`];
}

/** Returns the table of a sweep: a line per combination of settings, with mean and interval over seeds. */
export function sweepLines({ axes, metric, rows }) {
  const varied = axes.filter(({ setting }) => setting !== 'seed');
  return rows.map(({ values, runs, scores, mean, interval }) => {
    const settings = varied.map(({ setting }, i) => `${setting} ${JSON.stringify(values[i])}`).join(', ');
    const range = interval ? ` (95% interval ${shown(metric, interval.low)} to ${shown(metric, interval.high)})` : '';
    const result = mean === null ? 'no result' : `dev ${metric} ${shown(metric, mean)}${range}`;
    return `${settings || 'as in the file'}: ${result}, ${scores.length} of ${runs} runs`;
  });
}
