import type { AppErrorDetails } from '../../../domain/errors';
import { formatBytes } from '../format';
import type { Sentence } from './sentence';

/** Returns the number of bytes needed, in brackets, or nothing if it is not known. */
export function neededMemoryWords({ neededBytes }: Extract<AppErrorDetails, { kind: 'gpu-out-of-memory' }>): Sentence {
  if (!neededBytes) return { zh: '', en: '' };
  return { zh: `（需要 ${formatBytes(neededBytes)}）`, en: ` (${formatBytes(neededBytes)} needed)` };
}

type MemoryDetails = Extract<AppErrorDetails, { kind: 'memory-too-small' }>;

/** States how much memory the run needs and what helps: on the page or, with `file`, in the experiment file. */
export function memoryTooSmall(details: MemoryDetails, file?: string): Sentence {
  const lack = memoryLack(details);
  const ways = memoryRemedies(details, file);
  return {
    zh: `${lack.zh}；请${ways.map(({ zh }) => zh).join('，或')}。`,
    en: `${lack.en}; ${ways.map(({ en }) => en).join(', or ')}.`,
  };
}

function memoryLack({ limit, neededBytes, limitBytes, canRaise }: MemoryDetails): Sentence {
  const [need, most] = [formatBytes(neededBytes), formatBytes(limitBytes)];
  if (limit === 'array')
    return {
      zh: `这次训练有一个数组需要 ${need}，而这台设备的一个数组最多 ${most}`,
      en: `One array of the run needs ${need}, but this device allows at most ${most} per array`,
    };
  if (!canRaise)
    return {
      zh: `这次训练至少需要内存 ${need}，超出了 CPU（WebAssembly）能用的内存，预算 ${most}`,
      en: `The run needs at least ${need} of memory, more than WebAssembly can use on the CPU; the budget is ${most}`,
    };
  return {
    zh: `这次训练至少需要内存 ${need}，预算只有 ${most}`,
    en: `The run needs at least ${need} of memory, but the budget is ${most}`,
  };
}

/**
 * Names the settings that would fit, and other remedies. A larger budget is offered only if the budget is the limit and
 * the device can use more.
 */
function memoryRemedies(
  { limit, canRaise, maxTokens, batchSize, mixedStage, bitFit, lora }: MemoryDetails,
  file?: string,
): Sentence[] {
  const ways: Sentence[] = [];
  if (maxTokens !== undefined) {
    const field = file && { zh: ` ${file} 的 model.maxTokens `, en: `model.maxTokens of ${file} to ${maxTokens}` };
    ways.push({
      zh: `把${field ? field.zh : '最大 token 数'}减到 ${maxTokens}`,
      en: field ? `set ${field.en}` : `cut texts at ${maxTokens} tokens`,
    });
  }
  if (batchSize !== undefined) {
    const field = file && {
      zh: ` ${file} 的 batching.batchSize `,
      en: `batching.batchSize of ${file} to ${batchSize}`,
    };
    ways.push({
      zh: `把${field ? field.zh : '批大小'}减到 ${batchSize}`,
      en: field ? `set ${field.en}` : `reduce the batch size to ${batchSize}`,
    });
  }
  if (mixedStage !== undefined)
    ways.push(
      file
        ? {
            zh: `把 ${file} 的 stages[${mixedStage}].precision 设为 "mixed"`,
            en: `set stages[${mixedStage}].precision of ${file} to "mixed"`,
          }
        : { zh: '改用混合精度', en: 'use mixed precision' },
    );
  if (lora !== undefined) ways.push(strategyRemedy('lora', lora, file));
  if (bitFit !== undefined) ways.push(strategyRemedy('bitFit', bitFit, file));
  if (limit === 'array') ways.push({ zh: '换用更小的模型，或另一台设备', en: 'use a smaller model or another device' });
  else if (canRaise)
    ways.push(
      file
        ? { zh: '用 --memory 提高内存预算', en: 'raise the budget with --memory' }
        : { zh: '提高内存预算', en: 'raise the memory budget' },
    );
  else ways.push({ zh: '换用更小的模型，或有 WebGPU 的设备', en: 'use a smaller model or a device with WebGPU' });
  return ways;
}

function strategyRemedy(kind: 'bitFit' | 'lora', bytes: number, file?: string): Sentence {
  const needed = formatBytes(bytes);
  // Adapters are trained in full precision only.
  const full =
    kind === 'lora' ? { zh: '、precision 设为 "full"', en: ' and its precision to "full"' } : { zh: '', en: '' };
  if (file)
    return {
      zh: `把 ${file} 中每个阶段的 strategy 设为 {"kind": "${kind}"}${full.zh}（需要 ${needed}）`,
      en: `set the strategy of every stage of ${file} to {"kind": "${kind}"}${full.en}, which needs ${needed}`,
    };
  return kind === 'lora'
    ? {
        zh: `只训练适配器（LoRA，全精度，需要 ${needed}）`,
        en: `train only adapters (LoRA) in full precision, which needs ${needed}`,
      }
    : { zh: `只训练偏置（BitFit，需要 ${needed}）`, en: `train only the biases (BitFit), which needs ${needed}` };
}
