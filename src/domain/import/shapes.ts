import { isObject } from '../isObject';

/**
 * Maximum texts in one `set`. The number of pairs grows with its square, so a longer list is unlikely to be meant as a
 * set.
 */
const maxSetTexts = 64;

/** Returns the text of the last message, or of the last one of that role. */
function lastText(messages: unknown, role?: string): string | undefined {
  if (!Array.isArray(messages)) return typeof messages === 'string' ? messages : undefined;
  const found: unknown = messages.findLast((message) => isObject(message) && (!role || message['role'] === role));
  const content = isObject(found) ? found['content'] : undefined;
  return typeof content === 'string' ? content : undefined;
}

/**
 * Returns the last text of each conversation of a list, or of the list itself if it is one conversation. A conversation
 * without a text stays undefined, so that its row is reported.
 */
function conversations(value: unknown): (string | undefined)[] {
  if (!Array.isArray(value)) return [];
  const lists: unknown[] = value.every((item) => isObject(item)) ? [value] : value;
  return lists.map((list) => lastText(list));
}

/** Rewrites a row of ms-swift. The last message of the user is the anchor; the answer may be a message after it. */
function fromMessages(row: Record<string, unknown>): Record<string, unknown> {
  const { messages, positive_messages: positives, negative_messages: negatives, ...others } = row;
  const answer = lastText(messages, 'assistant');
  return {
    ...others,
    anchor: lastText(messages, 'user'),
    ...(positives !== undefined
      ? { positive: conversations(positives) }
      : answer !== undefined
        ? { positive: answer }
        : {}),
    ...(negatives !== undefined ? { negative: conversations(negatives) } : {}),
  };
}

/** Returns every pair of a set of texts that mean the same. */
function fromSet(texts: readonly unknown[]): Record<string, unknown>[] {
  return texts.flatMap((anchor, index) => texts.slice(index + 1).map((positive) => ({ anchor, positive })));
}

/**
 * Rewrites records whose shape says more than their column names: `{"set": …}` of sentence-transformers and the
 * conversations of ms-swift. Returns other records unchanged, or null for a set with too many texts.
 */
export function shaped(value: unknown): unknown[] | null {
  if (!isObject(value)) return [value];
  const { set } = value;
  if (Object.keys(value).length === 1 && isObject(set)) return [set];
  if (Object.keys(value).length === 1 && Array.isArray(set)) return set.length > maxSetTexts ? null : fromSet(set);
  return 'messages' in value ? [fromMessages(value)] : [value];
}

/** Counts the messages of a record that `shaped` leaves out: earlier turns and system prompts. */
export function unusedMessages(value: unknown): number {
  if (!isObject(value) || !Array.isArray(value['messages'])) return 0;
  const { messages, positive_messages: positives } = value;
  const used = positives === undefined && lastText(messages, 'assistant') !== undefined ? 2 : 1;
  return Math.max(0, value['messages'].length - used);
}
