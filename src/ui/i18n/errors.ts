import type { AppErrorDetails } from '../../domain/errors';
import type { Said } from '../../domain/errorWords';
import { formatCount } from './format';
import { commandLineRemedy } from './errors/commandLine';
import { dataRoleName } from './errors/dataRoleName';
import { negativesNeedPairs, scoresUnusable, tooFewScoredPairs } from './errors/scoredPairs';
import { tooFewNegatives } from './errors/negatives';
import { tooFewPairs } from './errors/tooFewPairs';
import { deviceBusySentences } from './errors/deviceBusy';
import { benchmarkStopped } from './errors/benchmarkStopped';
import { compareSentences } from './errors/compareFaults';
import { checkStopped } from './errors/checkStopped';
import { deviceWrong } from './errors/deviceWrong';
import { diskSpace } from './errors/diskSpace';
import { hubFailed } from './errors/hubFaults';
import { importFailed } from './errors/importFaults';
import { linkFaultSentences } from './errors/linkFaults';
import { lossSentences } from './errors/lossFaults';
import { matricesReason } from './errors/matricesReason';
import { memoryTooSmall, neededMemoryWords } from './errors/memory';
import { prefixSentences } from './errors/prefixFaults';
import { projectPartial } from './errors/projectFaults';
import { modelInvalid } from './errors/modelFaults';
import { said, spaced } from './errors/ownWords';
import { storageFailed } from './errors/storageFailed';
import type { Language } from '../../domain/language';
import type { Sentence } from './errors/sentence';
import { shortened } from './errors/shortened';

type Details<Kind extends AppErrorDetails['kind']> = Extract<AppErrorDetails, { kind: Kind }>;

const whatNames: Record<Extract<AppErrorDetails, { kind: 'not-found' }>['what'], Sentence> = {
  experiment: { zh: '实验', en: 'experiment' },
  run: { zh: '训练记录', en: 'run' },
  dataset: { zh: '数据集', en: 'data set' },
  model: { zh: '模型', en: 'model' },
  checkpoint: { zh: '检查点', en: 'checkpoint' },
  evaluation: { zh: '评测', en: 'evaluation' },
  tokens: { zh: '分词结果', en: 'token set' },
  file: { zh: '文件', en: 'file' },
};

function nameOf(experimentFile: string | undefined): string {
  return shortened(experimentFile ?? 'experiment.json');
}

const isNoField = (expected: Said | undefined): boolean =>
  typeof expected === 'object' && 'code' in expected && expected.code === 'no-such-field';

type Sentences = {
  [Kind in AppErrorDetails['kind']]: (details: Details<Kind>, experimentFile?: string) => Sentence;
};

/**
 * Sentences by kind of error: what went wrong, where, and what to do. `experimentFile` is set only on the command line.
 */
const sentences: Sentences = {
  'import-failed': importFailed,
  'model-invalid': modelInvalid,
  'experiment-invalid': (details, experimentFile) => {
    const experiment = nameOf(experimentFile);
    if (isNoField(details.expected))
      return {
        zh: `${experiment} 里有无法识别的字段 ${shortened(details.path)}，请去掉它，或改正后再试。`,
        en: `${experiment} has ${shortened(details.path)}, which is not a known field; remove or correct it and try again.`,
      };
    const top = details.path === '';
    const at = top
      ? { zh: '的内容', en: '' }
      : { zh: `的 ${shortened(details.path)} 处`, en: ` at ${shortened(details.path)}` };
    const found = said(details.found);
    const expected = said(details.expected);
    const want = details.expected
      ? {
          zh: `应为${spaced(expected.zh)}，`,
          en: `${top ? '' : ','} where ${expected.en} is expected`,
        }
      : { zh: '', en: '' };
    return {
      zh: `${experiment} ${at.zh}是${spaced(found.zh)}，${want.zh}请改正后再试。`,
      en: `${experiment} has ${found.en}${at.en}${want.en}; correct it and try again.`,
    };
  },
  'experiment-too-new': (details, experimentFile) => ({
    zh: `${nameOf(experimentFile)} 由更新的版本写成（格式 ${details.version}，本程序支持到 ${details.supported}），请先更新召回工坊。`,
    en: `${nameOf(experimentFile)} was made by a newer version of Recallsmith (format ${details.version}; this one reads up to ${details.supported}); update Recallsmith first.`,
  }),
  'data-missing': (details) => {
    const role = dataRoleName(details);
    return {
      zh: `缺少${role.zh}，请在“导入”阶段添加文件。`,
      en: `There is no file with the ${role.en} yet; add it in the import stage.`,
    };
  },
  'model-missing': () => ({
    zh: '缺少基座模型，请在“导入”阶段选择它的文件夹。',
    en: 'There is no base model yet; choose its folder in the import stage.',
  }),
  'too-few-pairs': tooFewPairs,
  'too-few-scored-pairs': tooFewScoredPairs,
  'scores-unusable': scoresUnusable,
  'negatives-need-pairs': negativesNeedPairs,
  'no-negatives': () => ({
    zh: '导入的问答对里没有负例，请在“负例”阶段改用别的负例，或导入带负例的问答对。',
    en: 'The imported pairs have no negatives; choose other negatives in the Negatives stage, or import pairs that have some.',
  }),
  'too-few-negatives': tooFewNegatives,
  'negatives-not-mined': () => ({
    zh: '负例还没有挖掘，请先在“负例”阶段开始挖掘。',
    en: 'The negatives are not mined yet; mine them first, in the Negatives stage.',
  }),
  'negatives-changed': () => ({
    zh: '现在的版本选出的负例和这次训练开始时不同，接着训练会混用两种负例，所以停下了。请开始一次新的训练。',
    en: 'This version chooses other negatives than the version that began the run, and resuming would mix the two; start a new run.',
  }),
  'nothing-to-evaluate': (details) =>
    details.part === 'test'
      ? {
          zh: '没有可用的测试问题，请在“导入”阶段添加，它们的段落要在知识库里。',
          en: 'There are no usable test questions; in the import stage, add questions whose passages are in the knowledge base.',
        }
      : details.part === 'dev'
        ? {
            zh: '没有可用的验证问题，请添加，或在“划分”阶段多拿些问答对做验证。',
            en: 'There are no usable dev questions; add some, or keep a larger share of the pairs for dev in the split stage.',
          }
        : {
            zh: '没有可用来比较的打分句对：没有导入，或全都用于训练。请另外导入。',
            en: 'There are no scored pairs to compare on: none were imported, or training uses all of them; import others.',
          },
  'link-invalid': (details) => linkFaultSentences[details.fault],
  'quota-exceeded': diskSpace,
  'storage-failed': storageFailed,
  'worker-crashed': (details) =>
    details.worker === 'gpu'
      ? {
          zh: `计算线程意外停止（${said(details.reason).zh}）。进度已保存，可以从最近的检查点接着训练。`,
          en: `The compute worker stopped (${said(details.reason).en}). Progress is saved; resume from the last checkpoint.`,
        }
      : {
          zh: `数据线程意外停止（${said(details.reason).zh}）。已保存的内容还在，请重试。`,
          en: `The data worker stopped (${said(details.reason).en}). Everything that was stored is still there; try again.`,
        },
  'project-too-new': (details) => ({
    zh: `${shortened(details.file)} 来自更新的版本（格式 ${details.version}，本程序支持到 ${details.supported}），请先更新召回工坊。`,
    en: `${shortened(details.file)} comes from a newer version (format ${details.version}; this one reads up to ${details.supported}); update Recallsmith first.`,
  }),
  'project-is-experiment': (details) => ({
    zh: `${shortened(details.file)} 是实验文件，不是项目文件：里面只有设置，要用命令行运行（npm run experiment）。想在这里打开，请让对方发分享链接或项目文件。`,
    en: `${shortened(details.file)} is an experiment file, not a project: it holds only settings, for the command line (npm run experiment). To open the experiment here, ask for a share link or a project file.`,
  }),
  'project-invalid': (details) => ({
    zh: `${shortened(details.file)}${details.entry ? ` 中的 ${shortened(details.entry)}` : ''} 读不出来（${said(details.reason).zh}），请重新保存，或换一份项目文件；本机已有的内容没有改动。`,
    en: `${shortened(details.file)}${details.entry ? `, entry ${shortened(details.entry)},` : ''} can’t be read (${said(details.reason).en}); save the project again, or use another copy. Nothing here was changed.`,
  }),
  'project-overtaken': (details) => ({
    zh: `打开 ${shortened(details.file)} 时，另一个标签页存入了其中的内容，所以这次什么也没有添加。请再打开一次。`,
    en: `While ${shortened(details.file)} was being opened, another tab stored part of its contents, so nothing was added; open it again.`,
  }),
  'project-partial': projectPartial,
  'checkpoint-corrupt': (details) => ({
    zh: `检查点 ${details.generation} 已损坏，会从上一个检查点接着训练；如果再次出现，请重新开始训练。`,
    en: `Checkpoint ${details.generation} is damaged; the run resumes from the one before it. If it happens again, start a new run.`,
  }),
  'gpu-unavailable': (details) => ({
    zh: `显卡无法使用（${said(details.reason).zh}），请更新显卡驱动，或在“设置”里改用 CPU。`,
    en: `The GPU can’t be used (${said(details.reason).en}); update its driver, or choose the CPU in the settings.`,
  }),
  'device-wrong': (details) => deviceWrong(details),
  'nothing-trained': ({ stage }) => ({
    zh: `阶段 ${stage + 1} 的训练方式没有选中任何参数，请换一个关键词，或少冻结一些。`,
    en: `The strategy of stage ${stage + 1} trains none of the model’s parameters; choose other keywords, or freeze less.`,
  }),
  'early-stop-without-dev': ({ lacks }) =>
    lacks === 'interval'
      ? {
          zh: '早停要在训练中评测验证集，但“验证间隔”是 0；请改大，或把早停设为 0。',
          en: 'Early stopping needs dev evaluations during training, but the dev interval is 0; raise it, or set the early stop to 0.',
        }
      : {
          zh: '早停要在训练中评测验证集，但没有验证问题；请留出一些，或把早停设为 0。',
          en: 'Early stopping needs dev evaluations during training, but there are no dev questions; hold some out, or set the early stop to 0.',
        },
  'too-many-frozen-layers': ({ stage, frozen, layers }) => ({
    zh: `阶段 ${stage + 1} 要冻结 ${frozen} 层，但模型只有 ${layers} 层，请减少冻结的层数。`,
    en: `Stage ${stage + 1} freezes ${frozen} layers, but the model has only ${layers}; freeze fewer.`,
  }),
  'lora-rank-too-large': ({ stage, rank, width }) => ({
    zh: `阶段 ${stage + 1} 的 LoRA 秩是 ${formatCount(rank)}，但选中的矩阵最窄只有 ${formatCount(width)}；请改小。`,
    en: `The LoRA rank of stage ${stage + 1} is ${formatCount(rank)}, but the narrowest of its matrices is ${formatCount(width)} wide; lower it.`,
  }),
  'lora-needs-full-precision': ({ stage }) => ({
    zh: `LoRA 只能用全精度训练，请把阶段 ${stage + 1} 的“精度”改回全精度，或换一种训练方式。`,
    en: `LoRA trains in full precision only; set the precision of stage ${stage + 1} back to full, or choose another strategy.`,
  }),
  'warmup-too-long': ({ stage, warmup, steps }) => ({
    zh: `阶段 ${stage + 1} 的预热有 ${formatCount(warmup)} 步，但这个阶段只有 ${formatCount(steps)} 步，请减少预热步数。`,
    en: `The warm-up of stage ${stage + 1} has ${formatCount(warmup)} steps, but the stage has only ${formatCount(steps)}; use fewer warm-up steps.`,
  }),
  ...prefixSentences,
  ...lossSentences,
  'half-unavailable': () => ({
    zh: '这台设备不支持混合精度（WebGPU 的 shader-f16），请把“精度”改回全精度，或换一台设备。',
    en: 'This device doesn’t support mixed precision (WebGPU’s shader-f16); set the precision back to full, or use another device.',
  }),
  ...compareSentences,
  'matrices-unavailable': (details) => {
    const reason = matricesReason(details);
    return {
      zh: `浏览器在这台设备上没有提供矩阵单元（WebGPU 的 subgroup matrix）${reason.zh}，请打开它的实验功能，或把“精度”改为混合精度，或换一台设备。`,
      en: `The browser offers no usable matrix units (WebGPU’s subgroup matrices) on this device${reason.en}; turn on its experimental features, set the precision to mixed, or use another device.`,
    };
  },
  'gpu-device-lost': (details) => ({
    zh: `与显卡的连接断了（${said(details.reason).zh}），请接着训练，或把刚才的操作再做一次。`,
    en: `The GPU was lost (${said(details.reason).en}); resume the run, or start the action again.`,
  }),
  'gpu-out-of-memory': (details) => {
    const need = neededMemoryWords(details);
    return {
      zh: `内存不足${need.zh}，请调低内存预算，或减小批大小或最大 token 数，然后重新开始训练；接着训练会再用同样多的内存。`,
      en: `Memory ran out${need.en}; set a lower memory budget, or reduce the batch size or the maximum tokens, and start a new run, because resuming this one would take as much memory again.`,
    };
  },
  'memory-too-small': (details) => memoryTooSmall(details),
  'training-diverged': (details) => ({
    zh: `第 ${details.step} 步的${details.quantity === 'loss' ? '损失' : '梯度'}不再是有限数${details.parameter ? `（${shortened(details.parameter, 90)}）` : ''}，请降低学习率或提高温度，然后重新开始训练。`,
    en: `At step ${details.step}, the ${details.quantity === 'loss' ? 'loss' : 'gradient'} is no longer finite${details.parameter ? ` (${shortened(details.parameter, 90)})` : ''}; lower the learning rate or raise the temperature, and start a new run.`,
  }),
  'device-busy': (details) => deviceBusySentences[details.job],
  'benchmark-stopped': benchmarkStopped,
  'check-stopped': checkStopped,
  'run-elsewhere': () => ({
    zh: '这次训练正在另一个标签页里进行，请到那里查看或取消。',
    en: 'This run is in progress in another tab; watch or cancel it there.',
  }),
  'rows-changed': (details) =>
    details.recorded
      ? {
          zh: '现在的版本把这次训练的数据划分得和开始时不同，接着训练会混用两份数据，所以停下了。请开始一次新的训练。',
          en: 'This version splits the run’s data differently from the version that began it, and resuming would mix the two splits; start a new run.',
        }
      : {
          zh: '这次训练是用旧版本开始的，没有记下用了哪些数据，无法确认和现在的划分相同，所以不能接着训练。请开始一次新的训练。',
          en: 'An earlier version began this run without recording its rows, which may differ from the current split, so the run can’t be resumed; start a new one.',
        },
  'not-found': (details) => ({
    zh: `找不到${whatNames[details.what].zh}“${shortened(details.id, 80)}”，它可能已被删除，请回到实验列表。`,
    en: `The ${whatNames[details.what].en} “${shortened(details.id, 80)}” can’t be found; it may have been deleted. Go back to the experiments.`,
  }),
  'export-mismatch': (details) => ({
    zh: `${shortened(details.file)} 和本页的向量不一致（最小的余弦是 ${details.cosine.toFixed(6)}），已放弃这次导出，请再导出一次；如果还是这样，请附上详情反馈。`,
    en: `${shortened(details.file)} doesn’t give the same vectors as this page (lowest cosine ${details.cosine.toFixed(6)}), so the export was discarded; export again. If it happens again, report it with the details.`,
  }),
  'download-failed': (details) => ({
    zh: `${shortened(details.url)} 下载失败${details.status === undefined ? '' : `（状态 ${details.status}）`}，请检查网络后重试。`,
    en: `${shortened(details.url)} couldn’t be downloaded${details.status === undefined ? '' : ` (status ${details.status})`}; check the connection and try again.`,
  }),
  'hub-failed': (details, experimentFile) => hubFailed(details, experimentFile !== undefined),
  cancelled: () => ({ zh: '已取消。', en: 'Cancelled.' }),
  unexpected: (details) => ({
    zh: `出现了意外的错误（${said(details.reason).zh}），请重新载入页面；已保存的内容还在。`,
    en: `Something unexpected happened (${said(details.reason).en}); reload the page. Everything that was stored is still there.`,
  }),
};

/**
 * Says in both languages what went wrong, where, and what to do. With `experimentFile`, the name of the file that the
 * command line runs, the remedies name fields of that file; without it, they name places on the page.
 */
export function errorSentences(details: AppErrorDetails, experimentFile?: string): Sentence {
  const inFile = experimentFile === undefined ? null : commandLineRemedy(details, shortened(experimentFile));
  if (inFile) return inFile;
  // The table pairs each kind with a function of its own details, which an index by a union of kinds can't express.
  const say = sentences[details.kind] as ((details: AppErrorDetails, experimentFile?: string) => Sentence) | undefined;
  try {
    if (say) return say(details, experimentFile);
  } catch {
    // The fields do not fit the kind; see below.
  }
  // A run from a project file may hold an error of another version, whose kind or fields this version does not know.
  return sentences.unexpected({ kind: 'unexpected', reason: JSON.stringify(details) });
}

export function errorSentence(details: AppErrorDetails, language: Language, experimentFile?: string): string {
  return errorSentences(details, experimentFile)[language];
}
