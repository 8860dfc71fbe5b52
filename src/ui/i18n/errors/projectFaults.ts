import type { AppErrorDetails, ProjectFault } from '../../../domain/errors';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

/** Faults that concern an experiment as a whole, and not one of its runs or inputs. */
type ExperimentFault =
  | 'negatives-foreign'
  | 'candidates-missing'
  | 'scores-misfit'
  | 'comparisons-unstored'
  | 'negatives-unstored'
  | 'not-restored'
  | 'pairs-differ';

const reasons: Record<Exclude<ProjectFault, ExperimentFault>, Sentence> = {
  'weights-missing': { zh: '文件里它的权重不全', en: 'its weights are not complete in the file' },
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

/** Sentences about experiments that were opened without some of what the file has for them. */
const ofExperiments: Record<ExperimentFault, (name: string, file: string) => Sentence> = {
  'negatives-foreign': (name, file) => ({
    zh: `${file} 里的一些挖掘负例和“${name}”等实验的数据或设置不符，没有采用。`,
    en: `${file} has mined negatives that belong to other data or settings than those of “${name}” and others. They were left out.`,
  }),
  'candidates-missing': (name, file) => ({
    zh: `${file} 里“${name}”比较过的一些模型这里没有：它们的结果已存下，导入这些模型后才会显示；训练得到的模型要连同训练一起打开。`,
    en: `Some models that were compared in “${name}” in ${file} are not here. Their results are stored and appear once you import the models; results of a run appear only if the run is opened too.`,
  }),
  'scores-misfit': (name, file) => ({
    zh: `${file} 里“${name}”的一些句对打分和句对的数目不符，没有采用，请重新打分。`,
    en: `${file} has scores of pairs for “${name}” that are not as many as the pairs. They were left out; score the pairs again.`,
  }),
  'comparisons-unstored': (name, file) => ({
    zh: `${file} 里“${name}”的比较结果没有存下，其余内容都在。再打开一次这个文件即可补上。原因如下。`,
    en: `The results of comparisons of “${name}” in ${file} were not stored; everything else is there. Open the file again to add them. The cause follows.`,
  }),
  'negatives-unstored': (name, file) => ({
    zh: `${file} 里“${name}”等实验的挖掘负例没有全部存下，其余内容都在。再打开一次这个文件即可补上。原因如下。`,
    en: `The mined negatives of “${name}” and others in ${file} were not all stored; everything else is there. Open the file again to add them. The cause follows.`,
  }),
  'not-restored': (name, file) => ({
    zh: `“${name}”在 ${file} 里，但这里的还在已删除的实验里，没能恢复。再打开一次这个文件即可恢复。原因如下。`,
    en: `“${name}” is in ${file}, but is still among the deleted experiments here. Open the file again to restore it. The cause follows.`,
  }),
  'pairs-differ': (name, file) => ({
    zh: `“${name}”在这里比较用的打分句对和 ${file} 里的不同，保留了这里的。`,
    en: `“${name}” compares models on other scored pairs here than in ${file}; those here were kept.`,
  }),
};

const isOfExperiment = (fault: ProjectFault): fault is ExperimentFault => Object.hasOwn(ofExperiments, fault);

/** Returns the sentence for a run or input that was left out when a project was saved or opened. */
export function projectPartial({
  file,
  name,
  fault,
  runId,
}: Extract<AppErrorDetails, { kind: 'project-partial' }>): Sentence {
  if (isOfExperiment(fault)) return ofExperiments[fault](shortened(name, 60), shortened(file));
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
  return {
    zh: `${shortened(file)} 里没有“${shortened(name, 60)}”用到的${reason.zh}，请另外导入。`,
    en: `${shortened(file)} lacks ${fault === 'data-missing' ? 'data' : 'the base model'} that “${shortened(name, 60)}” uses; import it separately.`,
  };
}
