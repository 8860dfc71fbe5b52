import * as v from 'valibot';
import { loraSchema } from './loraSchema';
import { prefixSchema } from './prefixSchema';

/** Modules of BertModel by the parts of their names. */
const embeddingNames = ['word_embeddings.weight', 'position_embeddings.weight', 'token_type_embeddings.weight'];
const denseModules = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'intermediate.dense',
  'output.dense',
];
const normModules = ['attention.output.LayerNorm', 'output.LayerNorm'];

/** Number of layers for which a keyword is checked against parameter names: more than any known model has. */
export const maxLayers = 128;

function parameterNames(): string[] {
  const inLayer = [...denseModules, ...normModules];
  const modules = [
    'embeddings.LayerNorm',
    ...Array.from({ length: maxLayers }, (_, layer) => inLayer.map((name) => `encoder.layer.${layer}.${name}`)).flat(),
  ];
  return [
    ...embeddingNames.map((name) => `embeddings.${name}`),
    ...modules.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
  ];
}

/** Whether some parameter of a BERT-type model has a name that contains the keyword. */
export function matchesSomeParameter(keyword: string): boolean {
  return keyword !== '' && parameterNames().some((name) => name.includes(keyword));
}

const keywordSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(100),
  v.check(matchesSomeParameter, 'parameter-keyword'),
);
export const maxKeywords = 16;

/** Which parameters a stage trains. */
export const strategySchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('full') }),
  /** Trains only the parameters whose names contain one of the keywords (BitFit, arXiv 2106.10199: the biases). */
  v.strictObject({
    kind: v.literal('bitFit'),
    keywords: v.pipe(v.array(keywordSchema), v.minLength(1), v.maxLength(maxKeywords)),
  }),
  loraSchema,
  prefixSchema,
]);
export type Strategy = v.InferOutput<typeof strategySchema>;

export const defaultKeywords = ['bias'];

/** Parameters that a stage does not change: the embeddings, and the lowest layers of the encoder. */
export const frozenSchema = v.strictObject({
  embeddings: v.boolean(),
  layers: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(maxLayers)),
});
export type Frozen = v.InferOutput<typeof frozenSchema>;
