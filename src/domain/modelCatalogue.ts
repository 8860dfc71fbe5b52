import type { Pooling } from './model';

/** Settings that a model's authors recommend for retrieval. */
export interface CatalogueEntry {
  pooling: Pooling;
  queryPrefix: string;
  passagePrefix: string;
  /** Whether the model loses much without its prompts. */
  needsPrompts: boolean;
}

const noPrompts = { queryPrefix: '', passagePrefix: '', needsPrompts: false };

/**
 * Pooling and prompts by model, as their authors publish them: FlagEmbedding's README (bge), the pooling files of bge,
 * m3e-base and text2vec-base-chinese, and `e5/model_config.py` of unilm (E5). All sizes of a family are assumed to be
 * alike. The name is the last part of the id on a hub, or of a folder. bge-*-v1.5 loses little without the instruction.
 */
const families: { names: RegExp; entry: CatalogueEntry }[] = [
  {
    names: /^bge-(small|base|large)-zh(-v1\.5)?$/,
    entry: { ...noPrompts, pooling: 'cls', queryPrefix: '为这个句子生成表示以用于检索相关文章：' },
  },
  {
    names: /^bge-(small|base|large)-en(-v1\.5)?$/,
    entry: { ...noPrompts, pooling: 'cls', queryPrefix: 'Represent this sentence for searching relevant passages: ' },
  },
  { names: /^bge-m3$/, entry: { ...noPrompts, pooling: 'cls' } },
  { names: /^m3e-(small|base|large)$/, entry: { ...noPrompts, pooling: 'mean' } },
  {
    names: /^(multilingual-)?e5-(small|base|large)(-v2)?$/,
    entry: { pooling: 'mean', queryPrefix: 'query: ', passagePrefix: 'passage: ', needsPrompts: true },
  },
  { names: /^text2vec-base-chinese$/, entry: { ...noPrompts, pooling: 'mean' } },
];

/** Returns the settings for a model of this name, or null if the catalogue does not have it. */
export function catalogued(name: string): CatalogueEntry | null {
  const last = name.trim().split(/[/\\]/).pop()?.toLowerCase() ?? '';
  return families.find(({ names }) => names.test(last))?.entry ?? null;
}

/** All prompts that the catalogue knows, without white space at their ends. */
export const knownPrompts: readonly string[] = Array.from(
  new Set(families.flatMap(({ entry }) => [entry.queryPrefix.trim(), entry.passagePrefix.trim()])),
).filter((prompt) => prompt !== '');
