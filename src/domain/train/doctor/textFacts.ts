import { knownPrompts } from '../../modelCatalogue';
import { cutAt } from '../../wellFormed';
import type { TokenSet } from '../../tokenize/tokenSets';
import type { LengthFacts, PromptUse, TextFacts } from './facts';

/** Returns the lengths of a token set. */
export function lengthFacts({ offsets, truncated }: Pick<TokenSet, 'offsets' | 'truncated'>): LengthFacts {
  const texts = Math.max(0, offsets.length - 1);
  const lengths = Uint32Array.from({ length: texts }, (_, i) => (offsets[i + 1] ?? 0) - (offsets[i] ?? 0)).sort();
  return { texts, truncated, p99: lengths[Math.max(0, Math.ceil(0.99 * texts) - 1)] ?? 0 };
}

/** Counts the pairs that share their passage with another pair. */
export function repeatedPassages(positives: Iterable<string>): Pick<TextFacts, 'repeated' | 'samePassage'> {
  const counts = new Map<string, number>();
  for (const text of positives) counts.set(text, (counts.get(text) ?? 0) + 1);
  let [repeated, samePassage] = [0, 0];
  for (const n of counts.values()) {
    if (n > 1) repeated += n;
    samePassage += (n * (n - 1)) / 2;
  }
  return { repeated, samePassage };
}

/** Share of the texts that must share a beginning. Below 1, because a few texts of a file often lack its prompt. */
const sharedBy = 0.9;
/** With fewer distinct texts, a common beginning may be due to chance. */
const fewestTexts = 20;
/** Length of a common beginning in characters. Shorter ones, such as 怎么, are ordinary words. */
const prefixLength = { shortest: 3, longest: 200 };

/**
 * Returns the longest beginning that at least 90% of the distinct texts share, or '' if it is too short to be a prefix.
 */
export function commonPrefix(texts: readonly string[]): string {
  let alike = Array.from(new Set(texts));
  const needed = Math.ceil(sharedBy * alike.length);
  if (alike.length < fewestTexts) return '';
  let length = 0;
  for (; length < prefixLength.longest; length++) {
    const counts = new Map<string, number>();
    for (const text of alike) counts.set(text.charAt(length), (counts.get(text.charAt(length)) ?? 0) + 1);
    const [character] = Array.from(counts).find(([, n]) => n >= needed) ?? [''];
    if (character === '') break;
    alike = alike.filter((text) => text.charAt(length) === character);
  }
  const prefix = cutAt(alike[0] ?? '', length).trim();
  return prefix.length < prefixLength.shortest ? '' : prefix;
}

/** A prompt is listed if at least this share of the texts on one side begin with it. */
const listedShare = 0.1;

/** Counts how many texts in training and in evaluation begin with a prompt: a known one or one of `others`. */
export function promptUses(
  training: readonly string[],
  evaluation: readonly string[],
  others: readonly string[],
): PromptUse[] {
  const prompts = new Set([...knownPrompts, ...others.map((prompt) => prompt.trim())]);
  prompts.delete('');
  return Array.from(prompts)
    .map((prompt) => ({ prompt, training: shareWith(prompt, training), evaluation: shareWith(prompt, evaluation) }))
    .filter((use) => Math.max(use.training, use.evaluation) >= listedShare);
}

function shareWith(prompt: string, texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + (text.startsWith(prompt) ? 1 : 0), 0) / Math.max(1, texts.length);
}
