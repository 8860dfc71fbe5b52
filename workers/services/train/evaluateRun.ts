import type { Evaluation, EvaluationMoment } from '../../../src/domain/evaluate/evaluation';
import type { DevEvaluation } from '../../../src/domain/run';
import { getEvaluation, putEvaluation } from '../../../src/storage/evaluations';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { pickedVectors, type Vectors } from '../../engine/retrieval/vectors';
import type { BetweenBatches } from '../evaluate/betweenBatches';
import { encodeTexts, pickTexts } from '../evaluate/encodeTexts';
import { evaluateVectors } from '../evaluate/evaluateVectors';
import { scoreDev } from '../evaluate/scoreDev';
import type { DevSample } from './devSampleOf';
import type { RunSessionOnDevice } from './runSession';
import type { RunTokens } from './runTokens';

/** Returns a callback that reports progress and handles pause and cancel between batches. */
export function between(
  session: RunSessionOnDevice,
  what: 'tune' | 'encodeGuide' | 'encodePassages' | 'encodeQuestions',
  key: string,
  onPause?: () => Promise<void>,
): BetweenBatches {
  return async (done, of) => {
    const { log, control, recovery } = session;
    log.progress(what, done, of);
    recovery.reached(key, done);
    await control.checkpoint(onPause ?? (() => log.status('paused')), () => log.status('running'));
  };
}

/**
 * Evaluates on dev and test, or on dev only in a trial, with the weights on the device. Skips evaluations whose results
 * are already stored. If dev is evaluated on a sample during training, also evaluates it on the sample here, as the
 * first point of its curve.
 */
export async function evaluateMoment(
  session: RunSessionOnDevice,
  parameters: ParameterStore,
  moment: EvaluationMoment,
): Promise<void> {
  const { db, record, data } = session;
  const evaluated = record.trial ? (['dev'] as const) : (['dev', 'test'] as const);
  const parts = evaluated.filter((part) => data[part].length > 0);
  const missing: ('dev' | 'test')[] = [];
  for (const part of parts) if (!(await getEvaluation(db, record.runId, part, moment))) missing.push(part);
  if (missing.length === 0) return;
  const tokens = moment === 'before' ? session.tokens : (session.prefixed ?? session.tokens);
  const evaluator = await Evaluator.open(session, parameters, { moment, name: moment, tokens });
  for (const part of missing) {
    const evaluation = await evaluator.evaluate(part);
    const onDev = part === 'dev' && moment === 'before' ? await evaluator.evaluateDev(evaluation) : null;
    await putEvaluation(db, evaluation);
    session.recovery.reached(`${part} ${moment}`, 1);
    if (part === 'test') await session.log.flushWith({ type: 'testEvaluation', moment, metrics: evaluation.metrics });
    else if (onDev) await session.log.flushWith({ type: 'devEvaluation', step: 0, best: false, ...onDev });
  }
  session.recovery.forgetVectors();
}

/** Evaluates on dev during training. `onPause` must write a checkpoint before it reports the run as paused. */
export async function evaluateDev(
  session: RunSessionOnDevice,
  parameters: ParameterStore,
  { step, tokens }: { step: number; tokens: RunTokens },
  onPause: () => Promise<void>,
): Promise<DevEvaluation> {
  const texts = { moment: 'after', name: `step ${step}`, tokens, sample: session.devSample } as const;
  const evaluator = await Evaluator.open(session, parameters, texts, onPause);
  const evaluated = await evaluator.evaluateDev();
  session.recovery.forgetVectors();
  return evaluated;
}

interface EvaluatedTexts {
  moment: EvaluationMoment;
  /** Identifies the weights in use. */
  name: string;
  /** The texts in the form that these weights expect. */
  tokens: RunTokens;
  /** Passages to encode; all if absent. */
  sample?: DevSample | undefined;
}

/**
 * Evaluates parts of the data against passages that are encoded once. Vectors computed before a device loss are reused,
 * because the same steps on the same device produce the same weights.
 */
class Evaluator {
  readonly #startedAt = performance.now();
  readonly #known = new Map<string, Vectors>();

  private constructor(
    private readonly session: RunSessionOnDevice,
    private readonly parameters: ParameterStore,
    private readonly texts: EvaluatedTexts,
    private readonly onPause?: () => Promise<void>,
  ) {}

  /** Encodes the passages. */
  static async open(
    session: RunSessionOnDevice,
    parameters: ParameterStore,
    texts: EvaluatedTexts,
    onPause?: () => Promise<void>,
  ): Promise<Evaluator> {
    const evaluator = new Evaluator(session, parameters, texts, onPause);
    await evaluator.#encode('encodePassages', 'knowledgeBase');
    return evaluator;
  }

  /** Evaluates a part on all encoded passages. */
  async evaluate(part: 'dev' | 'test'): Promise<Evaluation> {
    const { evaluation } = await this.#evaluate(part, this.texts.sample);
    return evaluation;
  }

  /** Evaluates dev on the run's sample, if it has one. `whole` is its evaluation on all passages, if known. */
  async evaluateDev(whole?: Evaluation): Promise<DevEvaluation> {
    const { devSample, order, data, experiment } = this.session;
    const known = devSample ? undefined : whole;
    const { evaluation, passageVectors } = await this.#evaluate('dev', devSample, known);
    const scores = scoreDev({
      questions: data.dev,
      order: devSample?.order ?? order,
      results: evaluation.results,
      questionVectors: await this.#encode('encodeQuestions', 'dev'),
      passageVectors,
      seed: experiment.seed,
    });
    return { metrics: evaluation.metrics, ...(devSample ? { sampleOf: devSample.of } : {}), scores };
  }

  async #evaluate(part: 'dev' | 'test', sample: DevSample | undefined, known?: Evaluation) {
    const { session, texts } = this;
    const { data, experiment, record, engine } = session;
    const order = sample?.order ?? session.order;
    const encoded = await this.#encode('encodePassages', 'knowledgeBase');
    const passageVectors =
      sample && !texts.sample ? pickedVectors(encoded, sample.rows.length, (row) => sample.rows[row] ?? 0) : encoded;
    if (known) return { evaluation: known, passageVectors };
    const questionVectors = await this.#encode('encodeQuestions', part);
    const encodeMs = performance.now() - this.#startedAt;
    const common = { runId: record.runId, part, moment: texts.moment, experiment, questions: data[part] };
    const evaluation = await evaluateVectors(
      engine,
      { ...common, order, questionVectors, passageVectors, encodeMs },
      between(session, 'encodeQuestions', `search ${part} ${texts.name}`, this.onPause),
    );
    return { evaluation, passageVectors };
  }

  /** Encodes texts once. */
  async #encode(what: 'encodePassages' | 'encodeQuestions', texts: 'knowledgeBase' | 'dev' | 'test'): Promise<Vectors> {
    const known = this.#known.get(texts);
    if (known) return known;
    const { session, parameters } = this;
    const { model, settings, record } = session;
    const { name, tokens, sample } = this.texts;
    const set = sample && texts === 'knowledgeBase' ? pickTexts(tokens.knowledgeBase, sample.rows) : tokens[texts];
    const encoder = {
      parameters,
      config: model.config,
      pooling: settings.pooling,
      maxBatchTokens: record.memory?.encodingTokens,
    };
    const key = `${texts} ${name}`;
    const vectors = session.recovery.vectors(key, set.offsets.length - 1, model.config.hiddenSize);
    const encoded = await encodeTexts(encoder, set, between(session, what, key, this.onPause), vectors);
    this.#known.set(texts, encoded);
    return encoded;
  }
}
