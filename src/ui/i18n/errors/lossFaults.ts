import type { StageFault } from '../../../domain/train/stageFaults';
import { formatCount } from '../format';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

type LossFault =
  | 'miner-missing'
  | 'guide-missing'
  | 'loss-needs-negatives'
  | 'loss-needs-triplets'
  | 'distillation-needs-negatives'
  | 'teacher-not-chosen'
  | 'teacher-missing'
  | 'teacher-scores-need-imported'
  | 'teacher-scores-missing'
  | 'teacher-scores-too-few'
  | 'loss-takes-pairs'
  | 'prefix-too-long'
  | 'angle-needs-even-vectors';

/** Sentences about losses that can't be computed, and negatives that can't be mined. */
export const lossSentences: {
  [Kind in LossFault]: (details: Extract<StageFault, { kind: Kind }>) => Sentence;
} = {
  'loss-needs-negatives': () => ({
    zh: '损失要用单独给出的负例，但训练数据里没有；请在“高级设置”里让“对照的段落”和“难例加权”只用批内负例。',
    en: 'The loss uses explicit negatives, but the training data has none; in the advanced settings, use only the batch’s passages for the comparison and the hardness weighting.',
  }),
  'loss-needs-triplets': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 的三元组损失需要为每题单独给出负例，但现在没有；请在“负例”里选一个来源，或换一种损失。`,
    en: `The triplet loss of stage ${stage + 1} needs explicit negatives for each question, but there are none; choose where they come from under “Negatives”, or another loss.`,
  }),
  'miner-missing': ({ stage, contentSha256 }) => ({
    zh: `阶段 ${stage + 1} 用来挖掘负例的模型（内容哈希以 ${contentSha256.slice(0, 12)} 开头）还没有导入；请先导入它，或换一个模型来挖掘。`,
    en: `The model that mines the negatives of stage ${stage + 1} (its content hash begins with ${contentSha256.slice(0, 12)}) isn’t stored here; import it first, or mine with another model.`,
  }),
  'guide-missing': ({ stage, contentSha256 }) => ({
    zh: `阶段 ${stage + 1} 用来识别假负例的引导模型（内容哈希以 ${contentSha256.slice(0, 12)} 开头）还没有导入；请先导入它，或换一个引导模型。`,
    en: `The guide model of stage ${stage + 1}, which recognizes false negatives (its content hash begins with ${contentSha256.slice(0, 12)}), isn’t stored here; import it first, or choose another guide.`,
  }),
  'distillation-needs-negatives': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 的 KL 蒸馏需要为每题单独给出负例，但现在没有；请在“负例”里选一个来源，或换一种损失。`,
    en: `The KL distillation of stage ${stage + 1} needs explicit negatives for each question, but there are none; choose where they come from under “Negatives”, or another loss.`,
  }),
  'teacher-not-chosen': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 的 KL 蒸馏还没有教师模型；请在“高级设置”里选一个，或换一种损失。`,
    en: `The KL distillation of stage ${stage + 1} has no teacher yet; choose a teacher model in the advanced settings, or another loss.`,
  }),
  'teacher-missing': ({ stage, contentSha256 }) => ({
    zh: `阶段 ${stage + 1} 的教师模型（内容哈希以 ${contentSha256.slice(0, 12)} 开头）还没有导入；请先导入它，或换一个教师模型。`,
    en: `The teacher model of stage ${stage + 1} (its content hash begins with ${contentSha256.slice(0, 12)}) isn’t stored here; import it first, or choose another teacher.`,
  }),
  'teacher-scores-need-imported': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 的 KL 蒸馏用数据里的打分，而这些打分属于导入的负例；请在“负例”里选导入的，或选一个教师模型。`,
    en: `The KL distillation of stage ${stage + 1} uses the scores of the data, which belong to the imported negatives; choose imported negatives under “Negatives”, or a teacher model.`,
  }),
  'teacher-scores-missing': ({ stage, id, missing, pairs }) => ({
    zh: `阶段 ${stage + 1} 的 KL 蒸馏用数据里的打分，但 ${formatCount(pairs)} 个问答对里有 ${formatCount(missing)} 个没有打分（第一个是“${shortened(id)}”）；请补上打分，去掉这些问答对，或选一个教师模型。`,
    en: `The KL distillation of stage ${stage + 1} uses the scores of the data, but ${formatCount(missing)} of ${formatCount(pairs)} pairs have none (the first is “${shortened(id)}”); add their scores, leave these pairs out, or choose a teacher model.`,
  }),
  'teacher-scores-too-few': ({ stage, id, found, perAnchor }) => ({
    zh: `阶段 ${stage + 1} 每题要 ${formatCount(perAnchor)} 个带打分的负例，但问答对“${shortened(id)}”只剩 ${formatCount(found)} 个能用；请减少每题的负例，补上负例和打分，或去掉这个问答对。`,
    en: `Stage ${stage + 1} needs ${formatCount(perAnchor)} negatives with scores per question, but the pair “${shortened(id)}” has only ${formatCount(found)} left that can be used; lower the number per question, add negatives with scores, or leave the pair out.`,
  }),
  'loss-takes-pairs': ({ negatives }) => ({
    zh: `sigmoid 成对损失只用问答对，但这个阶段每题还有 ${formatCount(negatives)} 个单独给出的负例；请换成批内 InfoNCE，或不用这些负例。`,
    en: `The sigmoid pair loss takes pairs only, but the stage has ${formatCount(negatives)} explicit negatives per question; choose in-batch InfoNCE, or leave the negatives out.`,
  }),
  'prefix-too-long': ({ prefix, dimension }) => ({
    zh: `截短维数（Matryoshka）填了 ${formatCount(prefix)} 维，但模型的向量只有 ${formatCount(dimension)} 维；请改小。`,
    en: `The Matryoshka dimensions include ${formatCount(prefix)}, but the model’s vectors have only ${formatCount(dimension)} dimensions; use smaller ones.`,
  }),
  'angle-needs-even-vectors': ({ stage, dimension }) => ({
    zh: `阶段 ${stage + 1} 的 AnglE 把向量的前后两半当作复数的实部和虚部，但模型的向量有 ${formatCount(dimension)} 维，是奇数；请改用 CoSENT 或余弦均方误差。`,
    en: `AnglE in stage ${stage + 1} takes the halves of a vector as the parts of complex numbers, but the model’s vectors have ${formatCount(dimension)} dimensions, an odd number; choose CoSENT or cosine MSE.`,
  }),
};
