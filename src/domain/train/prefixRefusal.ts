import type { AppErrorDetails } from '../errors';
import type { Experiment } from '../experiment';
import { parseForeignJson } from '../foreignJson';
import { isObject } from '../isObject';
import { prefixOf, prefixTokens } from './prefix';

/** Minimum tokens of a text besides the prefix: [CLS], [SEP] and one of its own. */
export const tokensBesidesPrefix = 3;

/** Returns the error for a prefix that leaves no room for a text, or that differs from another stage's, or null. */
export function prefixRefusal({ stages, model }: Pick<Experiment, 'stages' | 'model'>): AppErrorDetails | null {
  const prefix = prefixOf(stages);
  if (!prefix) return null;
  const { tokens, side, stage: first } = prefix;
  const most = Math.max(0, (model?.maxTokens ?? Infinity) - tokensBesidesPrefix);
  if (tokens.length > most) return { kind: 'prefix-too-many-tokens', stage: first, tokens: tokens.length, most };
  for (const [stage, { strategy }] of stages.entries()) {
    if (strategy.kind !== 'prefix') continue;
    if (strategy.side !== side || prefixTokens(strategy).join(' ') !== tokens.join(' '))
      return { kind: 'prefix-differs', stage, first };
  }
  return null;
}

/** Returns the tokens of a tokenizer.json, or null if it is not a WordPiece tokenizer. */
export function knownTokens(tokenizer: string | undefined): ReadonlySet<string> | null {
  let definition: unknown;
  try {
    definition = parseForeignJson(tokenizer ?? 'null');
  } catch {
    return null;
  }
  if (!isObject(definition)) return null;
  const { model, added_tokens: added } = definition;
  if (!isObject(model) || model['type'] !== 'WordPiece' || !isObject(model['vocab'])) return null;
  const contents = (Array.isArray(added) ? added : []).flatMap((token: unknown) =>
    isObject(token) && typeof token['content'] === 'string' ? [token['content']] : [],
  );
  return new Set([...Object.keys(model['vocab']), ...contents]);
}
