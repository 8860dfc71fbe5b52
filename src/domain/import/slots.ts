import type { DataEntry, Experiment } from '../experiment';
import type { DataRole, QuestionPart } from '../records';

/** The slots of an experiment that a data set can fill. */
export const slotNames = ['knowledgeBase', 'pairs', 'devQuestions', 'testQuestions'] as const;
export type SlotName = (typeof slotNames)[number];

export const slots: Record<SlotName, { role: DataRole; part?: QuestionPart; required: boolean }> = {
  knowledgeBase: { role: 'knowledgeBase', required: true },
  pairs: { role: 'pairs', required: true },
  devQuestions: { role: 'questions', part: 'dev', required: false },
  testQuestions: { role: 'questions', part: 'test', required: true },
};

const matches = (entry: DataEntry, slot: SlotName): boolean =>
  entry.role === slots[slot].role && entry.part === slots[slot].part;

export function entryOf(experiment: Experiment, slot: SlotName): DataEntry | undefined {
  return experiment.data.find((entry) => matches(entry, slot));
}

export function slotOf(entry: DataEntry): SlotName | undefined {
  return slotNames.find((slot) => matches(entry, slot));
}

/** Returns the experiment with the slot filled by `contentSha256`, or emptied if it is null. */
export function withEntry(experiment: Experiment, slot: SlotName, contentSha256: string | null): Experiment {
  const { role, part } = slots[slot];
  const others = experiment.data.filter((entry) => !matches(entry, slot));
  if (contentSha256 === null) return { ...experiment, data: others };
  const entry: DataEntry = part ? { role, part, contentSha256 } : { role, contentSha256 };
  return { ...experiment, data: [...others, entry] };
}

export function missingSlots(experiment: Experiment): SlotName[] {
  return slotNames.filter((slot) => slots[slot].required && !entryOf(experiment, slot));
}
