import { teacherOf } from '../stageModels';
import type { Check } from './finding';
import { perStage } from './perStage';

/** Finds a teacher that has the weights of the base model: it has nothing to teach, and pulls back to the base. */
export const teacherFindings: Check = (experiment) =>
  perStage(experiment, (of, stage) => {
    const teacher = teacherOf(of);
    return teacher && teacher.contentSha256 === experiment.model?.contentSha256
      ? [{ kind: 'teacherIsBase', severity: 'warns', stage, facts: {} }]
      : [];
  });
