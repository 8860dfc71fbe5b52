import * as v from 'valibot';

/** Maximum number of tokens of a prefix. */
export const maxPrefixTokens = 64;
const maxTokenLength = 40;

/**
 * Whether a text can be a special token: short, with a letter, without white space, which tokenizers may remove, and
 * without commas, which separate names in the form.
 */
export function canBeToken(name: string): boolean {
  return name.length <= maxTokenLength && /\p{L}/u.test(name) && !/[\s,，、]/.test(name);
}

const nameSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(maxTokenLength), v.check(canBeToken, 'token'));

/**
 * Trains only the embeddings of new special tokens, which are put before queries, or before queries and passages.
 * `tokens` is their number or their names.
 */
export const prefixSchema = v.strictObject({
  kind: v.literal('prefix'),
  tokens: v.union([
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxPrefixTokens)),
    v.pipe(
      v.array(nameSchema),
      v.minLength(1),
      v.maxLength(maxPrefixTokens),
      v.check((names) => new Set(names).size === names.length, 'tokens that differ'),
    ),
  ]),
  side: v.picklist(['queries', 'both']),
});
export type PrefixStrategy = v.InferOutput<typeof prefixSchema>;

export const defaultPrefix: PrefixStrategy = { kind: 'prefix', tokens: 8, side: 'queries' };
