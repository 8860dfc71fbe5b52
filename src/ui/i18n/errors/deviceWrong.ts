import { checkTolerance } from '../../../domain/deviceCheck/deviceCheck';
import { lossTensor } from '../../../domain/deviceCheck/tensorError';
import type { AppErrorDetails } from '../../../domain/errors';
import { formatError } from '../format';
import type { Sentence } from './sentence';
import { shortened } from './shortened';

type Details = Extract<AppErrorDetails, { kind: 'device-wrong' }>;

/**
 * Returns the sentence for a device that failed its check: which number is wrong, by how much, and what to do. `file`
 * is set only on the command line.
 */
export function deviceWrong(details: Details, file?: string): Sentence {
  const { backend, precision, tensor, error } = details;
  const isLoss = tensor === lossTensor;
  const name = shortened(tensor, 90);
  const what = {
    zh: isLoss ? '损失' : `${name} 的梯度`,
    en: isLoss ? 'the loss' : `the gradient of ${name}`,
  };
  const allowed = formatError(checkTolerance[precision]);
  const off = {
    zh: error === null ? '不是有限数' : `相差 ${formatError(error)}，最多可差 ${allowed}`,
    en: error === null ? 'is not finite' : `is off by ${formatError(error)}, where ${allowed} is allowed`,
  };
  const device = backend === 'webgpu' ? { zh: '这块显卡', en: 'The GPU' } : { zh: 'CPU（wasm）', en: 'The CPU (wasm)' };
  const mixed = precision === 'mixed' ? { zh: '用混合精度', en: ' in mixed precision' } : { zh: '', en: '' };
  const remedy = remedyOf(details, file);
  return {
    zh: `${device.zh}检查时${mixed.zh}算得不对（${what.zh}${off.zh}），不能用来训练，${remedy.zh}`,
    en: `${device.en} gave wrong results${mixed.en} when it was checked (${what.en} ${off.en}), so it isn’t used for training; ${remedy.en}`,
  };
}

function remedyOf({ backend, precision }: Details, file: string | undefined): Sentence {
  if (precision === 'mixed')
    return file === undefined
      ? { zh: '请把“精度”改回全精度。', en: 'set the precision back to full.' }
      : { zh: `请从 ${file} 中去掉 precision。`, en: `remove precision from ${file}.` };
  if (backend === 'wasm')
    return {
      zh: '请更新浏览器后再检查一次，或换一台电脑。',
      en: 'update the browser and check again, or use another computer.',
    };
  return file === undefined
    ? {
        zh: '请更新显卡驱动或浏览器后再检查一次，或在“设置”里改用 CPU。',
        en: 'update its driver or the browser and check again, or choose the CPU in the settings.',
      }
    : {
        zh: '请更新显卡驱动或浏览器，或用 --device wasm。',
        en: 'update its driver or the browser, or use --device wasm.',
      };
}
