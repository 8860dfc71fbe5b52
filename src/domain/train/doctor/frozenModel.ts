import { guideOf, teacherOf } from '../stageModels';
import type { Check, Finding } from './finding';
import { perStage } from './perStage';

/**
 * Finds a guide or a teacher that has the weights of the base model. Such a teacher has nothing to teach, and pulls the
 * model back to the base. Such a guide takes time and memory, but knows no more than the model that is trained.
 */
export const frozenModelFindings: Check = ({ stages, model }) =>
  perStage({ stages }, (of, stage): Finding[] => {
    const isBase = (frozen: { contentSha256: string } | undefined): boolean =>
      frozen !== undefined && frozen.contentSha256 === model?.contentSha256;
    if (isBase(teacherOf(of))) {
      const fix = { setting: 'loss', value: 'inBatchInfoNce' } as const;
      return [{ kind: 'teacherIsBase', severity: 'warns', stage, facts: {}, fix }];
    }
    if (!isBase(guideOf(of))) return [];
    return [{ kind: 'guideIsBase', severity: 'advises', stage, facts: {}, fix: { setting: 'ownScores' } }];
  });
