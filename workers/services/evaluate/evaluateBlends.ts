import { blendRefusal } from '../../../src/domain/evaluate/blend';
import { blendMoment, probeMoment } from '../../../src/domain/evaluate/blendMoment';
import { AppError } from '../../../src/domain/errors';
import { passageOrder, type PassageOrder } from '../../../src/domain/evaluate/ranking';
import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { ProbeSet } from '../../../src/domain/evaluate/probe';
import type { Question } from '../../../src/domain/records';
import type { RunRecord } from '../../../src/domain/run';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { BlendsToEvaluate } from '../../../src/protocol/blends';
import type { Progress } from '../../../src/protocol/dataApi';
import { keptCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getEvaluation, putEvaluation } from '../../../src/storage/evaluations';
import { getRun } from '../../../src/storage/runs';
import { ParameterStore } from '../../engine/model/parameterStore';
import { onDevice } from '../device/onDevice';
import { useKernelPlan } from '../device/useKernelPlan';
import { preparedData } from '../split/preparedData';
import { keepRowsIdentity } from '../split/rowsIdentity';
import { storedTokenSet } from '../tokenize/storedTokenSet';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { tokenize } from '../tokenize/tokenize';
import { modelOfExperiment } from '../train/modelOfExperiment';
import type { RunControl } from '../train/runControl';
import { blendedWeights } from './blendedWeights';
import { promptedTokens, type SideTexts } from './candidateVectors';
import type { EncodedTexts } from './encodedTexts';
import { encodeTexts, type EncoderForTexts } from './encodeTexts';
import { evaluateVectors } from './evaluateVectors';
import { readProbe } from './readProbe';

export interface BlendDeps {
  db: Database;
  control: RunControl;
  wasmBaseUrl: string;
  /** The page's folder, which has the shipped probe set. */
  baseUrl: string;
  /** Reports the number of encoded texts of all blends together. */
  progress: Progress;
}

/** Inputs shared by all blends of a run. */
interface Inputs {
  run: RunRecord;
  questions: Question[];
  order: PassageOrder;
  tokens: { passages: TokenSet; questions: TokenSet };
  /** Number of texts that were tokenized for these inputs, as part of the progress. */
  tokenized: number;
  /** Where the results belong. */
  on: Pick<Evaluation, 'part' | 'probeSha256'>;
}

const momentOn = (ratio: number, { probeSha256 }: Inputs['on']): Evaluation['moment'] =>
  probeSha256 === undefined ? blendMoment(ratio) : probeMoment(ratio, probeSha256);

/** Returns the ratios that are not evaluated yet, each once. */
async function missingRatios(
  db: Database,
  runId: string,
  ratios: readonly number[],
  on: Inputs['on'],
): Promise<number[]> {
  const missing: number[] = [];
  for (const ratio of new Set(ratios))
    if (!(await getEvaluation(db, runId, on.part, momentOn(ratio, on)))) missing.push(ratio);
  return missing;
}

/**
 * Evaluates blends of a finished run's weights with those of its base model, on the device and with the kernel plan of
 * the run, and stores the results one by one. Skips blends that are already evaluated. The weights on the device are
 * overwritten tensor by tensor, so a blend needs no more memory than an evaluation of the run.
 * @throws blend-has-prefix; not-found if the run is not done, keeps no weights or was deleted; nothing-to-evaluate
 * without questions; rows-changed; cancelled; model-missing or data-missing.
 */
export async function evaluateBlends(runId: string, wanted: BlendsToEvaluate, deps: BlendDeps): Promise<void> {
  const { db, control } = deps;
  const run = await getRun(db, runId);
  if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const refusal = blendRefusal(run);
  if (refusal) throw new AppError(refusal);
  const inputs = await ('probe' in wanted ? probeInputs(run, wanted, deps) : inputsOf(db, run, wanted.part));
  const ratios = await missingRatios(db, runId, wanted.ratios, inputs.on);
  if (ratios.length === 0) return;
  const { model, settings } = await modelOfExperiment(db, run.experiment);
  const kept = await keptCheckpoint(db, runId);
  const texts = inputs.order.ids.length + inputs.questions.length;
  await onDevice(run.devicePreference, deps.wasmBaseUrl, async (engine, device) => {
    useKernelPlan(run, device);
    const parameters = new ParameterStore(engine, model.tensors);
    const maxBatchTokens = run.memory?.encodingTokens;
    const encoder = { parameters, config: model.config, pooling: settings.pooling, maxBatchTokens };
    for (const [index, ratio] of ratios.entries()) {
      for await (const [{ name }, values] of blendedWeights(db, model, kept.weights, ratio)) {
        await control.checkpoint();
        parameters.write(name, values);
      }
      const { tokenized } = inputs;
      const encoded = (done: number): void =>
        deps.progress(tokenized + index * texts + done, tokenized + ratios.length * texts);
      await evaluateOne(ratio, encoder, inputs, { db, control, encoded });
    }
  });
}

/** Tokenizes a probe set as the run's model reads texts. Its progress counts as much as encoding a ratio's texts. */
async function probeInputs(
  run: RunRecord,
  { probe, ratios }: { probe: ProbeSet; ratios: readonly number[] },
  { db, baseUrl, control, progress }: BlendDeps,
): Promise<Inputs> {
  const { model, settings } = await modelOfExperiment(db, run.experiment);
  const { passages, questions, sha256 } = await readProbe(db, probe, baseUrl);
  const tokenizer = new TextTokenizer(model);
  const texts = passages.length + questions.length;
  const tokensOf = (side: SideTexts['side'], rows: readonly { text: string }[], before: number): Promise<TokenSet> =>
    promptedTokens(settings, { side, texts: rows.map(({ text }) => text) }, tokenizer, async (done) => {
      progress(before + done, texts * (1 + new Set(ratios).size));
      await control.checkpoint();
    });
  return {
    run,
    questions,
    order: passageOrder(passages),
    tokens: {
      passages: await tokensOf('passages', passages, 0),
      questions: await tokensOf('questions', questions, passages.length),
    },
    tokenized: texts,
    on: { part: 'probe', probeSha256: sha256 },
  };
}

async function inputsOf(db: Database, run: RunRecord, part: 'dev' | 'test'): Promise<Inputs> {
  const data = await preparedData(db, run.experiment);
  if (data[part].length === 0) throw new AppError({ kind: 'nothing-to-evaluate', part });
  await keepRowsIdentity(db, run, data);
  const keys = await tokenize(db, run.experiment, () => undefined);
  const passages = await storedTokenSet(db, keys.knowledgeBase);
  const questions = await storedTokenSet(db, part === 'dev' ? keys.devQuestions : keys.testQuestions);
  const order = passageOrder(data.knowledgeBase);
  return { run, questions: data[part], order, tokens: { passages, questions }, tokenized: 0, on: { part } };
}

/** Evaluates the weights on the device and stores the result under the ratio. */
async function evaluateOne(
  ratio: number,
  encoder: EncoderForTexts,
  { run, questions, order, tokens, on }: Inputs,
  { db, control, encoded }: Pick<BlendDeps, 'db' | 'control'> & { encoded: (texts: number) => void },
): Promise<void> {
  const { experiment, runId } = run;
  const startedAt = performance.now();
  let before = 0;
  const encode = async (set: TokenSet): Promise<EncodedTexts> => {
    const vectors = await encodeTexts(encoder, set, async (done) => {
      encoded(before + done);
      await control.checkpoint();
    });
    before += vectors.count;
    return vectors;
  };
  const passageVectors = await encode(tokens.passages);
  const questionVectors = await encode(tokens.questions);
  const encodeMs = performance.now() - startedAt;
  const common = { runId, part: on.part, moment: momentOn(ratio, on), experiment, questions };
  const evaluation = await evaluateVectors(
    encoder.parameters.segments.engine,
    { ...common, order, questionVectors, passageVectors, encodeMs },
    () => control.checkpoint(),
  );
  await putEvaluation(db, { ...evaluation, ...on });
}
