import type { AppErrorDetails } from '../../../domain/errors';
import { formatBytes } from '../format';
import type { Sentence } from './sentence';

type DiskFull = Extract<AppErrorDetails, { kind: 'quota-exceeded' }>;

/** Returns "（共需 203 MB，可用 69 MB）" in both languages, with only the numbers that are known. */
function figures({ neededBytes, freeBytes }: DiskFull): Sentence {
  // Earlier versions recorded 0 for an unknown number.
  const need = neededBytes ? formatBytes(neededBytes) : null;
  const free = freeBytes === undefined ? null : formatBytes(freeBytes);
  const zh = [need ? `共需 ${need}` : '', free ? `可用 ${free}` : ''].filter(Boolean).join('，');
  const en = [need ? `${need} needed in total` : '', free ? `${free} available` : ''].filter(Boolean).join(', ');
  return { zh: zh && `（${zh}）`, en: en && ` (${en})` };
}

export function diskSpace(details: DiskFull): Sentence {
  const { zh, en } = figures(details);
  return {
    zh: `磁盘空间不足${zh}，请到“存储”页删除不用的内容，或在磁盘上腾出空间，然后再试。`,
    en: `There is not enough disk space${en}; delete what you no longer need on the storage page, or free disk space, then try again.`,
  };
}

/** Returns the sentence for the command line, which has no storage page. */
export function diskSpaceOfProfile(details: DiskFull): Sentence {
  const { zh, en } = figures(details);
  return {
    zh: `浏览器配置所在的磁盘空间不足${zh}，请腾出空间，或用 --profile 选另一块磁盘上的文件夹。`,
    en: `There is not enough disk space for the browser’s profile${en}; free some, or choose a folder on another disk with --profile.`,
  };
}
