import { canonicalJson } from '../../../src/domain/canonicalJson';
import { denseOf, type Candidate } from '../../../src/domain/evaluate/candidate';
import { changedRelevant } from '../../../src/domain/evaluate/labelDecisions';
import { markedPieces, sharedTerms } from '../../../src/domain/evaluate/sharedTerms';
import { gramsOf, isNearDuplicate } from '../../../src/domain/split/nearDuplicates';
import { questionKey } from '../../../src/domain/split/questionKey';
import type { Passage } from '../../../src/domain/records';
import { prefixOf } from '../../../src/domain/train/prefix';
import type { ExplainRequest, Explanation } from '../../../src/protocol/questionFigures';
import type { Database } from '../../../src/storage/database';
import { lowercasesFirst } from '../tokenize/letterCase';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { isGone, openDense } from './candidates';
import { judgedQuestions } from './judgedResults';

/** Tokenizers of the most recently requested models. Making one takes longer than answering a question. */
const tokenizers = new Map<string, TextTokenizer>();
const mostTokenizers = 2;

function tokenizerOf(model: ConstructorParameters<typeof TextTokenizer>[0] & { contentSha256: string }): TextTokenizer {
  // A model's hash does not cover lowercasing.
  const key = canonicalJson([model.contentSha256, lowercasesFirst(model.files)]);
  const known = tokenizers.get(key) ?? new TextTokenizer(model);
  tokenizers.delete(key);
  tokenizers.set(key, known);
  for (const old of tokenizers.keys()) if (tokenizers.size > mostTokenizers) tokenizers.delete(old);
  return known;
}

/** Returns the passages that a model does not read to their end. None if the model was deleted. */
async function truncatedBy(
  db: Database,
  candidate: Candidate | null,
  passages: readonly Passage[],
): Promise<Explanation['truncated'][number]> {
  const dense = candidate && denseOf(candidate);
  if (!dense) return [];
  try {
    const opened = await openDense(db, dense);
    const tokenizer = tokenizerOf('onnx' in opened ? opened.onnx : opened.model);
    const { maxTokens, passagePrefix } = opened.settings;
    const trained = 'onnx' in opened ? null : prefixOf(opened.stages);
    const added = trained?.side === 'both' ? trained.tokens.length : 0;
    const lengthOf = (text: string): number => tokenizer.encode(text, Infinity).ids.length;
    return passages.flatMap(({ id, text }) => {
      const tokens = lengthOf(text);
      const cut = added + lengthOf(passagePrefix + text) - maxTokens;
      return cut > 0 ? [{ passageId: id, tokens, read: Math.max(0, tokens - cut) }] : [];
    });
  } catch (thrown) {
    if (isGone(thrown)) return [];
    throw thrown;
  }
}

/**
 * Explains the order of the passages that are shown for a question: the words that it shares with them, passages that
 * nearly repeat a right one, and right passages that a model cuts.
 * @throws not-found if the run was deleted; data-missing; nothing-to-evaluate.
 */
export async function explainQuestion(
  db: Database,
  { owner, questionId, passageIds, candidates }: ExplainRequest,
): Promise<Explanation> {
  const { data, changes } = await judgedQuestions(db, owner);
  const question = data.questions.find(({ id }) => id === questionId);
  const passageOf = (id: string): Passage[] => {
    const passage = data.passages[data.order.indexOf.get(id) ?? -1];
    return passage ? [passage] : [];
  };
  const rightIds = changedRelevant(question?.relevant ?? [], changes.byQuestion.get(questionId));
  const right = rightIds.flatMap(passageOf);
  const shown = [...new Set(passageIds)].flatMap(passageOf);
  const grams = right.map(({ text }) => gramsOf(questionKey(text, true)));
  const nearlyRight = ({ id, text }: Passage): boolean =>
    !rightIds.includes(id) && grams.some((own) => isNearDuplicate(own, questionKey(text, true)));
  const truncated: Explanation['truncated'] = [];
  for (const candidate of candidates) truncated.push(await truncatedBy(db, candidate, right));
  return {
    texts: Object.fromEntries(
      shown.map(({ id, text }) => [id, markedPieces(text, sharedTerms(question?.text ?? '', text))]),
    ),
    nearDuplicates: shown.filter(nearlyRight).map(({ id }) => id),
    truncated,
  };
}
