import type { AppErrorDetails, ModelFault } from '../../../domain/errors';
import { maxJsonDepth } from '../../../domain/foreignJson';
import { said, spaced } from './ownWords';
import type { Language } from '../../../domain/language';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

type ModelDetails = Extract<AppErrorDetails, { kind: 'model-invalid' }>;
type Words = Record<'tensor' | 'expected' | 'found', string>;

/** Sentences by fault: what is wrong with a file of a model, and what to do about it. */
const sentences: Record<ModelFault, (words: Words) => Sentence> = {
  'missing-file': () => ({
    zh: '文件夹里没有这个文件，请选择完整的模型文件夹',
    en: 'it isn’t in the folder; choose the complete model folder',
  }),
  'several-models': ({ expected, found }) => ({
    zh: `文件夹里有几个模型（“${expected}”和“${found}”），请只选择其中一个的文件夹`,
    en: `there are several models (“${expected}” and “${found}”); choose the folder of one of them`,
  }),
  'lfs-pointer': () => ({
    zh: '这是 Git LFS 指针，不是文件本身，请先运行 git lfs pull，或从网页下载原文件',
    en: 'this is a Git LFS pointer, not the file itself; run git lfs pull, or download the file from the web page',
  }),
  'not-utf8': () => ({
    zh: '文字编码不是 UTF-8，请重新下载这个文件',
    en: 'its text is not UTF-8; download the file again',
  }),
  'not-json': () => ({
    zh: '不是有效的 JSON，请重新下载这个文件',
    en: 'it is not valid JSON; download the file again',
  }),
  'json-shape': ({ expected, found }) => ({
    zh: `内容是${spaced(found)}，应为${spaced(expected)}，请换用这个模型原来的文件`,
    en: `it holds ${found} instead of ${expected}; use the model’s own file`,
  }),
  'json-too-deep': () => ({
    zh: `嵌套超过 ${maxJsonDepth} 层，真正的模型文件不会这样，请重新下载这个文件`,
    en: `it is nested more than ${maxJsonDepth} levels deep, as no genuine file of a model is; download the file again`,
  }),
  'unsupported-architecture': ({ tensor, expected, found }) =>
    tensor === 'model_type'
      ? {
          zh: `架构“${found}”不支持，请使用 BERT 类编码器`,
          en: `the architecture “${found}” is not supported; use a BERT-type encoder`,
        }
      : {
          zh: `${tensor} 是${spaced(found)}，应为${spaced(expected)}，请使用 BERT 类编码器`,
          en: `${tensor} is ${found} instead of ${expected}; use a BERT-type encoder`,
        },
  'not-an-encoder': ({ tensor }) => ({
    zh: `${tensor} 已打开，说明这是解码器，每个 token 看不到后文，请使用 BERT 类编码器`,
    en: `${tensor} is on, so this is a decoder, whose tokens can’t see the text after them; use a BERT-type encoder`,
  }),
  empty: () => ({ zh: '文件是空的，请重新下载', en: 'it is empty; download it again' }),
  truncated: ({ expected, found }) => ({
    zh: `文件不完整（应有 ${expected} 字节，实有 ${found} 字节），请重新下载`,
    en: `it is cut short (${expected} bytes expected, ${found} found); download it again`,
  }),
  'header-invalid': () => ({
    zh: 'safetensors 文件头无效，请重新下载，或重新导出这个模型',
    en: 'its safetensors header is invalid; download it again, or save the model again',
  }),
  'index-invalid': () => ({
    zh: '分片清单读不出来，请重新下载这个文件',
    en: 'the list of shards can’t be read; download the file again',
  }),
  'pickle-unsupported': ({ found }) => ({
    zh: `文件里有${spaced(found)}，读取张量用不到它，为安全起见不予读取，请换用 safetensors 格式`,
    en: `it contains ${found}, which tensors do not need, so for safety the file is not read; use the safetensors format`,
  }),
  'pickle-invalid': ({ found }) => ({
    zh: `PyTorch 权重读不出来（${found}），请重新下载，或换用 safetensors 格式`,
    en: `the PyTorch weights can’t be read (${found}); download the file again, or use the safetensors format`,
  }),
  'tensor-missing': ({ tensor }) => ({
    zh: `缺少张量“${tensor}”，请确认这是 BERT 类编码器的完整权重`,
    en: `the tensor “${tensor}” is missing; make sure that the file has all weights of a BERT-type encoder`,
  }),
  'tensor-shape': ({ tensor, expected, found }) => ({
    zh: `张量“${tensor}”的形状是${spaced(found)}，按 config.json 应为${spaced(expected)}，请使用配套的文件`,
    en: `the tensor “${tensor}” has the shape ${found}, but config.json asks for ${expected}; use files that belong together`,
  }),
  'tensor-dtype': ({ tensor, found }) => ({
    zh: `张量“${tensor}”的类型 ${found} 不支持，请使用 float32、float16 或 bfloat16`,
    en: `the tensor “${tensor}” has the type ${found}, which is not supported; use float32, float16 or bfloat16`,
  }),
  'tensor-unknown': ({ tensor }) => ({
    zh: `编码器里多出张量“${tensor}”，config.json 没有描述它，请使用配套的文件`,
    en: `the encoder has a tensor “${tensor}” that config.json does not describe; use files that belong together`,
  }),
  'tensor-not-finite': ({ tensor, found }) => ({
    zh: `张量“${tensor}”里有 ${found}，这份权重已损坏，请换用完好的权重`,
    en: `the tensor “${tensor}” contains ${found}, so the weights are damaged; use intact ones`,
  }),
  'tensor-differs': ({ tensor }) => ({
    zh: `写出的张量“${tensor}”和导入时不同，已放弃这次导出，请再导出一次；如果还是这样，请附上详情反馈`,
    en: `the tensor “${tensor}” differs from the imported one, so the export was discarded; export again, and if it happens again, report it with the details`,
  }),
  adapter: () => ({
    zh: '这是 LoRA 适配器，要和基础模型一起用，请先把它并入基础模型（merge_and_unload），再保存整个模型',
    en: 'this is a LoRA adapter, which belongs to a base model; merge it into that model (merge_and_unload) and save the whole model',
  }),
  'two-encoders': ({ expected, found }) => ({
    zh: `文件里有两个编码器（“${expected}”和“${found}”），请使用只含一个编码器的权重`,
    en: `it holds two encoders (“${expected}” and “${found}”); use weights with a single encoder`,
  }),
  'module-unsupported': ({ found }) => ({
    zh: `模型带有模块“${found}”，这里还不能应用和训练它，略去又会改变向量，请换用没有这个模块的模型`,
    en: `the model has the module “${found}”, which can’t be applied and trained here, and without it the vectors would differ; use a model without it`,
  }),
  'setting-unsupported': ({ tensor }) => ({
    zh: `设置“${tensor}”这里还不能应用，略去又会改变向量，请换用没有这项设置的模型`,
    en: `the setting “${tensor}” can’t be applied here, and without it the vectors would differ; use a model without it`,
  }),
  'vocabulary-mismatch': ({ expected, found }) => ({
    zh: `分词器有 ${found} 个词，权重只容得下 ${expected} 个，请使用配套的 tokenizer.json`,
    en: `the tokenizer has ${found} entries, but the model’s embedding table has only ${expected}; use the tokenizer.json that belongs to the model`,
  }),
  'tokenizer-invalid': ({ found }) => ({
    zh: `分词器读不出来${found === '?' ? '' : `（${found}）`}，请使用 WordPiece 或 Unigram 的 tokenizer.json`,
    en: `the tokenizer can’t be read${found === '?' ? '' : ` (${found})`}; use a WordPiece or Unigram tokenizer.json`,
  }),
  'pooling-unsupported': ({ found }) => ({
    zh: `池化方式“${found}”不支持，请使用平均、[CLS] 或最后一个 token 池化的模型`,
    en: `the pooling “${found}” is not supported; use a model with mean, [CLS] or last-token pooling`,
  }),
  'pooling-unknown': () => ({
    zh: '文件夹里没有这个文件，看不出用哪种池化，请按模型的说明选一种',
    en: 'the folder lacks this file, so its pooling is unknown; choose the one that the model’s documentation states',
  }),
};

/** Says which file of a model was refused, why, and what to do about it. */
export function modelInvalid(details: ModelDetails): Sentence {
  const [expected, found] = [said(details.expected), said(details.found)];
  const fault = (language: Language): string =>
    sentences[details.fault]({
      tensor: shortened(details.tensor, 90),
      expected: expected[language],
      found: found[language],
    })[language];
  return { zh: `${shortened(details.file)}：${fault('zh')}。`, en: `${shortened(details.file)}: ${fault('en')}.` };
}
