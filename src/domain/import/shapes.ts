import { isObject } from '../isObject';
import { listInCell } from './cells';

/**
 * Maximum texts in one `set`. The number of pairs grows with its square, so a longer list is unlikely to be meant as a
 * set.
 */
const maxSetTexts = 64;

/** Returns the text of a message's content, which may be a list of parts, or undefined if a part is not text. */
function contentText(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content) || content.length === 0) return undefined;
  const parts = content.map((part: unknown) => (isObject(part) && part['type'] === 'text' ? part['text'] : part));
  return parts.every((part) => typeof part === 'string') ? parts.join('\n') : undefined;
}

/** Returns the text of the last message or, if a role is given, of that role's last message. */
function lastText(messages: unknown, role?: string): string | undefined {
  if (!Array.isArray(messages)) return typeof messages === 'string' ? messages : undefined;
  const found: unknown = messages.findLast((message) => isObject(message) && (!role || message['role'] === role));
  return isObject(found) ? contentText(found['content']) : undefined;
}

/**
 * Returns the last text of each conversation of a list, or of the list itself if it is one conversation. A conversation
 * without a text stays undefined, so that its row is reported.
 */
function conversations(value: unknown): (string | undefined)[] {
  return conversationsIn(value).map((list) => lastText(list));
}

function conversationsIn(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [];
  return value.every((item) => isObject(item)) ? [value] : value;
}

/** Names of the speakers in ShareGPT's conversations, and their roles in messages. */
const speakers: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
};

const roleOf = (speaker: unknown): unknown =>
  typeof speaker === 'string' && Object.hasOwn(speakers, speaker) ? speakers[speaker] : speaker;

/** Columns of conversations. In a table, a cell holds the list as text. */
const conversationColumns = ['messages', 'conversations', 'positive_messages', 'negative_messages'];

/** Returns the row with lists in place of the cells that hold conversations as text. */
function withLists(row: Record<string, unknown>): Record<string, unknown> {
  const isItem = (item: unknown): boolean => isObject(item) || Array.isArray(item);
  const cells = conversationColumns.filter((column) => typeof row[column] === 'string');
  if (cells.length === 0) return row;
  return { ...row, ...Object.fromEntries(cells.map((column) => [column, listInCell(row[column], isItem)])) };
}

/** Whether the row is a conversation. A column named messages may also hold something else. */
const hasMessages = (row: Record<string, unknown>): boolean => Array.isArray(row['messages']);

/** Returns a row of ShareGPT with its conversation as messages, and other rows with their lists. */
function withMessages(given: Record<string, unknown>): Record<string, unknown> {
  const row = withLists(given);
  const { conversations: turns, ...others } = row;
  if ('messages' in row || !Array.isArray(turns)) return row;
  if (!turns.every((turn): turn is Record<string, unknown> => isObject(turn) && typeof turn['from'] === 'string'))
    return row;
  const messages = turns.map(({ from, value }) => ({ role: roleOf(from), content: value }));
  return { ...others, messages };
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
 * conversations of ms-swift and ShareGPT. Returns other records unchanged, or null for a set with too many or too few
 * texts.
 */
export function shaped(value: unknown): unknown[] | null {
  if (!isObject(value)) return [value];
  const { set } = value;
  if (Object.keys(value).length === 1 && isObject(set)) return [set];
  if (Object.keys(value).length === 1 && Array.isArray(set)) return setFault(value) === null ? fromSet(set) : null;
  const row = withMessages(value);
  return hasMessages(row) ? [fromMessages(row)] : [row];
}

/** Returns the reason why no pairs can be made from a set, or null. */
export function setFault(value: unknown): 'set-too-long' | 'set-too-short' | null {
  const set = isObject(value) ? value['set'] : undefined;
  if (!Array.isArray(set)) return null;
  if (set.length > maxSetTexts) return 'set-too-long';
  return set.length < 2 ? 'set-too-short' : null;
}

/** Counts the messages that `shaped` leaves out of a record: earlier turns, system prompts and those without a text. */
export function unusedMessages(value: unknown): number {
  const row = isObject(value) ? withMessages(value) : {};
  if (!hasMessages(row)) return 0;
  const { messages, positive_messages: positives, negative_messages: negatives } = row;
  const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  const used = positives === undefined && lastText(messages, 'assistant') !== undefined ? 2 : 1;
  const answers = [positives, negatives].flatMap(conversationsIn);
  return answers.reduce<number>(
    (unused, list) => unused + Math.max(0, count(list) - (lastText(list) === undefined ? 0 : 1)),
    Math.max(0, count(messages) - used),
  );
}
