import type { AppErrorDetails } from '../errors';
import type { Experiment } from '../experiment';
import { entryOf, isRequired, slotNames, type SlotName } from './slots';

/** The inputs of an experiment: the data sets of its slots and the base model. */
export const inputNames = [...slotNames, 'model'] as const;
export type InputName = (typeof inputNames)[number];

/**
 * `empty`: neither the experiment nor the link names anything. `missing`: the named content is not in this browser.
 * `different`: content is here, but the link that the experiment came from names other content.
 */
export type InputState =
  | { state: 'empty' }
  | { state: 'here' }
  | { state: 'missing'; named: string }
  | { state: 'different'; named: string; found: string };

export type InputHashes = Partial<Record<InputName, string>>;

/** Returns the content hash that the experiment names for an input. */
export function namedHash(experiment: Experiment | null, input: InputName): string | undefined {
  if (input === 'model') return experiment?.model?.contentSha256;
  return experiment ? entryOf(experiment, input)?.contentSha256 : undefined;
}

function stateOf(used: string | undefined, linked: string | undefined, stored: string | undefined): InputState {
  if (used !== undefined && used !== stored) return { state: 'missing', named: used };
  if (used === undefined) return linked === undefined ? { state: 'empty' } : { state: 'missing', named: linked };
  return linked === undefined || linked === used
    ? { state: 'here' }
    : { state: 'different', named: linked, found: used };
}

/**
 * Returns the state of every input. `linked` is the experiment as stated by the link that it came from; `stored` has
 * the hashes of the data sets and the model that are in this browser.
 */
export function inputStates(
  experiment: Experiment,
  linked: Experiment | null,
  stored: InputHashes,
): Record<InputName, InputState> {
  const state = (input: InputName): InputState =>
    stateOf(namedHash(experiment, input), namedHash(linked, input), stored[input]);
  return {
    knowledgeBase: state('knowledgeBase'),
    pairs: state('pairs'),
    scoredPairs: state('scoredPairs'),
    devQuestions: state('devQuestions'),
    testQuestions: state('testQuestions'),
    model: state('model'),
  };
}

/**
 * Returns the slots that keep the experiment from running: data that is not stored although it is required or named.
 */
export function missingSlots(experiment: Experiment, stored: InputHashes): SlotName[] {
  return slotNames.filter((slot) => {
    const named = namedHash(experiment, slot);
    return named === undefined ? isRequired(slot, experiment) : named !== stored[slot];
  });
}

/** Whether the error means that the experiment still lacks data or a model. */
export function lacksInput({ kind }: AppErrorDetails): boolean {
  return (
    kind === 'model-missing' || kind === 'data-missing' || kind === 'too-few-pairs' || kind === 'too-few-scored-pairs'
  );
}
