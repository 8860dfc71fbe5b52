import type { MeasuredEncoding } from '../../../src/domain/benchmark/demoTime';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { passageOrder, relevantPlaces } from '../../../src/domain/evaluate/ranking';
import type { StoredModel } from '../../../src/domain/model';
import type { Passage } from '../../../src/domain/records';
import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import { deviceIdentity } from '../../../src/domain/deviceIdentity';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Progress } from '../../../src/protocol/dataApi';
import type { FoundPassage, SearchRequest, SearchResult } from '../../../src/protocol/search';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { onDevice } from '../device/onDevice';
import type { Engine } from '../../engine/engine';
import { search } from '../../engine/retrieval/search';
import { pickedVectors } from '../../engine/retrieval/vectors';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { tokenizeAll } from '../tokenize/tokenize';
import type { RunControl } from '../train/runControl';
import { modelOfExperiment } from '../train/modelOfExperiment';
import { loadWeights } from '../train/weightTransfer';
import type { EncodedTexts } from './encodedTexts';
import { encodeTexts, pickTexts, type EncoderForTexts } from './encodeTexts';

export interface SearchDeps {
  db: Database;
  control: RunControl;
  device: DevicePreference;
  wasmBaseUrl: string;
  progress: Progress;
}

/** Number of passages shown initially. */
const shownFirst = 5;

/**
 * Number of tokens that are encoded before the encoding is timed, about a twelfth of the demo's passages, because the
 * first batch on a device also compiles the kernels.
 */
const warmUpTokens = 2048;

/** The knowledge base of the latest search. Further questions on the same device reuse its vectors. */
interface EncodedKnowledgeBase {
  key: string;
  passages: Passage[];
  vectors: EncodedTexts;
  encoding: MeasuredEncoding;
}
let latest: EncodedKnowledgeBase | null = null;

interface PrefixedTexts {
  texts: string[];
  prefix: string;
  maxTokens: number;
}

/** Tokenizes texts with their prefix, as a run does. */
function tokensOf(model: StoredModel, { texts, prefix, maxTokens }: PrefixedTexts): ReturnType<typeof tokenizeAll> {
  return tokenizeAll(new TextTokenizer(model), texts, prefix, maxTokens, () => undefined);
}

/** Returns the first texts that have `warmUpTokens` together, at least one. */
function firstTexts(set: Pick<TokenSet, 'ids' | 'offsets'>): Pick<TokenSet, 'ids' | 'offsets'> {
  const ends = set.offsets.subarray(1);
  const fitting = ends.findIndex((end) => end > warmUpTokens);
  const count = fitting < 0 ? ends.length : Math.max(1, fitting);
  return pickTexts(
    set,
    Array.from({ length: count }, (_, text) => text),
  );
}

/** Encodes the texts and times it, after a warm-up. GPU→CPU sync. */
async function timed(
  encoder: EncoderForTexts,
  set: Pick<TokenSet, 'ids' | 'offsets'>,
  device: DeviceInfo,
  { control, progress }: SearchDeps,
): Promise<{ vectors: EncodedTexts; encoding: MeasuredEncoding }> {
  await encodeTexts(encoder, firstTexts(set), () => control.checkpoint());
  const begun = performance.now();
  const vectors = await encodeTexts(encoder, set, async (done, of) => {
    progress(done, of);
    await control.checkpoint();
  });
  const ms = performance.now() - begun;
  return { vectors, encoding: { device, texts: vectors.count, tokens: set.offsets.at(-1) ?? 0, ms } };
}

async function encodedKnowledgeBase(
  encoder: EncoderForTexts,
  model: StoredModel,
  device: DeviceInfo,
  { knowledgeBase, model: settings }: SearchRequest,
  deps: SearchDeps,
): Promise<EncodedKnowledgeBase> {
  const key = canonicalJson([settings, knowledgeBase, deviceIdentity(device)]);
  if (latest?.key === key) return latest;
  const passages = await readRows(deps.db, 'knowledgeBase', knowledgeBase);
  const texts = passages.map(({ text }) => text);
  const set = await tokensOf(model, { texts, prefix: settings.passagePrefix, maxTokens: settings.maxTokens });
  return (latest = { key, passages, ...(await timed(encoder, set, device, deps)) });
}

/**
 * Searches a knowledge base for one question with a base model. Opens the device for this search only.
 * @throws data-missing or model-missing if the knowledge base or the model is not stored; cancelled if the user
 * cancels.
 */
export async function searchPassages(request: SearchRequest, deps: SearchDeps): Promise<SearchResult> {
  const { model, settings } = await modelOfExperiment(deps.db, request);
  return onDevice(deps.device, deps.wasmBaseUrl, async (engine, device) => {
    const parameters = await loadWeights(engine, deps.db, model, model, () => undefined);
    const encoder = { parameters, config: model.config, pooling: settings.pooling };
    const known = await encodedKnowledgeBase(encoder, model, device, request, deps);
    const begun = performance.now();
    const { queryPrefix: prefix, maxTokens } = settings;
    const tokens = await tokensOf(model, { texts: [request.question], prefix, maxTokens });
    const question = await encodeTexts(encoder, tokens, () => deps.control.checkpoint());
    const found = await ranked(engine, known, question, request.relevant);
    return { ...found, searchMs: performance.now() - begun, encoding: known.encoding };
  });
}

/** Ranks all passages in the same way as an evaluation. GPU→CPU sync. */
async function ranked(
  engine: Engine,
  { passages, vectors }: EncodedKnowledgeBase,
  question: EncodedTexts,
  relevant: SearchRequest['relevant'],
): Promise<Omit<SearchResult, 'searchMs' | 'encoding'>> {
  const order = passageOrder(passages);
  const inOrder = pickedVectors(vectors, passages.length, (place) => order.inOrder[place] ?? 0);
  const places = relevantPlaces({ id: '', text: '', relevant: [...relevant] }, order);
  const input = { queries: question, passages: inOrder, targets: [places], k: shownFirst };
  const [found] = await search(engine, input);
  const at = (place: number, rank: number): FoundPassage => {
    const index = order.inOrder[place] ?? 0;
    const { id = '', text = '' } = passages[index] ?? {};
    return { rank, id, text, score: cosine(question, vectors, index) };
  };
  const top = (found?.top ?? []).map(({ passage }, index) => at(passage, index + 1));
  const best = places.map((place, index) => at(place, found?.ranks[index] ?? 0)).sort((a, b) => a.rank - b.rank)[0];
  return { top, right: best ?? null, passages: passages.length };
}

/** Returns the dot product of the question and a passage, which are unit vectors. */
function cosine(question: EncodedTexts, passages: EncodedTexts, index: number): number {
  const [a, b] = [new Float32Array(question.width), new Float32Array(passages.width)];
  question.copyRow(0, a, 0);
  passages.copyRow(index, b, 0);
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
