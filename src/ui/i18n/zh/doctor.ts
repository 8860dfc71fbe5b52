import type { RateFacts, RowsByData, TextSide } from '../../../domain/train/doctor/finding';
import type { Dictionary } from '../dictionary';
import type { FindingWords, FixWords } from '../doctorWords';
import { formatBytes, formatCount, formatPercent, formatRate } from '../format';
import { importTexts } from './import';

const { poolings } = importTexts.model;
const sideNames: Record<TextSide, string> = { questions: '问题', passages: '段落' };

function parameters(n: number): string {
  return n >= 1e8 ? `${(n / 1e8).toFixed(2)} 亿参数` : `${formatCount(n / 1e4)} 万参数`;
}

const higherRates: Record<Exclude<RateFacts['rateKind'], 'full'>, string> = {
  bitFit: '只训练偏置，学习率要比全参数训练高得多',
  lora: '用 LoRA，学习率要比全参数训练高',
  prefix: '只训练新 token，学习率要比全参数训练高',
};

function usualRate({ recommended, rateKind, parameters: n }: RateFacts): string {
  const rate = formatRate(recommended);
  return rateKind === 'full'
    ? `${parameters(n)}的模型常用 ${rate} 左右。`
    : `${higherRates[rateKind]}：${parameters(n)}的模型约 ${rate}。`;
}

/** Names the rows of a finding: pairs, scored pairs, or both. */
function rowsOf({ pairs, scored }: RowsByData): string {
  const parts = [
    pairs > 0 ? `${formatCount(pairs)} 个问答对` : '',
    scored > 0 ? `${formatCount(scored)} 个打分句对` : '',
  ];
  return parts.filter(Boolean).join('和');
}

const weight = (share: number): string => (share < 0.001 ? '不到 0.1%' : formatPercent(share, share < 0.1 ? 1 : 0));

const findings: FindingWords = {
  smallBatch: {
    title: () => '批大小偏小',
    why: ({ batchSize, enough }) =>
      `每题只对照 ${formatCount(batchSize - 1)} 个负例。有 ${enough - 1} 个以上，检索通常更准。`,
  },
  fewDistinct: {
    title: ({ batchSize, distinct, of }) =>
      `不同的${of === 'passages' ? '段落' : '问题'}只有 ${formatCount(distinct)} 个，一批却要 ${batchSize} 个`,
    why: () => '每一批都会有重复，正确答案就被当成负例。',
  },
  duplicatePositives: {
    title: () => '正确答案被当成负例',
    why: ({ repeated, share }) =>
      `${formatCount(repeated)} 个问答对和别的问答对用同一个段落，约 ${formatPercent(share)} 的问题会在同一批的负例里遇到自己的答案。`,
  },
  temperatureLow: {
    title: ({ temperature }) => `温度 ${formatRate(temperature)} 太低`,
    why: ({ weight: share }) =>
      `得分比正例低 0.1 的负例，分量只有正例的 ${weight(share)}：几乎只有最难的负例起作用，标错一条影响很大。常用 0.01 到 0.1。`,
  },
  temperatureHigh: {
    title: ({ temperature }) => `温度 ${formatRate(temperature)} 偏高`,
    why: ({ weight: share }) =>
      `得分比正例低 0.1 的负例，分量还有正例的 ${weight(share)}，模型很难学会区分。常用 0.01 到 0.1。`,
  },
  learningRateLow: {
    title: ({ learningRate }) => `学习率 ${formatRate(learningRate)} 对这个模型偏低`,
    why: (facts) => `${usualRate(facts)}再低，模型几乎不变。`,
  },
  learningRateHigh: {
    title: ({ learningRate }) => `学习率 ${formatRate(learningRate)} 对这个模型太高`,
    why: (facts) => `${usualRate(facts)}再高，模型可能忘掉已经会的。`,
  },
  truncated: {
    title: ({ side, truncated, texts }) =>
      `${formatPercent(truncated / Math.max(1, texts))} 的${sideNames[side] ?? ''}被截断`,
    why: ({ maxTokens, limit }) =>
      `第 ${maxTokens} 个 token 之后的内容，既不训练，也搜不到。${
        maxTokens < limit ? '' : '模型最多只能读这么长，请把长文本切开再导入。'
      }`,
  },
  negativesAbove: {
    title: ({ above, of }) =>
      `挖掘的负例里有 ${formatPercent(above / of)}（${formatCount(of)} 个里的 ${formatCount(above)} 个）得分高于正例`,
    why: () => '照挖掘所用模型的得分，它们可能是正确答案。训练会让问题远离它们，检索就会变差。',
  },
  nearDuplicates: {
    title: (rows) => `${rowsOf(rows)}与测试问题近似`,
    why: () => '训练时见过，测试结果就会比实际检索好看。',
  },
  listedLeaks: {
    title: ({ pairs }) => `${formatCount(pairs)} 个问答对与验证问题或测试问题相同`,
    why: () => '批次列表指定要训练它们，结果会比实际检索好看。',
  },
  pooling: {
    title: ({ pooling }) => `池化“${poolings[pooling]}”和这个模型不符`,
    why: ({ usual, by }) =>
      `${by === 'model' ? '模型文件夹里写的是' : '模型作者用的是'}“${poolings[usual]}”。池化不对，指标会低好几个百分点，而且不会报错。`,
  },
  prefixes: {
    title: () => '前缀和模型自己的不同',
    why: ({ usualQuery, usualPassage, by }) =>
      `${by === 'model' ? '模型文件夹里写的是' : '模型作者的用法是'}：问题前${quoted(usualQuery)}，段落前${quoted(usualPassage)}。`,
  },
  promptMismatch: {
    title: ({ training, evaluation, side }) =>
      training > evaluation
        ? `训练时${sideNames[side] ?? ''}带前缀，测试时不带`
        : `测试时${sideNames[side] ?? ''}带前缀，训练时不带`,
    why: ({ prompt, training, evaluation }) =>
      `训练文本有 ${formatPercent(training, 0)} 以“${prompt}”开头，测试文本有 ${formatPercent(evaluation, 0)}。请从文件里去掉它，改为设成模型的前缀。`,
  },
  promptTwice: {
    title: ({ side }) => `${sideNames[side] ?? ''}的前缀加了两遍`,
    why: ({ prompt, share }) => `文件里有 ${formatPercent(share, 0)} 已经以“${prompt}”开头。`,
  },
  fewSteps: {
    title: ({ steps }) => `只有 ${formatCount(steps)} 步`,
    why: ({ enough, pairs }) => `少于 ${enough} 步，模型几乎不变。${formatCount(pairs)} 个问答对要多训练几轮。`,
  },
  manyEpochs: {
    title: ({ epochs, pairs }) => `${formatCount(pairs)} 个问答对训练 ${formatCount(epochs)} 轮偏多`,
    why: ({ most }) => `超过 ${most} 轮左右，模型容易把问答对背下来。`,
  },
  devTakesLong: {
    title: ({ share }) => `训练中，验证集评测约占全部用时的 ${formatPercent(share, 0)}`,
    why: ({ passages, sample, limit }) =>
      `每次都要编码全部 ${formatCount(passages)} 段。抽样 ${formatCount(sample)} 段（正确答案都在里面）就够选出最好的一步，用时不超过 ${formatPercent(limit, 0)}。`,
  },
  devAboveLimit: {
    title: ({ share, limit }) =>
      `验证集评测约占全部用时的 ${formatPercent(share, 0)}，超过你设的 ${formatPercent(limit, 0)}`,
    why: ({ passages }) =>
      `已经只在 ${formatCount(passages)} 段上评测，再少就看不出走势了。减少验证问题，或训练得更久，才能不超过上限。`,
  },
  emaTooSlow: {
    title: ({ decay, steps }) => `权重平均的衰减 ${decay} 对 ${formatCount(steps)} 步来说太慢`,
    why: ({ initial }) => `到阶段结束时，平均里还有 ${formatPercent(initial, 0)} 是阶段开始时的权重。`,
  },
  teacherIsBase: {
    title: () => '教师模型就是基座模型自己',
    why: () => '正在训练的模型一开始的得分就是教师的得分，没有什么可学的。请另选一个更强的模型当教师。',
  },
  guideIsBase: {
    title: () => '引导模型就是基座模型自己',
    why: () =>
      '它识别出的假负例，正在训练的模型一开始也识别得出，而且它不会越学越准。引导模型要更强才有用；否则用模型自己的得分就行，也不必把文本多编码一遍。',
  },
  memoryShort: {
    title: ({ neededBytes, limitBytes }) => `需要 ${bytes(neededBytes)} 内存，只有 ${bytes(limitBytes)} 可用`,
    why: () => '内存一栏列出了放得下的设置。',
  },
  chunkedSteps: {
    title: () => '每一步要把整批编码两遍',
    why: ({ maxTokens, shorter }) =>
      `文本长到 ${maxTokens} 个 token，整批一次放不进内存。99% 的文本不超过 ${shorter} 个 token。`,
  },
};

function quoted(prefix: string): string {
  return prefix === '' ? '不加' : `加“${prefix}”`;
}

const bytes = (n: number): string => (Number.isFinite(n) ? formatBytes(n) : '–');

const fixes: FixWords = {
  batchSize: ({ value, bytes: needed }) =>
    `批大小改为 ${value}${needed === undefined ? '' : `，需要 ${formatBytes(needed)}`}`,
  mostBatchSize: ({ value }) => `批大小改为 ${value}`,
  precision: () => '改用混合精度',
  strategy: ({ value, bytes: needed }) =>
    `${value === 'lora' ? '只训练适配器（LoRA，全精度）' : '只训练偏置'}，需要 ${bytes(needed)}`,
  temperature: ({ value }) => `温度改为 ${formatRate(value)}`,
  learningRate: ({ value }) => `学习率改为 ${formatRate(value)}`,
  epochs: ({ value }) => `改为训练 ${value} 轮`,
  maxTokens: ({ value }) => `上限改为 ${value} 个 token`,
  devTimeShare: ({ value }) => `验证用时限制为 ${formatPercent(value, 0)}`,
  emaDecay: ({ value }) => `衰减改为 ${value}`,
  negativesMargin: ({ value }) => `按相对余量 ${value} 排除负例`,
  ownScores: () => '改用正在训练的模型自己的得分',
  loss: () => '改用批内 InfoNCE',
  avoidDuplicates: () => '同一批里段落不重复',
  removeNearDuplicates: () => '从训练集移除',
  pooling: ({ value }) => `改用“${poolings[value]}”`,
  prefixes: ({ queryPrefix, passagePrefix }) =>
    queryPrefix === '' && passagePrefix === '' ? '不加前缀' : '改用这样的前缀',
};

export const doctorTexts: Dictionary['doctor'] = {
  title: '检查数据与设置',
  checking: '正在检查……',
  fine: '检查过了，没有要改的。',
  summary: (all, stopping) =>
    stopping > 0 ? `有 ${stopping} 处要先改，才能开始训练。` : `${all} 处可以改进，不改也能训练。`,
  severities: { stops: '不能开始', warns: '警告', advises: '建议' },
  applied: (fix) => `已改：${fix}。`,
  ofStage: (stage, title) => `阶段 ${stage}：${title}`,
  toReason: '看原因',
  toMemory: '去看内存',
  toImport: '去导入',
  toSplit: '看这些问答对',
  usual: {
    title: '这个模型和数据的常用设置',
    learningRate: usualRate,
    batchSize: (value, pairs) => `批大小 ${value}：负例尽量多，${formatCount(pairs)} 个问答对又能走够步数。`,
    epochs: (value, pairs) => `${formatCount(pairs)} 个问答对训练 ${value} 轮：数据越少，越要多看几遍。`,
    use: '改用这些设置',
    inUse: '现在用的就是这些设置。',
  },
  findings,
  fixes,
};
