import type { AppErrorDetails, ProjectFault } from '../../../domain/errors';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

const reasons: Record<ProjectFault, Sentence> = {
  'weights-missing': { zh: '文件里它的权重不全', en: 'its weights are not complete in the file' },
  'negatives-foreign': {
    zh: '文件里的挖掘负例和它的数据或设置不符，没有采用',
    en: 'mined negatives in the file belong to other data or settings and were left out',
  },
  'candidates-missing': {
    zh: '比较过的一些模型',
    en: 'some models that were compared',
  },
  'weights-damaged': { zh: '它的权重已损坏', en: 'its weights are damaged' },
  'events-missing': { zh: '文件里没有它的训练过程', en: 'the file lacks its events' },
  'experiment-missing': { zh: '文件里没有它所属的实验', en: 'the file lacks its experiment' },
  unfinished: {
    zh: '它还没训练完，而保存时没有带上接着训练所需的内容',
    en: 'it is unfinished, and the project was saved without the data for resuming',
  },
  'data-missing': { zh: '数据', en: 'data' },
  'model-missing': { zh: '基座模型', en: 'base model' },
};

/** Returns the sentence for a run or input that was left out when a project was saved or opened. */
export function projectPartial({
  file,
  name,
  fault,
  runId,
}: Extract<AppErrorDetails, { kind: 'project-partial' }>): Sentence {
  const experiment =
    name === '' ? { zh: '', en: '' } : { zh: `“${shortened(name, 60)}”的`, en: ` of “${shortened(name, 60)}”` };
  const reason = reasons[fault];
  if (runId !== undefined) {
    const why = fault === 'model-missing' ? { zh: '缺少它的基座模型', en: 'its base model is missing' } : reason;
    return {
      zh: `${experiment.zh}一次训练（${shortened(runId, 40)}）没有包含在内，因为${why.zh}；其余内容不受影响。`,
      en: `A run${experiment.en} (${shortened(runId, 40)}) was left out because ${why.en}; everything else is there.`,
    };
  }
  if (fault === 'candidates-missing')
    return {
      zh: `“${shortened(name, 60)}”比较过的一些模型不在 ${shortened(file)} 里，这里也没有：它们的结果已存下，导入这些模型后才会显示；训练得到的模型要连同训练一起保存。`,
      en: `Some models that were compared in “${shortened(name, 60)}” are neither in ${shortened(file)} nor here. Their results are stored and appear once you import the models; results of a run appear only with the run.`,
    };
  return {
    zh: `${shortened(file)} 里没有“${shortened(name, 60)}”用到的${reason.zh}，请另外导入。`,
    en: `${shortened(file)} lacks ${fault === 'data-missing' ? 'data' : 'the base model'} that “${shortened(name, 60)}” uses; import it separately.`,
  };
}
