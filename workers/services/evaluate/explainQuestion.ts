import { denseOf, type Candidate } from '../../../src/domain/evaluate/candidate';
import { changedRelevant } from '../../../src/domain/evaluate/labelDecisions';
import { markedPieces, sharedTerms } from '../../../src/domain/evaluate/sharedTerms';
import { toAppError } from '../../../src/domain/errors';
import { gramsOf, isNearDuplicate } from '../../../src/domain/split/nearDuplicates';
import { questionKey } from '../../../src/domain/split/questionKey';
import type { Passage } from '../../../src/domain/records';
import type { ExplainRequest, Explanation } from '../../../src/protocol/questionFigures';
import type { Database } from '../../../src/storage/database';
import { TextTokenizer } from '../tokenize/textTokenizer';
import { openCandidate } from './candidates';
import { judgedQuestions } from './judgedResults';

/** Tokenizers of the most recently requested models. Making one takes longer than answering a question. */
const tokenizers = new Map<string, TextTokenizer>();
const mostTokenizers = 2;

function tokenizerOf(model: ConstructorParameters<typeof TextTokenizer>[0] & { contentSha256: string }): TextTokenizer {
  const known = tokenizers.get(model.contentSha256) ?? new TextTokenizer(model);
  tokenizers.delete(model.contentSha256);
  tokenizers.set(model.contentSha256, known);
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
    const { model, settings } = await openCandidate(db, dense);
    const tokenizer = tokenizerOf(model);
    const { maxTokens, passagePrefix } = settings;
    return passages.flatMap(({ id, text }) => {
      const tokens = tokenizer.encode(passagePrefix + text, Infinity).ids.length;
      return tokens > maxTokens ? [{ passageId: id, tokens, maxTokens }] : [];
    });
  } catch (thrown) {
    const { kind } = toAppError(thrown).details;
    if (kind === 'model-missing' || kind === 'not-found' || kind === 'checkpoint-corrupt') return [];
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
