import { formatCount } from '../format';
import type { AppErrorDetails } from '../../../domain/errors';
import { dataRoleName } from './dataRoleName';
import { deviceWrong } from './deviceWrong';
import { diskSpaceOfProfile } from './diskSpace';
import { memoryTooSmall, neededMemoryWords } from './memory';
import { matricesReason } from './matricesReason';
import { said } from './ownWords';
import { type Sentence } from './sentence';
import { shortened } from './shortened';

/**
 * Returns the sentence for the command line, with a field of the experiment file or an option in place of a stage's
 * name. Returns null if the page's sentence suits both.
 */
export function commandLineRemedy(details: AppErrorDetails, file: string): Sentence | null {
  const missing = (what: Sentence, field: string): Sentence => ({
    zh: `缺少${what.zh}，请在 ${file} 的 ${field} 中写明路径。`,
    en: `No ${what.en} given; write the path into ${field} of ${file}.`,
  });
  switch (details.kind) {
    case 'data-missing': {
      const field = details.role === 'questions' ? `${details.part ?? 'test'}Questions` : details.role;
      return missing(dataRoleName(details), `locations.${field}`);
    }
    case 'model-missing':
      return missing({ zh: '基座模型', en: 'base model' }, 'locations.model');
    case 'nothing-to-evaluate':
      // The command line compares no stored pairs.
      if (details.part === 'pairs') return null;
      return details.part === 'test'
        ? {
            zh: `没有可用的测试问题，请在 ${file} 的 locations.testQuestions 中写明，它们的段落要在知识库里。`,
            en: `There are no usable test questions; in locations.testQuestions of ${file}, name questions whose passages are in the knowledge base.`,
          }
        : {
            zh: `没有可用的验证问题，请在 ${file} 中写明 locations.devQuestions，或提高 split.devFraction。`,
            en: `There are no usable dev questions; name some in locations.devQuestions of ${file}, or raise split.devFraction.`,
          };
    case 'no-negatives':
      return {
        zh: `问答对里没有负例，请在 ${file} 中修改 stages[].negatives，或在 locations.pairs 中写明带负例的文件。`,
        en: `The pairs have no negatives; change stages[].negatives of ${file}, or name a file with negatives in locations.pairs.`,
      };
    case 'import-failed':
      return details.fault === 'needs-knowledge-base'
        ? {
            zh: `${shortened(details.file)}：问答对用 id 写明段落，请在 ${file} 的 locations.knowledgeBase 中写明知识库。`,
            en: `${shortened(details.file)}: the pairs name their passages by id; name the knowledge base in locations.knowledgeBase of ${file}.`,
          }
        : null;
    case 'gpu-unavailable':
      return {
        zh: `显卡无法使用（${said(details.reason).zh}），请更新显卡驱动，或用 --device wasm。`,
        en: `The GPU can’t be used (${said(details.reason).en}); update its driver, or use --device wasm.`,
      };
    case 'quota-exceeded':
      return diskSpaceOfProfile(details);
    case 'device-wrong':
      return deviceWrong(details, file);
    case 'nothing-trained':
      return {
        zh: `stages[${details.stage}] 没有选中模型的任何参数，请修改实验文件中的 stages[${details.stage}].strategy.keywords，或少冻结一些。`,
        en: `stages[${details.stage}] trains none of the model’s parameters; change stages[${details.stage}].strategy.keywords of the experiment file, or freeze less.`,
      };
    case 'early-stop-without-dev':
      return details.lacks === 'interval'
        ? {
            zh: `evaluation.earlyStop 要在训练中评测验证集，但 evaluation.devEverySteps 是 0；请在实验文件中改大，或去掉 earlyStop。`,
            en: `evaluation.earlyStop needs dev evaluations during training, but evaluation.devEverySteps is 0; raise it in the experiment file, or remove earlyStop.`,
          }
        : {
            zh: `evaluation.earlyStop 要在训练中评测验证集，但没有验证问题；请在实验文件中给出，或去掉 earlyStop。`,
            en: `evaluation.earlyStop needs dev evaluations during training, but there are no dev questions; name some in the experiment file, or remove earlyStop.`,
          };
    case 'too-many-frozen-layers':
      return {
        zh: `stages[${details.stage}].frozen.layers 是 ${details.frozen}，但模型只有 ${details.layers} 层，请在实验文件中改小。`,
        en: `stages[${details.stage}].frozen.layers is ${details.frozen}, but the model has only ${details.layers} layers; lower it in the experiment file.`,
      };
    case 'lora-rank-too-large':
      return {
        zh: `stages[${details.stage}].strategy.rank 是 ${formatCount(details.rank)}，但选中的矩阵最窄只有 ${formatCount(details.width)}，请在实验文件中改小。`,
        en: `stages[${details.stage}].strategy.rank is ${formatCount(details.rank)}, but the narrowest of its matrices is ${formatCount(details.width)} wide; lower it in the experiment file.`,
      };
    case 'lora-needs-full-precision':
      return {
        zh: `LoRA 只能用全精度训练，请从实验文件中去掉 stages[${details.stage}].precision，或修改 stages[${details.stage}].strategy。`,
        en: `LoRA trains in full precision only; remove stages[${details.stage}].precision from the experiment file, or change stages[${details.stage}].strategy.`,
      };
    case 'prefix-token-known':
    case 'prefix-too-many-tokens':
    case 'prefix-differs':
    case 'prefix-tokenizer':
      return prefixRemedy(details);
    case 'warmup-too-long':
      return {
        zh: `stages[${details.stage}].schedule.warmupSteps 是 ${details.warmup}，但这个阶段只有 ${details.steps} 步，请在实验文件中改小。`,
        en: `stages[${details.stage}].schedule.warmupSteps is ${details.warmup}, but the stage has only ${details.steps} steps; lower it in the experiment file.`,
      };
    case 'loss-needs-negatives':
      return {
        zh: `损失要用单独给出的负例，但训练数据里没有；请从实验文件的 stages[${details.stage}].loss 中去掉 contrast，hardness.mode 不要用 "explicit"。`,
        en: `The loss uses explicit negatives, but the training data has none; remove contrast from stages[${details.stage}].loss of the experiment file, and don’t use "explicit" as hardness.mode.`,
      };
    case 'miner-missing':
      return {
        zh: `stages[${details.stage}].negatives.model 的模型（内容哈希以 ${details.contentSha256.slice(0, 12)} 开头）没有找到；请在 locations.negativesModel 里写明它的文件夹。`,
        en: `The model of stages[${details.stage}].negatives.model (its content hash begins with ${details.contentSha256.slice(0, 12)}) was not found; state its folder in locations.negativesModel.`,
      };
    case 'guide-missing':
      return {
        zh: `stages[${details.stage}].loss.falseNegatives.byScore.model 的模型（内容哈希以 ${details.contentSha256.slice(0, 12)} 开头）没有找到；请在 locations.guideModel 里写明它的文件夹。`,
        en: `The model of stages[${details.stage}].loss.falseNegatives.byScore.model (its content hash begins with ${details.contentSha256.slice(0, 12)}) was not found; state its folder in locations.guideModel.`,
      };
    case 'teacher-missing':
      return {
        zh: `stages[${details.stage}].loss.teacher 的模型（内容哈希以 ${details.contentSha256.slice(0, 12)} 开头）没有找到；请在 locations.teacherModel 里写明它的文件夹。`,
        en: `The model of stages[${details.stage}].loss.teacher (its content hash begins with ${details.contentSha256.slice(0, 12)}) was not found; state its folder in locations.teacherModel.`,
      };
    case 'teacher-not-chosen':
      return {
        zh: `stages[${details.stage}].loss.kind 是 "distillation"，但没有教师模型；请在 stages[${details.stage}].loss.teacher 里写明它，文件夹写在 locations.teacherModel 里。`,
        en: `stages[${details.stage}].loss.kind is "distillation", which needs a teacher; state it in stages[${details.stage}].loss.teacher, and its folder in locations.teacherModel.`,
      };
    case 'distillation-needs-negatives':
      return {
        zh: `stages[${details.stage}].loss.kind 是 "distillation"，需要为每题单独给出负例；请在 stages[${details.stage}].negatives 里写明它们从哪来，或换一种损失。`,
        en: `stages[${details.stage}].loss.kind is "distillation", which needs explicit negatives for each question; state in stages[${details.stage}].negatives where they come from, or choose another loss.`,
      };
    case 'loss-needs-triplets':
      return {
        zh: `stages[${details.stage}].loss.kind 是 "triplet"，需要为每题单独给出负例；请在 stages[${details.stage}].negatives 里写明它们从哪来，或换一种损失。`,
        en: `stages[${details.stage}].loss.kind is "triplet", which needs explicit negatives for each question; state in stages[${details.stage}].negatives where they come from, or choose another loss.`,
      };
    case 'loss-takes-pairs':
      return {
        zh: `stages[${details.stage}].loss.kind 是 "sigmoidPairs"，只用问答对，但每题还有 ${formatCount(details.negatives)} 个单独给出的负例；请在实验文件中改成 "inBatchInfoNce"，或不用这些负例。`,
        en: `stages[${details.stage}].loss.kind is "sigmoidPairs", which takes pairs only, but there are ${formatCount(details.negatives)} explicit negatives per question; use "inBatchInfoNce" in the experiment file, or leave the negatives out.`,
      };
    case 'prefix-too-long':
      return {
        zh: `stages[${details.stage}].loss.matryoshka 里有 ${formatCount(details.prefix)} 维，但模型的向量只有 ${formatCount(details.dimension)} 维；请改小。`,
        en: `stages[${details.stage}].loss.matryoshka includes ${formatCount(details.prefix)} dimensions, but the model’s vectors have only ${formatCount(details.dimension)}; use smaller ones.`,
      };
    case 'half-unavailable':
      return {
        zh: `这台设备不支持混合精度（WebGPU 的 shader-f16），请从实验文件中去掉 stages[${details.stage}].precision，或换一台设备。`,
        en: `This device doesn’t support mixed precision (WebGPU’s shader-f16); remove stages[${details.stage}].precision from the experiment file, or use another device.`,
      };
    case 'matrices-unavailable': {
      const reason = matricesReason(details);
      return {
        zh: `浏览器在这台设备上没有提供矩阵单元（WebGPU 的 subgroup matrix）${reason.zh}，请把实验文件中的 stages[${details.stage}].precision 改为 "mixed"，或换一台设备。`,
        en: `The browser offers no usable matrix units (WebGPU’s subgroup matrices) on this device${reason.en}; set stages[${details.stage}].precision of the experiment file to "mixed", or use another device.`,
      };
    }
    case 'memory-too-small':
      return memoryTooSmall(details, file);
    case 'gpu-out-of-memory': {
      const need = neededMemoryWords(details);
      return {
        zh: `内存不足${need.zh}，请用 --memory 给出更低的预算，或在 ${file} 中减小 batching.batchSize 或 model.maxTokens，再运行一次命令：会重新开始训练。`,
        en: `Memory ran out${need.en}; set a lower budget with --memory, or reduce batching.batchSize or model.maxTokens of ${file}, and run the command again, which starts a new run.`,
      };
    }
    default:
      return null;
  }
}

/** Names the setting of an unusable prefix. */
function prefixRemedy(details: Extract<AppErrorDetails, { kind: `prefix-${string}`; stage: number }>): Sentence | null {
  const path = `stages[${details.stage}].strategy`;
  switch (details.kind) {
    case 'prefix-token-known':
      return {
        zh: `${path}.tokens 中的“${details.token}”在模型的词表里已经有了，请在实验文件中换一个名称。`,
        en: `“${details.token}” in ${path}.tokens is in the model’s vocabulary already; choose another name in the experiment file.`,
      };
    case 'prefix-too-many-tokens':
      return {
        zh: `${path}.tokens 有 ${details.tokens} 个 token，但按 model.maxTokens 最多只能有 ${details.most} 个，请在实验文件中改小。`,
        en: `${path}.tokens has ${details.tokens} tokens, but model.maxTokens leaves room for at most ${details.most}; use fewer in the experiment file.`,
      };
    case 'prefix-differs':
      return {
        zh: `${path} 和 stages[${details.first}].strategy 的前缀不同；一次训练只能有一个前缀，请在实验文件中改成一样的。`,
        en: `${path} has a different prefix from stages[${details.first}].strategy; a run has only one prefix, so make them the same in the experiment file.`,
      };
    case 'prefix-tokenizer':
      return {
        zh: `模型的分词器不能用 ${path}.tokens：它不是 WordPiece，或会改写这些 token；请在实验文件中换名称（如小写），或换训练方式。`,
        en: `The model’s tokenizer can’t take ${path}.tokens: it is not a WordPiece tokenizer, or it changes the tokens; use other names, such as lower-case ones, or another strategy in the experiment file.`,
      };
    default:
      return null;
  }
}
