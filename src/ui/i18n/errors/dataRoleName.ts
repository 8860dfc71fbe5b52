import type { AppErrorDetails } from '../../../domain/errors';
import { type Sentence } from './sentence';

const roleNames: Record<string, Sentence> = {
  knowledgeBase: { zh: '知识库', en: 'knowledge base' },
  pairs: { zh: '训练问答对', en: 'training pairs' },
  questions: { zh: '问题', en: 'questions' },
  scoredPairs: { zh: '打分句对', en: 'scored pairs' },
};

const partNames: Record<'dev' | 'test', Sentence> = {
  dev: { zh: '验证问题', en: 'dev questions' },
  test: { zh: '测试问题', en: 'test questions' },
};

/** Returns the name of a role, or of its part if the error concerns only dev or test questions. */
export function dataRoleName({ role, part }: Extract<AppErrorDetails, { kind: 'data-missing' }>): Sentence {
  return (part && partNames[part]) ?? roleNames[role] ?? { zh: role, en: role };
}
