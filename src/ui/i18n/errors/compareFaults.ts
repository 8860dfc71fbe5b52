import type { CompareFault } from '../../../domain/evaluate/compareFault';
import { formatCount } from '../format';
import { type Sentence } from './sentence';
import { shortened } from './shortened';

const differing = {
  knowledgeBase: { zh: '知识库', en: 'knowledge base' },
  testQuestions: { zh: '测试问题', en: 'test questions' },
} satisfies Record<string, Sentence>;

/** Sentences on models and results that cannot be compared. */
export const compareSentences: {
  [Kind in CompareFault['kind']]: (details: Extract<CompareFault, { kind: Kind }>) => Sentence;
} = {
  'vectors-not-finite': ({ texts, of }) => ({
    zh: `这个模型的 ${formatCount(of)} 个向量里有 ${formatCount(texts)} 个不是有限的数（NaN），没法排名；请重新导入或重新训练它。`,
    en: `${formatCount(texts)} of the ${formatCount(of)} vectors of this model have numbers that are not finite (NaN), so it can’t be ranked; import or train it again.`,
  }),
  'onnx-failed': ({ model, reason }) =>
    reason === null
      ? {
          zh: `${shortened(model)} 不输出各个 token 的向量，没法池化；请换一个输出 last_hidden_state 的 ONNX 文件。`,
          en: `${shortened(model)} gives no vectors of tokens to pool; use an ONNX file with the output last_hidden_state.`,
        }
      : {
          zh: `transformers.js 运行不了 ${shortened(model)}：${shortened(reason, 200)}。请换这个模型的另一个 ONNX 文件。`,
          en: `transformers.js can’t run ${shortened(model)}: ${shortened(reason, 200)}. Use another ONNX file of the model.`,
        },
  'results-invalid': ({ folder, at }) =>
    at === undefined
      ? {
          zh: `${shortened(folder)} 的 metrics.json 里没有单次训练或评测的结果，无法比较；请给出 npm run experiment 或 npm run evaluate 写出的文件夹。`,
          en: `metrics.json in ${shortened(folder)} has no results of a single run or an evaluation; name folders that npm run experiment or npm run evaluate wrote.`,
        }
      : {
          zh: `${shortened(folder)} 的 metrics.json 里，实验的 ${shortened(at)} 处无效；请给出 npm run experiment 写出、未改动的文件夹。`,
          en: `The experiment in metrics.json in ${shortened(folder)} is invalid at ${shortened(at)}; name folders as npm run experiment wrote them.`,
        },
  'results-differ': ({ folder, first, slot }) => ({
    zh: `${shortened(folder)} 和 ${shortened(first)} 的${differing[slot].zh}不同，名次不能相比；请只比较同样数据上的结果。`,
    en: `${shortened(folder)} and ${shortened(first)} have different ${differing[slot].en}, so their ranks can’t be compared; compare results on the same data only.`,
  }),
};
