import type { DeviceJob } from '../../../domain/device';
import { type Sentence } from './sentence';

/** Sentences for a busy device, by the job that it is running. */
export const deviceBusySentences: Record<DeviceJob, Sentence> = {
  // Worded for a paused run too.
  run: {
    zh: '有一次训练还没有结束，请先让它训练完，或取消它。',
    en: 'A run has not ended yet; let it finish, or cancel it first.',
  },
  benchmark: {
    zh: '正在测试本机性能，请等它测完，或先取消它。',
    en: 'The benchmark is running; wait for it to end, or cancel it first.',
  },
  check: {
    zh: '正在检查这台设备，请稍等片刻，或先取消它。',
    en: 'The device is being checked; wait a moment, or cancel it first.',
  },
  search: {
    zh: '正在检索一个问题，请稍等片刻，或先取消它。',
    en: 'A search is in progress; wait a moment, or cancel it first.',
  },
  mine: {
    zh: '正在挖掘负例，请等它结束，或先取消它。',
    en: 'Negatives are being mined; wait for that to end, or cancel it first.',
  },
  blend: {
    zh: '正在评测混合后的权重，请等它结束，或先取消它。',
    en: 'Blends are being evaluated; wait for that to end, or cancel it first.',
  },
  compare: {
    zh: '正在比较模型，请等它结束，或先取消它。',
    en: 'Models are being compared; wait for it, or cancel it first.',
  },
  speed: {
    zh: '正在测模型的速度，请等它测完，或先取消它。',
    en: 'The speed of models is being measured; wait for it to end, or cancel it first.',
  },
  map: {
    zh: '正在画地图，请等它画完，或先取消它。',
    en: 'A map is being drawn; wait for it to end, or cancel it first.',
  },
  export: { zh: '正在核对导出的模型，请稍等片刻。', en: 'An exported model is being checked; wait a moment.' },
};
