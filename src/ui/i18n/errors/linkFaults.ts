import type { LinkFault } from '../../../domain/errors';
import type { Sentence } from './sentence';

/** Sentences by fault: why a shared link can't be opened, and what to do about it. */
export const linkFaultSentences: Record<LinkFault, Sentence> = {
  cut: {
    zh: '链接不完整，可能是复制时截断了，请重新复制整条链接。',
    en: 'The link is incomplete, perhaps cut off while copying; copy the whole link again.',
  },
  tampered: {
    zh: '链接的校验和不对，内容被改动过，请向分享者要一条新链接。',
    en: 'The link’s checksum doesn’t match, so the link was changed on the way; ask the sender for a new one.',
  },
  'too-new': {
    zh: '链接来自更新的版本，请先更新召回工坊再打开。',
    en: 'The link comes from a newer version; update Recallsmith, then open it.',
  },
  'too-large': {
    zh: '链接的内容太多，请让分享者改用 experiment.json 文件。',
    en: 'The link contains too much; ask the sender for the experiment.json file instead.',
  },
  invalid: {
    zh: '这不是召回工坊的实验链接，请检查是不是复制错了。',
    en: 'This is not a Recallsmith experiment link; check what you copied.',
  },
};
