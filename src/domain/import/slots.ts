import { trainsOn, type DataEntry, type Experiment } from '../experiment';
import type { DataRole, QuestionPart } from '../records';

/** The slots of an experiment that a data set can fill. */
export const slotNames = ['knowledgeBase', 'pairs', 'scoredPairs', 'devQuestions', 'testQuestions'] as const;
export type SlotName = (typeof slotNames)[number];

/** `required: 'train'`: required if a stage trains on these rows. */
export const slots: Record<SlotName, { role: DataRole; part?: QuestionPart; required: boolean | 'train' }> = {
  knowledgeBase: { role: 'knowledgeBase', required: true },
  pairs: { role: 'pairs', required: 'train' },
  scoredPairs: { role: 'scoredPairs', required: 'train' },
  devQuestions: { role: 'questions', part: 'dev', required: false },
  testQuestions: { role: 'questions', part: 'test', required: true },
};

const matches = (entry: DataEntry, slot: SlotName): boolean =>
  entry.role === slots[slot].role && entry.part === slots[slot].part;

/** Whether the experiment cannot run without data in the slot. */
export function isRequired(slot: SlotName, { stages }: Pick<Experiment, 'stages'>): boolean {
  const { role, required } = slots[slot];
  if (required !== 'train') return required;
  return (role === 'pairs' || role === 'scoredPairs') && trainsOn(stages, role);
}

export function entryOf(experiment: Experiment, slot: SlotName): DataEntry | undefined {
  return experiment.data.find((entry) => matches(entry, slot));
}

export function slotOf(entry: DataEntry): SlotName | undefined {
  return slotNames.find((slot) => matches(entry, slot));
}

/**
 * Returns the experiment with the slot filled by `contentSha256`, or emptied if it is null. A filled slot keeps its
 * place in the list, because the experiment's hash depends on the order. `joinTitles` applies to new content only: an
 * experiment that already names this content also states how it is encoded.
 */
export function withEntry(
  experiment: Experiment,
  slot: SlotName,
  contentSha256: string | null,
  joinTitles = false,
): Experiment {
  const { role, part } = slots[slot];
  const before = entryOf(experiment, slot);
  if (before && before.contentSha256 === contentSha256) return experiment;
  const titles = joinTitles && role === 'knowledgeBase' ? { joinTitles } : {};
  const entry: DataEntry | null =
    contentSha256 === null ? null : { role, ...(part ? { part } : {}), contentSha256, ...titles };
  const at = experiment.data.findIndex((other) => matches(other, slot));
  const data = experiment.data.flatMap((other, index) =>
    matches(other, slot) ? (entry && index === at ? [entry] : []) : [other],
  );
  return { ...experiment, data: entry && at === -1 ? [...data, entry] : data };
}

/** Returns the experiment with `joinTitles` set or cleared for its knowledge base. */
export function withJoinedTitles(experiment: Experiment, joinTitles: boolean): Experiment {
  const data = experiment.data.map((entry): DataEntry => {
    if (entry.role !== 'knowledgeBase') return entry;
    const { joinTitles: _, ...rest } = entry;
    return joinTitles ? { ...rest, joinTitles } : rest;
  });
  return { ...experiment, data };
}
