import type { AppErrorDetails } from '../../../domain/errors';
import { isLoss } from '../../../domain/lostContent';
import { said } from './ownWords';
import type { Sentence } from './sentence';

/** Says why the browser's storage failed, and what to do about it. */
export function storageFailed(details: Extract<AppErrorDetails, { kind: 'storage-failed' }>): Sentence {
  const { zh, en } = said(details.reason);
  if (isLoss(details))
    return {
      zh: `浏览器里存的内容不完整（${zh}），请重新导入同样的文件，缺的部分会补上。`,
      en: `The data stored in the browser is incomplete (${en}); import the same files again to restore the missing part.`,
    };
  return {
    zh: `浏览器存储无法读写（${zh}），请重新载入页面；如果还是不行，请退出无痕模式，并在浏览器设置里允许本网站存储数据。`,
    en: `The browser’s storage can’t be used (${en}); reload the page. If it happens again, leave private mode, and allow this site to store data in the browser’s settings.`,
  };
}
